"""Runs judgements on an installation, and reports. Never prints, never exits."""

import datetime
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Final

from msgspec.structs import replace

from mock_solusio.preflight.client import UnreadableError
from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Judgement, Note, NotJudged, Undecided
from mock_solusio.preflight.words import listed
from solusio_contracts.checking.rule import Expect
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import Level
from solusio_contracts.contract.overlay import Overlay
from solusio_contracts.http.curl import curl
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.first_line import first_line
from solusio_contracts.http.masking import Mask
from solusio_contracts.reporting.report import (
    MAX_FINDINGS,
    Fact,
    Finding,
    Item,
    Outcome,
    Report,
    Result,
)

COMMAND: Final = "preflight"
OBSTACLES: Final = frozenset({"token-may-read"})
"""Judgements whose findings keep others from being decided."""

Progress = Callable[[Item, int, int], None]
"""Called before each judgement with its position (from 0) and the number of judgements."""


def run(site: Installation, judgements: Sequence[Judgement], progress: Progress = lambda *_: None) -> Report:
    """Judge, and report in the order of the judgements."""
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    results = []
    try:
        for place, one in enumerate(judgements):
            progress(one.item, place, len(judgements))
            results.append(judge(one, site))
    finally:
        site.reader.close()
    reader = site.reader
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=reader.mask(reader.access.url),
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=len(reader.exchanges),
        users=(),
        statuses=_statuses(reader.exchanges),
        facts=tuple(Fact(name=one.name, text=reader.mask(one.text)) for one in site.facts),
        results=tuple(results),
        clauses=clause_texts(
            {number for result in results for number in result.clauses}, site.questions.overlay
        ),
    )


def judge(judgement: Judgement, site: Installation) -> Result:
    """Return the result of one judgement."""
    began = time.monotonic()
    seen = _look(judgement, site)
    item, mask = judgement.item, site.reader.mask
    seconds = round(time.monotonic() - began, 3)
    failing = sorted((one for one in seen.unmet if one[1] is not Level.MAY), key=lambda one: -one[1].weight)
    findings = [_finding(judgement, one, level, site) for one, level in failing[:MAX_FINDINGS]]
    if seen.skipped and not findings:
        return item.undecided(Outcome.SKIP, mask(seen.skipped), seconds=seconds)
    if judgement.name in OBSTACLES and findings:
        # What could not be looked at is neither right nor wrong.
        reason = f"{judgement.title}: not all of it"
        return item.undecided(Outcome.ERROR, reason, findings=findings, seconds=seconds)
    if seen.undecided and not any(one.level == Level.MUST for one in findings):
        return item.undecided(Outcome.ERROR, mask(seen.undecided), seconds=seconds)
    notes = [*seen.notes, *_remarks(seen, site), *filter(None, [seen.undecided])]
    return item.judged(
        findings,
        checks=seen.checks,
        unlisted=max(len(failing) - MAX_FINDINGS, 0),
        notes=map(mask, notes),
        seconds=seconds,
    )


@dataclass(slots=True)
class _Seen:
    """What a judgement has yielded, and how it ended."""

    checks: int = 0
    unmet: list[tuple[Expect, Level]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    undecided: str = ""


def _look(judgement: Judgement, site: Installation) -> _Seen:
    seen = _Seen()
    try:
        _require_access(site)
        for one in judgement.look(site):
            if isinstance(one, Note):
                seen.notes.append(one.text)
                continue
            seen.checks += 1
            if not one.ok:
                seen.unmet.append((one, _level(judgement, one, site.questions.overlay)))
        if not seen.checks:
            seen.undecided = "nothing of it could be looked at"
    except NotJudged as reason:
        seen.skipped = str(reason)
    except Undecided as reason:
        seen.undecided = str(reason)
    except UnreadableError as error:
        seen.undecided = error.reason
    return seen


def _remarks(seen: _Seen, site: Installation) -> list[str]:
    """Return what is only worth a remark, and add it to the facts: reports hide the notes of what passed."""
    remarks: dict[str, list[str]] = {}
    for one, level in seen.unmet:
        if level is Level.MAY:
            remarks.setdefault(one.subject, []).append(one.actual)
    for subject, actual in remarks.items():
        site.add_fact(subject[0].upper() + subject[1:], listed(actual))
    return [f"{subject}: {text}" for subject, actual in remarks.items() for text in actual]


def _require_access(site: Installation) -> None:
    """Raise UnreadableError if SolusIO cannot be reached, or refuses the access token."""
    try:
        _ = site.account
    except UnreadableError:
        if site.reader.stopped and not site.reader.answers:
            raise


def _level(judgement: Judgement, expect: Expect, overlay: Overlay) -> Level:
    rules = {one.id for one in judgement.clauses} - {judgement.clauses[0].id}
    if rules and rules <= overlay.contradicted:
        return Level.MAY  # what this installation does otherwise is already known
    level = overlay.clause(judgement.clause_of(expect)).level
    return expect.level if expect.level is not None and expect.level.weight < level.weight else level


def _finding(judgement: Judgement, expect: Expect, level: Level, site: Installation) -> Finding:
    exchange, mask = expect.exchange, site.reader.mask
    clause = judgement.clause_of(expect)
    return Finding(
        clause=clause.id,
        level=level,
        subject=mask(expect.subject),
        expected=mask(expect.expected),
        actual=mask(expect.actual),
        hint=mask(expect.hint),
        question=mask(exchange.description) if exchange else "",
        curl=_curl_line(exchange, site) if exchange else "",
        request=mask(exchange.sent.decode("latin-1")) if exchange else "",
        response=_response(exchange, mask) if exchange else "",
    )


def _curl_line(exchange: Exchange, site: Installation) -> str:
    """Return the line that asks again, without secrets and without the name of this program."""
    request = exchange.request
    headers = tuple(pair for pair in request.headers if pair[0] != "User-Agent")
    return curl(replace(request, headers=headers), site.reader.url_of(exchange), site.reader.mask)


def _response(exchange: Exchange, mask: Mask) -> str:
    """Return the head of a response, and of a refusal the first line of its body.

    Other bodies have customers' data, or secrets of the settings.
    """
    if exchange.status is None:
        return mask(exchange.failure_text)
    head = [f"HTTP {exchange.status} {exchange.reason}".rstrip()]
    head += [f"{name}: {value}" for name, value in exchange.headers if name.lower() != "set-cookie"]
    line = first_line(exchange.content, mask) if exchange.status >= 400 else ""
    return mask("\n".join(head)) + (f"\n\n{line}" if line else "")


def _statuses(exchanges: Iterable[Exchange]) -> dict[str, int]:
    counted = Counter(str(one.status or "no response") for one in exchanges)
    return dict(sorted(counted.items()))
