"""Dockerfile and compose.yaml agree with the command line; `nox -s image` builds and runs the image."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import jsonschema_rs
import pytest
import yaml

from support.programs import program

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def dockerfile(root: Path) -> dict[str, str]:
    """The last instruction of each kind, with continued lines joined."""
    text = (root / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return dict(re.findall(r"^([A-Z]+) +(.+)$", text, re.MULTILINE))


def parsed(words: list[str], commands: dict[str, click.Command]) -> click.Context:
    """Parse a command line as `mock-solusio` does; what it does not understand, this raises."""
    name, *arguments = words
    return commands[f"mock-solusio {name}"].make_context(name, arguments)


def test_the_image_serves_the_port_that_it_exposes(dockerfile, commands):
    assert json.loads(dockerfile["ENTRYPOINT"])[-1] == "mock-solusio"
    options = parsed(json.loads(dockerfile["CMD"]), commands).params
    assert str(options["port"]) == dockerfile["EXPOSE"]
    assert options["hosts"] == ("0.0.0.0",)  # noqa: S104 - in a container, others come from outside


def test_the_image_does_not_run_as_root(dockerfile):
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", dockerfile["USER"])


def test_the_health_check_finds_a_mock_and_notices_its_absence(dockerfile):
    command = json.loads(dockerfile["HEALTHCHECK"].partition(" CMD ")[2])
    assert command[0] == "python3"
    with program("serve", "--port", "0") as mock:
        code = command[-1].replace("http://127.0.0.1:8008", mock.url)
        assert code != command[-1]
        check = [sys.executable, "-c", code]
        assert subprocess.run(check, timeout=60, check=False).returncode == 0
    assert subprocess.run(check, timeout=60, check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_the_packages_that_are_installed_are_those_of_the_lock_file(root):
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    syncs = re.findall(r"uv sync (.*)", text)
    assert len(syncs) == 2
    for sync in syncs:
        assert {"--frozen", "--no-default-groups"} <= set(shlex.split(sync))


def test_compose_is_valid_and_runs_what_there_is(root, commands):
    compose = yaml.safe_load((root / "compose.yaml").read_text(encoding="utf-8"))
    schema = json.loads((HERE / "schemas" / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema).validate(compose)
    service = compose["services"]["solusio"]
    options = parsed(service["command"], commands).params
    # Who may reach /_mock is decided by the published port.
    assert options["control_from_anywhere"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert [volume.partition(":")[2] for volume in service["volumes"]] == [str(options["state"].parent)]
