"""docs/pricing.md and docs/examples/price-list.toml say what is so."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mock_solusio.pricing.command import FORMATS, TABLES, pricing

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "pricing.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "docs" / "examples" / "price-list.toml").read_text(encoding="utf-8")

# Behind the block of findings on the page.
MISTAKEN = """
[[currencies]]
code = "EURO"
token_unit_cost = 0.00091
[[plans]]
name = "Small"
tokens_per_hour = 7.5
tokens_per_month = 5000
[[plans]]
name = "Large"
tokens_per_hour = 14
token_per_month = 10000
"""


def shown() -> Iterator[tuple[list[str], str]]:
    for line, output in re.findall(
        r"^```console\n\$ mock-solusio ([^\n]*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
    ):
        yield line.split()[1:], output


def cells(heading: str) -> list[list[str]]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize(("arguments", "output"), [one for one in shown() if "prices.toml" not in one[0]])
def test_the_output_on_the_page_is_the_true_one(run, arguments, output):
    assert run(*arguments).stdout == output


def test_the_findings_on_the_page_are_the_true_ones(run):
    (output,) = [output for arguments, output in shown() if "prices.toml" in arguments]
    result = run(prices=MISTAKEN)
    assert result.exit_code == 1
    assert sorted(result.stderr.splitlines()) == sorted(output.splitlines())


def test_the_list_on_the_page_is_one(run):
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    result = run(prices=text)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_example_has_no_errors_and_shows_all_there_is(run):
    result = run(prices=EXAMPLE)
    assert result.exit_code == 0
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["information", "information"]
    for member in re.findall(r"^(\w+) =", EXAMPLE, re.MULTILINE):
        renamed = run(prices=re.sub(rf"^{member} =", f"{member}x =", EXAMPLE, flags=re.MULTILINE))
        assert f"{member}x" in renamed.stderr
        assert renamed.exit_code == 1


def test_every_finding_of_a_list_that_can_be_read_is_explained():
    source = (ROOT / "mock_solusio" / "mock_solusio" / "price_list" / "model.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+|free)"', source))
    explained = {row[0].strip("`"): row[1] for row in cells("What is checked") if row[0].startswith("`")}
    assert set(explained) == codes | {"old-currency"}  # which is found while reading


def test_the_table_of_options_is_that_of_the_command():
    options = {
        frozenset(option.opts): option for option in pricing.params if isinstance(option, click.Option)
    }
    written = {
        frozenset(re.findall(r"`(.+?)`", row[0])): re.findall(r"`(.+?)`", row[1])
        for row in cells("Options")[1:]
        if "--help" not in row[0]
    }
    assert set(written) == set(options)
    assert written[frozenset(["--format"])] == list(FORMATS)
    assert written[frozenset(["--table"])] == list(TABLES)
