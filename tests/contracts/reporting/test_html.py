"""The HTML page: complete, self-contained, and inert whatever a response contains."""

import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from solusio_contracts.reporting.html import render
from solusio_contracts.reporting.report import CauseText, Outcome, Report
from solusio_contracts.reporting.text import mapped_value

Make = Callable[..., Any]
VOID = {"meta", "br"}
INLINE = {"code", "span", "strong"}
EVIL = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' x='",
    "</pre></details></style><img src=x onerror=alert(1)>",
    "<!-- </title> -->",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&#60;i>",
    "`<script>`<iframe>`",
)


class Page(HTMLParser):
    """Collects elements, attributes and text; requires that elements are closed in the right order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        self.space(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.space(tag)

    def space(self, tag: str) -> None:
        """Separate the words of two blocks, as a browser does."""
        if tag not in INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, with single spaces."""
        return " ".join("".join(self.words).split())


def test_the_page_says_it_all(mixed_report):
    text = Page(render(mixed_report)).text
    parts = [
        "Not conformant: http://127.0.0.1:8000/solusio/api/",
        "2 rules failed, 1 warning, 1 undecided, 3 passed, 2 skipped (62 requests, 1.4 s)",
        "Failures (2)",
        "discounts use the key SolusIO reads",
        "TP-041 must documented: step 6",
        "Each discount carries its factor under the key multipler (sic).",
        "We sent: a valid request for user 1",
        "SolusIO needs the key multipler You answered multiplier instead discounts[0], discounts[1]",
        "Why it matters SolusIO reads multipler (sic).",
        "How to fix it rename multiplier to multipler Send the factor as multipler,",
        "See it curl -sS -i http://127.0.0.1:8000/solusio/api/ -H 'Accept: application/json'",
        "Request and response Request POST /solusio/api/ HTTP/1.1",
        'Response HTTP 200 OK Content-Type: application/json {"discounts": []}',
        "a part of the token does not open the door",
        "Warnings (1)",
        "1.37637 (1.34 × 0.95, then + 6 %, then + 2 %)",
        "Undecided the rule itself failed: OSError: too many open files fifty calls at once",
        "About the endpoint authorization token required: without one",
        "2 skipped: no authorization token is configured (--token)",
        "Passed 3 passed",
        "a valid request returns 200",
        "the slowest answer: 0.31 s",
        "mock-solusio 0.1.0, 2026-03-01T12:00:00Z, users 1, 2, seed 7",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_nothing_is_loaded_and_nothing_runs(mixed_report):
    text = render(mixed_report)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(page.elements)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "srcset", "style", "action", "data"} & names
    assert not any(name.startswith("on") for name in names)
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_the_page_can_be_read_by_everybody(mixed_report):
    page = Page(render(mixed_report))
    assert ("lang", "en") in page.attributes
    assert ("name", "viewport") in page.attributes
    assert page.elements.count("h1") == 1
    assert page.elements.count("main") == 1
    assert page.elements.count("th") == page.attributes.count(("scope", "col")) + page.attributes.count(
        ("scope", "row")
    )
    headings = [int(one[1]) for one in page.elements if re.fullmatch("h[1-6]", one)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))


def test_findings_of_one_exchange_show_it_once(mixed_report):
    # Three failing or warning rules, of which discount-key has two findings with one exchange.
    assert Page(render(mixed_report)).text.count("Host: 127.0.0.1:8000") == 3


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_becomes_markup(evil, mixed_report):
    def spoilt(text: str) -> str:
        # An empty cause, which a finding of its own has, stays one.
        return text if not text or text in set(Outcome) | {"must", "should", "TP-041"} else f"{text}{evil}"

    everywhere = mapped_value(msgspec.to_builtins(mixed_report), spoilt)
    report = msgspec.convert(everywhere | {"stale": [evil]}, Report)
    accepted = msgspec.structs.replace(
        report.results[3],
        rule="accepted",
        findings=tuple(
            msgspec.structs.replace(finding, accepted=True) for finding in report.results[3].findings
        ),
    )
    report = msgspec.structs.replace(report, results=(*report.results, accepted))
    clean, page = Page(render(mixed_report)), Page(render(report))
    # The accepted rule and the stale entry add lists; backticks add code. Nothing else may be added.
    assert set(page.elements) <= set(clean.elements)
    assert {name for name, _ in page.attributes} <= {name for name, _ in clean.attributes}
    shown = " ".join(evil.replace("`", "").split())
    assert page.text.replace("`", "").count(shown) > 60, "nearly all texts of the report are on the page"


def test_a_repeated_observation_folds_its_curl_line(make_report, make_result, make_finding):
    findings = tuple(make_finding(subject=f"s{n}", curl=f"curl {n}") for n in range(3))
    text = Page(render(make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),)))).text
    assert "See it: s0 curl 0 2 more like this See it: s1 curl 1 See it: s2 curl 2" in text


def test_a_common_cause_is_one_block(make_report, make_result, make_finding):
    shared = make_finding(cause="typo", hint="", first_line="<!doctype html>")
    report = make_report(
        results=(
            make_result(rule="one", title="one title", outcome=Outcome.FAIL, findings=(shared,)),
            make_result(rule="two", title="two title", outcome=Outcome.FAIL, findings=(shared,)),
        ),
        causes=(CauseText(id="typo", title="a misspelt key", fix="Spell it right."),),
    )
    text = Page(render(report)).text
    assert "Failures (1) ✗ a misspelt key rule one, area fields" in text
    assert "It begins: <!doctype html>" in text
    assert "How to fix it Spell it right." in text
    assert "Also explains 1 rule two title (two) discounts[0]: multiplier instead" in text


def test_text_in_backticks_is_code(make_report, make_result, make_finding):
    finding = make_finding(expected="`<b>` and `c`", actual="a lone ` stays")
    text = render(make_report(results=(make_result(outcome=Outcome.FAIL, findings=(finding,)),)))
    assert "<code>&lt;b&gt;</code> and <code>c</code>" in text
    assert "a lone ` stays" in text


def test_accepted_and_stale(make_report, make_result, make_finding):
    accepted = make_result(outcome=Outcome.FAIL, findings=(make_finding(accepted=True),))
    text = Page(render(make_report(results=(accepted,), stale=("gone: TP-091 at x",)))).text
    assert "Stale baseline entries (1) Remove these from the baseline" in text
    assert "gone: TP-091 at x" in text
    assert "Accepted by the baseline discounts use the key SolusIO reads (discount-key): discounts[0]" in text
    assert "SolusIO needs" not in text


@pytest.mark.parametrize(
    ("outcome", "heading"), [(Outcome.PASS, "Conformant"), (Outcome.SKIP, "Inconclusive")]
)
def test_the_verdict_is_on_top(outcome, heading, make_report, make_result):
    text = render(make_report(results=(make_result(outcome=outcome, reason="why"),)))
    assert f'<header class="verdict {heading.lower()}">\n<h1>{heading}</h1>' in text
