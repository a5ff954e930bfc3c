"""Reads an OpenAPI document from a file, standard input or a URL.

Such a document is large and generated, and its user hardly knows it. So every problem with it has a message
that says what to do. No message shows the credentials in a URL.
"""

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit, urlunsplit

import yaml

from solusio_contracts.contract.documents import Node
from solusio_contracts.decoding import DEEPEST, DecodingError, text_of

if TYPE_CHECKING:
    import httpx

LARGEST = 64 * 1024 * 1024
"""Bytes of a document; the largest known one has a few megabytes."""
SECONDS = 30.0
"""Default limit for a URL: for all redirects and the whole transfer."""

_REDIRECTS = 5

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class VendorDocumentError(Exception):
    """The document cannot be read, or cannot be compared; the message is for people."""


def load(source: str, *, insecure: bool = False, seconds: float = SECONDS) -> Node:
    """Return the document in a file, at an http(s) URL, or (`-`) on standard input.

    With `insecure`, the certificate of an https URL is not verified. A URL has `seconds` in all.

    Raises:
        VendorDocumentError: it is unreachable, unreadable, too large, or not an OpenAPI 3 document.
    """
    if source == "-":
        return parse(_limited(sys.stdin.buffer, "Standard input"))
    if source.lower().startswith(("http://", "https://")):
        return parse(asyncio.run(_fetched(source, insecure=insecure, seconds=seconds)))
    try:
        with Path(source).open("rb") as file:
            return parse(_limited(file, "The file"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable file name"
        raise VendorDocumentError(f"Cannot read {source!r}: {reason}.") from error


def shown(source: str) -> str:
    """Return a source as messages and reports show it: without user, password and query."""
    if not source.lower().startswith(("http://", "https://")):
        return "standard input" if source == "-" else source
    try:
        parts = urlsplit(source)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))
    except ValueError:
        return "the URL"


def parse(data: bytes) -> Node:
    """Return the OpenAPI document in some bytes of JSON or YAML; all its keys are strings.

    Raises:
        VendorDocumentError: it is not an OpenAPI document, or has another version.
    """
    try:
        text = text_of(data, "The document")
    except DecodingError as error:
        raise VendorDocumentError(f"{error}.") from None
    start = text.lstrip()[:200].lower()
    if not start:
        raise VendorDocumentError("The document is empty.")
    if start.startswith("<"):
        raise VendorDocumentError(
            "This is HTML (perhaps a login page), not an OpenAPI document. An installation has the document "
            "in the file storage/api-docs/api-docs.json."
        )
    try:
        whole = _read_json(text) if start.startswith(("{", "[")) else _read_yaml(text)
    except RecursionError:
        raise VendorDocumentError(f"The document is nested deeper than {DEEPEST} levels.") from None
    _normalize(whole)
    return _checked(whole)


def _checked(whole: Any) -> Node:
    if not isinstance(whole, dict):
        raise VendorDocumentError(
            "This is not an OpenAPI document: expected an object with `openapi` and `paths`."
        )
    if "swagger" in whole and "openapi" not in whole:
        raise VendorDocumentError(
            "Convert this document to OpenAPI: npx swagger2openapi -o openapi.json FILE. "
            f"Expected OpenAPI 3.0, 3.1 or 3.2, got Swagger {whole['swagger']}."
        )
    version = str(whole.get("openapi", ""))
    if not version:
        raise VendorDocumentError("This is not an OpenAPI document: it has no version in `openapi`.")
    if version.split(".")[:2] not in (["3", "0"], ["3", "1"], ["3", "2"]):
        raise VendorDocumentError(f"Expected OpenAPI 3.0, 3.1 or 3.2, got {version[:20]}.")
    if not isinstance(whole.get("paths"), dict) or not whole["paths"]:
        raise VendorDocumentError("The document has no operations in `paths`.")
    return whole


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # YAML may also begin with a brace; if it is not YAML either, the JSON error is more helpful.
        try:
            return _read_yaml(text)
        except VendorDocumentError:
            place = f"line {error.lineno}, column {error.colno}"
            raise VendorDocumentError(f"The document is not valid JSON: {error.msg} ({place}).") from error
    except ValueError as error:  # an integer of thousands of digits
        raise VendorDocumentError(f"The document is not usable JSON: {error}.") from error


def _read_yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise VendorDocumentError(
            f"The document is neither JSON nor YAML: {error.problem or 'malformed'}{place}."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise VendorDocumentError("The document is neither JSON nor YAML.") from error


def _normalize(whole: Any) -> None:
    """Make all keys strings (YAML reads `200:` as a number), and refuse deep nesting.

    Each object is visited once: YAML aliases may be circular, or repeat an object a billion times.
    """
    open_, seen = [(whole, 0)], set()
    while open_:
        node, depth = open_.pop()
        if not isinstance(node, dict | list) or id(node) in seen:
            continue
        if depth > DEEPEST:
            raise VendorDocumentError(f"The document is nested deeper than {DEEPEST} levels.")
        seen.add(id(node))
        if isinstance(node, dict):
            if any(not isinstance(key, str) for key in node):
                entries = [(str(key), value) for key, value in node.items()]
                node.clear()
                node.update(entries)
            open_ += [(value, depth + 1) for value in node.values()]
        else:
            open_ += [(value, depth + 1) for value in node]


def _limited(file: BinaryIO, what: str) -> bytes:
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _too_large(what)
    return data


def _too_large(what: str) -> VendorDocumentError:
    return VendorDocumentError(f"{what} is larger than {LARGEST // 1024**2} MiB.")


async def _fetched(url: str, *, insecure: bool, seconds: float) -> bytes:
    import httpx

    place = shown(url)
    try:
        # One limit for everything: a head or body that drips satisfies each limit on a single read.
        async with asyncio.timeout(seconds):
            return await _following(url, insecure=insecure)
    except TimeoutError as error:
        raise VendorDocumentError(f"{place} did not send the document within {seconds:g} seconds.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise VendorDocumentError(f"Cannot fetch {place}: {_reason(error)}.") from error


async def _following(url: str, *, insecure: bool) -> bytes:
    """Return what a URL serves; redirects are followed on its own host alone, which the user has named."""
    from solusio_contracts.http.client import async_client

    place = shown(url)
    async with async_client(verify=not insecure, timeout=None) as client:
        request = client.build_request("GET", url, headers={"Accept": "application/json, */*;q=0.5"})
        for _ in range(_REDIRECTS + 1):
            response = await client.send(request, stream=True)
            try:
                following = response.next_request
                if following is None:
                    return await _received(response, place)
                if not _stays(request.url, following.url):
                    raise VendorDocumentError(
                        f"{place} redirects to {shown(str(following.url))}. If that is right, name that URL."
                    )
                request = following
            finally:
                await response.aclose()
    raise VendorDocumentError(f"{place} redirects more than {_REDIRECTS} times.")


def _stays(before: "httpx.URL", after: "httpx.URL") -> bool:
    """Whether a redirect stays on the host and port, or goes from http to https on that host."""
    same_port = (before.scheme, before.port) == (after.scheme, after.port)
    upgrade = (before.scheme, after.scheme) == ("http", "https")
    return before.host == after.host and (same_port or upgrade)


async def _received(response: "httpx.Response", place: str) -> bytes:
    if response.status_code != 200:
        raise VendorDocumentError(f"{place} returned status {response.status_code}{_advice(response)}.")
    data = io.BytesIO()
    async for chunk in response.aiter_bytes():
        data.write(chunk)
        if data.tell() > LARGEST:
            raise _too_large(f"The document at {place}")
    return data.getvalue()


def _advice(response: Any) -> str:
    if response.status_code in (401, 403):
        return ": download it with your credentials, and pass the file"
    return ""


def _reason(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted (--insecure accepts it anyway)"
    # The text of a library's error may contain the URL, with its credentials.
    return type(error).__name__ if "@" in text or "//" in text or not text else text.rstrip(".")
