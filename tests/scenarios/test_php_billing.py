"""The PHP billing system and adapter of the documents pass every scenario, as the documents run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import micros
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from solusio_contracts.invoices.scenario import load_scenarios
from support.programs import missing, need

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "mock_solusio" / "mock_solusio" / "starter" / "php"
PAGE = (ROOT / "docs" / "php-invoices.md").read_text(encoding="utf-8")
LIMIT = 300  # seconds for a command


@pytest.fixture
def php() -> str:
    """Find PHP with SQLite."""
    found = need("php")
    modules = subprocess.run([found, "-m"], capture_output=True, text=True, check=True).stdout
    return found if "pdo_sqlite" in modules.split() else missing("php has no pdo_sqlite")


def run_php(php: str, code: str, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [php, "-d", "display_errors=stderr", "-d", "serialize_precision=-1", "-r", code, "--", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# The page


def test_every_line_explained_is_in_the_billing():
    billing = (EXAMPLES / "billing.php").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE)
    assert len(explained) >= 15
    assert [line for line in explained if line not in billing] == []


def test_what_the_page_says_of_floats_is_so(php):
    code = """ini_set('serialize_precision', '17');
        echo sprintf('%.2f', 1035 * 0.001), ' ', (int) (19.99 * 100), ' ', json_encode(1.34);"""
    assert run_php(php, code) == "1.03 1998 1.3400000000000001"
    for said in ("`sprintf('%.2f', 1035 * 0.001)` is 1.03", "`(int) (19.99 * 100)` is 1998"):
        assert said in PAGE
    assert "`json_encode(1.34)` is 1.3400000000000001" in PAGE


# The scenarios


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What the commands of the page find: this installation's command, and a folder for what they make."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOCK_", "SOLUSIO_"))}
    return kept | {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "TMPDIR": str(tmp_path),
    }


def as_the_page_says(environment: dict[str, str], report: Path, *options: str) -> dict[str, Any]:
    """Run the first commands on the page, with more options at the end; return the report."""
    (block,) = re.findall(r"\A# [^\n]*\n\n```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    command = " ".join((block.rstrip(), f"--report json={report}", *options))
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=report.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


@pytest.mark.usefixtures("php")
def test_the_billing_passes_every_scenario(environment, tmp_path):
    report = as_the_page_says(environment, tmp_path / "report.json")
    assert [one["rule"] for one in report["results"] if one["outcome"] != "pass"] == []
    assert {one["rule"] for one in report["results"]} >= {one.id for one in load_scenarios()}


# What no scenario shows


MARCH = "2026-03"
CUSTOMER = 1001


@pytest.fixture
def solusio() -> Iterator[Solusio]:
    """A month of one server of a customer, and an hour of one whom the billing system does not know."""
    with started(Options(clock=Clock.parse("2026-03-01T00:00:00Z"), admin_token="an-access-token")) as mock:
        mock.create_server(wait=False, user=mock.create_user(billing_user_id=CUSTOMER)["id"], name="web")
        mock.clock.set(micros(datetime(2026, 3, 31, 23, 30, tzinfo=UTC)))
        mock.create_server(wait=False, user=mock.create_user(billing_user_id=CUSTOMER + 1)["id"])
        mock.clock.set(micros(datetime(2026, 4, 1, 1, tzinfo=UTC)))
        yield mock


@pytest.fixture
def adapter(php: str, solusio: Solusio, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command of the adapter on that SolusIO; the customer is known to it."""
    environment = os.environ | {
        "SOLUSIO_URL": solusio.url,
        "SOLUSIO_ACCESS_TOKEN": solusio.admin_token,
        "BILLING_DATABASE": str(tmp_path / "billing.sqlite"),
    }

    def run(*words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [php, str(EXAMPLES / "adapter.php"), *words],
            env=environment | changed,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    currency = {"code": "USD", "display_prefix": "$", "display_suffix": "", "decimals": 2}
    pricing = {
        "base_token_unit_cost": 0.001,
        "user_token_unit_cost": 0.001,
        "currency": currency | {"thousands_separator": ",", "decimals_separator": "."},
        "discounts": [],
        "taxes": {"compound": False, "rates": []},
    }
    customers = tmp_path / "customers.json"
    customers.write_text(json.dumps({"customers": [{"billing_user_id": CUSTOMER, "pricing": pricing}]}))
    assert run("customers", str(customers)).returncode == 0
    return run


def test_usage_of_an_unknown_user_is_told(adapter):
    done = adapter("bill", MARCH)
    assert done.returncode == 0
    assert f"(billing_user_id {CUSTOMER + 1})" in done.stderr
    (invoice,) = json.loads(adapter("invoices", MARCH).stdout)["invoices"]
    assert invoice["billing_user_id"] == CUSTOMER


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 503, "retry_after": 0, "times": 4}, {"kind": "cut", "at": "body"}],
    ids=["busy", "cut"],
)
def test_a_failed_page_is_asked_for_again(fault, adapter, solusio):
    made = solusio.client.post(f"{solusio.url}/_mock/faults", json=fault | {"operation": "listUsage"})
    assert made.is_success
    assert adapter("bill", MARCH).returncode == 0
    assert len(json.loads(adapter("invoices", MARCH).stdout)["invoices"]) == 1


def test_what_cannot_be_billed_is_refused_and_leaves_nothing(adapter):
    for words, changed, reason in (
        (("bill", "2026-04"), {}, "2026-04 is not over: metered until 2026-04-01T01:00:00"),
        (
            ("bill", MARCH),
            {"SOLUSIO_ACCESS_TOKEN": "wrong"},
            "SolusIO refused to return the usage: status 401",
        ),
        (("bill", MARCH), {"SOLUSIO_URL": ""}, "SOLUSIO_URL is not set"),
        (("customers", "no-such-file"), {}, "cannot read no-such-file"),
        (("pay",), {}, "usage: customers FILE, bill PERIOD or invoices PERIOD"),
    ):
        done = adapter(*words, **changed)
        assert done.returncode == 1
        assert done.stderr.startswith(f"adapter.php: {reason}")
        assert done.stdout == ""
    for month in (MARCH, "2026-04"):
        assert json.loads(adapter("invoices", month).stdout) == {"invoices": []}


def test_products_are_exact_and_rounded_half_up(php):
    """Against fractions: products around half a coin, of every size and sign that a price may have."""
    code = f"""require {str(EXAMPLES / "billing.php")!r};
        while (($line = fgets(STDIN)) !== false) {{
            $factors = explode(' ', trim($line));
            $decimals = (int) array_shift($factors);
            echo Money::text(Money::rounded($decimals, ...$factors), $decimals), "\\n";
        }}"""
    rows = [
        (decimals, (tokens, cost, factor))
        for decimals in (0, 2, 3)
        for tokens in ("1", "1005", "20000", "123456789012")
        for cost in ("0", "0.001", "0.00091", "0.123456749999999999", "1.005", "-0.5", "25")
        for factor in ("1", "0.95", "1.196", "0.3333333333333333", "-1")
    ]
    stdin = "".join(f"{decimals} {' '.join(factors)}\n" for decimals, factors in rows)
    wanted = []
    for decimals, factors in rows:
        exact = Fraction(factors[0]) * Fraction(factors[1]) * Fraction(factors[2])
        coins = floor(abs(exact) * 10**decimals + Fraction(1, 2)) * (-1 if exact < 0 else 1)
        sign, digits = "-" if coins < 0 else "", f"{abs(coins):0{decimals + 1}d}"
        wanted.append(sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits))
    assert run_php(php, code, stdin=stdin).splitlines() == wanted
