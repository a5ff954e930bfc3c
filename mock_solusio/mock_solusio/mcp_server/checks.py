"""The tools that check a billing system. Each runs the command of the same purpose, as a shell user would.

A command of its own keeps every run bounded: it is ended when it takes too long or the session ends.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from mock_solusio.mcp_server.access import Access, ToolFailureError
from mock_solusio.mcp_server.explanations import ScenarioKind, content, invoice_scenario
from mock_solusio.mcp_server.results import CheckResult, InvoiceExplanation, Problem, Undecided
from solusio_contracts.reporting.report import Outcome, Report
from solusio_contracts.reporting.sections import summary, undecided
from solusio_contracts.reporting.sentences import verdict, verdict_line

MOST_SECONDS: Final = 600
"""The longest run."""
GRACE: Final = 30
"""Seconds that a command gets after its own limit."""
SHOWN: Final = 20
"""Problems that are listed."""
ERROR_SHOWN: Final = 2000
"""Characters of an error that are shown."""


class Checks:
    """The tools."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._running: set[int] = set()
        """Process ids of the commands."""

    def close(self) -> None:
        """End the commands that still run."""
        while self._running:
            _kill(self._running.pop())

    async def check_endpoint(
        self,
        url: str | None = None,
        user_ids: list[int] | None = None,
        only: list[str] | None = None,
        skip: list[str] | None = None,
        fuzz: bool = False,
        max_seconds: int = 120,
    ) -> CheckResult:
        """Check a billing endpoint (GetTokenPricing) against what SolusIO needs.

        `url` and `user_ids` (ids of existing customers) come from mock-solusio.toml if they are left out.
        `only` and `skip`: rules, areas or clauses. `fuzz` adds generated requests. The authorization token
        comes from the environment variable MOCK_SOLUSIO_TOKEN or mock-solusio.toml. Sends several hundred
        requests: use a test system.
        """
        words = ["check"]
        if url is None:
            self._access.require_configured("check", needs="url")
        else:
            self._access.require_url(url)
            words.append(url)
        for number in user_ids or ():
            words += ["--user-id", str(number)]
        words.append("--fuzz" if fuzz else "--no-fuzz")
        return _condensed(await self._run([*words, *_selectors(only, skip)], max_seconds))

    async def run_scenarios(
        self,
        kind: ScenarioKind,
        only: list[str] | None = None,
        skip: list[str] | None = None,
        max_seconds: int = 300,
    ) -> CheckResult:
        """Run scenarios of invoices or users against the billing system that mock-solusio.toml configures.

        Its table [invoices] or [users] names the commands or URLs. `only` and `skip`: scenarios, areas or
        clauses. The billing system needs a test database.
        """
        self._access.require_configured(kind, needs="bill" if kind == "invoices" else "create")
        words = [kind, "check", *_selectors(only, skip)]
        return _condensed(await self._run(words, max_seconds))

    async def explain_invoice_difference(self, scenario: str, max_seconds: int = 120) -> InvoiceExplanation:
        """Bill one scenario with the configured billing system; say how its invoices differ, and why.

        Returns the differences, the mistakes that explain them, and the events with the right invoices.
        """
        found = invoice_scenario(scenario)
        self._access.require_configured("invoices", needs="bill")
        report = await self._run(["invoices", "check", "--only", found.id], max_seconds)
        mistakes = [f"{one.title}: {one.fix}" if one.fix else one.title for one in report.causes]
        return InvoiceExplanation(_condensed(report), mistakes, content(found))

    async def _run(self, words: Sequence[str], max_seconds: int) -> Report:
        """Run a command with a JSON report, and return that.

        Raises:
            ToolFailureError: it refuses its options, or does not end in time.
        """
        if not 1 <= max_seconds <= MOST_SECONDS:
            raise ToolFailureError(f"max_seconds: expected 1 to {MOST_SECONDS}, got {max_seconds}")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "report.json"
            options = ["--max-seconds", str(max_seconds), "--report", f"json={file}", "--quiet"]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "mock_solusio", *words, *options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                cwd=self._access.folder,
                start_new_session=True,
            )
            self._running.add(process.pid)
            try:
                async with asyncio.timeout(max_seconds + GRACE):
                    _, said = await process.communicate()
            except TimeoutError:
                raise ToolFailureError(f"it did not end within {max_seconds + GRACE} s") from None
            finally:
                self._running.discard(process.pid)
                if process.returncode is None:
                    _kill(process.pid)
                    await process.wait()
            if not file.exists():
                raise ToolFailureError(_error(said.decode("utf-8", "replace")))
            return _read(file.read_bytes())


def _selectors(only: list[str] | None, skip: list[str] | None) -> list[str]:
    return [f"--only={one}" for one in only or ()] + [f"--skip={one}" for one in skip or ()]


def _kill(pid: int) -> None:
    """End a command with all that it has started."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def _error(said: str) -> str:
    """Return what a command says about its options, without its usage."""
    _, found, message = said.partition("Error: ")
    return (message if found else said).strip()[:ERROR_SHOWN] or "the command ended without a report"


def _read(data: bytes) -> Report:
    """Return the report in a JSON file; its derived members follow from the others."""
    members: dict[str, Any] = msgspec.json.decode(data)
    return msgspec.convert(members, Report)


def _condensed(report: Report) -> CheckResult:
    titles = {one.id: one.title for one in report.causes}
    problems = [
        Problem(
            rule=result.rule,
            clause=finding.clause,
            level=finding.level,
            subject=finding.subject,
            expected=finding.expected,
            actual=finding.actual,
            hint=finding.hint,
            reproduce=finding.curl,
            cause=titles.get(finding.cause, ""),
        )
        for result in (*report.with_outcome(Outcome.FAIL), *report.with_outcome(Outcome.WARN))
        for finding in result.findings
        if not finding.accepted
    ]
    problems.sort(key=lambda one: one.level != "must")
    return CheckResult(
        verdict=verdict(report),  # type: ignore[arg-type]  # one of its values
        summary=verdict_line(report),
        counts=summary(report),
        target=report.target,
        seconds=report.seconds,
        problems=problems[:SHOWN],
        more_problems=max(len(problems) - SHOWN, 0),
        undecided=[
            Undecided(reason, [one.rule for one in results]) for reason, results in undecided(report).items()
        ],
        facts=[f"{one.name}: {one.text}" for one in report.facts],
    )
