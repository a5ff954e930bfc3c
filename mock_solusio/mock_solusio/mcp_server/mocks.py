"""The mocks of a session: started, used and stopped by tools."""

import os
from contextlib import ExitStack
from threading import Lock
from typing import Any, Final

from mock_solusio.clock import Clock
from mock_solusio.mcp_server.access import Access, ToolFailureError
from mock_solusio.mcp_server.results import ClockResult, ConductResult, ExchangeResult, MockResult
from mock_solusio.moment import rfc3339
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from solusio_contracts.http.masking import TOKEN_VARIABLE

MOST: Final = 4
"""Mocks at the same time."""
ENTRIES: Final = 100
"""Exchanges that are shown at most."""
BODY_SHOWN: Final = 2000
"""Characters of a body that are shown."""


class Mocks:
    """The running mocks by name. Its methods that return results are tools."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = Lock()
        self._running: dict[str, tuple[Solusio, ExitStack]] = {}
        self._started = 0

    def start_mock(
        self, clock: str = "real", billing_url: str | None = None, seed: str | None = None
    ) -> MockResult:
        """Start a mock SolusIO on a free port of this machine, with a fresh installation.

        `clock`: `real`, a moment such as 2026-03-01T00:00:00Z (frozen there), or MOMENT@SPEED.
        `billing_url`: the billing endpoint that it asks for prices. The authorization token comes from the
        environment variable MOCK_SOLUSIO_TOKEN. `seed` makes generated values the same in every run.
        It stops with `stop_mock`, or at the end of the session.
        """
        if billing_url is not None:
            self._access.require_url(billing_url)
        options = Options(
            clock=Clock.parse(clock),
            seed=seed,
            billing_url=billing_url,
            billing_token=os.environ.get(TOKEN_VARIABLE) or None,
        )
        with self._lock:
            if len(self._running) >= MOST:
                raise ToolFailureError(f"{MOST} mocks are running already; stop one: {self._names()}.")
            stack = ExitStack()
            solusio = stack.enter_context(started(options))
            self._started += 1
            name = f"mock-{self._started}"
            self._running[name] = solusio, stack
        return MockResult(name, solusio.url, solusio.admin_token, rfc3339(solusio.clock.now()))

    def stop_mock(self, mock: str) -> list[str]:
        """Stop a mock; return the names of those that still run."""
        self._get(mock)
        with self._lock:
            _, stack = self._running.pop(mock)
            stack.close()
            return list(self._running)

    def advance_clock(self, mock: str, span: str | None = None, moment: str | None = None) -> ClockResult:
        """Move the clock of a mock; everything due by then has happened when this returns.

        Either `span`, an ISO 8601 span such as PT1H, P1D or P1M, or `moment`, such as
        2026-04-01T00:00:00Z.
        """
        solusio = self._get(mock)
        if (span is None) == (moment is None):
            raise ToolFailureError("expected either span or moment")
        if span is not None:
            solusio.clock.advance(span)
        elif moment is not None:
            solusio.clock.set(moment)
        return ClockResult(mock, rfc3339(solusio.clock.now()), solusio.clock.mode, solusio.mock.open_tasks())

    def order_fault(self, mock: str, kind: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        """Have the next matching requests answered wrongly, late or not at all.

        `kind`: status, timeout, cut, slow, gzip, duplicate-page, random or webhook. `fields` say which
        requests (`operation` such as createUser, `method`, `path`), how often (`times`, `skip`) and how
        (`status` and `retry_after` for status, `delay` for slow ...); an error names the fields of the kind.
        """
        if {"kind"} & (fields or {}).keys():
            raise ToolFailureError("kind: expected beside fields, not in them")
        return self._get(mock).faults.order(kind, **(fields or {}))

    def list_faults(self, mock: str) -> list[dict[str, Any]]:
        """List the faults of a mock, with how many requests each has affected (`hits`)."""
        return self._get(mock).faults.list()

    def clear_faults(self, mock: str) -> list[dict[str, Any]]:
        """Delete all faults of a mock; return what is left: nothing."""
        solusio = self._get(mock)
        solusio.faults.clear()
        return solusio.faults.list()

    def read_journal(
        self,
        mock: str,
        limit: int = 20,
        method: str | None = None,
        path: str | None = None,
        status: str | None = None,
        operation: str | None = None,
        kind: str | None = None,
        text: str | None = None,
    ) -> list[ExchangeResult]:
        """Return the latest requests to and from a mock with their responses, oldest first, without secrets.

        `path` is a glob such as /api/v1/users*; `status` is such as 404, 4xx or none; `kind` is api, ui,
        billing, control or webhook; `text` is searched in everything. `limit` is at most 100.
        """
        filters = {
            "method": method,
            "path": path,
            "status": status,
            "operation": operation,
            "kind": kind,
            "text": text,
        }
        if not 1 <= limit <= ENTRIES:
            raise ToolFailureError(f"limit: expected 1 to {ENTRIES}, got {limit}")
        given = {name: value for name, value in filters.items() if value is not None}
        return [
            ExchangeResult(
                number=one.number,
                moment=one.moment,
                kind=one.kind,
                method=one.method,
                path=one.path,
                query=one.query,
                operation=one.operation,
                status=one.status,
                notes=list(one.notes),
                request_body=one.request.body[:BODY_SHOWN],
                response_body=one.response.body[:BODY_SHOWN],
            )
            for one in self._get(mock).journal.read(**given, limit=limit)
        ]

    def read_findings(self, mock: str) -> list[ConductResult]:
        """Return what clients of a mock did wrong by the clauses of conduct, the most severe first."""
        return [
            ConductResult(
                clause=one.clause,
                level=one.level,
                subject=one.subject,
                text=one.text,
                fix=one.fix,
                count=one.count,
                exchanges=list(one.exchanges),
            )
            for one in self._get(mock).findings
        ]

    def close(self) -> None:
        """Stop all mocks."""
        with self._lock:
            while self._running:
                _, (_, stack) = self._running.popitem()
                stack.close()

    def _get(self, name: str) -> Solusio:
        found = self._running.get(name)
        if found is None:
            running = f"running: {self._names()}" if self._running else "start one with start_mock"
            raise ToolFailureError(f"there is no mock {name!r}; {running}.")
        return found[0]

    def _names(self) -> str:
        return ", ".join(self._running)
