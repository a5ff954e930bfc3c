"""Judges whatever talks to the mock by the clauses of conduct, and keeps what it found."""

import sys
import traceback
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final

import msgspec

from mock_solusio.server.messages import Request, Response
from mock_solusio.traffic import redaction
from solusio_contracts.contract.clauses import Level
from solusio_contracts.users.conduct import ClientExchange, Conduct, Violation

LIMIT: Final = 500
"""How many different findings are kept."""
EXAMPLES: Final = 10
"""How many exchanges a finding names."""

HELPER: Final = b"mock-solusio-testing"
"""User-Agent of the shortcuts that tests use. They are not a client under test."""

_Key = tuple[str, str, str]


class ConductFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A violation of a clause of conduct, without secrets; equal ones are one finding."""

    clause: str
    level: str
    subject: str
    """The operation, or what else it is about."""
    text: str
    fix: str
    count: int
    """How often it was found."""
    exchanges: tuple[int, ...]
    """Numbers of the exchanges in the journal that show it first."""
    latest: int
    """Number of the exchange that showed it last."""
    open: bool = False
    """Whether it holds only if the client sends nothing more, such as the next page."""

    def __str__(self) -> str:
        return f"{self.clause} {self.level}: {self.text}"


class Referee:
    """Sees the exchanges of all clients in order. `on_finding` gets each finding when it occurs first."""

    def __init__(self) -> None:
        self.on_finding: Callable[[ConductFinding], None] | None = None
        self._lock = Lock()
        self._conduct = Conduct()
        self._found: dict[_Key, _Counted] = {}
        self.judged = 0
        """How many exchanges were judged."""
        self.dropped = 0
        """How many violations were not kept, since there were too many different ones."""

    def judge(
        self, kind: str, request: Request, response: Response, *, number: int, arrived: float, answered: float
    ) -> tuple[str, ...]:
        """Judge an exchange that came in; return notes for the journal, but none that only inform.

        `arrived` and `answered` are seconds on a clock that runs in real time, as clients' clocks do.
        """
        exchange = ClientExchange(
            number=number,
            kind="api" if kind == "api" else "ui",
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body=request.body,
            client=request.client,
            operation=response.operation,
            status=response.status,
            response_headers=response.headers,
            response_body=response.body,
            arrived=arrived,
            answered=answered,
        )
        if exchange.header.get(b"user-agent") == HELPER:
            return ()
        with self._lock:
            self.judged += 1
            try:
                violations = self._conduct.see(exchange)
            except Exception as error:
                # The client must get its response, whatever it sent.
                traceback.print_exc(file=sys.stderr)
                return (f"an internal error of the referee: {type(error).__name__}",)
            if not violations:
                return ()
            new = [finding for one in violations if (finding := self._keep(one)) is not None]
        if new and self.on_finding is not None:
            for finding in new:
                self.on_finding(finding)
        return tuple(
            f"{one.clause.id} ({one.clause.level}): {one.text}"
            for one in violations
            if one.clause.level != Level.MAY
        )

    def findings(self) -> list[ConductFinding]:
        """Return what was found, must before should before may, and what is open."""
        with self._lock:
            found = [one.finding for one in self._found.values()]
            known = set(self._found)
            found += [
                _finding(one, is_open=True) for one in self._conduct.unfinished() if _key(one) not in known
            ]
        return sorted(found, key=lambda one: (-Level(one.level).weight, one.clause))

    def clear(self) -> None:
        """Forget all exchanges and findings."""
        with self._lock:
            self._conduct = Conduct()
            self._found.clear()
            self.judged = self.dropped = 0

    def _keep(self, violation: Violation) -> ConductFinding | None:
        """Add a violation; return the finding if it is a new one."""
        key = _key(violation)
        known = self._found.get(key)
        if known is not None:
            known.add(violation)
            return None
        if len(self._found) >= LIMIT:
            self.dropped += 1
            return None
        finding = _finding(violation)
        self._found[key] = _Counted(finding)
        return finding


class _Counted:
    """A finding, how often it was found, and where last. Clients may repeat a mistake with every request."""

    __slots__ = ("_count", "_first", "_latest")

    def __init__(self, first: ConductFinding) -> None:
        self._first = first
        self._count = first.count
        self._latest = first.latest

    def add(self, violation: Violation) -> None:
        self._count += 1
        self._latest = violation.exchanges[-1]

    @property
    def finding(self) -> ConductFinding:
        return msgspec.structs.replace(self._first, count=self._count, latest=self._latest)


def counted(findings: Sequence[ConductFinding]) -> int:
    """Return how many findings there are, apart from mere information."""
    return sum(finding.level != Level.MAY for finding in findings)


def _key(violation: Violation) -> _Key:
    return violation.clause.id, violation.subject, violation.text


def _finding(violation: Violation, *, is_open: bool = False) -> ConductFinding:
    return ConductFinding(
        clause=violation.clause.id,
        level=violation.clause.level,
        subject=redaction.free_text(violation.subject),
        text=redaction.free_text(violation.text),
        fix=violation.clause.fix,
        count=1,
        exchanges=violation.exchanges[:EXAMPLES],
        latest=violation.exchanges[-1],
        open=is_open,
    )
