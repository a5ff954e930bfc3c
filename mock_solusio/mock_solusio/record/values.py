"""Anonymises values: JSON, texts, URLs, paths, queries. `policy.py` decides what stays."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

import msgspec

from mock_solusio.record import policy
from mock_solusio.record.archive import ORIGIN
from mock_solusio.record.pseudonyms import OWN_HOST, Pseudonyms

Replaced = dict[str, dict[str, int]]

_DEPTH: Final = 60
"""The deepest nesting; a body with more is not kept."""

_TOKENS: Final = re.compile(r"[^\W_]*[\w@][^\s\"'()<>,;]*", re.UNICODE)
_EDGE: Final = ".:!?*`[]{}"


class NotAnonymisableError(Exception):
    """A body cannot be parsed, so nothing of it is kept."""


class ValueAnonymiser:
    """Replaces values, and records where and what. A *place* is `response.body/data/*/email`."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._origins: frozenset[str] = frozenset()
        self._names: frozenset[str] = frozenset()
        self.replaced: Replaced = {}
        self._seen: set[str] = set()

    def begin(self, origins: frozenset[str]) -> None:
        """Start an exchange; `origins` are the installation's addresses as `host:port`."""
        self.replaced = {}
        self._origins = origins
        self._names = frozenset(origin.rpartition(":")[0].strip("[]") for origin in origins)

    # JSON

    def value(self, place: str, field: str, value: Any, depth: int) -> Any:
        """Return a JSON value as it may be kept. `field` is the member of the value, or of its list."""
        if depth > _DEPTH:
            raise NotAnonymisableError(f"nested more than {_DEPTH} levels deep")
        if isinstance(value, str):
            return self.string(place, field, value, depth)
        if isinstance(value, dict):
            made: dict[str, Any] = {}
            for key, one in value.items():
                name = self.key(place, key)
                made[name] = self.value(f"{place}/{name}", policy.field_of(key), one, depth + 1)
            return made
        if isinstance(value, list):
            return [self.value(f"{place}/*", field, one, depth + 1) for one in value]
        if isinstance(value, bool) or value is None:
            return value
        if policy.is_secret_number(field):
            self._note(place, "number")
            return self._pseudonyms.number(value) if isinstance(value, int) else msgspec.Raw(b"1.5")
        return value

    def key(self, place: str, key: str) -> str:
        """Return the name of a member, parameter or cookie as it may be kept."""
        if policy.is_known_name(key) or self._is_structure(key):
            return key
        return self.replace(f"{place} (names)", *self._by_shape(key))

    def _is_structure(self, name: str) -> bool:
        return policy.is_structure(name) and name.casefold() not in self._seen

    # Texts

    def string(self, place: str, field: str, value: str, depth: int = 0) -> str:
        """Return a text as it may be kept."""
        if not value.strip():
            return value
        first, dash, last = value.partition(" - ")
        if policy.shape(first) == policy.shape(last) == "ip":  # the `total_ips_count` of an IP block
            return self.replace(place, "ip", first) + dash + self.replace(place, "ip", last)
        shape = policy.shape(value)
        if policy.is_secret(field):
            if shape in {"ssh_key", "pem"}:
                return self.replace(place, shape, value)
            return self.replace(place, "secret", value)
        if value[0] in "{[" and (nested := self._nested(place, value, depth)) is not None:
            return nested
        if policy.is_personal(field):
            return self.replace(place, "digits" if any(map(str.isdigit, value)) else "label", value)
        if not shape and policy.MOMENT.fullmatch(value):
            return value
        if shape in {"", "host"} and policy.is_harmless(field, value):
            return value
        if not shape and (field in policy.MESSAGES or "/errors/" in place):
            return self._message(place, value)
        if len(value) > 3:
            self._seen.add(value.casefold())
        return self.replace(place, *self._by_shape(value))

    def _by_shape(self, value: str) -> tuple[str, str]:
        """Return the kind of pseudonym for a text, which depends only on the text itself."""
        shape = policy.shape(value)
        if value.startswith("data:"):
            return "data_url", value
        if shape:
            return ("secret" if shape == "random" else shape), value
        if re.fullmatch(r"[\d\s()+./-]+", value):
            return "digits", value
        if policy.is_person(value):
            return "person", value
        return ("text" if len(value) > 60 or "\n" in value else "label"), value

    def replace(self, place: str, kind: str, value: str) -> str:
        """Return the pseudonym of a value, and record the replacement."""
        self._note(place, kind)
        if kind == "url":
            return self._url(place, value)
        if kind == "host" and value.lower().rstrip(".") in self._names:
            return OWN_HOST
        make: Callable[[str], str] = {
            "data_url": lambda _: "data:,",
            "digits": self._pseudonyms.digits,
            "host": self._pseudonyms.host,
            "ip": self._pseudonyms.ip,
            "label": self._pseudonyms.label,
            "mac": self._pseudonyms.mac,
            "mail": self._pseudonyms.mail,
            "pem": self._pseudonyms.pem,
            "person": self._pseudonyms.person,
            "secret": self._pseudonyms.secret,
            "ssh_key": self._pseudonyms.ssh_key,
            "text": self._pseudonyms.text,
            "uuid": self._pseudonyms.uuid,
        }[kind]
        return make(value)

    def _nested(self, place: str, value: str, depth: int) -> str | None:
        try:
            inner = parse(value.encode("utf-8", "surrogatepass"))
        except NotAnonymisableError:
            return None
        return msgspec.json.encode(self.value(f"{place}/(json)", "", inner, depth + 1)).decode()

    def _message(self, place: str, value: str) -> str:
        def word(match: "re.Match[str]") -> str:
            core = match[0].rstrip(_EDGE)
            tail = match[0][len(core) :]
            if not core or policy.is_known_phrase(core):
                return match[0]
            return self.replace(place, *self._by_shape(core)) + tail

        return _TOKENS.sub(word, value)

    # URLs

    def _url(self, place: str, value: str) -> str:
        try:
            parts = urlsplit(value)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return self._pseudonyms.secret(value)
        standard = {"http": 80, "https": 443}.get(parts.scheme.lower())
        if parts.scheme.lower() in {"http", "https"} and (
            f"{host}:{port or standard}" in self._origins or (host in self._names and port is None)
        ):
            begin = ORIGIN
        else:
            name = OWN_HOST if host in self._names else self._pseudonyms.host(host) if host else ""
            user = f"{self._pseudonyms.secret(parts.username or 'u')}@" if "@" in parts.netloc else ""
            name = f"[{name}]" if ":" in name else name
            begin = f"{parts.scheme}://{user}{name}{f':{port}' if port else ''}"
        path = self.path(place, unquote(parts.path), strict=True) if parts.path else ""
        query = self.pairs(place, parts.query)
        text = begin + quote(path, safe="/:@!$&'()*+,;=~")
        if query:
            text += "?" + "&".join(f"{quote_plus(name)}={quote_plus(one)}" for name, one in query)
        if parts.fragment:
            text += "#" + self._pseudonyms.secret(parts.fragment)
        return text

    def path(self, place: str, path: str, *, strict: bool = False) -> str:
        """Return a decoded path. With `strict`, words that our document lacks are hidden too."""
        parts = path.split("/")
        ours = parts[1:3] == ["api", "v1"]
        made = []
        for at, part in enumerate(parts):
            before = parts[at - 1] if at else ""
            if before == "by_token" and part:
                made.append(self.replace(place, "secret", part))
            elif (
                not part
                or (part.isascii() and part.isdigit() and len(part) <= 12)
                or policy.is_known_name(part)
                or (ours and not strict and self._is_structure(part))
            ):
                made.append(part)
            else:
                # A pseudonym must stay one segment.
                made.append(self.replace(place, *self._by_shape(part)).replace("/", "-"))
        return "/".join(made)

    def pairs(self, place: str, text: str) -> list[tuple[str, str]]:
        """Return a query or form, decoded, as it may be kept."""
        made = []
        for part in text.split("&"):
            if part:
                name, _, value = part.partition("=")
                key = self.key(place, unquote_plus(name))
                made.append((key, self._parameter(f"{place}/{key}", unquote_plus(name), unquote_plus(value))))
        return made

    def _parameter(self, place: str, name: str, value: str) -> str:
        field = policy.field_of(name)
        hidden = policy.is_secret(field) or policy.is_personal(field)
        if not hidden and (value in {"true", "false", "null"} or re.fullmatch(r"-?\d{1,6}", value)):
            return value
        return self.string(place, field, value)

    def _note(self, place: str, kind: str) -> None:
        kinds = self.replaced.setdefault(place, {})
        kinds[kind] = kinds.get(kind, 0) + 1


def parse(text: bytes) -> Any:
    """Return the value of a JSON text, with numbers that can be written again exactly.

    Raises:
        NotAnonymisableError: the text is not JSON, or neither an object nor a list.
    """
    try:
        value = json.loads(
            text.decode("utf-8-sig"),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refused,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise NotAnonymisableError("not JSON in UTF-8") from error
    if not isinstance(value, dict | list):
        raise NotAnonymisableError("JSON, but neither an object nor a list")
    return value


def _number(text: str) -> Any:
    if text.lstrip("-").isdigit() and len(text) < 19 and text != "-0":
        return int(text)
    return msgspec.Raw(text.encode())


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError("a member occurs twice")
        made[key] = value
    return made


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
