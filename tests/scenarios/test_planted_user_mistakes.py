"""`mock-solusio users check` judges well: it catches each planted mistake and names its cause.

The billing systems are in tests/faulty_users, and what is expected of them is in its catalogue.toml.

Most of it was worked out from the clauses, the scenarios and the mistakes. About thirty entries name clauses
and words as the check reported them in its first runs, and hold what it says rather than prove it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from solusio_contracts.contract.clauses import Level, clauses
from solusio_contracts.reporting.report import Exit
from solusio_contracts.users.scenario import load_scenarios
from support.commands import invoke
from support.programs import missing, need

ROOT = Path(__file__).parents[2]
HERE = ROOT / "tests" / "faulty_users"
CATALOGUE = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))
MISTAKES: list[dict[str, Any]] = [CATALOGUE["defaults"] | one for one in CATALOGUE["mistake"]]
STYLES: list[dict[str, Any]] = CATALOGUE["style"]
ENDING = 10  # seconds that a server has to end

STEPS = ("prepare", "create", "update", "suspend", "unsuspend", "lock", "unlock", "delete", "login")
BASIC = (
    # What the styles differ in: how users are found, made and changed, lists, responses that are lost, links.
    *("create", "create-twice", "create-two-at-one-moment", "number-near-2-53", "mail-with-plus"),
    *("mail-changes", "mail-changes-of-a-suspended", "limit-group-changes", "suspend-with-servers-and-back"),
    *("lock-suspend-and-all-back", "delete-one-of-two", "delete-twice", "customer-comes-back", "login-twice"),
    *("login-with-a-similar-mail", "mail-changed-by-hand", "user-deleted-by-hand", "mail-of-staff"),
    *("created-and-cut", "suspended-and-answer-lost", "too-many-requests", "users-1001-find"),
)


@pytest.fixture(scope="session")
def python_server() -> Iterator[str]:
    """Serve the variants in Python; give the URL. It ends with its standard input, whatever becomes of us."""
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


@pytest.fixture(scope="session")
def php_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the variants in PHP; give the URL."""
    php = need("php")
    modules = subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout.split()
    for module in ("curl", "pdo_sqlite"):
        if module not in modules:
            missing(f"php has no {module}")
    environment = os.environ | {
        "FAULTY_USERS_DATA": str(tmp_path_factory.mktemp("faulty-users")),
        "PHP_CLI_SERVER_WORKERS": "4",
    }
    # It says on standard error where it listens, and then every request. Its workers end with its group.
    process = subprocess.Popen(
        [php, "-S", "127.0.0.1:0", str(HERE / "router.php")],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                found = re.search(r"Development Server \((http://127\.0\.0\.1:\d+)\) started", line)
                if found:
                    break
            else:
                pytest.fail("php does not listen")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield found[1]
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(ENDING)


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    """Return a function that gives the options for a variant."""

    def options(variant: str) -> list[str]:
        server = "php_server" if variant.startswith("php-") else "python_server"
        url = f"{request.getfixturevalue(server)}/{variant}"
        return [word for step in STEPS for word in (f"--{step}", f"{url}/{step}")]

    return options


def check(folder: Path, *options: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Run the command; give its exit code, the results by their name, and what it said."""
    report = folder / "report.json"
    done = invoke("users", "check", *options, "--report", f"json={report}")
    assert report.exists(), done.output
    results = json.loads(report.read_text(encoding="utf-8"))["results"]
    return done.exit_code, {one["rule"]: one for one in results}, done.output


def only(names: Any) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def said(result: dict[str, Any]) -> str:
    """Return what a result says of what went wrong, in one line; not what the target itself said."""
    found = [one[key] for one in result["findings"] for key in ("subject", "expected", "actual", "hint")]
    return " ".join(" ".join(found).split())


def expected_outcome(named: list[str]) -> str:
    return "fail" if any(clauses()[one].level is Level.MUST for one in named) else "warn"


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a configuration file in the folder and variables of the machine out of it."""
    for name in list(os.environ):
        if name.startswith(("MOCK_SOLUSIO_", "SOLUSIO_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one["id"])
def test_planted_mistake_is_caught_and_named(mistake, target, tmp_path):
    spared = [mistake["spared"]] if mistake["spared"] else []
    played = [*mistake["caught"], *mistake.get("plays", []), *spared]
    options = mistake.get("options", [])
    code, results, output = check(tmp_path, *target(mistake["id"]), *only(played), *options)
    outcomes = set()
    for name, named in mistake["caught"].items():
        result = results[name]
        outcomes.add(expected_outcome(named))
        assert result["outcome"] == expected_outcome(named), output
        assert set(named) <= {one["clause"] for one in result["findings"]}, output
    causes = " ".join(said(results[name]) for name in mistake["caught"])
    assert re.search(mistake["words"], causes), causes
    assert code == (Exit.NOT_CONFORMANT if "fail" in outcomes else Exit.CONFORMANT), output
    for name in spared:
        assert results[name]["outcome"] == "pass", output


@pytest.mark.parametrize("style", STYLES, ids=lambda one: one["id"])
def test_right_style_raises_no_alarm(style, target, tmp_path):
    complete = style.get("complete", False)
    scenarios = [] if complete else only([*BASIC, "conduct"])
    options = ["--tls", "--jobs", "4"] if complete else []
    code, results, output = check(tmp_path, *target(style["id"]), *scenarios, *options)
    outcomes = {name: one["outcome"] for name, one in results.items() if one["outcome"] != "pass"}
    assert set(outcomes) <= ({"certificate"} if not complete else set()), output
    played = {one.id for one in load_scenarios()} if complete else set(BASIC)
    assert played <= set(results), output
    assert code == Exit.CONFORMANT


# The catalogue itself


def test_there_are_enough_mistakes_in_both_languages():
    assert len([one for one in MISTAKES if not one["id"].startswith("php-")]) >= 40
    assert len([one for one in MISTAKES if one["id"].startswith("php-")]) >= 15


def test_every_clause_that_a_billing_system_can_violate_has_a_mistake_that_does():
    named = {clause for one in MISTAKES for found in one["caught"].values() for clause in found}
    judged = {clause for one in load_scenarios() for clause in one.clauses}
    # The other clauses that scenarios cite are about SolusIO itself.
    demanded = {name for name in judged if name[:3] == "CL-" or name[:5] in ("UM-04", "UM-05", "SSO-0")}
    # These say what SolusIO does, or leave the billing system a choice; other clauses stand for them.
    demanded -= {"SSO-001", "SSO-002", "SSO-003", "SSO-006", "UM-048"}
    assert {name for name in demanded if clauses()[name].level is not Level.MAY} - named == set()


def test_every_variant_of_the_billing_system_is_in_the_catalogue():
    listed = subprocess.run(
        [sys.executable, str(HERE / "server.py"), "--list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()
    text = (HERE / "mistakes.php").read_text(encoding="utf-8")
    php = re.findall(r"^class (\w+) extends Variant$", text, re.MULTILINE)
    listed += ["php" + re.sub(r"(?=[A-Z])", "-", name).lower() for name in php]
    assert sorted(listed) == sorted(one["id"] for one in (*MISTAKES, *STYLES))
