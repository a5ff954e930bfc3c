"""The sentences of a report for people, from the verdict to the command that explains an item."""

from collections.abc import Sequence

from solusio_contracts.escaping import visible
from solusio_contracts.reporting.report import Exit, Outcome, Report, Result
from solusio_contracts.reporting.sections import accepted, by_reason, warned
from solusio_contracts.reporting.words import CONTRACT_SHOW, plural, words_of

VERDICTS = {
    Exit.CONFORMANT: "conformant",
    Exit.NOT_CONFORMANT: "not-conformant",
    Exit.INCONCLUSIVE: "inconclusive",
}


def verdict(report: Report) -> str:
    """Return `conformant`, `not-conformant` or `inconclusive`."""
    return VERDICTS[report.exit]


def title(report: Report) -> str:
    """Return the verdict in words: `Not conformant`."""
    if report.exit is Exit.CONFORMANT and report.count(Outcome.FAIL):
        # The baseline accepts every failure: the target does not conform for that.
        return "No new failures"
    return verdict(report).replace("-", " ").capitalize()


def subject_of_run(report: Report) -> str:
    """Return what was checked: `http://... for users 1, 2 (seed 7)`."""
    if report.command != "check":
        return f"{report.target} with {plural(len(report.results), words_of(report).item)}"
    return f"{report.target} for {_users(report.users)} (seed {report.seed})"


def tally(report: Report) -> str:
    """Return the counts behind the verdict, the decisive ones first."""
    failed, stale = len(report.failed), len(report.stale)
    item = words_of(report).item
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
    return f"{plural(report.requests, words_of(report).call)}, {report.seconds:.1f} s"


def histogram(report: Report) -> str:
    """Return how many responses had each status: `200: 412, 404: 31, no response: 2`."""
    return ", ".join(f"{status}: {count}" for status, count in report.statuses.items())


def verdict_line(report: Report) -> str:
    """Return the verdict with its counts or, if nothing was decided, the reason; safe to print."""
    reason = common_reason(report)
    if reason:
        return visible(f"{title(report)}: {reason} ({report.target}, {effort(report)})")
    return f"{title(report)}: {tally(report)} ({effort(report)})"


def common_reason(report: Report) -> str:
    """Return the one reason why nothing that was not skipped could be decided, or an empty text."""
    tested = [result for result in report.results if result.outcome is not Outcome.SKIP]
    reasons = by_reason(tested)
    if any(result.outcome is not Outcome.ERROR for result in tested) or len(reasons) != 1:
        return ""
    reason = next(iter(reasons))
    # The reason of a single rule may only make sense with its title.
    return f"{tested[0].title}: {reason}" if len(tested) == 1 else reason


def explanation(report: Report, result: Result) -> str:
    """Return the command that explains a failed item; where that explains clauses, with its first clause."""
    command = words_of(report).explain
    return f"{command} {result.findings[0].clause if command == CONTRACT_SHOW else result.rule}"


def _users(ids: Sequence[int]) -> str:
    return f"{'user' if len(ids) == 1 else 'users'} {', '.join(map(str, ids))}"
