"""The PHP example for users and login passes every scenario, as the documents run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mock_solusio.options import Options
from mock_solusio.testing import started
from solusio_contracts.users.scenario import load_scenarios
from support.programs import missing, need

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "mock_solusio" / "mock_solusio" / "starter" / "php"
PAGE = (ROOT / "docs" / "php-users.md").read_text(encoding="utf-8")
LIMIT = 300  # seconds for a command


@pytest.fixture
def php() -> str:
    """Find PHP with curl and SQLite."""
    found = need("php")
    modules = subprocess.run([found, "-m"], capture_output=True, text=True, check=True).stdout.split()
    for module in ("curl", "pdo_sqlite"):
        if module not in modules:
            missing(f"php has no {module}")
    return found


def test_every_line_explained_is_in_the_example():
    example = (EXAMPLES / "users.php").read_text(encoding="utf-8")
    explained = [line.replace("\\|", "|") for line in re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE)]
    assert len(explained) >= 15
    assert [line for line in explained if line not in example] == []


def as_the_page_says(report: Path, *options: str) -> list[dict[str, Any]]:
    """Run the first commands on the page, with more options at the end; return the results."""
    (block,) = re.findall(r"\A# [^\n]*\n\n```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOCK_", "SOLUSIO_"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-euc", " ".join((block.rstrip(), f"--report json={report}", *options))],
        cwd=report.parent,
        env=kept | {"PATH": path, "TMPDIR": str(report.parent)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["results"]
    return found


@pytest.mark.usefixtures("php")
def test_the_example_passes_every_scenario(tmp_path):
    results = as_the_page_says(tmp_path / "report.json", "--jobs 4", "--tls")
    assert [one["rule"] for one in results if one["outcome"] != "pass"] == []
    assert {one["rule"] for one in results} >= {one.id for one in load_scenarios()}


def test_what_cannot_be_done_is_said_on_standard_error(php, tmp_path):
    customers = tmp_path / "customers.json"
    customer = {"billing_user_id": 7, "name": "Ann", "email": "ann@example.com"}
    customers.write_text(json.dumps({"customers": [customer]}))
    with started(Options(admin_token="an-access-token")) as mock:
        mock.create_user(email="ann@example.com")
        environment = os.environ | {
            "BILLING_DATABASE": str(tmp_path / "billing.sqlite"),
            "SOLUSIO_URL": mock.url,
            "SOLUSIO_ACCESS_TOKEN": mock.admin_token,
            "SOLUSIO_CUSTOMERS": str(customers),
        }
        for words, changed, reason in (
            (("create", "7"), {}, 'POST users: status 422: {"email":["The email has already been taken."]}'),
            (("create", "8"), {}, "there is no customer 8"),
            (("create", "7"), {"SOLUSIO_ACCESS_TOKEN": "wrong"}, "GET users"),
            (("create", "7"), {"SOLUSIO_URL": ""}, "SOLUSIO_URL is not set"),
            (("pay", "7"), {}, "usage: prepare FILE, or create, update"),
        ):
            done = subprocess.run(
                [php, str(EXAMPLES / "users-adapter.php"), *words],
                env=environment | changed,
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr.startswith(f"users-adapter.php: {reason}")
