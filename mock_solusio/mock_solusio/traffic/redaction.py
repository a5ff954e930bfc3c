"""Removes secrets from what the journal shows. The lists below say what is secret."""

import functools
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from solusio_contracts.users.conduct.requests import SECRET_PARAMETERS as CREDENTIALS

HIDDEN: Final = "***"

SECRET_HEADERS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
        "x-xsrf-token",
    }
)

SECRET_FIELDS: Final = frozenset(
    {
        "access_token",  # POST users/{id}/tokens, auth/login
        "activation_code",  # license/activate
        "api_key",  # settings.dns.drivers
        "authorization_token",
        "billing_token",  # of a user
        "client_secret",
        "current_password",
        "new_password",
        "password",  # users, servers, auth/login, settings.mail
        "password_confirmation",
        "private_key",
        "refresh_token",
        "root_password",
        "secret",
        "token",  # of the form to the billing endpoint, and of settings.billing_integration.drivers
        "vnc_password",
        "_token",  # of a form of the user area
    }
)
"""Members of JSON objects, and fields of forms and queries. (A `token` that is a text is always a credential:
amounts of tokens are called tokens_per_hour and similar, and are numbers.)"""

SECRET_PATHS: Final = re.compile(r"(/auth/by_token/)[^/?#\s\"'<>\\]+")
"""Login links, wherever they occur."""

SECRET_PARAMETERS: Final = SECRET_FIELDS | CREDENTIALS
"""Parameters of a URL that are secrets."""

_QUOTED = tuple(f'"{name}"' for name in SECRET_FIELDS)
_NAMES = "|".join(sorted(map(re.escape, SECRET_FIELDS)))
_PARAMETERS = "|".join(sorted(map(re.escape, SECRET_PARAMETERS)))
_IN_URL = re.compile(rf"([?&](?:{_PARAMETERS})=)[^&#\s\"'<>]+", re.IGNORECASE)
_IN_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*)("(?:[^"\\]|\\.)*(?:"|\\?$)|[0-9.eE+-]+)', re.IGNORECASE)
"""For JSON that cannot be parsed; the end of the value may be missing."""
_COOKIE = re.compile(r"([^=;,\s]+)=([^;]*)")
_SCHEME = re.compile(r"(Bearer|Basic|Digest)\s", re.IGNORECASE)


def headers(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as texts, without secrets; schemes, and names and attributes of cookies, stay."""
    return [
        (name := raw.decode("latin-1"), _header(name.lower(), value.decode("latin-1")))
        for raw, value in pairs
    ]


def path(text: str) -> str:
    """Return a path without the access token of a login link."""
    return SECRET_PATHS.sub(rf"\1{HIDDEN}", text)


def query(text: str) -> str:
    """Return a query or form with its secret fields hidden; everything else stays byte for byte."""
    parts = []
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        plain = unquote_plus(name)
        hide = value and (_is_secret(plain) or plain.lower() in SECRET_PARAMETERS)
        parts.append(f"{name}={HIDDEN}" if hide else free_text(name + equals + value))
    return "&".join(parts)


def body(data: bytes, content_type: str) -> str:
    """Return a body as text without secrets. Bytes that are not UTF-8 are escaped."""
    text = data.decode("utf-8", "backslashreplace")
    if not text:
        return text
    if "x-www-form-urlencoded" in content_type:
        return query(text)
    if "json" in content_type or text.lstrip()[:1] in ("{", "["):
        with suppress(msgspec.DecodeError, RecursionError):
            value = msgspec.json.decode(data)
            clean = _clean(value)
            if clean is not value:
                return msgspec.json.encode(clean).decode()
        # Shown as it arrived, with its own spaces and order. It may be cut off, nested too deeply, or repeat
        # a member, so it is also searched as a text.
        lower = text.lower()
        if any(name in lower for name in _QUOTED):
            text = _IN_JSON.sub(rf'\1"{HIDDEN}"', text)
        return free_text(text)
    return free_text(text)


def free_text(text: str) -> str:
    """Return any text without the secrets of URLs in it."""
    return _IN_URL.sub(rf"\1{HIDDEN}", path(text)) if "=" in text or "/by_token/" in text else text


def _header(name: str, value: str) -> str:
    if name not in SECRET_HEADERS:
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
    return re.split(r"[\[\].]+", name.rstrip("]"))[-1].lower() in SECRET_FIELDS


def _clean(value: Any) -> Any:
    """Return a value without its secrets; the same object if it has none."""
    if isinstance(value, str):
        return free_text(value)
    if isinstance(value, dict):
        changed: dict[str, Any] = {}
        for key, one in value.items():
            if isinstance(one, dict | list):
                new = _clean(one)
            elif one and one is not True and _is_secret(key):
                new = HIDDEN
            else:
                new = free_text(one) if isinstance(one, str) else one
            if new is not one:
                changed[key] = new
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [_clean(one) for one in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value
