"""Each exchange as lines for a terminal, or as one JSON object. Pure.

A finding of the referee is a note of its exchange in the journal; here its form sets it apart.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal
from urllib.parse import unquote

import click
import msgspec

from mock_solusio.traffic.exchanges import NO_PRICE, ExchangeSummary
from solusio_contracts.escaping import one_line

LogForm = Literal["text", "json"]

_FINDING: Final = re.compile(r"([A-Z]+-\d+) \((must|should)\): (.*)", re.DOTALL)
_LABELS: Final = {"billing": "price", "webhook": "webhook"}
"""What stands in the place of the method of what the mock itself sends."""
_STATUS_COLOURS: Final = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_INDENT: Final = " " * 10
_STATIC: Final = ("/static/", "/billing/static/", "/favicon.ico")

Style = Callable[..., str]


class LoggedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as `--log json` shows it."""

    clause: str
    level: str
    text: str


class LoggedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange as `--log json` shows it: one object a line (docs/mock.md)."""

    time: str
    """When it ended, by the machine's clock: RFC 3339, UTC."""
    source: str
    """`solusio`, or `billing` for what the billing system of the demo answers."""
    number: int | None
    """Of the exchange in the journal."""
    moment: str | None
    """When it began, by the mock's clock."""
    kind: str
    method: str
    path: str
    query: str
    operation: str | None
    status: int | None
    """None: no response."""
    milliseconds: float
    notes: tuple[str, ...] = ()
    findings: tuple[LoggedFinding, ...] = ()


def logged(one: ExchangeSummary, ended: datetime) -> LoggedExchange:
    """Return an exchange of the mock as it is logged; `ended` is UTC."""
    matches = [_FINDING.fullmatch(note) for note in one.notes]
    return LoggedExchange(
        time=ended.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        source="solusio",
        number=one.number,
        moment=one.moment,
        kind=one.kind,
        method=one.method,
        path=one.path,
        query=one.query,
        operation=one.operation,
        status=one.status,
        milliseconds=one.milliseconds,
        notes=tuple(note for note, match in zip(one.notes, matches, strict=True) if match is None),
        findings=tuple(
            LoggedFinding(clause=match[1], level=match[2], text=match[3])
            for match in matches
            if match is not None
        ),
    )


def parse(line: str) -> LoggedExchange | None:
    """Return the exchange in a line of JSON; None if it is something else."""
    try:
        return msgspec.json.decode(line, type=LoggedExchange)
    except msgspec.MsgspecError:
        return None


def is_logged(kind: str, path: str) -> bool:
    """Return whether an exchange is worth a line: everything but the static files of pages."""
    return kind != "ui" or not path.startswith(_STATIC)


def json_line(one: LoggedExchange) -> str:
    """Return an exchange as one line of JSON."""
    return msgspec.json.encode(one).decode() + "\n"


def text_lines(one: LoggedExchange, *, colour: bool, source: bool = False) -> str:
    """Return an exchange as a line for people, and a line for each note and finding.

    `source`: say which of the two programs of the demo answered.
    """
    style: Style = click.style if colour else _plain
    local = datetime.fromisoformat(one.time).astimezone()
    status = "none" if one.status is None else str(one.status)
    target = f"{one.path}?{unquote(one.query)}" if one.query else one.path
    words = [
        style(f"{local:%H:%M:%S}", dim=True),
        *([f"{one.source:<7}"] if source else []),
        style(f"{_LABELS.get(one.kind) or one_line(one.method):<7}", bold=True),
        style(f"{status:<4}", fg=_STATUS_COLOURS.get((one.status or 500) // 100, "red")),
        style(f"{one.milliseconds:>7.1f} ms", dim=True),
        one_line(target),
    ]
    below = [style(one_line(note), fg=_note_colour(one, note)) for note in one.notes]
    below += [
        style(
            one_line(f"{found.clause} {found.level}: {found.text}"),
            fg="red" if found.level == "must" else "yellow",
        )
        for found in one.findings
    ]
    return "  ".join(words) + "\n" + "".join(f"{_INDENT}{line}\n" for line in below)


def _note_colour(one: LoggedExchange, note: str) -> str:
    if one.kind != "billing":
        return "cyan"
    return "red" if note.startswith(NO_PRICE) else "green"


def _plain(text: str, **_: object) -> str:
    return text
