"""`mock-solusio init` writes a project in which the commands that it prints work as they stand."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from mock_solusio.starter.languages import LANGUAGES, recognised
from support.commands import invoke
from support.ports import reserved_port
from support.programs import need

PROGRAMS = {"php": "php", "node": "node", "python": "python3", "go": "go"}
ONLY = {
    # As the whole check takes minutes: a plain case, an odd one, and a fault.
    "users": ("create-twice", "similar-mail", "created-and-answer-cut", "suspend-twice"),
    "invoices": ("price-changes", "discount-and-two-taxes", "dinar"),
}


@dataclass
class Project:
    """A folder after `init`, and what it printed."""

    folder: Path
    said: str

    def command(self, words: str) -> str:
        """Return the printed command line that contains these words."""
        (found,) = (
            line.strip() for line in self.said.splitlines() if line.startswith("  ") and words in line
        )
        return found


def shell(command: str, folder: Path, output: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start a command as typed into a new terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOCK_", "SOLUSIO_"))}
    return subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=kept | {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(command: str, folder: Path) -> tuple[int, str]:
    with shell(command, folder) as process:
        try:
            output, _ = process.communicate(timeout=240)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output


@contextlib.contextmanager
def running(command: str, folder: Path, port: int) -> Iterator[None]:
    """Run the endpoint until the end of the block, in which it listens."""
    log = folder / "endpoint.log"  # a pipe that nobody reads would fill, and block it
    with log.open("w") as output, shell(command, folder, output) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port), timeout=10).close()
                    break
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)
                    raise AssertionError(log.read_text())
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(params=LANGUAGES)
def project(request, tmp_path) -> Project:
    need(PROGRAMS[request.param])
    folder = tmp_path / "a shop"
    done = invoke("init", request.param, "--folder", folder)
    assert done.exit_code == 0, done.output
    return Project(folder, done.stdout)


def test_the_printed_commands_find_the_project_conformant(project):
    (change,) = (line for line in project.said.splitlines() if line.startswith("  cd "))
    assert ended(f"{change}; pwd", Path("/"))[1].strip() == str(project.folder)
    configuration = project.folder / "mock-solusio.toml"
    with reserved_port() as port:
        # The port of the example may be taken; every file and command that names it gets another one.
        start = project.command("  SOLUSIO_TOKEN=").replace("8080", str(port))
        start = start if str(port) in start else f"PORT={port} {start}"
        configuration.write_text(configuration.read_text().replace("8080", str(port)))
        with running(start, project.folder, port):
            code, output = ended(project.command("mock-solusio check"), project.folder)
    assert code == 0, output
    verdict = re.search(r"^Conformant: .*", output, re.MULTILINE)
    assert verdict is not None, output
    assert "warning" not in verdict[0]


@pytest.mark.parametrize("what", ONLY)
def test_the_printed_commands_find_the_adapter_conformant(what, project):
    command = project.command(f"mock-solusio {what} check")
    code, output = ended(f"{command} {' '.join(f'--only {one}' for one in ONLY[what])}", project.folder)
    assert code == 0, output
    assert re.search(r"^Conformant: \d+ scenarios passed \(", output, re.MULTILINE), output


def test_nothing_is_overwritten_and_the_rest_is_written(tmp_path):
    ours = {"solusio/endpoint.php": "<?php // ours\n", ".gitlab-ci.yml": "test: {script: make}\n"}
    for path, text in ours.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    done = invoke("init", "php", "--folder", tmp_path)
    assert done.exit_code == 0
    assert {path: (tmp_path / path).read_text() for path in ours} == ours
    assert re.search(r"because they exist:\n  solusio/endpoint.php\n  \.gitlab-ci\.yml\n", done.stdout)
    assert "  include:\n    - local: solusio/gitlab-ci.yml\n" in done.stdout
    assert (tmp_path / "solusio" / "users.php").is_file()
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    again = invoke("init", "php", "--folder", tmp_path)
    assert again.exit_code == 0
    assert "Written" not in again.stdout
    assert "The commands below run what your mock-solusio.toml names.\n" in again.stdout
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_second_run_asks_only_for_what_is_still_to_do(tmp_path):
    first = invoke("init", "php", "--folder", tmp_path)
    assert "add to .gitlab-ci.yml" not in first.stdout
    assert "The commands below" not in first.stdout
    workflow = tmp_path / ".github/workflows/solusio.yml"
    again = invoke("init", "php", "--folder", tmp_path).stdout
    assert "add to .gitlab-ci.yml" not in again, "it is there"
    assert "in .github/workflows/solusio.yml, instead of OWNER/mock-solusio@v" in again
    workflow.write_text(workflow.read_text().replace("OWNER/", "shop/"))
    assert "OWNER/" not in invoke("init", "php", "--folder", tmp_path).stdout


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "solusio").write_text("a file")
    done = invoke("init", "php", "--folder", tmp_path)
    assert done.exit_code == 2
    assert str(tmp_path / "solusio") in done.stderr


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["composer.json", "package.json"], ("php", "composer.json")),
        (["index.php"], ("php", "index.php")),
        (["package.json"], ("node", "package.json")),
        (["go.mod", "package.json"], ("go", "go.mod")),
        (["manage.py", "requirements.txt"], ("python", "requirements.txt")),
        (["README.md"], None),
    ],
)
def test_the_files_of_a_folder_show_its_language(files, expected, tmp_path):
    for name in files:
        (tmp_path / name).touch()
    found = recognised(tmp_path)
    assert (found and (found[0].name, found[1])) == expected


def test_the_reason_for_a_guess_is_given(tmp_path):
    (tmp_path / "composer.json").touch()
    done = invoke("init", "--folder", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.startswith("PHP, because of composer.json: ")


def test_without_a_terminal_nothing_is_asked(tmp_path):
    done = invoke("init", "--folder", tmp_path, input="php\n")
    assert done.exit_code == 2
    assert "expected a LANGUAGE (php, " in done.stderr
    assert list(tmp_path.iterdir()) == []
