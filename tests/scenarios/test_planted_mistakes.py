"""`mock-solusio invoices check` judges well: it catches each planted billing mistake and names its cause.

The billing systems are in tests/faulty_billing, and what is expected of them is in its catalogue.toml: worked
out from the clauses, the scenarios and the mistakes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from solusio_contracts.contract.clauses import Level, clauses
from solusio_contracts.invoices.scenario import load_scenarios
from solusio_contracts.reporting.json_report import document
from solusio_contracts.reporting.report import Exit
from support.commands import invoke
from support.programs import need

ROOT = Path(__file__).parents[2]
HERE = ROOT / "tests" / "faulty_billing"
EXAMPLES = ROOT / "mock_solusio" / "mock_solusio" / "starter" / "php"
CATALOGUE = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))
MISTAKES: list[dict[str, Any]] = [CATALOGUE["defaults"] | one for one in CATALOGUE["mistake"]]
STYLES: list[dict[str, Any]] = CATALOGUE["style"]
ENDING = 10  # seconds that a server has to end

BASIC = (
    # What the styles differ in: currencies, discounts, taxes, rounding, several lines, customers and months.
    *("vendor-plans", "euro-with-a-comma", "yen", "dinar", "half-a-cent", "lines-add-up-to-less"),
    *("discount-and-two-taxes", "two-taxes-compound", "free-of-charge-with-taxes", "months-in-a-row"),
    *(
        "taxes-add-up-to-less",
        "customers-take-turns",
        "same-name-twice",
        "additional-addresses",
        "resize-and-back",
        "deleted-user",
    ),
)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Serve all variants; give the URL. It ends with its standard input, whatever becomes of this process."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "server.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(ENDING)


def url_target(server: str, variant: str) -> list[str]:
    where = f"{server}/{variant}"
    return [
        *("--prepare", f"{where}/customers?period={{period}}", "--bill", f"{where}/bill"),
        *("--invoices", f"{where}/invoices?period={{period}}"),
    ]


def patched_php(folder: Path, pairs: list[list[str]]) -> list[str]:
    """Copy the PHP example with some text replaced; each must be there, and once. It runs in that folder."""
    texts = {name: (EXAMPLES / name).read_text(encoding="utf-8") for name in ("billing.php", "adapter.php")}
    for old, new in pairs:
        assert sum(text.count(old) for text in texts.values()) == 1, old
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [
        *("--prepare", "php adapter.php customers {customers}", "--bill", "php adapter.php bill {period}"),
        *("--invoices", "php adapter.php invoices {period}"),
    ]


def check(folder: Path, *options: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Run the command; give its exit code, the results by their name, and what it said."""
    report = folder / "report.json"
    arguments = ["invoices", "check", *options, "--report", f"json={report}"]
    done = invoke(*arguments)
    assert report.exists(), done.output
    results = json.loads(report.read_text(encoding="utf-8"))["results"]
    return done.exit_code, {one["rule"]: one for one in results}, done.output


def only(names: Any) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def said(result: dict[str, Any]) -> str:
    """Return what a result says of what went wrong, in one line; not what the target itself said."""
    found = [one[key] for one in result["findings"] for key in ("subject", "expected", "actual", "hint")]
    return " ".join(" ".join(found).split())


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a configuration file in the folder and variables of the machine out of it."""
    for name in list(os.environ):
        if name.startswith(("MOCK_SOLUSIO_", "SOLUSIO_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def scenarios_of(mistake: dict[str, Any]) -> list[str]:
    spared = [mistake["spared"]] if mistake["spared"] else []
    return [*mistake.get("runs", list(mistake["caught"])), *spared]


def as_listed(mistake: dict[str, Any], code: int, results: dict[str, dict[str, Any]]) -> None:
    """Hold a report to the entry of a mistake."""
    advice = mistake.get("level") == "should"
    assert code == (Exit.CONFORMANT if advice else Exit.NOT_CONFORMANT), results
    for name, named in mistake["caught"].items():
        result = results[name]
        assert result["outcome"] == ("warn" if advice else "fail"), result
        assert set(named) <= {one["clause"] for one in result["findings"]}, result
        assert re.search(mistake["words"], said(result)), said(result)
    if mistake["spared"]:
        assert results[mistake["spared"]]["outcome"] == "pass", results[mistake["spared"]]


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if "php" not in one], ids=lambda one: one["id"])
def test_planted_mistake_is_caught_and_named(mistake, faulty_billing):
    report = faulty_billing.check(mistake["id"], scenarios_of(mistake), gapless=mistake.get("gapless", False))
    as_listed(mistake, report.exit, {one["rule"]: one for one in document(report)["results"]})


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if "php" in one], ids=lambda one: one["id"])
def test_planted_mistake_in_php_is_caught_and_named(mistake, tmp_path, monkeypatch):
    need("php")
    target = patched_php(tmp_path, mistake["php"])
    monkeypatch.setenv("BILLING_DATABASE", str(tmp_path / "billing.sqlite"))
    code, results, _ = check(tmp_path, *target, *only(scenarios_of(mistake)))
    as_listed(mistake, code, results)


@pytest.mark.parametrize("style", STYLES, ids=lambda one: one["id"])
def test_right_style_raises_no_alarm(style, server, tmp_path):
    scenarios = [] if style["id"] == "correct" else only(BASIC)
    code, results, output = check(tmp_path, *url_target(server, style["id"]), *scenarios)
    assert {one["outcome"] for one in results.values()} == {"pass"}, output
    played = BASIC if scenarios else {one.id for one in load_scenarios()}
    assert set(results) == {*played, "invoice-numbers", "rounding-method"}, output
    method = style.get("method", "half-up, total rounded once")
    assert f"method of rounding: {method}: explains" in " ".join(output.split())
    assert code == Exit.CONFORMANT


def test_the_page_shows_a_finding_as_it_is_printed(tmp_path, monkeypatch):
    need("php")
    page = (ROOT / "docs" / "invoices.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- output: no-cap -->\n```\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (mistake,) = (one for one in MISTAKES if one["id"] == "php-no-cap")
    monkeypatch.setenv("BILLING_DATABASE", str(tmp_path / "billing.sqlite"))
    target = patched_php(tmp_path, mistake["php"])
    _, _, output = check(tmp_path, *target, "--only", "vendor-730-hours")
    assert shown.strip()
    assert shown in output


# The catalogue itself


def test_there_are_enough_mistakes_in_both_languages():
    assert len([one for one in MISTAKES if "php" not in one]) >= 30
    assert len([one for one in MISTAKES if "php" in one]) >= 4


def test_every_clause_about_invoices_has_a_mistake_that_violates_it():
    named = {clause for one in MISTAKES for found in one["caught"].values() for clause in found}
    demanded = {name for name, one in clauses().items() if name[:4] == "INV-" and one.level is not Level.MAY}
    assert demanded - named == set()


def test_expected_clauses_are_as_strict_as_the_entry():
    """A mistake that must fail the check is named in each scenario by a clause that can fail it."""
    for one in MISTAKES:
        for found in one["caught"].values():
            levels = {clauses()[name].level for name in found}
            assert (Level.MUST in levels) is (one.get("level") != "should"), one["id"]


def test_every_variant_of_the_billing_system_is_in_the_catalogue():
    listed = subprocess.run(
        [sys.executable, str(HERE / "server.py"), "--list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()
    assert set(listed) == {one["id"] for one in (*MISTAKES, *STYLES) if "php" not in one}
