"""Makes any text safe to write: an endpoint may answer with anything."""

from collections.abc import Callable
from typing import Any

import msgspec

from solusio_contracts.reporting.report import Report

Change = Callable[[str], str]


def encodable(text: str, encoding: str = "utf-8") -> str:
    r"""Return `text` with what the encoding lacks as escapes; for UTF-8 only lone surrogates."""
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def visible(text: str) -> str:
    r"""Return `text` with everything invisible but line feed and tab as an escape such as `\x1b`.

    That covers what moves a terminal's cursor, what reorders text for the eye (U+202E), every character
    that XML 1.0 forbids, and lone surrogates. A no-break space shows, too: as a thousands separator it
    is a usual cause of confusion.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in "\n\t" else _escape(letter) for letter in text)


def one_line(text: str) -> str:
    r"""Return `text` as `visible` does, with line breaks and tabs as `\n` and `\t`."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def mapped(report: Report, change: Change) -> Report:
    """Return the report with `change` applied to every text in it."""
    return msgspec.convert(mapped_value(msgspec.to_builtins(report), change), Report)


def mapped_value(value: Any, change: Change) -> Any:
    """Return plain data with `change` applied to every text value (not to keys)."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped_value(member, change) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [mapped_value(member, change) for member in value]
    return value


def _escape(letter: str) -> str:
    code = ord(letter)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"
