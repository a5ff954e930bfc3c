"""What reports for people share: the verdict, the sections and the advice, in the same words. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from solusio_contracts.escaping import visible
from solusio_contracts.reporting.report import CauseText, ClauseText, Exit, Finding, Outcome, Report, Result

VERDICTS = {
    Exit.CONFORMANT: "conformant",
    Exit.NOT_CONFORMANT: "not-conformant",
    Exit.INCONCLUSIVE: "inconclusive",
}


def verdict(report: Report) -> str:
    """Return `conformant`, `not-conformant` or `inconclusive`."""
    return VERDICTS[report.exit]


def summary(report: Report) -> dict[str, int]:
    """Return how many items had each outcome; an accepted failure still counts as one."""
    return {str(outcome): report.count(outcome) for outcome in Outcome}


# Words, which depend on the command


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The labels and terms of a report."""

    item: str
    """What has an outcome."""
    sent: str
    expected: str
    actual: str
    expected_inline: str
    """The label `expected` in mid-sentence; likewise `actual_inline`."""
    actual_inline: str
    call: str
    facts: str
    explain: str
    """The command that explains an item."""
    reproduce: str
    target: str
    """The name of the target, without spaces."""


_CONTRACT_SHOW = "mock-solusio contract show"

WORDS = {
    "check": Words(
        item="rule",
        sent="We sent",
        expected="SolusIO needs",
        actual="You answered",
        expected_inline="SolusIO needs",
        actual_inline="you answered",
        call="request",
        facts="About the endpoint",
        explain="mock-solusio check --explain",
        reproduce="See it",
        target="billing-endpoint",
    ),
    "invoices check": Words(
        item="scenario",
        sent="We ran",
        expected="Expected",
        actual="You billed",
        expected_inline="expected",
        actual_inline="you billed",
        call="call",
        facts="What the billing system probably does",
        explain="mock-solusio invoices show",
        reproduce="Run it alone",
        target="billing-system",
    ),
    "serve": Words(
        item="clause",
        sent="See",
        expected="Expected",
        actual="Found",
        expected_inline="expected",
        actual_inline="found",
        call="request",
        facts="About the clients",
        explain=_CONTRACT_SHOW,
        reproduce="Repeat it",
        target="client",
    ),
    "preflight": Words(
        item="judgement",
        sent="We asked",
        expected="Expected",
        actual="Found",
        expected_inline="expected",
        actual_inline="found",
        call="request",
        facts="About this SolusIO",
        explain="mock-solusio preflight --explain",
        reproduce="See it",
        target="solusio",
    ),
    "pricing": Words(
        item="check",
        sent="See",
        expected="Expected",
        actual="Found",
        expected_inline="expected",
        actual_inline="found",
        call="request",
        facts="About the price list",
        explain=_CONTRACT_SHOW,
        reproduce="See it",
        target="price-list",
    ),
    "users check": Words(
        item="scenario",
        sent="We ran",
        expected="Expected",
        actual="But",
        expected_inline="expected",
        actual_inline="but",
        call="request",
        facts="What the billing system probably does",
        explain="mock-solusio users show",
        reproduce="Run it alone",
        target="billing-system",
    ),
}


def words(report: Report) -> Words:
    """Return the words of a report."""
    return WORDS.get(report.command, WORDS["check"])


def explanation(report: Report, result: Result) -> str:
    """Return the command that explains a failed item; where that explains clauses, with its first clause."""
    command = words(report).explain
    return f"{command} {result.findings[0].clause if command == _CONTRACT_SHOW else result.rule}"


def subject_of_run(report: Report) -> str:
    """Return what was checked: `http://... for users 1, 2 (seed 7)`."""
    if report.command != "check":
        return f"{report.target} with {plural(len(report.results), words(report).item)}"
    return f"{report.target} for {_users(report.users)} (seed {report.seed})"


def _users(ids: Sequence[int]) -> str:
    return f"{'user' if len(ids) == 1 else 'users'} {', '.join(map(str, ids))}"


# Sections

FIRST = ("answered",)
"""The rules without which nothing else can be judged."""
SECOND = ("body", "fields")
"""The areas about the response to a valid request, which every customer sees."""


def warned(report: Report) -> tuple[Result, ...]:
    """Return the warnings: results with unaccepted findings, none of which fails the target."""
    failed = report.failed
    return tuple(
        result
        for result in report.with_outcome(Outcome.WARN, Outcome.FAIL)
        if result not in failed and not _accepted_whole(result)
    )


def accepted(report: Report) -> tuple[Result, ...]:
    """Return the failures and warnings whose findings the baseline all accepts."""
    return tuple(filter(_accepted_whole, report.with_outcome(Outcome.WARN, Outcome.FAIL)))


def undecided(report: Report) -> dict[str, list[Result]]:
    """Return the other undecided results by reason."""
    return by_reason(result for result in report.with_outcome(Outcome.ERROR) if not result.findings)


def _accepted_whole(result: Result) -> bool:
    return bool(result.findings) and all(finding.accepted for finding in result.findings)


@dataclass(frozen=True, slots=True)
class Group:
    """What one change fixes: the unaccepted findings of one rule, or of several that share a cause."""

    title: str
    results: tuple[Result, ...]
    """The rules it explains, each with only these findings; the first one explains it best."""
    cause: CauseText | None = None
    accepted: int = 0
    """Findings of the first rule that the baseline accepts."""

    @property
    def rule(self) -> str:
        """The rule to read first."""
        return self.results[0].rule

    @property
    def fails(self) -> bool:
        """Whether one of its findings fails the target."""
        return any(finding.level == "must" for result in self.results for finding in result.findings)


def groups(report: Report) -> tuple[Group, ...]:
    """Return all unaccepted findings by what fixes them, in the order in which to fix them.

    First comes what keeps a valid request from its price, then what explains most rules, then the order of
    the run. Every finding is in exactly one group.
    """
    causes = {cause.id: cause for cause in report.causes}
    found: dict[str, dict[str, Result]] = {}
    for result in report.with_outcome(Outcome.FAIL, Outcome.WARN):
        for id_ in dict.fromkeys(one.cause or result.rule for one in result.findings if not one.accepted):
            part = tuple(
                one for one in result.findings if not one.accepted and (one.cause or result.rule) == id_
            )
            found.setdefault(id_, {})[result.rule] = msgspec.structs.replace(result, findings=part)
    whole = {result.rule: result for result in report.results}
    made = [
        Group(
            title=causes[id_].title if id_ in causes else whole[next(iter(parts))].title,
            results=tuple(parts.values()),
            cause=causes.get(id_),
            accepted=sum(one.accepted for one in whole[next(iter(parts))].findings),
        )
        for id_, parts in found.items()
    ]
    order = {result.rule: place for place, result in enumerate(report.results)}
    return tuple(sorted(made, key=lambda one: (_rank(one), -min(len(one.results), 2), order[one.rule])))


def _rank(group: Group) -> int:
    first = group.results[0]
    return 0 if first.rule in FIRST else 1 if first.area in SECOND else 2


def obstacles(report: Report) -> tuple[Group, ...]:
    """Return the undecided results with findings, which show what kept rules from being decided."""
    causes = {cause.id: f": {cause.title}" for cause in report.causes}
    found = (result for result in report.with_outcome(Outcome.ERROR) if result.findings)
    return tuple(
        Group(result.reason + causes.get(result.findings[0].cause, ""), (result,)) for result in found
    )


def failures(report: Report) -> tuple[Group, ...]:
    """Return the groups that fail the target."""
    return tuple(group for group in groups(report) if group.fails)


def warnings(report: Report) -> tuple[Group, ...]:
    """Return the groups of which none of the findings fails the target."""
    return tuple(group for group in groups(report) if not group.fails)


def by_area(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return the results by area, in the order of the run."""
    areas: dict[str, list[Result]] = {}
    for result in results:
        areas.setdefault(result.area, []).append(result)
    return areas


def by_reason(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return skipped or undecided results by reason; many often share one."""
    reasons: dict[str, list[Result]] = {}
    for result in results:
        reasons.setdefault(result.reason, []).append(result)
    return reasons


def common_reason(report: Report) -> str:
    """Return the one reason why nothing that was not skipped could be decided, or an empty text."""
    tested = [result for result in report.results if result.outcome is not Outcome.SKIP]
    reasons = by_reason(tested)
    if any(result.outcome is not Outcome.ERROR for result in tested) or len(reasons) != 1:
        return ""
    reason = next(iter(reasons))
    # The reason of a single rule may only make sense with its title.
    return f"{tested[0].title}: {reason}" if len(tested) == 1 else reason


def worst(results: Iterable[Result]) -> Outcome:
    """Return the outcome that needs action first."""
    outcomes = {result.outcome for result in results}
    order = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN, Outcome.PASS, Outcome.SKIP)
    return next(outcome for outcome in order if outcome in outcomes)


def counts(results: Iterable[Result]) -> dict[Outcome, int]:
    """Return how many results had each outcome, in the order of `Outcome`, without the zeros."""
    counted = Counter(result.outcome for result in results)
    return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}


# Sentences


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 rule`, `2 rules`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def title(report: Report) -> str:
    """Return the verdict in words: `Not conformant`."""
    if report.exit is Exit.CONFORMANT and report.count(Outcome.FAIL):
        # The baseline accepts every failure: the target does not conform for that.
        return "No new failures"
    return verdict(report).replace("-", " ").capitalize()


def tally(report: Report) -> str:
    """Return the counts behind the verdict, the decisive ones first."""
    failed, stale = len(report.failed), len(report.stale)
    item = words(report).item
    passed, open_ones = report.count(Outcome.PASS), report.count(Outcome.ERROR)
    rest = [
        (len(warned(report)), "warning", "warnings"),
        (len(accepted(report)), "accepted by the baseline", "accepted by the baseline"),
        (open_ones, "undecided", "undecided"),
        (passed, "passed", "passed"),
        (report.count(Outcome.SKIP), "skipped", "skipped"),
    ]
    first: list[str] = []
    if report.exit is Exit.CONFORMANT:
        first.append(f"{plural(passed, item)} passed" if passed else f"no {item} failed")
        rest[3] = (0, "", "")
    elif report.exit is Exit.INCONCLUSIVE and open_ones:
        first.append(f"{plural(open_ones, item)} undecided")
        rest[2] = (0, "", "")
    elif report.exit is Exit.INCONCLUSIVE and not report.unpriced:
        first.append(f"no {item} could be checked")
    if failed:
        first.append(f"{plural(failed, item)} failed")
    if stale:
        first.append(plural(stale, "stale baseline entry", "stale baseline entries"))
    if report.unpriced:
        first.append(f"no price for {_users(report.unpriced)}")
    return ", ".join([*first, *(plural(*entry) for entry in rest if entry[0])])


def effort(report: Report) -> str:
    """Return what the run took: `62 requests, 1.4 s`."""
    return f"{plural(report.requests, words(report).call)}, {report.seconds:.1f} s"


def histogram(report: Report) -> str:
    """Return how many responses had each status: `200: 412, 404: 31, no response: 2`."""
    return ", ".join(f"{status}: {count}" for status, count in report.statuses.items())


def verdict_line(report: Report) -> str:
    """Return the verdict with its counts or, if nothing was decided, the reason; safe to print."""
    reason = common_reason(report)
    if reason:
        return visible(f"{title(report)}: {reason} ({report.target}, {effort(report)})")
    return f"{title(report)}: {tally(report)} ({effort(report)})"


# Advice


@dataclass(frozen=True, slots=True)
class Observation:
    """What came instead, and for which subjects."""

    actual: str
    subjects: tuple[str, ...]

    @property
    def about(self) -> str:
        """The subjects as one text."""
        return ", ".join(filter(None, self.subjects))

    def __str__(self) -> str:
        return f"{self.about}: {self.actual}" if self.about else self.actual


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was expected, and everything that does not meet it."""

    expected: str
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A curl line, and the subjects of the findings that it shows."""

    subjects: tuple[str, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Advice:
    """All findings of a rule that belong to one clause, without repetition."""

    clause: str
    level: str
    origin: str
    expectations: tuple[Expectation, ...]
    sent: tuple[str, ...]
    """Descriptions of the requests."""
    first_lines: tuple[str, ...]
    """The first lines of the responses."""
    why: str
    fixes: tuple[str, ...]
    reproductions: tuple[Reproduction, ...]
    """One curl line for each distinct observation."""
    more: tuple[Reproduction, ...]
    """All other curl lines."""
    findings: tuple[Finding, ...]


def clause_texts(report: Report) -> dict[str, ClauseText]:
    """Return the clauses of the report by id."""
    return {clause.id: clause for clause in report.clauses}


def origin(clause: ClauseText) -> str:
    """Return who states a clause; --explain shows the reason for an assumed one."""
    if clause.provenance == "assumed" or not clause.source:
        return clause.provenance
    return f"{clause.provenance}: {clause.source}"


def advice(findings: Sequence[Finding], texts: dict[str, ClauseText], fix: str = "") -> list[Advice]:
    """Return advice for the findings of one rule, grouped by clause and level.

    Several clauses often share a fix; no text appears twice. A `fix` replaces those of the clauses.
    """
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.clause, finding.level), []).append(finding)
    said: set[str] = {""}
    return [_advice(group, texts.get(clause), said, fix) for (clause, _), group in groups.items()]


def _advice(group: list[Finding], clause: ClauseText | None, said: set[str], fix: str) -> Advice:
    expectations: dict[str, dict[str, list[str]]] = {}
    subjects_by_curl: dict[str, list[str]] = {}
    for finding in group:
        observations = expectations.setdefault(finding.expected, {})
        observations.setdefault(finding.actual, []).append(finding.subject)
        if finding.curl:
            subjects_by_curl.setdefault(finding.curl, []).append(finding.subject)
    seen = [Reproduction(_unique(subjects), curl) for curl, subjects in subjects_by_curl.items()]
    examples = set({(one.expected, one.actual): one.curl for one in reversed(group)}.values())
    why = _new([clause.why if clause else ""], said)
    return Advice(
        clause=group[0].clause,
        level=group[0].level,
        origin=origin(clause) if clause else "",
        expectations=tuple(
            Expectation(
                expected,
                tuple(Observation(actual, _unique(subjects)) for actual, subjects in observations.items()),
            )
            for expected, observations in expectations.items()
        ),
        sent=_unique(one.question for one in group if one.question not in ("", one.subject)),
        why=why[0] if why else "",
        first_lines=_unique(one.first_line for one in group if one.first_line not in one.actual),
        fixes=_new(_fixes(group, clause, fix), said),
        reproductions=tuple(one for one in seen if one.curl in examples),
        more=tuple(one for one in seen if one.curl not in examples),
        findings=tuple(group),
    )


def _fixes(group: Sequence[Finding], clause: ClauseText | None, fix: str) -> list[str]:
    """Return how to fix the findings; a fix that a hint already contains is not repeated."""
    hints = [one.hint for one in group]
    if not fix:
        return [*hints, clause.fix if clause else ""]
    return hints if any(fix in hint for hint in hints) else [*hints, fix]


def _new(texts: Iterable[str], said: set[str]) -> tuple[str, ...]:
    new: list[str] = []
    for text in texts:
        if text not in said:
            said.add(text)
            new.append(text)
    return tuple(new)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
