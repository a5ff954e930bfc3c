"""What docs/usage.md shows: the example prints invoices, refuses a running month, and the table is true."""

import subprocess
import sys
from pathlib import Path

import pytest

from mock_solusio.clock import Clock
from mock_solusio.domain.metering import cost
from mock_solusio.moment import DAY, HOUR, MINUTE, parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import started

ROOT = Path(__file__).parents[3]
START = parse_moment("2026-03-01T00:00:00Z")


def invoices(solusio, period):
    command = [sys.executable, ROOT / "docs" / "examples" / "invoice.py", solusio.url, solusio.admin_token]
    return subprocess.run([*command, period], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def solusio():
    with started(Options(clock=Clock(START, speed=0), seed="docs")) as running:
        yield running


def test_the_example_prints_invoices(solusio):
    ann, bob = (solusio.create_user(billing_user_id=number)["id"] for number in (1001, 1002))
    web = solusio.create_server(user=ann, plan=1, name="web", wait=False)
    solusio.create_server(user=bob, plan=2, name="db", wait=False, additional_ip_count=1)
    solusio.clock.advance(700 * HOUR)
    solusio.call("DELETE", f"servers/{web['id']}")
    solusio.clock.advance(DAY)
    running = invoices(solusio, "2026-03")
    assert running.returncode == 1
    assert running.stderr.strip() == "the period is still running: metered until 2026-03-31T04:00:00.000000Z"
    solusio.clock.advance(DAY)
    done = invoices(solusio, "2026-03")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "customer 1001: 4900 tokens, $4.90",
        "  web, server, 1 Core, 1 GB RAM: 700 h, hourly, 4900 tokens",
        "customer 1002: 10700 tokens, $10.70",
        "  db, server, 1 Core, 2 GB RAM: 744 h, monthly, 10000 tokens",
        "  db, additional_ip, 1 Core, 2 GB RAM: 744 h, monthly, 700 tokens",
    ]


def test_the_table_of_uses():
    text = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    for use, life in {
        "five minutes": 5 * MINUTE,
        "700 hours": 700 * HOUR,
        "730 hours": 730 * HOUR,
        "a month of 31 days": 31 * DAY,
    }.items():
        count = -(-life // HOUR)
        found = cost(count, 7, 5000)
        assert f"| {use} | {count} | {found.tokens} | {found.charge} |\n" in text
