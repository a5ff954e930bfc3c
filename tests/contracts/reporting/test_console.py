"""What a tired integrator reads."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from solusio_contracts.reporting import sections, sentences
from solusio_contracts.reporting.console import SHOWN, render
from solusio_contracts.reporting.report import Outcome, Report

Make = Callable[..., Any]


def shown(report: Report, *, width: int = 80, encoding: str = "utf-8", verbose: bool = False) -> str:
    """Return the output to a console that is not a terminal."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render(report, Console(file=stream, width=width, _environ={}), verbose=verbose)
    stream.flush()
    return raw.getvalue().decode(encoding)


def flat(text: str) -> str:
    """Return the text with single spaces, so that line breaks do not matter."""
    return " ".join(text.split())


def test_what_a_failure_says(mixed_report):
    said = flat(shown(mixed_report))
    parts = [
        "✗ discounts use the key SolusIO reads",
        "TP-041, must, documented: step 6; rule discount-key",
        "We sent a valid request for user 1",
        "About discounts[0], discounts[1]",
        "SolusIO needs the key `multipler`",
        "You answered `multiplier` instead",
        "Why SolusIO reads `multipler` (sic). Any other spelling drops",
        "Fix rename `multiplier` to `multipler` Send the factor as `multipler`,",
        "See it: curl -sS -i http://127.0.0.1:8000/solusio/api/",
    ]
    places = [said.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_the_order_of_the_sections(mixed_report):
    said = shown(mixed_report)
    parts = [
        "mock-solusio 0.1.0 checked http://127.0.0.1:8000/solusio/api/ for users 1, 2",
        "✓ http           2 passed",
        "✗ authorization  1 failed, 2 skipped",
        "── 2 failures ─",
        "✗ discounts use the key",
        "✗ a part of the token does not open the door",
        "── 1 warning ─",
        "! the user's price follows",
        "── 1 undecided ─",
        "? fifty calls at once",
        "too many open files",
        "2 skipped: no authorization token is configured (--token)",
        "authorization token: required: without one",
        "Not conformant: 2 rules failed",
    ]
    places = [said.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert said.endswith("Learn more: mock-solusio check --explain discount-key\n")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_only_what_is_to_be_copied_is_wider_than_the_console(mixed_report, width, verbose, encoding):
    lines = shown(mixed_report, width=width, verbose=verbose, encoding=encoding).splitlines()
    assert all(line.startswith("curl ") for line in lines if len(line) > width)
    assert all(line == line.rstrip() for line in lines), "no blanks at the end of a line"


@pytest.mark.parametrize("width", [20, 60, 80, 120])
def test_the_curl_line_is_alone_and_complete(mixed_report, width):
    lines = shown(mixed_report, width=width).splitlines()
    curls = {finding.curl for result in mixed_report.results for finding in result.findings}
    assert len(curls) == 2
    assert curls <= set(lines)


def test_what_several_findings_share_is_said_once(mixed_report):
    block = shown(mixed_report).partition("a part of the token")[0]
    for text in ("rename `multiplier`", "Any other", "Send the factor", "curl -sS", "SolusIO needs"):
        assert block.count(text) == 1, text


def test_a_fix_that_two_clauses_share_is_said_once(make_report, make_result, make_finding):
    first, second = (make_finding(clause=clause, hint="") for clause in ("TP-041", "TP-091"))
    report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=(first, second)),))
    fix = "Quote the key."
    clauses = tuple(
        type(clause)(**{name: getattr(clause, name) for name in clause.__struct_fields__} | {"fix": fix})
        for clause in report.clauses
    )
    said = shown(make_report(results=report.results, clauses=clauses))
    assert said.count(fix) == 1
    assert "TP-041, must" in said
    assert "TP-091, must" in said


def test_different_observations_and_curl_lines_name_their_subject(make_report, make_result, make_finding):
    findings = (
        make_finding(subject="userid empty", actual="status 200", curl="curl one"),
        make_finding(subject="userid missing", actual="status 500", curl="curl two"),
    )
    lines = shown(make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),))).splitlines()
    assert "  You answered   userid empty: status 200" in lines
    assert "                 userid missing: status 500" in lines
    assert lines[lines.index("curl one") - 1] == "  See it (userid empty):"
    assert lines[lines.index("curl two") - 1] == "  See it (userid missing):"


def test_a_repeated_observation_needs_no_further_curl_line(make_report, make_result, make_finding):
    findings = tuple(make_finding(subject=f"action='{n}'", curl=f"curl {n}") for n in range(3))
    report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),))
    lines, everything = shown(report).splitlines(), shown(report, verbose=True).splitlines()
    assert [line for line in lines if line.startswith("curl ")] == ["curl 0"]
    assert lines[lines.index("curl 0") - 1] == "  See it (action='0'):"
    assert [line for line in everything if line.startswith("curl ")] == ["curl 0", "curl 1", "curl 2"]


def test_many_findings_are_cut_and_counted(make_report, make_result, make_finding):
    findings = tuple(make_finding(subject=f"discounts[{n}]", actual=f"`m{n}`") for n in range(SHOWN + 2))
    report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),))
    said, everything = shown(report), shown(report, verbose=True)
    assert "`m4`" in said
    assert "`m5`" not in said
    assert "2 more findings of this rule" in said
    assert "`m6`" in everything
    assert "more findings" not in everything


def test_verbose_shows_exchanges_notes_and_passed_rules(mixed_report):
    short, long = shown(mixed_report), shown(mixed_report, verbose=True)
    for text in (
        "  > Host: 127.0.0.1:8000",
        '  < {"discounts": []}',
        "the slowest answer: 0.31 s",
        "token-array",
    ):
        assert text not in short
        assert text in long
    block = long.partition("a part of the token")[0]
    assert block.count("  > Host:") == 1, "two findings of one exchange show it once"


def test_markup_and_emoji_codes_of_the_endpoint_stay_text(make_report, make_result, make_finding):
    evil = "[bold]x[/bold] [/] [link=http://evil.example]y[/link] :warning: \\[z]"
    finding = make_finding(actual=evil, curl=f"curl '{evil}'", hint=evil)
    report = make_report(results=(make_result(outcome=Outcome.FAIL, title=evil, findings=(finding,)),))
    said = shown(report, width=120)
    assert said.count(evil) == 4, "title, answer, hint and curl line"


def test_a_terminal_gets_colours_but_no_escape_of_the_endpoint(make_report, make_result, make_finding):
    finding = make_finding(actual="\x1b[2J\x9b31m\ud800", curl="curl \x1b]0;owned\x07")
    report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=(finding,)),))
    stream = io.StringIO()
    render(
        report,
        Console(file=stream, width=80, force_terminal=True, color_system="standard", _environ={}),
        verbose=False,
    )
    said = stream.getvalue()
    assert "\x1b[1;31m" in said, "bold red, ECMA-48"
    assert "\x1b[2J" not in said
    assert "\x9b" not in said
    assert "\\x1b[2J\\x9b31m\\ud800" in said
    assert "curl \\x1b]0;owned\\x07" in said


def test_no_color_is_obeyed(mixed_report):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, _environ={"NO_COLOR": "1"})
    render(mixed_report, console, verbose=False)
    assert not any(f"\x1b[{code}m" in stream.getvalue() for code in ("31", "1;31", "32", "33"))


def test_an_ascii_terminal_gets_ascii(mixed_report):
    said = shown(mixed_report, encoding="ascii")
    assert said.isascii()
    assert "  FAIL fields         1 failed" in said
    assert "-- 2 failures ---" in said
    assert "1.37637 (1.34 x 0.95," in said


def test_where_the_token_of_the_curl_lines_comes_from(mixed_report, make_report):
    assert "\nexport MOCK_SOLUSIO_TOKEN=...\n" in shown(mixed_report)
    plain = mixed_report.results[5:6]
    assert "MOCK_SOLUSIO_TOKEN" not in shown(make_report(results=plain)), "its curl line holds no variable"


def test_an_unreachable_endpoint_is_one_line(make_report, make_result):
    reason = "the endpoint cannot be reached: connection refused"
    undecided = [
        make_result(rule=f"rule-{n}", outcome=Outcome.ERROR, checks=0, reason=reason) for n in range(3)
    ]
    report = make_report(results=tuple(undecided), requests=1, seconds=0.04)
    assert shown(report, width=60) == (
        "Inconclusive: the endpoint cannot be reached: connection refused "
        "(http://127.0.0.1:8000/solusio/api/, 1 request, 0.0 s)\n"
    )


def test_a_single_undecided_rule_is_named(make_report, make_result):
    result = make_result(title="fifty at once", outcome=Outcome.ERROR, checks=0, reason="it broke")
    assert shown(make_report(results=(result,))).startswith("Inconclusive: fifty at once: it broke")


@pytest.fixture
def limited(make_report: Make, make_result: Make, make_finding: Make) -> Report:
    """A run in which an obstacle left eight rules undecided, and one rule failed before it."""
    finding = make_finding(
        clause="TP-407", level="should", subject="valid requests", actual="status 429", hint="allow it"
    )
    reason = "after 40 requests the endpoint answered 429 to valid requests"
    return make_report(
        results=(
            make_result(rule="late", outcome=Outcome.FAIL, findings=(make_finding(),)),
            *(
                make_result(rule=f"r-{n}", title=f"rule {n}", outcome=Outcome.ERROR, checks=0, reason=reason)
                for n in range(8)
            ),
            make_result(
                rule="obstacle", title="x", outcome=Outcome.ERROR, findings=(finding,), reason=reason
            ),
        ),
        statuses={"200": 40, "429": 9, "no response": 1},
        unpriced=(2,),
    )


def test_an_obstacle_comes_first(limited):
    said = shown(limited)
    places = [said.index(text) for text in ("1 obstacle", "1 failure", "8 undecided", "Not conformant")]
    assert places == sorted(places)
    assert re.search(r"You answered +status 429", said)
    assert re.search(r"Fix +allow it", said)
    assert "? after 40 requests the endpoint answered 429 to valid requests\n" in said
    assert "? 8 rules: r-0, r-1, r-2, r-3, r-4, r-5, r-6, r-7\n" in said
    assert "rule 7" not in said
    assert "rule 7" in shown(limited, verbose=True)


def test_a_reason_that_an_obstacle_explains_is_not_the_whole_report(limited, make_report):
    alone = make_report(results=limited.results[1:])
    assert "1 obstacle" in shown(alone)
    assert sentences.verdict_line(alone).startswith(
        "Inconclusive: after 40 requests the endpoint answered 429"
    )


def test_users_without_a_price_and_statuses_are_told_in_the_verdict(limited):
    assert "\nNot conformant: 1 rule failed, no price for user 2, 9 undecided (" in shown(limited)
    assert "\nResponses by status: 200: 40, 429: 9, no response: 1\n" in shown(limited)


def test_accepted_findings_are_named_and_stale_entries_fail(make_report, make_result, make_finding):
    accepted = make_result(outcome=Outcome.FAIL, findings=(make_finding(accepted=True),))
    said = shown(make_report(results=(accepted,)))
    assert "── accepted by the baseline: 1 rule ─" in said
    assert "discounts use the key SolusIO reads (discounts[0])" in said
    assert "SolusIO needs" not in said
    assert said.endswith("No new failures: no rule failed, 1 accepted by the baseline (62 requests, 1.4 s)\n")
    stale = shown(make_report(results=(accepted,), stale=("other-rule: TP-091 at taxes",)))
    assert "✗ other-rule: TP-091 at taxes" in stale
    assert "Not conformant: 1 stale baseline entry, 1 accepted by the baseline" in stale
    assert "--explain" not in stale, "there is no failed rule to read about"


def test_a_partly_accepted_failure_shows_the_rest(make_report, make_result, make_finding):
    findings = (make_finding(accepted=True), make_finding(subject="discounts[1]"))
    said = shown(make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),)))
    assert "About          discounts[1]\n" in said
    assert "Note           1 accepted by the baseline" in said


def results(make_result: Make, make_finding: Make, **counts: int) -> tuple[Any, ...]:
    """Return a result for each outcome; warnings and failures have one finding."""
    levels = {"warn": "should", "fail": "must"}
    return tuple(
        make_result(
            rule=f"{kind}-{n}",
            outcome=Outcome(kind),
            findings=(make_finding(level=levels[kind]),) if kind in levels else (),
            reason=f"reason of {kind}-{n}" if kind in ("skip", "error") else "",
        )
        for kind, count in counts.items()
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("counts", "stale", "line"),
    [
        ({"pass": 74, "warn": 1, "skip": 3}, 0, "Conformant: 74 rules passed, 1 warning, 3 skipped"),
        ({"pass": 1}, 0, "Conformant: 1 rule passed"),
        ({"warn": 2}, 0, "Conformant: no rule failed, 2 warnings"),
        ({"pass": 5, "fail": 1}, 0, "Not conformant: 1 rule failed, 5 passed"),
        (
            {"pass": 5, "fail": 2, "error": 1, "skip": 1},
            2,
            "Not conformant: 2 rules failed, 2 stale baseline entries, 1 undecided, 5 passed, 1 skipped",
        ),
        ({"pass": 5, "error": 2}, 0, "Inconclusive: 2 rules undecided, 5 passed"),
        ({"skip": 2}, 0, "Inconclusive: no rule could be checked, 2 skipped"),
        ({}, 0, "Inconclusive: no rule could be checked"),
    ],
)
def test_the_verdict_line(counts, stale, line, make_report, make_result, make_finding):
    report = make_report(
        results=results(make_result, make_finding, **counts), stale=tuple(map(str, range(stale)))
    )
    assert sentences.verdict_line(report) == f"{line} (62 requests, 1.4 s)"


def test_every_result_is_in_one_section(make_report, make_result, make_finding):
    mild, hard = make_finding(level="should"), make_finding()
    known = make_finding(accepted=True)
    report = make_report(
        results=(
            *results(make_result, make_finding, **{"pass": 1, "warn": 1, "fail": 1, "skip": 1, "error": 1}),
            make_result(rule="accepted", outcome=Outcome.FAIL, findings=(known,)),
            make_result(rule="half", outcome=Outcome.FAIL, findings=(known, hard)),
            make_result(rule="milder", outcome=Outcome.FAIL, findings=(known, mild)),
        )
    )
    assert [result.rule for result in report.failed] == ["fail-0", "half"]
    assert [result.rule for result in sections.warned(report)] == ["warn-0", "milder"]
    assert [result.rule for result in sections.accepted(report)] == ["accepted"]
