"""An OpenAPI document from elsewhere: a file, standard input or a URL, read with care.

Such a document is large, made by a machine, and whoever passes it hardly knows it. So every way in which it
can be wrong has a message that says what to do; no message shows credentials of a URL.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit, urlunsplit

import yaml

from solusio_contracts.contract.documents import Node

LARGEST = 64 * 1024 * 1024
"""Bytes of a document; the largest that is known to exist has a few megabytes."""
SECONDS = 30.0
"""How long a URL may keep us waiting: to connect, to answer, and from first to last for it all."""

_DEEPEST = 200
_REDIRECTS = 5

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class VendorDocumentError(Exception):
    """The document cannot be had, or is none that can be compared; the message is for people."""


def load(source: str, *, insecure: bool = False) -> Node:
    """Return the document in a file, at an http(s) URL, or (`-`) on standard input.

    With `insecure`, the certificate of an https URL is not verified.

    Raises:
        VendorDocumentError: unreachable, unreadable, too large, or no OpenAPI 3.0 or 3.1 document.
    """
    if source == "-":
        return parse(_limited(sys.stdin.buffer, "What standard input has"))
    if source.lower().startswith(("http://", "https://")):
        return parse(_fetched(source, insecure=insecure))
    try:
        with Path(source).open("rb") as file:
            return parse(_limited(file, "The file"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no usable file name"
        raise VendorDocumentError(f"Cannot read {source!r}: {reason}.") from error


def shown(source: str) -> str:
    """Return a source as messages and reports may name it: without user, password and query."""
    if not source.lower().startswith(("http://", "https://")):
        return "standard input" if source == "-" else source
    try:
        parts = urlsplit(source)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))
    except ValueError:
        return "the URL"


def parse(data: bytes) -> Node:
    """Return the OpenAPI document that some bytes are, in JSON or YAML, with texts as keys throughout.

    Raises:
        VendorDocumentError: it is none, or one of another version.
    """
    text = _decoded(data)
    start = text.lstrip()[:200].lower()
    if not start:
        raise VendorDocumentError("The document is empty.")
    if start.startswith("<"):
        raise VendorDocumentError(
            "This is HTML (a login or documentation page?), not an OpenAPI document. On an installation "
            "the document is the file storage/api-docs/api-docs.json."
        )
    try:
        whole = _read_json(text) if start.startswith(("{", "[")) else _read_yaml(text)
    except RecursionError:
        raise VendorDocumentError(f"The document is nested deeper than {_DEEPEST} levels.") from None
    _settle(whole)
    return _checked(whole)


def _checked(whole: Any) -> Node:
    if not isinstance(whole, dict):
        raise VendorDocumentError(
            "This is no OpenAPI document: it must be an object with `openapi` and `paths`."
        )
    if "swagger" in whole and "openapi" not in whole:
        raise VendorDocumentError(
            f"This is a Swagger {whole['swagger']} document; OpenAPI 3.0 or 3.1 is needed. "
            "Convert it: npx swagger2openapi -o openapi.json FILE"
        )
    version = str(whole.get("openapi", ""))
    if not version:
        raise VendorDocumentError("This is no OpenAPI document: it has no `openapi` with a version.")
    if version.split(".")[:2] not in (["3", "0"], ["3", "1"]):
        raise VendorDocumentError(f"OpenAPI {version[:20]} is not understood, only 3.0 and 3.1.")
    if not isinstance(whole.get("paths"), dict) or not whole["paths"]:
        raise VendorDocumentError("The document describes no operations: it has no `paths`.")
    return whole


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise VendorDocumentError("The document is neither UTF-8 nor UTF-16 text.") from error


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # YAML may begin with a brace, too; if it is no YAML either, the JSON error is the helpful one.
        try:
            return _read_yaml(text)
        except VendorDocumentError:
            place = f"line {error.lineno}, column {error.colno}"
            raise VendorDocumentError(f"The document is no valid JSON: {error.msg} ({place}).") from error
    except ValueError as error:  # an integer of thousands of digits
        raise VendorDocumentError(f"The document is no usable JSON: {error}.") from error


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


def _settle(whole: Any) -> None:
    """Make all keys texts (YAML reads `200:` as a number) and refuse what is nested too deeply.

    Each object once: aliases of YAML may lead back up, or to the same object a billion times.
    """
    open_, seen = [(whole, 0)], set()
    while open_:
        node, depth = open_.pop()
        if not isinstance(node, dict | list) or id(node) in seen:
            continue
        if depth > _DEEPEST:
            raise VendorDocumentError(f"The document is nested deeper than {_DEEPEST} levels.")
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


def _fetched(url: str, *, insecure: bool, now: Callable[[], float] = time.monotonic) -> bytes:
    import httpx

    place = shown(url)
    give_up = now() + SECONDS
    data = io.BytesIO()
    try:
        with (
            httpx.Client(
                verify=not insecure, timeout=SECONDS, follow_redirects=True, max_redirects=_REDIRECTS
            ) as client,
            client.stream("GET", url, headers={"Accept": "application/json, */*;q=0.5"}) as response,
        ):
            if response.status_code != 200:
                raise VendorDocumentError(
                    f"{place} answers with status {response.status_code}{_advice(response)}."
                )
            for chunk in response.iter_bytes():
                data.write(chunk)
                if data.tell() > LARGEST:
                    raise _too_large(f"What {place} sends")
                if now() > give_up:
                    raise VendorDocumentError(
                        f"{place} did not send the document within {SECONDS:.0f} seconds."
                    )
    except httpx.TimeoutException as error:
        raise VendorDocumentError(f"{place} did not answer within {SECONDS:.0f} seconds.") from error
    except httpx.TooManyRedirects as error:
        raise VendorDocumentError(f"{place} redirects more than {_REDIRECTS} times.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise VendorDocumentError(f"Cannot fetch {place}: {_reason(error)}.") from error
    return data.getvalue()


def _advice(response: Any) -> str:
    if response.status_code in (401, 403):
        return ": fetch it with what your server wants, and pass the file"
    return ""


def _reason(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted (--insecure accepts it nevertheless)"
    # Text of a library's error can repeat the URL, with what stands before the @.
    return type(error).__name__ if "@" in text or "//" in text or not text else text.rstrip(".")
