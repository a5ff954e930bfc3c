"""Commands import what they need and no more. Nothing is timed here; see benchmarks/."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo


def imported(*arguments: str) -> set[str]:
    """Run a command and return the top-level packages that it imported."""
    command = [sys.executable, "-X", "importtime", "-m", "mock_solusio", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with CustomerStore.in_memory() as store:
        seed_demo(store)
        with running(create_app(store, token=None)) as url:
            yield url


FUZZING = {"schemathesis", "hypothesis"}
SERVING = {"starlette", "uvicorn", "sqlalchemy"}


def test_the_measure_itself():
    assert {"click", "rich", "msgspec", "solusio_contracts"} <= imported("check", "--list-rules")


def test_rules_are_listed_without_fuzzing_and_serving():
    assert not imported("check", "--list-rules") & (FUZZING | SERVING)


def test_a_check_without_generated_data_loads_no_fuzzer(url):
    assert not imported("check", url, "--user-id", "1", "--no-fuzz", "--only", "fields") & (FUZZING | SERVING)


def test_the_contract_is_shown_without_fuzzing_and_serving():
    assert not imported("contract", "show", "TP-041") & (FUZZING | SERVING)


def test_a_mock_that_only_answers_reads_loads_no_validator():
    """It needs five megabytes of memory. Bodies and queries that are sent need it."""
    program = """
import sys
from mock_solusio.testing import started
with started() as solusio:
    solusio.client.get(f"{solusio.url}/api/v1/users").raise_for_status()
    assert "jsonschema_rs" not in sys.modules
    solusio.client.get(f"{solusio.url}/api/v1/users?page=2").raise_for_status()
    assert "jsonschema_rs" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], timeout=120, check=True)
