"""Content codings: decodes gzip and deflate as strictly as the strictest client. Pure."""

import zlib

LARGEST = 4 * 1024 * 1024
"""Bytes that all codings of a response may decompress to together: a small one must not become gigabytes."""
MEMBERS = 1000
"""Members that a gzip response may have: servers write one."""
_PIECE = 4096
"""Bytes decompressed at a time: what follows a member is copied no more often than that."""

_GZIP = ("gzip", "x-gzip")

CODINGS = (*_GZIP, "deflate")
"""The codings that can be decoded."""


def decode_content(body: bytes, coding: str | None, offered: str | None) -> tuple[bytes, str | None]:
    """Decode a body; return the content, and what is wrong, if anything.

    `coding` is the Content-Encoding of the response, `offered` the Accept-Encoding of the request.
    """
    codings = [part.strip().lower() for part in (coding or "").split(",") if part.strip()]
    codings = [part for part in codings if part != "identity"]
    if not codings or not body:
        return body, None
    problem = None
    if offered is None:
        problem = f"Content-Encoding: {coding}, but the request accepts no compression"
    remaining = LARGEST
    for part in reversed(codings):
        if part not in CODINGS:
            return body, problem or f"Content-Encoding: {coding}, which the request does not accept"
        try:
            body = _inflate(body, part, remaining)
        except zlib.error as error:
            return body, f"Content-Encoding: {coding}, but the body is not valid {part} ({error})"
        remaining -= len(body)
    return body, problem


def _inflate(body: bytes, coding: str, limit: int) -> bytes:
    if coding == "deflate":
        # Some servers omit the zlib header; no compressor starts a raw stream with that byte.
        window = zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS
    else:
        window = 16 + zlib.MAX_WBITS
    result = bytearray()
    place = 0
    for _ in range(MEMBERS):
        stream = zlib.decompressobj(window)
        while not stream.eof:
            piece = stream.unconsumed_tail or body[place : place + _PIECE]
            if not stream.unconsumed_tail:
                place += len(piece)
            if not piece:
                raise zlib.error("the compressed data is incomplete")
            result += stream.decompress(piece, limit - len(result) + 1)
            if len(result) > limit:
                raise zlib.error(f"it decompresses to more than {LARGEST} bytes")
        place -= len(stream.unused_data)
        if place == len(body):
            return bytes(result)
        # A gzip file may have several members (RFC 1952, section 2.2).
        if coding not in _GZIP or not body.startswith(b"\x1f\x8b", place):
            raise zlib.error(f"{len(body) - place} bytes after the end of the compressed data")
    raise zlib.error(f"it has more than {MEMBERS} gzip members")
