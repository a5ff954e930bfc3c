"""The first line of a body, as a person would quote it: without tags, secrets and line breaks. Pure."""

import html
import re

from solusio_contracts.http.masking import CUT, Mask

LONGEST = 76
"""Characters of a quoted line."""
_LOOKED_AT = 20_000
"""Bytes in which the line is looked for."""
_SHORT = 25
"""Characters up to which a line, such as the title `Error`, says too little alone."""

_UNSEEN = re.compile(
    r"<!--.*?-->|<(script|style|svg)\b.*?</\1\s*>|<!doctype[^>]*>", re.IGNORECASE | re.DOTALL
)
_INLINE = re.compile(r"</?(?:a|b|code|em|font|i|small|span|strong|tt|u)(?:\s[^<>]*)?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_HTML = re.compile(
    r"\s*(?:<!--|<\?xml|<!doctype\s+html|<(?:html|head|body|title|h1|h2|p|br|div|pre|center|script)\b)",
    re.IGNORECASE,
)


def looks_like_html(content: bytes) -> bool:
    """Whether a body begins as an HTML page does, whatever its Content-Type says."""
    return _HTML.match(content[:200].decode("utf-8", errors="replace")) is not None


def first_line(content: bytes, mask: Mask) -> str:
    """Return the first line of a body, at most `LONGEST` characters; empty if it has no text.

    Tags are removed, secrets masked. JSON counts as one line. A short first line, as of a title, is
    followed by the second.
    """
    text = content[:_LOOKED_AT].decode("utf-8", errors="backslashreplace")
    if looks_like_html(content):
        text = _TAG.sub("\n", _INLINE.sub("", _UNSEEN.sub("\n", text)))
        text = html.unescape(text)
    elif text.lstrip()[:1] in ("{", "["):
        text = " ".join(text[: 50 * LONGEST].split())
    lines = list(dict.fromkeys(" ".join(line.split()) for line in text[: 50 * LONGEST].splitlines()))
    lines = [line for line in lines if line]
    if not lines:
        return ""
    said = lines[0] if len(lines[0]) > _SHORT or len(lines) == 1 else f"{lines[0]}: {lines[1]}"
    # Mask first: cutting first would show part of a secret at the cut.
    said = mask(said)
    return said if len(said) <= LONGEST else said[:LONGEST] + CUT
