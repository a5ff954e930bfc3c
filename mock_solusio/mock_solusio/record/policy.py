"""Decides what may stay in a recording, by names of fields and forms of values. The data is in `policy.toml`.

A text stays only if its field is known to have harmless values **and** the value looks like one of them.
Everything else is replaced, so an unknown field is hidden.
"""

import functools
import ipaddress
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

from mock_solusio.record.pseudonyms import is_address
from mock_solusio.traffic.redaction import secret_fields
from solusio_contracts.contract import documents
from solusio_contracts.decoding import parse_toml, read_text

MAIL: Final = re.compile(r"[^\s@<>\"'(),;:\\/]+@[^\s@<>\"'(),;:\\/?&=]+\.[^\s@<>\"'(),;:\\/?&=.]+")
UUID: Final = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
MAC: Final = re.compile(r"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}")
IPV4: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
URL: Final = re.compile(
    r"(?:https?|wss?|s?ftps?|ssh|git|vnc|tcp|udp|tls|smtps?|imaps?|ldaps?|mysql|postgres(?:ql)?|rediss?)://\S+",
    re.IGNORECASE,
)
HOST: Final = re.compile(
    r"(?=.{4,253}\.?\Z)(?:[\w](?:[\w-]{0,61}[\w])?\.)+(?:[^\W\d_]{2,63}|xn--[a-zA-Z0-9-]+)\.?", re.UNICODE
)
SSH_KEY: Final = re.compile(
    r"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r"\s+AAAA[\w+/=]+(?:\s.*)?",
    re.DOTALL,
)
RANDOM: Final = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z0-9+/_=.|$-]{16,}")
"""A long mix of letters and digits: an access token, a digest, a key."""
MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?|\d\d?:\d\d(?::\d\d)?"
)
DECIMAL: Final = re.compile(r"-?(?:0|[1-9]\d{0,11})\.\d{1,12}")
INTEGER: Final = re.compile(r"-?\d{1,18}")

_POLICY: Final[dict[str, Any]] = parse_toml(
    read_text(resources.files("mock_solusio.record").joinpath("policy.toml"))
)


def _words(name: str) -> frozenset[str]:
    return frozenset(_POLICY[name].split())


_SECRET_PARTS: Final = _words("secret_parts")
_PERSONAL_PARTS: Final = _words("personal_parts")
_PERSONAL_FIELDS: Final = _words("personal_fields")
_COUNTED: Final = tuple(_words("counted"))
_PRODUCTS: Final = _words("products")
_ENGLISH: Final = _words("english")
_WORD: Final = r"[a-z]{1,24}(?:[_ .:-][a-z]{1,24}){0,5}"
_SHORT: Final = {
    "WORD": _WORD,
    "DATE": r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT",
    "LANGUAGES": r"(?:[a-z]{2}(?:-[A-Z]{2})?(?:;q=[01](?:\.\d{1,3})?)?(?:, ?|$)){1,8}",
}


def _patterns(name: str) -> dict[str, re.Pattern[str]]:
    return {key: re.compile(_SHORT.get(pattern, pattern)) for key, pattern in _POLICY[name].items()}


_PLAIN: Final = _patterns("plain")
HEADERS: Final = _patterns("headers")
"""Headers that are kept, and the form of their values."""

MESSAGES: Final = frozenset(["message", "error", "errors", "messages"])
"""Fields whose text is kept word by word, as far as the words are known."""

_STRUCTURE: Final = re.compile(r"[A-Za-z_$@][A-Za-z_]{0,39}\d{0,2}")
_PART: Final = r"(?:[^\W\d_a-z][^\W\d_A-Z]*(?:['-][^\W\d_]+)?\.?|von|van|de|da|di|la|le)"
_NAME: Final = re.compile(rf"(?=[^\W\d_a-z]){_PART}(?: {_PART}){{0,3}}")


@functools.lru_cache(maxsize=8192)
def field_of(key: str) -> str:
    """Return the field of a key: `settings[apiKey]` is `api_key`."""
    last = [part for part in re.split(r"[\[\].]+", key) if part and not part.isdigit()] or [key]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last[-1]).lower().replace("-", "_")


@functools.lru_cache(maxsize=8192)
def is_secret(field: str) -> bool:
    """Tell whether a field holds a credential, whatever its form."""
    if field in _PLAIN:
        return False
    return field in secret_fields() or not _SECRET_PARTS.isdisjoint(field.split("_"))


@functools.lru_cache(maxsize=8192)
def is_secret_number(field: str) -> bool:
    """Tell whether even a number in this field is a credential or identifies a person."""
    if field in secret_fields() or field.rpartition("_")[2] in {"password", "pin", "otp", "secret", "passwd"}:
        return True
    return is_personal(field)


@functools.lru_cache(maxsize=8192)
def is_personal(field: str) -> bool:
    """Tell whether a field holds a number that identifies a person, such as a phone number."""
    return field in _PERSONAL_FIELDS or not _PERSONAL_PARTS.isdisjoint(field.split("_"))


def is_person(value: str) -> bool:
    """Tell whether a text looks like a person's name rather than that of a thing."""
    return _NAME.fullmatch(value) is not None


def is_harmless(field: str, value: str) -> bool:
    """Tell whether a text may stay."""
    if value in _document().values.get(field, ()):
        return True
    plain = _PLAIN.get(field)
    if plain is not None and plain.fullmatch(value):
        # `user.created` could be a host, and `not exist` a name, so each word must be known.
        several = re.search(r"[a-z][. ][a-z]", value)
        return several is None or all(map(is_known_word, filter(None, re.split(r"[\W_]", value))))
    if DECIMAL.fullmatch(value) or value == "localhost":
        return True
    if INTEGER.fullmatch(value):
        return is_count(field)
    return field in {"name", "title", "role", "product", "os"} and is_product(value)


def is_count(field: str) -> bool:
    """Tell whether a field holds a number, even if it is written as a string."""
    if field in _document().numbers:
        return True
    return field.endswith(_COUNTED) or field in {"page", "from", "to"}


def is_product(value: str) -> bool:
    """Tell whether a name consists of words that many installations use."""
    words = value.lower().replace("(", " ").replace(")", " ").split()
    return not _PRODUCTS.isdisjoint(words) and all(
        word in _PRODUCTS or re.fullmatch(r"\d{1,4}(?:\.\d{1,3})?", word) for word in words
    )


def is_known_word(word: str) -> bool:
    """Tell whether a word of a message reveals nothing."""
    lower = word.lower()
    return lower in _ENGLISH or lower in _document().words or bool(re.fullmatch(r"0|[1-9]\d{0,5}", word))


def is_known_phrase(text: str) -> bool:
    """Tell whether all words of a text without spaces, such as `params.disk`, reveal nothing."""
    if shape(text) not in {"", "host"}:
        return False
    parts = [part for part in re.split(r"[._/-]+", text) if part]
    if (
        sum(map(str.isdigit, parts)) > 1
    ):  # one number is harmless; several may be an address or a phone number
        return DECIMAL.fullmatch(text) is not None or MOMENT.fullmatch(text) is not None
    return all(map(is_known_word, parts))


def is_known_name(name: str) -> bool:
    """Tell whether our document has a member, parameter or path segment with this name."""
    return name in _document().names


def is_structure(name: str) -> bool:
    """Tell whether a key or path segment looks like part of an API rather than of its data.

    Only its form decides, since unknown structures must be kept.
    """
    if is_known_name(name) or name in {"*", ""}:
        return True
    parts = re.split(r"[\[\].:-]+", name)
    if shape(name) not in {"", "random"}:
        return all(map(is_known_name, parts))  # `params.disk` of an error, not `ann.example.com`
    words = [part for part in parts if part and not re.fullmatch(r"\d{1,3}", part)]  # `items.0.name`
    return len(parts) <= 6 and bool(words) and all(map(_is_identifier, words))


def _is_identifier(part: str) -> bool:
    """Tell whether a word is an identifier such as `createdAt` or `VM`, not `Ann` or `qWeRtZuIoP`."""
    if not _STRUCTURE.fullmatch(part) or re.fullmatch(r"[0-9a-fA-F]{8,}", part):
        return False
    if part[0].isupper():
        return part.isupper() and len(part) <= 4
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", part.strip("_$@")).split("_")
    return len(words) <= 6 and sum(len(word) == 1 for word in words) <= 1


def shape(value: str) -> str:
    """Return what a whole text is: mail, uuid, mac, ip, url, ssh_key, pem, host, random, or nothing."""
    if "@" in value and MAIL.fullmatch(value):
        return "mail"
    if len(value) in {32, 36} and UUID.fullmatch(value):
        return "uuid"
    if len(value) == 17 and MAC.fullmatch(value):
        return "mac"
    bare, slash, length = value.partition("/")
    if is_address(bare) and (not slash or (length.isdigit() and len(length) < 4)):
        return "ip"
    if "://" in value and URL.fullmatch(value):
        return "url"
    if value.startswith("-----BEGIN "):
        return "pem"
    if SSH_KEY.fullmatch(value):
        return "ssh_key"
    if "." in value and HOST.fullmatch(value):
        return "host"
    return "random" if RANDOM.fullmatch(value) else ""


def addresses(text: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Yield the IP addresses in a text."""
    for found in [
        *IPV4.findall(text),
        *re.findall(r"(?<![\w:])[0-9a-fA-F:]*::?[0-9a-fA-F:.]+(?![\w:])", text),
    ]:
        if found.count(":") != 1 and is_address(found):
            yield ipaddress.ip_address(found)


class _Document:
    """The names in our API document, their values, and which of them are numbers."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.values: dict[str, set[str]] = {}
        self.numbers: set[str] = set()
        self._whole = documents.document("solusio-api")
        for path in self._whole["paths"]:
            self.names.update(part for part in path.split("/") if not part.startswith("{"))
        self.names.update({"api", "v1", "auth", "by_token"})
        self._walk(self._whole)
        self.words = {word.lower() for name in self.names for word in re.split(r"[^A-Za-z]+", name) if word}

    def _walk(self, node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                self._walk(one)
        elif isinstance(node, Mapping):
            properties = node.get("properties")
            if isinstance(properties, Mapping):
                for name, schema in properties.items():
                    self._member(name, schema)
            if isinstance(node.get("in"), str) and isinstance(node.get("name"), str):
                self._member(node["name"], node.get("schema", {}))
            for one in node.values():
                self._walk(one)

    def _member(self, name: str, schema: Any) -> None:
        self.names.add(name)
        field = field_of(name)
        schema = documents.resolve(self._whole, schema)
        items = schema.get("items")
        for one in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()), *((items,) if items else ())):
            found = documents.resolve(self._whole, one)
            self.values.setdefault(field, set()).update(
                value for value in found.get("enum", ()) if isinstance(value, str)
            )
            kinds = found.get("type", ())
            if {"integer", "number"} & {*((kinds,) if isinstance(kinds, str) else kinds)}:
                self.numbers.add(field)


@functools.cache
def _document() -> _Document:
    return _Document()
