"""The conformance summary: what was judged, when, with what, and what was not. Pure.

`summary.schema.json` describes its JSON. It is made to be passed on: it has counts and reasons, no findings,
no exchanges and no secrets.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from mock_solusio.certify.steps import NUMBERS, StepVerdict, Verdict, judge, overall
from solusio_contracts.reporting.report import Outcome, Report
from solusio_contracts.reporting.sentences import VERDICTS
from solusio_contracts.reporting.words import plural

SCHEMA_VERSION: Final = "1.0"
"""Version of the JSON: a new minor version adds members, a new major one changes or removes some."""

_DECIDED: Final = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why items were skipped or are undecided, and how many."""

    outcome: str
    reason: str
    count: int


class SuiteSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One suite of the run."""

    name: str
    target: str = ""
    verdict: str
    counts: dict[str, int] = {}
    """How many items had each outcome."""
    accepted: int = 0
    """How many findings a baseline accepts."""
    assumed: int = 0
    """How many decided items rest on assumed clauses alone."""
    reasons: tuple[Reason, ...] = ()
    requests: int = 0
    seconds: float = 0.0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about an integration."""

    statement: str
    """The verdict in a sentence, with what was not judged, skipped or undecided."""
    verdict: Verdict
    exit_code: int
    required: tuple[int, ...] = ()
    """Steps that had to be judged."""
    date: str
    """When the run began: RFC 3339, UTC."""
    tool: str = "mock-solusio"
    tool_version: str
    contract: str
    """Digest of the contract: its documents and clauses."""
    schema_version: str = SCHEMA_VERSION
    steps: tuple[StepVerdict, ...]
    suites: tuple[SuiteSummary, ...]
    seconds: float

    def count(self, outcome: str) -> int:
        """Return how many items of all suites had an outcome."""
        return sum(suite.counts.get(outcome, 0) for suite in self.suites)


EXITS: Final = {Verdict.CONFORMANT: 0, Verdict.NOT_CONFORMANT: 1, Verdict.INCONCLUSIVE: 3}


def summarise(
    reports: Mapping[str, Report],
    unrun: Mapping[str, str],
    *,
    required: Sequence[int] = (),
    date: str,
    tool_version: str,
    contract: str,
    seconds: float,
) -> Summary:
    """Return the summary of a run. `unrun` are suites that did not run, each with the reason."""
    steps = judge(reports, unrun)
    verdict = overall(reports, unrun, steps, required)
    suites = [_suite(name, report) for name, report in reports.items()]
    suites += [
        SuiteSummary(
            name=name,
            verdict=Verdict.INCONCLUSIVE,
            reasons=(Reason(outcome=Outcome.ERROR, reason=reason, count=0),),
        )
        for name, reason in unrun.items()
    ]
    made = Summary(
        statement="",
        verdict=verdict,
        exit_code=EXITS[verdict],
        required=tuple(sorted(required)),
        date=date,
        tool_version=tool_version,
        contract=contract,
        steps=steps,
        suites=tuple(suites),
        seconds=round(seconds, 1),
    )
    return msgspec.structs.replace(made, statement=statement(made))


def _suite(name: str, report: Report) -> SuiteSummary:
    assumed = {clause.id for clause in report.clauses if clause.provenance == "assumed"}
    reasons = Counter(
        (str(result.outcome), result.reason) for result in report.with_outcome(Outcome.SKIP, Outcome.ERROR)
    )
    return SuiteSummary(
        name=name,
        target=report.target,
        verdict=VERDICTS[report.exit],
        counts={str(outcome): report.count(outcome) for outcome in Outcome if report.count(outcome)},
        accepted=sum(finding.accepted for result in report.results for finding in result.findings),
        assumed=sum(set(result.clauses) <= assumed for result in report.with_outcome(*_DECIDED)),
        reasons=tuple(
            Reason(outcome=outcome, reason=reason, count=count)
            for (outcome, reason), count in reasons.most_common()
        ),
        requests=report.requests,
        seconds=round(report.seconds, 1),
    )


def statement(summary: Summary) -> str:
    """Return the verdict in a sentence: what holds, and what was not judged, skipped or undecided."""
    parts = [
        f"{names(summary, verdict)} {verdict.words}"
        for verdict in (Verdict.NOT_CONFORMANT, Verdict.INCONCLUSIVE, Verdict.CONFORMANT, Verdict.NOT_JUDGED)
        if any(step.verdict == verdict for step in summary.steps)
    ]
    missing = [
        plural(count, what, what)
        for count, what in ((summary.count("skip"), "skipped"), (summary.count("error"), "undecided"))
        if count
    ]
    rest = f" ({', '.join(missing)})" if missing else ""
    return f"{summary.verdict.words.capitalize()}: {'; '.join(parts)}{rest}."


def names(summary: Summary, verdict: Verdict) -> str:
    """Return the steps with a verdict: `step 6`, `steps 1 to 5, 7`."""
    numbers = [step.number for step in summary.steps if step.verdict == verdict]
    return f"{'step' if len(numbers) == 1 else 'steps'} {', '.join(_ranges(numbers))}"


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    rest = list(numbers)
    while rest:
        first = last = rest.pop(0)
        while rest and rest[0] == last + 1:
            last = rest.pop(0)
        if last - first == 1:
            yield from (str(first), str(last))
        else:
            yield str(first) if first == last else f"{first} to {last}"


def badge_text(summary: Summary) -> str:
    """Return what the badge says, in few words."""
    failed = any(step.verdict == Verdict.NOT_CONFORMANT for step in summary.steps)
    if summary.verdict == Verdict.NOT_CONFORMANT:
        return f"not conformant: {names(summary, Verdict.NOT_CONFORMANT)}" if failed else "not conformant"
    held = sum(step.verdict == Verdict.CONFORMANT for step in summary.steps)
    parts = [f"{held} of {len(NUMBERS)} steps"]
    if summary.verdict == Verdict.INCONCLUSIVE:
        parts.insert(0, "inconclusive")
    parts += [
        f"{count} {what}"
        for count, what in ((summary.count("skip"), "skipped"), (summary.count("error"), "undecided"))
        if count
    ]
    return ", ".join(parts)


def differences(before: Summary, now: Summary) -> list[str]:
    """Return what differs between what two summaries say; times and numbers of requests do not count."""
    found = [
        f"{what}: {old} before, {new} now"
        for what, old, new in (
            ("verdict", before.verdict.words, now.verdict.words),
            ("version of mock-solusio", before.tool_version, now.tool_version),
            ("contract", before.contract, now.contract),
        )
        if old != new
    ]
    for old_step, new_step in zip(before.steps, now.steps, strict=False):
        if old_step.verdict != new_step.verdict:
            found.append(
                f"step {old_step.number}: {old_step.verdict.words} before, {new_step.verdict.words} now"
            )
    old_suites = {suite.name: suite for suite in before.suites}
    new_suites = {suite.name: suite for suite in now.suites}
    for name in dict.fromkeys((*old_suites, *new_suites)):
        old_suite, new_suite = old_suites.get(name), new_suites.get(name)
        if old_suite is None or new_suite is None:
            found.append(
                f"{name}: {'not run' if old_suite is None else 'run'} before, "
                f"{'not run' if new_suite is None else 'run'} now"
            )
            continue
        for what, old, new in (
            ("target", old_suite.target, new_suite.target),
            ("counts", _counted(old_suite), _counted(new_suite)),
        ):
            if old != new:
                found.append(f"{name}, {what}: {old} before, {new} now")
    return found


def _counted(suite: SuiteSummary) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in suite.counts.items()) or "nothing"


def to_json(summary: Summary) -> str:
    """Return the summary as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2).decode() + "\n"


def to_markdown(summary: Summary) -> str:
    """Return the summary as Markdown."""
    lines = [
        "# Conformance of a SolusIO billing integration",
        "",
        f"**{_plain(summary.statement)}**",
        "",
        f"{summary.date}, {summary.tool} {summary.tool_version}, contract {summary.contract}.",
        "",
        "| Step | | Verdict | Passed | Warned | Failed | Undecided | Skipped |",
        "|---:|---|---|---:|---:|---:|---:|---:|",
    ]
    for step in summary.steps:
        counts = " | ".join(str(step.counts.get(outcome, 0)) for outcome in _COLUMNS)
        lines.append(f"| {step.number} | {step.title} | {step.verdict.words} | {counts} |")
    lines += ["", "| Suite | Target | Verdict | On assumptions alone | Accepted | Requests | Seconds |"]
    lines.append("|---|---|---|---:|---:|---:|---:|")
    lines += [
        f"| {suite.name} | {_plain(suite.target)} | {suite.verdict.replace('-', ' ')} | {suite.assumed} | "
        f"{suite.accepted} | {suite.requests} | {suite.seconds:.1f} |"
        for suite in summary.suites
    ]
    reasons = [
        f"- {suite.name}: {reason.count} {'skipped' if reason.outcome == 'skip' else 'undecided'}: "
        f"{_plain(reason.reason)}"
        for suite in summary.suites
        for reason in suite.reasons
    ]
    missing = [
        f"- step {step.number}: {step.verdict.words}: {_plain(step.reason)}"
        for step in summary.steps
        if step.reason
    ]
    if reasons or missing:
        lines += ["", "## Not judged, skipped, undecided", "", *missing, *reasons]
    return "\n".join(lines) + "\n"


_COLUMNS: Final = ("pass", "warn", "fail", "error", "skip")


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
