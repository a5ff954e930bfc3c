"""Exchanges of the journal as people read them."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from mock_solusio.operator_page.models import EntryRow, ExchangePage, MessageView, NoteView
from mock_solusio.operator_page.paths import BASE
from mock_solusio.traffic.exchanges import NO_PRICE, ExchangeSummary, JournalEntry, JournalMessage

_FINDING: Final = re.compile(r"(CL-\d{3}) \((must|should|may)\): (.*)", re.DOTALL)


def row(entry: ExchangeSummary) -> EntryRow:
    """Return an exchange for the list."""
    return EntryRow(
        entry.number,
        f"{BASE}/journal/{entry.number}",
        entry.moment[:19].replace("T", " "),
        entry.kind,
        entry.method,
        f"{entry.path}?{entry.query}" if entry.query else entry.path,
        entry.operation or "",
        str(entry.status or "none"),
        _tone(entry.status),
        f"{entry.milliseconds:.1f} ms",
        entry.notes,
        _note_tone(entry),
    )


def _tone(status: int | None) -> str:
    if status is None or status >= 500:
        return "bad"
    return "busy" if status >= 400 else "good" if status < 300 else "idle"


def _note_tone(entry: ExchangeSummary) -> str:
    has_price = entry.kind == "billing" and not any(note.startswith(NO_PRICE) for note in entry.notes)
    return "good" if has_price else "busy"


def notes(texts: Sequence[str]) -> tuple[NoteView, ...]:
    """Return notes; the referee's are marked with their levels."""
    found = [(_FINDING.fullmatch(text), text) for text in texts]
    return tuple(NoteView(part[3], part[2], part[1]) if part else NoteView(text) for part, text in found)


def message(shown: JournalMessage) -> MessageView:
    """Return a request or a response, its body laid out for reading."""
    headers = tuple(shown.headers)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    kept = len(shown.body.encode())
    size = f"{shown.bytes:,} bytes" if shown.bytes else ""
    if kept < shown.bytes and "***" not in shown.body:
        size += f", the first {kept:,} are kept"
    return MessageView(headers, pretty(shown.body, content_type.lower()), size)


def pretty(body: str, content_type: str) -> str:
    """Return a body with one member or field a line if it is JSON or a form; any other as it is."""
    if "x-www-form-urlencoded" in content_type:
        return (
            "\n".join(f"{name} = {value}" for name, value in parse_qsl(body, keep_blank_values=True)) or body
        )
    if "json" in content_type or body.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.format(body, indent=2)
        except (msgspec.DecodeError, RecursionError):
            return body
    return body


def page(entry: JournalEntry, newer: str = "", older: str = "") -> ExchangePage:
    """Return an exchange as a whole; `newer` and `older` are the numbers of its neighbours, if any."""
    request, response = message(entry.request), message(entry.response)
    return ExchangePage(row(entry), notes(entry.notes), request, response, newer, older)
