"""Searches a recording for values that should not be there: a second opinion, after the anonymiser.

It does not know how the recording was made. Pseudonyms are recognised by their form (`pseudonyms.py`), except
those of random texts: a random text passes where the recording says that it was replaced.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from mock_solusio.record import policy
from mock_solusio.record.archive import FormBody, HiddenBody, JsonBody, RecordedExchange, RecordingReader
from mock_solusio.record.pseudonyms import is_address, is_common, is_fake_address
from solusio_contracts.decoding import DecodingError, parse_json

_FAKE_HOST: Final = re.compile(r"(?:.+\.)?example(?:\.(?:com|net|org))?\.?", re.IGNORECASE)
_MAIL: Final = re.compile(r"[^\s@<>\"'(),;:\\/=]+@([\w.-]+\.\w+)")
_URL_HOST: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?(\[[^\]\s]*\]|[^/:?#\s]*)", re.IGNORECASE)
_MOST: Final = 200
"""The most warnings that are kept."""


@dataclass(slots=True)
class AuditResult:
    """The content of a recording, and warnings about it."""

    exchanges: int = 0
    replaced: Counter[str] = field(default_factory=Counter)
    """Number of replaced values by kind."""
    hidden: Counter[str] = field(default_factory=Counter)
    """Number of bodies that were not kept, by reason."""
    names: set[str] = field(default_factory=set)
    """Kept names of members, parameters and path segments that are not in our document."""
    warnings: list[str] = field(default_factory=list)
    """`000001.json response.body/data/*/note: looks like a mail address`, without the value."""


def audit(reader: RecordingReader) -> AuditResult:
    """Search all exchanges.

    Raises:
        RecordingError: one of them cannot be read.
    """
    found = AuditResult()
    for one in reader:
        found.exchanges += 1
        for kinds in one.replaced.values():
            found.replaced.update(kinds)
        for body in (one.request.body, one.response.body):
            if isinstance(body, HiddenBody):
                found.hidden[body.reason] += 1
        for place, text, is_name in _texts(one):
            if is_name:
                if not policy.is_known_name(text):
                    found.names.add(text)
                problem = problem_of(text, replaced=f"{place} (names)" in one.replaced)
            else:
                problem = problem_of(text, replaced=place in one.replaced)
            if problem and len(found.warnings) < _MOST:
                found.warnings.append(f"{one.number:06}.json {place}: {problem}")
    return found


def problem_of(text: str, *, replaced: bool = False) -> str:
    """Return what a text looks like that should not be kept; empty if nothing. `replaced`: by a pseudonym."""
    plain = unquote(text)
    for domain in _MAIL.findall(plain):
        if not _FAKE_HOST.fullmatch(domain) and domain != "openssh.com":  # a kind of SSH key
            return "looks like an email address"
    for address in policy.addresses(plain):
        if not is_fake_address(address) and not is_common(address):
            return "looks like an IP address"
    for host in _URL_HOST.findall(plain):
        is_real = host and host != "localhost" and not is_address(host.strip("[]"))
        if is_real and not _FAKE_HOST.fullmatch(host):
            return "looks like a URL of a real host"
    if replaced:
        return ""
    if policy.shape(plain) in {"uuid", "mac", "ssh_key", "pem", "host"}:
        return f"looks like a {policy.shape(plain).replace('_', ' ')}"
    if any(policy.RANDOM.fullmatch(word) for word in re.split(r"[\s/?&=\"',;]+", plain)):
        return "looks like an access token or another random text"
    return ""


def _texts(one: RecordedExchange) -> Iterator[tuple[str, str, bool]]:
    """Yield place, text, and whether the text is a name, for all texts of an exchange."""
    for part in one.request.path.split("/"):
        if part and not part.isdigit():
            yield "request.path", part, "request.path" not in one.replaced
    for name, value in one.request.query:
        yield "request.query", name, True
        yield f"request.query/{name}", value, False
    for side, message in (("request", one.request), ("response", one.response)):
        for name, value in message.headers:
            yield f"{side}.headers/{name}", value, False
        place = f"{side}.body"
        match message.body:
            case JsonBody(text_of_json):
                yield from _inside(place, parse_json(bytes(text_of_json)))
            case FormBody(fields):
                for name, text in fields:
                    yield place, name, True
                    yield f"{place}/{name}", text, False


def _inside(place: str, value: Any) -> Iterator[tuple[str, str, bool]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield place, name, True
            yield from _inside(f"{place}/{name}", one)
    elif isinstance(value, list):
        for one in value:
            yield from _inside(f"{place}/*", one)
    elif isinstance(value, str):
        if value[:1] in ("{", "["):
            try:
                yield from _inside(f"{place}/(json)", parse_json(value))
                return
            except DecodingError:
                pass
        yield place, value, False
