"""Keeps secrets out of everything that is printed or stored."""

import base64
import functools
import json
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN_VARIABLE = "MOCK_SOLUSIO_TOKEN"  # noqa: S105 - the name of a variable, not a secret

SHORTEST = 4
"""A secret with fewer characters is recognised only as the whole value of `token`."""
HIDDEN = "***"
"""Shown for a part of a secret that no expression can stand for."""
LOOKED_AT = 300_000
"""Bytes of a message that are masked before it is shortened."""
CUT = "…"
"""Ends a shortened text; the cut may be in the middle of a secret."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret within a text: as written there, in plain, and what is shown instead."""

    raw: str
    secret: str
    shown: str


class Mask:
    """Replaces secrets with what may be shown: a shell expression, so that a curl line still works.

    Example: with the authorization token `abc123`, the body `token=abc123x` is shown as
    `token=${MOCK_SOLUSIO_TOKEN}x`.
    """

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}

    def hide(self, secret: str, shown: str) -> None:
        """Replace `secret`, in its usual encodings, with `shown`.

        An empty secret, or one derived from a secret that is already masked, is skipped.
        """
        derived = any(
            len(one) >= SHORTEST and one in secret and text in shown and "$" not in shown.replace(text, "")
            for one, text in self._shown.items()
        )
        if secret and not derived:
            self._shown.setdefault(secret, shown)

    def __call__(self, text: str, *, replace: str | None = None) -> str:
        """Return `text` with every secret masked; `replace` is shown for all of them, if given."""
        return "".join(
            self._mask_cut(piece, replace)
            if isinstance(piece, str)
            else (piece.shown if replace is None else replace)
            for piece in self.pieces(text)
        )

    def pieces(self, text: str) -> Iterator[str | Hidden]:
        """Split `text` into plain pieces and hidden ones, in order."""
        done = 0
        for start, end, hidden in self._places(text):
            if start > done:
                yield text[done:start]
            yield hidden
            done = end
        if done < len(text):
            yield text[done:]

    def _places(self, text: str) -> list[tuple[int, int, Hidden]]:
        found = [(start, end, secret) for secret in self._shown for start, end in _occurrences(secret, text)]
        covered = bytearray(len(text)) if found else bytearray()
        places: list[tuple[int, int, Hidden]] = []
        overlapping: list[tuple[int, int, str]] = []
        for start, end, secret in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
            if covered.find(1, start, end) < 0:
                places.append((start, end, Hidden(text[start:end], secret, self._shown[secret])))
                covered[start:end] = b"\1" * (end - start)
            else:
                overlapping.append((start, end, secret))
        # Where secrets overlap, only the remainder is still to hide.
        for start, end, secret in reversed(overlapping):
            for first, last in _uncovered(covered, start, end):
                plain = text[start:end] == secret
                shown = _part(self._shown[secret], first - start, last - first) if plain else HIDDEN
                places.append((first, last, Hidden(text[first:last], text[first:last], shown)))
                covered[first:last] = b"\1" * (last - first)
        return sorted(places, key=lambda place: place[0])

    def _mask_cut(self, text: str, replace: str | None) -> str:
        """Mask the beginning of a secret whose rest was cut off."""
        *parts, last = text.split(CUT)
        for place, part in enumerate(parts):
            for secret, shown in self._shown.items():
                length = _cut_at(part, secret)
                if length:
                    parts[place] = part[:-length] + (shown if replace is None else replace)
                    break
        return CUT.join((*parts, last))


def _cut_at(text: str, secret: str) -> int:
    """Return how many of the secret's first characters `text` ends with, or 0 if too few to tell."""
    longest = min(len(secret) - 1, len(text))
    return next((size for size in range(longest, SHORTEST - 1, -1) if text.endswith(secret[:size])), 0)


def _uncovered(covered: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a range that are still zero."""
    while start < end:
        first = covered.find(0, start, end)
        if first < 0:
            return
        last = covered.find(1, first, end)
        last = end if last < 0 else last
        yield first, last
        start = last


def _part(shown: str, start: int, length: int) -> str:
    """Return the shell expression for a part of a variable's value."""
    name = re.fullmatch(r"\$\{(\w+)\}", shown)
    return f"${{{name[1]}:{start}:{length}}}" if name else HIDDEN


def _occurrences(secret: str, text: str) -> Iterator[tuple[int, int]]:
    for literal, pattern in _searches(secret):
        # Looking for a literal is many times as fast, and nearly always finds nothing.
        match = pattern.search(text) if literal in text else None
        while match is not None:
            yield match.span()
            # Occurrences may overlap: `ababab` contains `abab` twice.
            match = pattern.search(text, match.start() + 1)


@functools.lru_cache(maxsize=256)
def patterns(secret: str) -> tuple[re.Pattern[str], ...]:
    """Return patterns for a secret in its usual encodings.

    These are: plain, form- or percent-encoded, escaped for JSON, HTML or Python (also mixed), fully
    percent-encoded, and base64 (of the secret alone or within a longer text).
    """
    plain = "".join(map(_letter, secret))
    if len(secret) < SHORTEST:
        # Masking every "a" in a report would hide nothing and ruin the report.
        forms = [
            rf"(?<=token=)(?:{plain})(?=[&\"'\s]|$)",
            rf"(?<=\"token\":\")(?:{plain})(?=\")",
            rf"(?<=\"token\": \")(?:{plain})(?=\")",
        ]
    else:
        forms = [plain, _percent(secret), *_base64(secret)]
    return tuple(map(re.compile, dict.fromkeys(forms)))


_LITERAL = re.compile(r"(?:[A-Za-z0-9_~/=]|\\[-.+])+")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+")


@functools.lru_cache(maxsize=256)
def _searches(secret: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the patterns for a secret, each preceded by a text that all its matches contain."""
    plain = max(_UNRESERVED.findall(secret), key=len, default="")

    def literal(pattern: str) -> str:
        if pattern == _percent(secret):
            return "%"
        return pattern.replace("\\", "") if _LITERAL.fullmatch(pattern) else plain

    return tuple((literal(one.pattern), one) for one in patterns(secret))


_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "(?:apos|#0*39|#x0*27)"}


def _letter(letter: str) -> str:
    """Return a pattern for a letter in any encoding; unreserved characters have only one."""
    if letter.isascii() and (letter.isalnum() or letter in "-_.~"):
        return re.escape(letter)
    code = ord(letter)
    data = encoded(letter)
    forms = [
        re.escape(letter),
        # Its UTF-8 bytes read as Latin-1.
        re.escape(data.decode("latin-1")),
        _percent(letter),
        "".join(rf"\\x{_hex(f'{byte:02x}')}" for byte in data),
        re.escape(json.dumps(letter)[1:-1]),
        "".join(rf"\\u{_hex(unit)}" for unit in _units(letter)),
        rf"&#0*{code};",
        rf"&#[xX]0*{_hex(f'{code:x}')};",
    ]
    if code <= 0xFF:
        forms.append(rf"\\x{_hex(f'{code:02x}')}")
    if code > 0xFFFF:
        forms.append(rf"\\U{_hex(f'{code:08x}')}")
    if letter == " ":
        forms.append(r"\+")
    if letter in "/'":
        forms.append(rf"\\{letter}")
    if letter in _ENTITIES:
        forms.append(f"&{_ENTITIES[letter]};")
    # Longest first: `\\` before `\`.
    return f"(?:{'|'.join(sorted(dict.fromkeys(forms), key=len, reverse=True))})"


def _percent(text: str) -> str:
    return "".join(f"%{_hex(f'{byte:02x}')}" for byte in encoded(text))


def _hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _units(letter: str) -> list[str]:
    data = letter.encode("utf-16-be", errors="surrogatepass")
    return [data[place : place + 2].hex() for place in range(0, len(data), 2)]


def _base64(secret: str) -> Iterator[str]:
    """Yield patterns for the secret in base64, at each of the three possible offsets."""
    data = encoded(secret)
    yield re.escape(base64.b64encode(data).decode("ascii"))
    yield re.escape(base64.urlsafe_b64encode(data).decode("ascii"))
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + data).decode("ascii")
        # The first and last letters also contain bits of the text around the secret.
        first = (offset * 8 + 5) // 6
        last = (offset + len(data)) * 8 // 6
        core = text[first:last]
        if len(core) >= 2 * SHORTEST:
            yield re.escape(core)
            yield re.escape(core.replace("+", "-").replace("/", "_"))


def encoded(text: str) -> bytes:
    """Return text as UTF-8; invalid bytes from a command line are kept."""
    try:
        return text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", errors="surrogatepass")


def form_encoded(text: str) -> str:
    """Return text encoded as the value of a form parameter."""
    return urllib.parse.quote_plus(encoded(text))


def shortened(data: bytes, mask: Mask, limit: int) -> tuple[str, bool]:
    """Return bytes as masked text, and whether it was cut; unprintable characters become escapes."""
    # Mask first: cutting first would show part of a secret at the cut.
    whole = mask(data[:LOOKED_AT].decode("utf-8", errors="backslashreplace"))
    text = "".join(
        letter
        if letter.isprintable() or letter in "\n\t"
        else ("" if letter == "\r" else f"\\x{ord(letter):02x}")
        for letter in whole[:limit]
    )
    return text, len(whole) > limit
