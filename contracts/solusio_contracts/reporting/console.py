"""The report on a terminal, for the author of the endpoint.

All output is `rich.text.Text`, so no part of a response is taken for markup. The words that all
reports share are in `sections`, `sentences`, `words` and `advice`.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from solusio_contracts.escaping import encodable, visible
from solusio_contracts.http.masking import TOKEN_VARIABLE
from solusio_contracts.reporting import sections, sentences
from solusio_contracts.reporting.advice import Advice, advise, clause_texts
from solusio_contracts.reporting.report import ClauseText, Exit, Outcome, Report
from solusio_contracts.reporting.text import mapped
from solusio_contracts.reporting.words import Words, plural, words_of

WIDEST = 100
"""Columns; longer lines of prose are hard to read."""
CURL_LINES = 2
"""Curl lines shown for a clause; `verbose` shows all."""
SHOWN = 5
"""Findings shown for a rule; `verbose` shows all."""

WHOLE = 5
"""Failures shown whole, and warnings; of further ones only the titles. `verbose` shows all."""
EXPLAINED = 5
"""Further rules shown that a cause explains; `verbose` shows all."""
FEW = 3
"""Requests and subjects listed for a clause; `verbose` lists all."""
FIRST_LINES = 2
"""First lines of responses shown for a clause."""

_LABEL = 15
_INDENT = 2
_STYLES = {"pass": "green", "warn": "yellow", "fail": "red", "error": "magenta", "skip": "dim"}
_MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "error": "?", "skip": "-"}
_ASCII_MARKS = {"pass": "ok  ", "warn": "warn", "fail": "FAIL", "error": "??  ", "skip": "-   "}
_ASCII = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x", "→": "->"}
)
_COUNTED = {
    "pass": "passed",
    "warn": "warning",
    "fail": "failed",
    "error": "undecided",
    "skip": "skipped",
}


def render(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the report; `verbose` adds requests, responses, notes and the rules that passed.

    If nothing could be decided, and for a single reason, that is the only line.
    """
    page = _Page(console)
    report = mapped(report, visible)
    if sentences.common_reason(report) and not sections.obstacles(report) and not verbose:
        page.raw(sentences.verdict_line(report).replace("\n", " "), "bold magenta")
        return
    _overview(report, page)
    _findings(report, page, verbose=verbose)
    _undecided(report, page, verbose=verbose)
    _skipped(report, page, verbose=verbose)
    if verbose:
        _passed(report, page)
    _facts(report, page)
    _variable(report, page)
    _verdict(report, page)


class _Page:
    """Lines on a console: wrapped, indented, in characters that it can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(console.width, WIDEST)
        self.unicode = console.encoding.lower().startswith("utf")
        self.marks = _MARKS if self.unicode else _ASCII_MARKS

    def safe(self, text: str) -> str:
        """Return the text with escapes for characters that the console lacks."""
        if self.unicode:
            return text
        return encodable(text.translate(_ASCII), self.console.encoding)

    def raw(self, text: str, style: str = "") -> None:
        """Print one line unchanged, however long."""
        self.console.print(Text(self.safe(text), style), soft_wrap=True)

    def say(self, text: str, style: str = "", indent: int = 0) -> None:
        """Print a paragraph, wrapped."""
        self._hung(" " * indent, text, style)

    def marked(self, kind: str, text: str, style: str = "", indent: int = 0) -> None:
        """Print a paragraph after the mark of an outcome."""
        self._hung(f"{' ' * indent}{self.marks[kind].strip()} ", text, style, style)

    def row(self, label: str, text: str, style: str = "") -> None:
        """Print a paragraph after a label."""
        self._hung(f"{' ' * _INDENT}{label:<{_LABEL}}", text, style, "dim")

    def _hung(self, lead: str, text: str, style: str, lead_style: str = "") -> None:
        """Print a wrapped text; `lead` precedes the first line, the others are indented."""
        room = max(self.width - len(lead), 20)
        for line in Text(self.safe(text)).wrap(self.console, room, overflow="fold"):
            line.rstrip()
            line.stylize(style)
            self.console.print(Text(lead if line or lead.strip() else "", lead_style) + line, soft_wrap=True)
            lead = " " * len(lead)

    def heading(self, text: str, style: str) -> None:
        """Print a line that stands out when scrolling back."""
        dash = "─" if self.unicode else "-"
        line = f"{dash * 2} {text} "
        self.gap()
        self.raw(line + dash * max(self.width - len(line), 0), style)

    def gap(self) -> None:
        """Print an empty line."""
        self.console.print()


def _overview(report: Report, page: _Page) -> None:
    page.say(f"{report.tool} {report.tool_version} checked {sentences.subject_of_run(report)}")
    page.gap()
    areas = sections.by_area(report.results)
    longest = max(map(len, areas), default=0)
    for area, results in areas.items():
        worst = sections.worst(results)
        line = Text(f"  {page.marks[worst]} ", _STYLES[worst])
        line.append(f"{page.safe(area):<{longest}}  ", "default")
        parts = [
            Text(f"{count} {_counted(kind, count)}", _STYLES[kind])
            for kind, count in sections.counts(results).items()
        ]
        page.console.print(line + Text(", ").join(parts), soft_wrap=True)


def _counted(kind: str, count: int) -> str:
    return "warnings" if kind == "warn" and count > 1 else _COUNTED[kind]


def _findings(report: Report, page: _Page, *, verbose: bool) -> None:
    texts, words = clause_texts(report), words_of(report)
    for groups, kind, one, many in (
        # What kept rules from being decided comes first: it must go before anything else can be seen.
        (sections.obstacles(report), "error", "obstacle", "obstacles"),
        (sections.failures(report), "fail", "failure", "failures"),
        (sections.warnings(report), "warn", "warning", "warnings"),
    ):
        if groups:
            page.heading(_heading(groups, one, many), f"bold {_STYLES[kind]}")
        whole = len(groups) if verbose or len(groups) <= WHOLE + 1 else WHOLE
        for group in groups[:whole]:
            _block(group, kind, texts, words, page, verbose=verbose)
        if groups[whole:]:
            page.gap()
            page.say("Fix these first and run the check again. The rest, in full with --verbose:", indent=2)
        for group in groups[whole:]:
            page.marked(kind, f"{group.title} ({', '.join(one.rule for one in group.results)})", indent=2)
        if kind == "fail":
            _stale(report, page)
    accepted = sections.accepted(report)
    if accepted:
        page.heading(f"accepted by the baseline: {plural(len(accepted), words.item)}", "bold")
        for result in accepted:
            subjects = ", ".join(dict.fromkeys(finding.subject for finding in result.findings))
            page.say(f"{result.title} ({subjects})", indent=_INDENT)


def _heading(groups: Sequence[sections.Group], one: str, many: str) -> str:
    rules = {result.rule for group in groups for result in group.results}
    counted = plural(len(groups), one, many)
    if len(rules) == len(groups):
        return counted
    return f"{plural(len(groups), 'cause')} of {plural(len(rules), one, many)}"


def _stale(report: Report, page: _Page) -> None:
    if not report.stale:
        return
    page.heading(plural(len(report.stale), "stale baseline entry", "stale baseline entries"), "bold red")
    for entry in report.stale:
        page.marked("fail", entry, indent=_INDENT)
    page.say("Remove these from the baseline: they no longer occur.", indent=_INDENT)


def _block(
    group: sections.Group,
    kind: str,
    texts: dict[str, ClauseText],
    words: Words,
    page: _Page,
    *,
    verbose: bool,
) -> None:
    leading, others = group.results[0], group.results[1:]
    shown = leading.findings if verbose else leading.findings[:SHOWN]
    page.gap()
    page.marked(kind, group.title, f"bold {_STYLES[kind]}")
    fix = group.cause.fix if group.cause else ""
    for advice in advise(shown, texts, fix):
        _advice(advice, leading.rule, words, page, verbose=verbose)
    notes = list(leading.notes)
    if len(leading.findings) > len(shown):
        notes.append(f"{len(leading.findings) - len(shown)} more findings of this {words.item}")
    if group.accepted:
        notes.append(f"{group.accepted} accepted by the baseline")
    if notes or others:
        page.gap()
    for note in notes:
        page.row("Note", note)
    if others:
        listed = others if verbose else others[:EXPLAINED]
        texts_of_others = [f"{one.title} ({one.rule})" for one in listed]
        if len(others) > len(listed):
            texts_of_others.append(f"and {len(others) - len(listed)} more")
        page.row("Also explains", "; ".join(texts_of_others))
    for other in others if verbose else ():
        page.gap()
        for advice in advise(other.findings, texts, fix):
            _advice(advice, other.rule, words, page, verbose=verbose)


def _advice(advice: Advice, rule: str, words: Words, page: _Page, *, verbose: bool) -> None:
    terms = ", ".join(filter(None, (advice.clause, advice.level, advice.origin)))
    page.say(f"{terms}; {words.item} {rule}", "dim", indent=_INDENT)
    page.gap()
    _rows(words.sent, advice.sent if verbose else _few(advice.sent), page)
    for one in advice.expectations:
        if len(one.observations) == 1 and one.observations[0].about:
            subjects = tuple(filter(None, one.observations[0].subjects))
            page.row("About", ", ".join(subjects if verbose else _few(subjects)))
        page.row(words.expected, one.expected, "bold")
        if len(one.observations) == 1:
            page.row(words.actual, one.observations[0].actual, "bold")
        else:
            _rows(words.actual, [str(observation) for observation in one.observations], page, "bold")
    _rows("It begins", advice.first_lines[:FIRST_LINES], page)
    _rows("Why", [advice.why] if advice.why else [], page)
    _rows("Fix", advice.fixes, page)
    every = (*advice.reproductions, *advice.more)
    shown = every if verbose else advice.reproductions[:CURL_LINES]
    for reproduction in shown:
        about = f" ({', '.join(filter(None, reproduction.subjects))})" if len(every) > 1 else ""
        page.gap()
        page.say(f"{words.reproduce}{about}:", "dim", indent=_INDENT)
        # Alone on its line, without indentation, so that it is easy to copy.
        page.raw(reproduction.curl.replace("\n", "\\n"), "cyan")
    hidden = len(every) - len(shown)
    if hidden:
        page.gap()
        page.say(f"{hidden} more with --verbose", "dim", indent=_INDENT)
    if verbose:
        for request, response in dict.fromkeys((one.request, one.response) for one in advice.findings):
            _exchange(request, response, page)


def _few(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first texts and how many follow."""
    return texts if len(texts) <= FEW else (*texts[: FEW - 1], f"and {len(texts) - FEW + 1} more")


def _rows(label: str, texts: Sequence[str], page: _Page, style: str = "") -> None:
    for position, text in enumerate(texts):
        page.row("" if position else label, text, style)


def _exchange(request: str, response: str, page: _Page) -> None:
    for name, arrow, text in (("Request", ">", request), ("Response", "<", response)):
        if text:
            page.gap()
            page.say(f"{name}:", "dim", indent=_INDENT)
        for line in text.splitlines():
            page.raw(f"  {arrow} {line}".rstrip())


def _undecided(report: Report, page: _Page, *, verbose: bool) -> None:
    undecided = sections.undecided(report)
    if not undecided:
        return
    page.heading(f"{sum(map(len, undecided.values()))} undecided", "bold magenta")
    for reason, results in undecided.items():
        page.gap()
        if verbose or len(results) <= SHOWN:
            for result in results:
                page.marked("error", result.title, indent=_INDENT)
        else:
            names = ", ".join(result.rule for result in results)
            page.marked("error", f"{plural(len(results), words_of(report).item)}: {names}", indent=_INDENT)
        page.say(reason, indent=_INDENT * 2)


def _skipped(report: Report, page: _Page, *, verbose: bool) -> None:
    skipped = sections.by_reason(report.with_outcome(Outcome.SKIP))
    if not skipped:
        return
    page.gap()
    if not verbose:
        reasons = [f"{len(results)} skipped: {reason}" for reason, results in skipped.items()]
        page.say("; ".join(reasons), "dim")
        return
    page.say("Skipped", "bold")
    for reason, results in skipped.items():
        page.say(f"{', '.join(result.rule for result in results)}: {reason}", indent=_INDENT)


def _passed(report: Report, page: _Page) -> None:
    passed = report.with_outcome(Outcome.PASS)
    if passed:
        page.gap()
        page.say("Passed", "bold")
    for result in passed:
        checks = plural(result.checks, "check")
        page.marked("pass", f"{result.title} ({result.rule}, {checks})", indent=_INDENT)
        for note in result.notes:
            page.say(note, "dim", indent=_INDENT * 2)


def _facts(report: Report, page: _Page) -> None:
    if report.facts:
        page.gap()
        page.say(words_of(report).facts, "bold")
    for fact in report.facts:
        page.say(f"{fact.name}: {fact.text}", indent=_INDENT)


def _variable(report: Report, page: _Page) -> None:
    """Say where the curl lines take the token from, if one uses it."""
    findings = (finding for result in report.results for finding in result.findings)
    if any(f"${{{TOKEN_VARIABLE}" in finding.curl for finding in findings):
        page.gap()
        page.say("The curl lines need your authorization token in the environment:")
        page.raw(f"export {TOKEN_VARIABLE}=...")


def _verdict(report: Report, page: _Page) -> None:
    style = {Exit.CONFORMANT: "green", Exit.NOT_CONFORMANT: "red"}.get(report.exit, "magenta")
    page.gap()
    page.say(sentences.verdict_line(report), f"bold {style}")
    if report.statuses:
        page.say(f"Responses by status: {sentences.histogram(report)}")
    if report.failed:
        page.say(f"Learn more: {sentences.explanation(report, report.failed[0])}")
