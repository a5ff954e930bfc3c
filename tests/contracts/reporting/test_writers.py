"""What all writers share: the registry, and that no text breaks a report."""

import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from solusio_contracts.escaping import encodable, one_line, visible
from solusio_contracts.reporting import sentences, writers
from solusio_contracts.reporting.console import render
from solusio_contracts.reporting.report import ClauseText, Exit, Fact, Finding, Outcome, Report, Result

# Every code point: control characters, lone surrogates, non-characters, and characters with a meaning in
# one of the formats.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    [
        "\0",
        "\x1b[2J",
        "\ufffe",
        "\ud800",
        "\u202e",
        "]]>",
        "</pre><script>",
        "[/bold]",
        "[link=x]",
        "`",
        "{{ 1 }}",
    ]
)
LEVEL = st.sampled_from(["must", "should", "may"]) | TEXT
COUNT = st.integers(0, 10**6)
SECONDS = st.floats(0, 10**6)
FINDINGS = st.builds(
    Finding,
    clause=TEXT | st.just("TP-041"),
    level=LEVEL,
    subject=TEXT,
    expected=TEXT,
    actual=TEXT,
    hint=TEXT,
    question=TEXT,
    curl=TEXT,
    request=TEXT,
    response=TEXT,
    accepted=st.booleans(),
)
RESULTS = st.builds(
    Result,
    rule=TEXT,
    area=TEXT,
    title=TEXT,
    outcome=st.sampled_from(Outcome),
    clauses=st.lists(TEXT | st.just("TP-041"), max_size=2).map(tuple),
    checks=COUNT,
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    reason=TEXT,
    seconds=SECONDS,
)
CLAUSES = st.builds(
    ClauseText,
    id=st.just("TP-041") | TEXT,
    level=LEVEL,
    provenance=TEXT,
    source=TEXT,
    text=TEXT,
    why=TEXT,
    fix=TEXT,
)
REPORTS = st.builds(
    Report,
    schema_version=TEXT,
    tool=TEXT,
    tool_version=TEXT,
    target=TEXT,
    started=TEXT,
    seconds=SECONDS,
    seed=COUNT,
    requests=COUNT,
    users=st.lists(st.integers(1, 2**31), max_size=2).map(tuple),
    facts=st.lists(st.builds(Fact, name=TEXT, text=TEXT), max_size=2).map(tuple),
    results=st.lists(RESULTS, max_size=3, unique_by=lambda result: result.rule).map(tuple),
    clauses=st.lists(CLAUSES, max_size=2).map(tuple),
    stale=st.lists(TEXT, max_size=2).map(tuple),
)


@settings(max_examples=80)
@given(REPORTS)
def test_any_text_gives_json(report):
    parsed = json.loads(writers.load("json")(report).encode())
    assert len(parsed["results"]) == len(report.results)
    assert parsed["exit_code"] == report.exit


@settings(max_examples=80)
@given(REPORTS)
def test_any_text_gives_xml(report):
    root = ET.fromstring(writers.load("junit")(report).encode())  # noqa: S314 - our own text
    unchecked = report.exit is Exit.INCONCLUSIVE and not report.count(Outcome.ERROR)
    assert len(list(root.iter("testcase"))) == len(report.results) + len(report.stale) + unchecked


@settings(max_examples=80)
@given(REPORTS)
def test_any_text_gives_html(report):
    page = HTMLParser()
    page.feed(writers.load("html")(report).encode().decode())
    page.close()
    assert page.rawdata == "", "the parser understood everything"


@settings(max_examples=80)
@given(REPORTS)
def test_any_text_gives_sarif(report):
    (run,) = json.loads(writers.load("sarif")(report).encode())["runs"]
    decided = report.with_outcome(Outcome.FAIL, Outcome.WARN)
    violated = {finding.clause for result in decided for finding in result.findings}
    assert len(run["results"]) == len(violated)


@settings(max_examples=80)
@given(REPORTS, st.sampled_from(["utf-8", "ascii", "latin-1"]), st.integers(1, 120), st.booleans())
def test_any_text_can_be_printed(report, encoding, width, verbose):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render(report, Console(file=stream, width=width, _environ={}), verbose=verbose)
    stream.flush()
    said = raw.getvalue().decode(encoding)
    assert all(letter.isprintable() or letter == "\n" for letter in said), "nothing reaches the terminal raw"
    assert sentences.title(report) in said.replace("\n", " ")


@pytest.mark.parametrize("kind", writers.WRITERS)
def test_a_report_is_the_same_twice(kind, mixed_report):
    assert writers.load(kind)(mixed_report) == writers.load(kind)(mixed_report)


def test_the_kinds():
    assert list(writers.WRITERS) == ["json", "junit", "html", "sarif"]


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(writers.ReportKindError, match="expected one of json, junit, html, sarif, got 'pdf'"):
        writers.load("pdf")


@pytest.mark.parametrize("kind", writers.WRITERS)
def test_a_file_is_utf_8_and_its_folders_are_made(kind, tmp_path, mixed_report):
    path = tmp_path / "a" / "b" / "report"
    writers.write(mixed_report, kind, path)
    assert path.read_bytes() == writers.load(kind)(mixed_report).encode()
    assert "×".encode() in path.read_bytes(), "the warning of mixed_report has a multiplication sign"


def test_a_path_may_be_a_text(tmp_path, mixed_report):
    writers.write(mixed_report, "json", str(tmp_path / "report.json"))
    assert json.loads((tmp_path / "report.json").read_bytes())["tool"] == "mock-solusio"


def test_a_text_stream_takes_the_text(mixed_report):
    stream = io.StringIO()
    writers.write(mixed_report, "junit", stream)
    assert stream.getvalue() == writers.load("junit")(mixed_report)


def test_a_stream_of_another_encoding_gets_utf_8_in_order(mixed_report):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    stream.write("before ")
    writers.write(mixed_report, "json", stream)
    assert raw.getvalue() == b"before " + writers.load("json")(mixed_report).encode()


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path, mixed_report):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        writers.write(mixed_report, "json", tmp_path / "file" / "report.json")


@pytest.mark.parametrize(
    ("module", "not_loaded"),
    [
        ("reporting.report", ("rich", "jinja2", "solusio_contracts.checking.runner")),
        ("reporting.writers", ("rich", "jinja2", "solusio_contracts.checking.runner")),
        ("reporting.sentences", ("rich", "jinja2", "solusio_contracts.checking.runner")),
        ("reporting.advice", ("rich", "jinja2", "solusio_contracts.checking.runner")),
        ("reporting.console", ("jinja2",)),
        ("reporting.progress", ("rich",)),
    ],
)
def test_no_writer_costs_the_others(module, not_loaded):
    program = f"import sys, solusio_contracts.{module}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(not_loaded) & set(said.stdout.split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain £ ✓", "plain £ ✓"),
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("1\xa0000", "1\\xa0000"),
        ("\u202eevil", "\\u202eevil"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_invisible_is_shown(text, shown):
    assert visible(text) == shown


def test_one_line_has_no_line_break():
    assert one_line("a\nb\tc\r") == "a\\nb\\tc\\x0d"


def test_what_an_encoding_lacks_is_escaped():
    assert encodable("£\ud800") == "£\\ud800"
    assert encodable("£✓", "latin-1") == "£\\u2713"
