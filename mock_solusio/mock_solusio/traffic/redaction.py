"""Removes secrets from what the journal shows.

Secret members are those that the OpenAPI documents mark with `format: password`, and the ones listed here, in
any spelling: `api_key`, `apiKey`, `API-Key`. Secret headers are listed, or named like one.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

import msgspec

from solusio_contracts.contract import documents
from solusio_contracts.users.conduct.requests import SECRET_PARAMETERS as CREDENTIALS

HIDDEN: Final = "***"

_SECRET_HEADERS: Final = frozenset({"cookie", "set-cookie", "x-key", "key"})
_SECRET_HEADER: Final = re.compile(
    r"(?:.*[-_])?(?:authorization|credentials?|passphrase|passw(?:or)?d|secret|token)"
    r"|(?:.*[-_])?(?:access|api|auth|license|private|secret)[-_]?key",
    re.IGNORECASE,
)
"""`Authorization`, `X-Token`, `X-Access-Token`, `Private-Token`, `ApiKey`, `X-API-Key` and so on."""

_FURTHER_FIELDS: Final = (
    *("authorization_token", "client_secret", "new_password", "password_confirmation", "private_key"),
    *("refresh_token", "root_password", "secret"),
    "_token",  # of a form of the user area
)
"""Secret members, and fields of forms and queries, that the documents do not have.

A `token` that is a text is always a credential: amounts of tokens are called tokens_per_hour and similar, and
are numbers.
"""

_SLASH = r"(?:/|\\/|\\u002f|%2f|%5c%2f|%252f)+"
_LOGIN_LINK: Final = re.compile(
    rf"({_SLASH}auth{_SLASH}by(?:_|%5f|%255f)token{_SLASH})[^/?#&\s\"'<>\\]+", re.IGNORECASE
)
"""Login links, wherever they occur, also percent-encoded in another URL and escaped in JSON."""

_USERINFO: Final = re.compile(r"(://[^/?#@\s:]*:)[^/?#@\s]+@")
"""The password in a URL such as that of a billing endpoint with Basic authentication."""

_COOKIE = re.compile(r"([^=;,\s]+)=([^;]*)")
_SCHEME = re.compile(r"(Bearer|Basic|Digest)\s", re.IGNORECASE)
_PART = re.compile(
    r"""(content-disposition:[^\r\n]*?\bname=(?:"([^"\r\n]*)"|([^";\s]+))[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)"""
    r"(.*?)(?=\r?\n--|\Z)",
    re.IGNORECASE | re.DOTALL,
)
"""A part of a multipart body (RFC 7578): its head, its name in two spellings, and its value."""


@functools.cache
def secret_fields() -> frozenset[str]:
    """Return the names of secret members, as the documents and we spell them."""
    found = set(_FURTHER_FIELDS)
    for name in documents.document_names():
        found.update(_marked(documents.document(name)))
    return frozenset(found)


def _marked(whole: Any) -> Iterator[str]:
    """Yield the members of a document that are marked as secret."""
    open_: list[Any] = [whole]
    while open_:
        node = open_.pop()
        if isinstance(node, dict):
            for name, one in node.get("properties", {}).items():
                if isinstance(one, dict) and one.get("format") == "password":
                    yield name
            open_ += node.values()
        elif isinstance(node, list):
            open_ += node


@functools.cache
def _plain_fields() -> frozenset[str]:
    return frozenset(map(_plain, secret_fields()))


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


@functools.cache
def _names(further: frozenset[str] = frozenset()) -> str:
    # Any of the words of a name may be joined by a sign, or by nothing.
    names = sorted(secret_fields() | further)
    return "|".join("[_-]?".join(map(re.escape, name.split("_"))) for name in names)


@functools.cache
def _in_url() -> re.Pattern[str]:
    return re.compile(rf"((?:^|[?&;\s])(?:{_names(CREDENTIALS)})=)[^&#\s\"'<>]+", re.IGNORECASE)


@functools.cache
def _in_json() -> re.Pattern[str]:
    """Match a secret member in JSON that cannot be parsed; the end of its value may be missing."""
    value = r'"(?:[^"\\]|\\.)*(?:"|\\?$)|[0-9.eE+-]+'
    # In a text within JSON, quotes are escaped.
    return re.compile(
        rf'("(?:{_names()})"\s*:\s*)(?:{value})|(\\+"(?:{_names()})\\+"\s*:\s*)\\+"[^"\\]*', re.IGNORECASE
    )


def headers(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as texts, without secrets; schemes, and names and attributes of cookies, stay."""
    return [
        (name := raw.decode("latin-1"), _header(name.lower(), value.decode("latin-1")))
        for raw, value in pairs
    ]


def path(text: str) -> str:
    """Return a path without the access token of a login link, however that is spelled."""
    clean = _LOGIN_LINK.sub(rf"\1{HIDDEN}", text)
    if "%" in clean:
        plain = unquote(unquote(clean))
        hidden = _LOGIN_LINK.sub(rf"\1{HIDDEN}", plain)
        if hidden != plain:
            return hidden
    return clean


def query(text: str) -> str:
    """Return a query or form with its secret fields hidden; everything else stays byte for byte."""
    parts = []
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        plain = unquote_plus(name)
        hide = value and (_is_secret(plain) or plain.lower() in CREDENTIALS)
        parts.append(f"{name}={HIDDEN}" if hide else free_text(name + equals + value))
    return "&".join(parts)


def body(data: bytes, content_type: str) -> str:
    """Return a body as text without secrets. Bytes that are not UTF-8 are escaped."""
    text = data.decode("utf-8", "backslashreplace")
    if not text:
        return text
    if "x-www-form-urlencoded" in content_type:
        return query(text)
    if content_type.startswith("multipart/") or "content-disposition:" in text[:500].lower():
        return _PART.sub(_part, text)
    if "json" in content_type or text.lstrip()[:1] in ("{", "["):
        return _json(text)
    return free_text(text)


def free_text(text: str) -> str:
    """Return any text without the secrets of URLs in it."""
    if "auth" in text.lower() or "%" in text:
        text = path(text)
    if "@" in text:
        text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    return _in_url().sub(rf"\1{HIDDEN}", text) if "=" in text else text


def _json(text: str) -> str:
    with suppress(msgspec.DecodeError, RecursionError):
        value = msgspec.json.decode(text)
        clean = _clean(value)
        if clean is not value:
            return msgspec.json.encode(clean).decode()
    # Shown as it arrived, with its own spaces and order. It may be cut off, nested too deeply, or repeat
    # a member, so it is also searched as a text.
    return free_text(
        _in_json().sub(lambda found: f'{found[1]}"{HIDDEN}"' if found[1] else f"{found[2]}{HIDDEN}", text)
    )


def _part(found: re.Match[str]) -> str:
    """Return a part of a multipart body; its value may be JSON or a form."""
    head, name, value = found[1], found[2] or found[3] or "", found[4]
    if value and _is_secret(name):
        return f"{head}{HIDDEN}"
    return head + (_json(value) if value[:1] in ("{", "[") else free_text(value))


def _header(name: str, value: str) -> str:
    if name not in _SECRET_HEADERS and not _SECRET_HEADER.fullmatch(name):
        return free_text(value)
    if name == "set-cookie":
        first, semicolon, attributes = value.partition(";")
        return _COOKIE.sub(rf"\1={HIDDEN}", first) + semicolon + attributes
    if name == "cookie":
        return _COOKIE.sub(rf"\1={HIDDEN}", value)
    scheme = _SCHEME.match(value)
    return f"{scheme[1]} {HIDDEN}" if scheme else HIDDEN


@functools.lru_cache(maxsize=2048)
def _is_secret(name: str) -> bool:
    # The last part of mail[password], drivers.custom.token ...
    return _plain(re.split(r"[\[\].]+", name.rstrip("]"))[-1]) in _plain_fields()


def _clean(value: Any) -> Any:
    """Return a value without its secrets; the same object if it has none."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        changed: dict[str, Any] = {}
        for key, one in value.items():
            if isinstance(one, dict | list):
                new = _clean(one)
            elif one and one is not True and _is_secret(key):
                new = HIDDEN
            else:
                new = _text(one) if isinstance(one, str) else one
            if new is not one:
                changed[key] = new
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [_clean(one) for one in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _text(value: str) -> str:
    """Return a text within JSON, which may be JSON itself; the same object if it has no secrets."""
    clean = _json(value) if value[:1] in ("{", "[") else free_text(value)
    return value if clean == value else clean
