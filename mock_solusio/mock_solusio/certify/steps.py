"""The vendor's ten steps, and what the suites found about each. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from solusio_contracts.reporting.report import Exit, Outcome, Report, Result


class Verdict(StrEnum):
    """What is known about a step, or about everything."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not-conformant"
    INCONCLUSIVE = "inconclusive"
    NOT_JUDGED = "not-judged"

    @property
    def words(self) -> str:
        """The verdict for people."""
        return self.value.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the vendor's page, the suite that judges it, and what to configure for that."""

    number: int
    title: str
    suite: str
    """Other suites may find something wrong about the step, but without this one it is not judged."""
    configure: str


_PRICES = 'file = "prices.toml" in [pricing]'
_INSTALLATION = 'url = "https://..." in [preflight], and SOLUSIO_ACCESS_TOKEN'

STEPS: Final = (
    Step(1, "Define what a token costs", "pricing", _PRICES),
    Step(2, "Calculate hourly and monthly prices", "pricing", _PRICES),
    Step(3, "Set the prices of plans in SolusIO", "preflight", _INSTALLATION),
    Step(4, "Disable registration in the user area", "preflight", _INSTALLATION),
    Step(5, "Create limit groups", "preflight", _INSTALLATION),
    Step(6, "Write the GetTokenPricing endpoint", "check", "url and user-id in [check]"),
    Step(7, "Enable the billing integration", "preflight", _INSTALLATION),
    Step(8, "Manage users from the billing system", "users", "create and the other steps in [users]"),
    Step(9, "Log customers in automatically", "users", "login in [users]"),
    Step(10, "Generate invoices from usage", "invoices", "bill and invoices in [invoices]"),
)
NUMBERS: Final = frozenset(step.number for step in STEPS)


class StepVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about a step."""

    number: int
    title: str
    verdict: Verdict
    suites: tuple[str, ...] = ()
    """The suites that looked at it."""
    counts: dict[str, int] = {}
    """How many items had each outcome, such as `pass`."""
    seconds: float = 0.0
    reason: str = ""
    """Why it is not judged or inconclusive, and what to configure."""


def judge(reports: Mapping[str, Report], unrun: Mapping[str, str]) -> tuple[StepVerdict, ...]:
    """Return what the reports of suites say about each step.

    `unrun` are suites that are configured and did not run, each with the reason.
    """
    return tuple(_judged(step, reports, unrun) for step in STEPS)


def overall(
    reports: Mapping[str, Report],
    unrun: Collection[str],
    steps: Sequence[StepVerdict],
    required: Collection[int] = (),
) -> Verdict:
    """Return the verdict over everything: a failure outweighs what is undecided, and that what passed."""
    exits = {report.exit for report in reports.values()}
    wanted = {step.verdict for step in steps if step.number in required}
    if Exit.NOT_CONFORMANT in exits or wanted & {Verdict.NOT_CONFORMANT, Verdict.NOT_JUDGED}:
        return Verdict.NOT_CONFORMANT
    if Exit.INCONCLUSIVE in exits or unrun or not reports or Verdict.INCONCLUSIVE in wanted:
        return Verdict.INCONCLUSIVE
    return Verdict.CONFORMANT


def steps_of(suite: str, result: Result) -> tuple[int, ...]:
    """Return the steps that a result says something about."""
    match suite:
        case "check":
            return (6,)
        case "invoices":
            return (10,)
        case "users":
            is_login = result.area == "login" or any(one.startswith("SSO-") for one in result.clauses)
            return (9,) if is_login else (8,)
        case "pricing":
            return (1,) if result.area == "tokens" else (2,)
        case _:
            from mock_solusio.preflight.judgement import STEPS as OF_AREAS

            return OF_AREAS.get(result.area.partition(" (")[0], ())


def _judged(step: Step, reports: Mapping[str, Report], unrun: Mapping[str, str]) -> StepVerdict:
    found: list[tuple[str, Report, Result]] = [
        (suite, report, result)
        for suite, report in reports.items()
        for result in report.results
        if step.number in steps_of(suite, result)
    ]
    own = [result for suite, _, result in found if suite == step.suite]
    counts = Counter(str(result.outcome) for _, _, result in found)
    verdict, reason = _verdict(step, own, reports, unrun)
    if any(_fails(report, result) for _, report, result in found):
        verdict, reason = Verdict.NOT_CONFORMANT, ""
    return StepVerdict(
        number=step.number,
        title=step.title,
        verdict=verdict,
        suites=tuple(dict.fromkeys(suite for suite, _, _ in found)),
        counts={str(outcome): counts[str(outcome)] for outcome in Outcome if counts[str(outcome)]},
        seconds=round(sum(result.seconds for _, _, result in found), 2),
        reason=reason,
    )


def _verdict(
    step: Step, own: Sequence[Result], reports: Mapping[str, Report], unrun: Mapping[str, str]
) -> tuple[Verdict, str]:
    """Return what the suite that judges a step found, unless something fails; and the reason."""
    if step.suite in unrun:
        return Verdict.INCONCLUSIVE, f"[{step.suite}] did not run: {unrun[step.suite]}"
    if step.suite not in reports:
        return Verdict.NOT_JUDGED, f"configure {step.configure}"
    undecided = [result for result in own if result.outcome is Outcome.ERROR]
    if undecided:
        return Verdict.INCONCLUSIVE, f"{undecided[0].title.rstrip('.')}: {undecided[0].reason}"
    if step.suite == "check" and reports["check"].unpriced:
        ids = ", ".join(map(str, reports["check"].unpriced))
        return Verdict.INCONCLUSIVE, f"there was no price for customer {ids}"
    if not own:
        return Verdict.NOT_JUDGED, f"nothing of it was chosen: look at only and skip in [{step.suite}]"
    if all(result.outcome is Outcome.SKIP for result in own):
        return Verdict.NOT_JUDGED, f"{own[0].reason}; configure {step.configure}"
    return Verdict.CONFORMANT, ""


def _fails(report: Report, result: Result) -> bool:
    """Whether a result fails the run, as `Report.exit` decides."""
    failing = {"must", "should"} if report.fail_on == "should" else {"must"}
    return result.outcome in (Outcome.FAIL, Outcome.WARN) and any(
        finding.level in failing and not finding.accepted for finding in result.findings
    )
