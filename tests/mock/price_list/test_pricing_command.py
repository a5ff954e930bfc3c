"""`mock-solusio pricing`: files, formats, options, exit codes."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

SMALL = '[[plans]]\nname = "Small"\ntokens_per_hour = 7\ntokens_per_month = 5000\n'
USD = '[[currencies]]\ncode = "USD"\ntoken_unit_cost = 0.001\n'
GOOD = USD + SMALL


def line_of(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(name)]
    return line.removeprefix(name).split()


# Exit codes


def test_nothing_to_say_is_0(run):
    result = run(prices=GOOD)
    assert (result.exit_code, result.stderr) == (0, "")


def test_warnings_are_0_and_told_on_standard_error(run):
    result = run(prices=GOOD.replace("5000", "5208"))
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "warning: plans[0].tokens_per_month (Small): 5,208 tokens are never charged"
    )
    assert "warning" not in result.stdout
    assert "5,208" in result.stdout


def test_an_error_in_prices_that_can_be_read_is_1_with_tables(run):
    result = run(prices=GOOD.replace("5000", "5"))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: plans[0].tokens_per_month (Small): 5 tokens for a month")
    assert "Small" in result.stdout


def test_an_error_in_reading_is_1_without_tables(run, tmp_path):
    (tmp_path / "out.csv").write_text("of before")
    result = run("--output", "out.csv", prices=GOOD.replace("5000", "5000.5"))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: plans[0].tokens_per_month (Small): 5000.5 is not an integer")
    assert (tmp_path / "out.csv").read_text() == "of before"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.toml"], "No such file"),
        (["."], "directory"),
        (["--hours", "0"], "range"),
        (["--hours", "745"], "range"),
        (["--hours", "673", "--month", "2026-02"], "2026-02 has only 672 hours"),
        (["--hours", "7.5"], "not a valid integer"),
        (["--month", "2026-13"], "such as 2026-02"),
        (["--month", "2026-2"], "such as 2026-02"),
        (["--month", "0000-01"], "such as 2026-02"),
        (["--table", "hours"], "--table hours needs --hours N"),
        (["--table", "plans", "--hours", "7"], "--hours needs --table hours"),
        (["--example", "--month", "2026-02"], "can only be combined with --output"),
        (["--output", "no/such/folder.txt"], "cannot write"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_usage_is_2(run, arguments, says):
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_what_is_no_toml_is_2(run):
    result = run(prices="plans = [")
    assert result.exit_code == 2
    assert "prices.toml: not valid TOML: " in result.stderr


# Files


def test_the_list_from_standard_input(run):
    result = run("-", stdin=GOOD)
    assert result.exit_code == 0
    assert line_of(result.stdout, "Small") == ["7", "5,208", "$5.21", "5,000", "$5.00", "208", "3.99", "715"]


def test_the_example_is_the_list_that_is_used_without_one(run):
    example = run("--example")
    assert example.exit_code == 0
    again = run(prices=example.stdout)
    assert (again.stdout, again.stderr, again.exit_code) == (run().stdout, "", 0)


@pytest.mark.parametrize(
    ("name", "begins"),
    [("p.json", "{"), ("p.csv", "tokens,"), ("p.md", "### "), ("p.txt", "Tokens in money")],
)
def test_the_name_of_the_output_says_the_format(run, tmp_path, name, begins):
    result = run("--output", name, prices=GOOD)
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / name).read_text(encoding="utf-8-sig").startswith(begins)


def test_the_format_that_is_named_wins(run, tmp_path):
    run("--output", "p.json", "--format", "csv", prices=GOOD)
    assert (tmp_path / "p.json").read_text().startswith("tokens,")


# Options


def test_a_real_month(run):
    """February 2028 has 29 days: 7 x 696 = 4872, so that the cap of 5000 is not reached."""
    result = run("--month", "2028-02", prices=GOOD)
    assert "2028-02 with 29 days" in result.stdout
    assert line_of(result.stdout, "Small") == ["7", "4,872", "$4.87", "5,000", "$5.00", "0", "0.00", "never"]


@pytest.mark.parametrize(
    ("table", "titles"), [("conversion", ["Tokens in"]), ("plans", ["Plans in"]), ("hours", ["5 hours"])]
)
def test_one_table_alone(run, table, titles):
    arguments = ["--hours", "5"] if table == "hours" else []
    result = run("--table", table, *arguments, prices=GOOD)
    known = ("Tokens in", "Plans in", "5 hours")
    assert [title for title in known if title in result.stdout] == titles


def test_hours_add_a_table_each(run):
    result = run("--hours", "1", "--hours", "730", prices=GOOD)
    _, once, both = result.stdout.partition("1 hour within a month")
    assert once
    first, _, second = both.partition("730 hours within a month")
    assert line_of(first, "Small") == ["7", "$0.01", "hourly"]
    assert line_of(second, "Small") == ["5,000", "$5.00", "monthly"]


# Formats


def test_json(run):
    result = run("--format", "json", "--hours", "730", prices=GOOD + '[[plans]]\nname = "Free"\n')
    document = json.loads(result.stdout)
    assert document["schema_version"] == "1.0"
    assert (document["month"], document["hours_of_month"]) == (None, 744)
    assert document["currencies"][0]["token_unit_cost"] == "0.001"
    assert document["conversion"][0] == {
        "tokens": 1,
        "price": {"USD": {"amount": "0.001", "text": "$0.001"}},
    }
    assert document["plans"] == [
        {
            "name": "Small",
            "billing": "capped",
            "tokens_per_hour": 7,
            "aggregated_tokens": 5208,
            "aggregated_price": {"USD": {"amount": "5.21", "text": "$5.21"}},
            "tokens_per_month": 5000,
            "price_per_month": {"USD": {"amount": "5.00", "text": "$5.00"}},
            "discount_tokens": 208,
            "discount_percent": "3.99",
            "cap_from_hour": 715,
        },
        {
            "name": "Free",
            "billing": "free",
            "tokens_per_hour": 0,
            "aggregated_tokens": None,
            "aggregated_price": {},
            "tokens_per_month": 0,
            "price_per_month": {},
            "discount_tokens": None,
            "discount_percent": None,
            "cap_from_hour": None,
        },
    ]
    assert document["hours"][0] == {
        "name": "Small",
        "hours": 730,
        "tokens": 5000,
        "charge": "monthly",
        "price": {"USD": {"amount": "5.00", "text": "$5.00"}},
    }
    assert [(one["level"], one["code"], one["name"]) for one in document["findings"]] == [
        ("warning", "free", "Free")
    ]


def test_json_tells_what_could_not_be_read(run):
    result = run("--format", "json", prices=GOOD.replace("0.001", '"a lot"'))
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (document["plans"], document["findings"][0]["code"]) == ([], "wrong-type")


def test_csv_holds_numbers_that_a_spreadsheet_can_calculate_with(run):
    prices = GOOD.replace(
        "0.001", '1234.5\ndisplay_suffix = " $"\nthousands_separator = "."\ndecimals_separator = ","'
    )
    result = run("--format", "csv", "--table", "plans", prices=prices)
    (row,) = csv.DictReader(io.StringIO(result.stdout_bytes.decode("ascii"), newline=""))
    # 5208 x 1234.5 and 5000 x 1234.5
    assert (row["aggregated_price_USD"], row["price_per_month_USD"]) == ("6429276.00", "6172500.00")
    assert "6.429.276,00 $" in run("--format", "markdown", prices=prices).stdout.replace("\\", "")


def test_csv_of_several_currencies_is_one_table(run):
    prices = USD + '[[currencies]]\ncode = "JPY"\ntoken_unit_cost = 0.15\n' + SMALL
    text = run("--format", "csv", "--table", "plans", prices=prices).stdout_bytes.decode("ascii")
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert [name for name in head if "price" in name] == [
        "aggregated_price_USD",
        "aggregated_price_JPY",
        "price_per_month_USD",
        "price_per_month_JPY",
    ]
    # 5208 x 0.15 = 781.2
    assert dict(zip(head, row, strict=True))["aggregated_price_JPY"] == "781"


def test_csv_of_a_name_with_everything(run):
    """Quotes, commas and signs survive; a name is no formula; Excel is told that it is UTF-8."""
    names = ['A "small", cheap', "=1+1", "@home", "-5 %", "+1", "Größe"]
    plans = "".join(SMALL.replace("Small", name.replace('"', '\\"')) for name in names)
    data = run("--format", "csv", "--table", "plans", prices=USD + plans).stdout_bytes
    assert data.startswith(b"\xef\xbb\xbfplan,")
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert [row["plan"] for row in rows] == [names[0], "'=1+1", "'@home", "'-5 %", "'+1", names[5]]


def test_csv_of_ascii_needs_no_byte_order_mark(run):
    assert run("--format", "csv", prices=GOOD).stdout_bytes.startswith(b"tokens,")


def test_a_name_means_itself_in_markdown(run):
    prices = GOOD.replace("Small", "a|b *c* <d> [e](f) &amp;")
    result = run("--format", "markdown", "--table", "plans", prices=prices)
    assert r"| a\|b \*c\* \<d\> \[e\](f) \&amp; | 7 |" in result.stdout


def test_a_name_is_no_markup_on_a_terminal(run):
    assert "[bold]x[/bold] [/]" in run(prices=GOOD.replace("Small", "[bold]x[/bold] [/]")).stdout


@pytest.mark.parametrize(
    ("code", "unit_cost", "own", "text"),
    [
        # 5208 tokens
        ("EUR", "0.001", "", "€5.21"),
        ("CHF", "0.001", "", "CHF 5.21"),
        ("JPY", "0.15", "", "¥781"),
        ("KWD", "0.0003", "", "KWD 1.562"),
        ("EUR", "1", 'display_suffix = " EUR"', "5,208.00 EUR"),
        ("EUR", "1", 'display_prefix = "ca. "\ndecimals = 0', "ca. 5,208"),
        ("EUR", "1", 'thousands_separator = "."\ndecimals_separator = ","', "€5.208,00"),
        ("EUR", "1", 'thousands_separator = ""', "€5208.00"),
    ],
)
def test_how_amounts_are_written(run, code, unit_cost, own, text):
    prices = f'[[currencies]]\ncode = "{code}"\ntoken_unit_cost = {unit_cost}\n{own}\n{SMALL}'
    document = json.loads(run("--format", "json", prices=prices).stdout)
    assert document["plans"][0]["aggregated_price"][code]["text"] == text


def test_a_currency_without_decimals_shows_them_where_they_are_needed(run):
    """Japanese prices have no separator for decimals, but a token may cost a fraction of a yen."""
    prices = '[[currencies]]\ncode = "JPY"\ntoken_unit_cost = 0.15\ndecimals_separator = ""\n'
    assert run("--table", "conversion", prices=prices).stdout.split()[-10:] == [
        *("1", "¥0.15", "10", "¥1.50", "100", "¥15.00", "1,000", "¥150.00", "10,000", "¥1,500.00")
    ]


# Terminals


def test_a_wide_price_keeps_its_digits_and_a_long_name_is_folded(run):
    prices = GOOD.replace("hour = 7", "hour = 2147483647").replace("5000", "0")
    result = run("--table", "plans", prices=prices.replace("Small", "word " * 40))
    # 2147483647 x 744
    assert "1,597,727,833,368" in result.stdout
    assert "$1,597,727,833.37" in result.stdout
    assert "…" not in result.stdout
    assert result.stdout.count("word") == 40
    assert max(map(len, result.stdout.splitlines())) <= 120


def command(*arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "mock_solusio", "pricing", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        timeout=60,
        check=True,
    )


def test_what_an_encoding_lacks_is_escaped():
    result = command("--table", "conversion", PYTHONIOENCODING="ascii")
    assert rb"\u20ac0.00091" in result.stdout
    assert b"\\u2500" not in result.stdout, "lines are drawn in ASCII"
    assert b"-----" in result.stdout


def test_csv_ends_its_lines_as_rfc_4180_says():
    lines = command("--format", "csv").stdout.split(b"\r\n")
    assert lines[0] == b"tokens,price_USD,price_EUR"
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
