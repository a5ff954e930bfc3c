"""Anonymises exchanges, before anything of a real installation is written to disk.

Only what is known to be harmless is kept; `Pseudonyms` replaces everything else. Types, structure, order and
numbers stay, so that a billing system reads a recording like the real responses.
"""

import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote

import msgspec

from mock_solusio.record import policy
from mock_solusio.record.archive import (
    Body,
    FormBody,
    HiddenBody,
    JsonBody,
    NoBody,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)
from mock_solusio.record.pseudonyms import Pseudonyms
from mock_solusio.record.values import NotAnonymisableError, ValueAnonymiser, parse
from mock_solusio.server.messages import Headers

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_URL_HEADERS: Final = frozenset({"location", "content-location"})
_ATTRIBUTE: Final = re.compile(
    r"secure|httponly|samesite=(?:lax|strict|none)|max-age=-?\d{1,12}|path=/?"
    r"|expires=[a-z]{3}, \d\d[ -][a-z]{3}[ -]\d{2,4} \d\d:\d\d:\d\d GMT",
    re.IGNORECASE,
)
"""The cookie attributes that are kept."""
_SCHEME: Final = re.compile(r"(Bearer|Basic|Digest|Token)\s+(.*)", re.IGNORECASE | re.DOTALL)


class RealExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange with nothing hidden yet. It must not be written anywhere."""

    number: int
    moment: str
    milliseconds: float
    method: str
    origins: frozenset[str]
    """The installation's addresses as `host:port`, always with a port."""
    path: str
    query: str
    headers: Headers
    body: bytes
    status: int
    response_headers: Headers
    response_body: bytes | None
    """None: `missing` says why."""
    response_bytes: int = 0
    """The length as received, if `response_body` is `None`."""
    missing: str = "too large, or compressed in a way that cannot be read"


class Anonymiser:
    """Turns real exchanges into ones that may be kept; a value gets the same pseudonym in all of them."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._values = ValueAnonymiser(pseudonyms)

    # Exchanges

    def exchange(self, real: RealExchange) -> RecordedExchange:
        """Return an exchange that may be written."""
        self._values.begin(real.origins)
        request = self._request(real.method, real.path, real.query, real.headers, real.body)
        response = RecordedResponse(
            status=real.status,
            headers=self._headers("response.headers", real.response_headers),
            body=HiddenBody(real.response_bytes, real.missing)
            if real.response_body is None
            else self._body("response.body", real.response_headers, real.response_body),
        )
        return RecordedExchange(
            number=real.number,
            moment=real.moment,
            milliseconds=round(real.milliseconds, 1),
            request=request,
            response=response,
            replaced=self._values.replaced,
        )

    def request(
        self, method: str, path: str, query: str, headers: Headers, body: bytes, *, origins: frozenset[str]
    ) -> RecordedRequest:
        """Return a request that may be written."""
        self._values.begin(origins)
        return self._request(method, path, query, headers, body)

    def _request(self, method: str, path: str, query: str, headers: Headers, body: bytes) -> RecordedRequest:
        return RecordedRequest(
            method=method if method in _METHODS else "OTHER",
            path=self._values.path("request.path", path),
            query=self._values.pairs("request.query", query),
            headers=self._headers("request.headers", headers),
            body=self._body("request.body", headers, body),
        )

    # Bodies

    def _body(self, place: str, headers: Headers, body: bytes) -> Body:
        if not body.strip():
            return NoBody()
        kind = content_type(headers)
        if kind == "application/x-www-form-urlencoded":
            try:
                return FormBody(self._values.pairs(place, body.decode()))
            except UnicodeDecodeError:
                return HiddenBody(len(body), "not UTF-8")
        try:
            value = parse(body)
        except NotAnonymisableError as error:
            return HiddenBody(len(body), str(error))
        try:
            return JsonBody(msgspec.Raw(msgspec.json.encode(self._values.value(place, "", value, 0))))
        except NotAnonymisableError as error:
            return HiddenBody(len(body), str(error))
        except (RecursionError, UnicodeEncodeError, OverflowError):
            return HiddenBody(len(body), "JSON that cannot be written again")

    # Headers

    def _headers(self, place: str, headers: Headers) -> list[tuple[str, str]]:
        made = []
        for raw_name, raw in headers:
            name, value = raw_name.decode("latin-1").lower(), raw.decode("latin-1")
            kept = self._header(f"{place}/{name}", name, value)
            if kept is not None:
                made.append((name, kept))
        return made

    def _header(self, place: str, name: str, value: str) -> str | None:
        """Return a header's value as it may be kept; None drops it, which is the usual case."""
        plain = policy.HEADERS.get(name)
        if plain is not None:
            if plain.fullmatch(value):
                return value
            media_type = value.partition(";")[0].strip().lower()
            return media_type if name == "content-type" and plain.fullmatch(media_type) else None
        if name in {"authorization", "proxy-authorization"}:
            found = _SCHEME.fullmatch(value)
            if found is None:
                return self._values.replace(place, "secret", value)
            return f"{found[1]} {self._values.replace(place, 'secret', found[2])}"
        if name == "cookie":
            return "; ".join(self._cookie(place, one.strip()) for one in value.split(";"))
        if name == "set-cookie":
            first, *attributes = value.split(";")
            harmless = [one.strip() for one in attributes if _ATTRIBUTE.fullmatch(one.strip())]
            return "; ".join([self._cookie(place, first.strip()), *harmless])
        if name in _URL_HEADERS:
            if "://" in value:
                return self._values.replace(place, "url", value)
            path, _, query = value.partition("?")
            pairs = self._values.pairs(place, query)
            tail = (
                "?" + "&".join(f"{quote_plus(key)}={quote_plus(one)}" for key, one in pairs) if pairs else ""
            )
            return quote(self._values.path(place, unquote(path)), safe="/:@!$&'()*+,;=~") + tail
        return None

    def _cookie(self, place: str, pair: str) -> str:
        name, equals, value = pair.partition("=")
        return (
            f"{self._values.key(place, name)}{equals}{self._values.replace(place, 'secret', unquote(value))}"
        )


def content_type(headers: Headers) -> str:
    """Return the media type of a message in lower case, or an empty string."""
    for name, value in headers:
        if name.lower() == b"content-type":
            return value.decode("latin-1").partition(";")[0].strip().lower()
    return ""
