"""Without a file, the two tables of the vendor's page come out digit for digit."""

import csv
import io

# Copied by hand from the vendor's page, where a table's cells stand in one line.
STEP_1 = (
    r"Tokens Token price in USD Token price in EUR 1 \$0.00100 €0.00091 10 \$0.01000 €0.00910 "
    r"100 \$0.10000 €0.09100 1,000 \$1.00000 €0.91000 10,000 \$10.00000 €9.10000"
)
STEP_2 = (
    "Plans Tokens per hour Aggregated tokens per month (tokens per hour × 24 hours × 31 days) "
    "Aggregated price per month in USD Tokens per month (as the fixed price) "
    "Price per month in USD if “tokens per month” was applied "
    r"1 Core, 1 GB RAM 7 5,208 \$5.21 5,000 \$5.00 "
    r"1 Core, 2 GB RAM 14 10,416 \$10.42 10,000 \$10.00 "
    r"2 Cores, 2 GB RAM 21 15,624 \$15.62 15,000 \$15.00 "
    r"2 Cores, 4 GB RAM 28 20,832 \$20.83 20,000 \$20.00"
)


def tables(markdown: str) -> list[list[list[str]]]:
    """Return the cells of each table, without the line below its head."""
    found: list[list[list[str]]] = []
    for line in markdown.splitlines():
        if line.startswith("#"):
            found.append([])
        elif line.startswith("| ") and not line.startswith(("| :--", "| --:")):
            found[-1].append([cell.strip() for cell in line.strip("|").split(" |")])
    return found


def in_one_line(table: list[list[str]], columns: int) -> str:
    return " ".join(" ".join(row[:columns]) for row in table)


def test_the_table_of_step_1(run):
    conversion, *_ = tables(run("--format", "markdown").stdout)
    assert in_one_line(conversion, 3) == STEP_1


def test_the_table_of_step_2(run):
    _, dollars, _ = tables(run("--format", "markdown").stdout)
    assert in_one_line(dollars, 6) == STEP_2


def test_both_on_a_terminal(run):
    """The same digits in the same order, within 80 columns."""
    result = run()
    assert result.exit_code == 0
    assert result.stderr == ""
    words = result.stdout.split()
    page = f"{STEP_1} {STEP_2}".replace("\\", "").split()
    amounts = [word for word in page if word[0] in "$€"]
    assert amounts == [word for word in words if word in amounts]
    assert max(map(len, result.stdout.splitlines())) <= 80
    for row in (
        " 1,000   $1.00000  €0.91000",
        "1 Core, 1 GB RAM        7   5,208   $5.21   5,000   $5.00       208  3.99   715",
    ):
        assert row in result.stdout.splitlines()


def test_both_as_numbers(run):
    text = run("--format", "csv").stdout_bytes.decode("ascii")
    conversion, plans = text.split("\r\n\r\n")
    page = STEP_1.replace("\\", "").replace("$", "").replace("€", "").replace(",", "").split()
    numbers = [word for word in page if word[0].isdigit()]
    assert [cell for row in list(csv.reader(io.StringIO(conversion)))[1:] for cell in row] == numbers
    assert [
        [row[name] for name in ("plan", "aggregated_tokens", "aggregated_price_USD", "price_per_month_USD")]
        for row in csv.DictReader(io.StringIO(plans))
    ] == [
        ["1 Core, 1 GB RAM", "5208", "5.21", "5.00"],
        ["1 Core, 2 GB RAM", "10416", "10.42", "10.00"],
        ["2 Cores, 2 GB RAM", "15624", "15.62", "15.00"],
        ["2 Cores, 4 GB RAM", "20832", "20.83", "20.00"],
    ]


def test_what_the_page_says_of_hours(run):
    """700 hours cost 4900 tokens; 730 would cost 5110 and cost 5000; five minutes are one hour."""
    result = run("--table", "hours", "--hours", "700", "--hours", "730", "--hours", "1", "--format", "csv")
    rows = [row for row in csv.DictReader(io.StringIO(result.stdout)) if row["plan"] == "1 Core, 1 GB RAM"]
    assert [(row["hours"], row["tokens"], row["charge"], row["price_USD"]) for row in rows] == [
        ("700", "4900", "hourly", "4.90"),
        ("730", "5000", "monthly", "5.00"),
        ("1", "7", "hourly", "0.01"),
    ]
