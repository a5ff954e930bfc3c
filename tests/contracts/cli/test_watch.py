"""`mock-solusio check --watch`: a real command, a real endpoint, and files that really change."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from solusio_contracts.cli.file_changes import FileChanges
from support.commands import invoke

LIMIT = 300
"""Seconds that a command may take in all, before the test gives up."""


class WatchedCheck:
    """A running `check --watch`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def until(self, text: str) -> str:
        """Return what it prints up to a line with this text."""
        printed = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            printed.append(line)
            if text in line:
                return "".join(printed)
        raise AssertionError(f"it ended without {text!r}:\n{''.join(printed)}")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LIMIT)


@contextmanager
def watching(folder: Path, url: str, *options: object) -> Iterator[WatchedCheck]:
    command = [
        sys.executable,
        "-m",
        "mock_solusio",
        "check",
        url,
        "--user-id",
        "1",
        "--watch",
        folder,
        *options,
    ]
    with subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        cwd=folder,
    ) as process:
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        try:
            yield WatchedCheck(process)
        finally:
            timer.cancel()
            process.kill()


def replace(file: Path, text: str) -> None:
    """Change a file in one step, as editors do."""
    new = file.with_name(f"{file.name}.tmp")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def test_it_checks_again_what_failed_first(serve, tmp_path):
    source = tmp_path / "endpoint.txt"
    source.write_text("multiplier", encoding="utf-8")
    report = tmp_path / "report.json"
    endpoint = serve(lambda body: body.replace(b"multipler", source.read_bytes()), token=None)
    options = ("--only", "fields", "--only", "values", "--report", f"json={report}")
    with watching(tmp_path, endpoint.url, *options) as check:
        assert "Not conformant: 1 rule failed" in check.until("Watching ")
        whole = report.read_bytes()
        (tmp_path / "vendor").mkdir()
        (tmp_path / "vendor" / "new.php").write_text("", encoding="utf-8")
        replace(source, "multiply")
        again = check.until("Watching ")
        assert "Changed: endpoint.txt\n" in again
        assert "Only the 1 rule that did not pass before." in again
        assert "Not conformant: 1 rule failed" in again
        assert report.read_bytes() == whole
        replace(source, "multipler")
        fixed = check.until("Watching ")
        assert "Changed: endpoint.txt\n" in fixed
        assert "\nConformant: " in fixed
        assert report.read_bytes() != whole
        assert check.process.stdin is not None
        check.process.stdin.write("\n")
        asked = check.until("Watching ")
        assert asked.splitlines()[0] == "Enter"
        assert "\nConformant: " in asked
        assert check.interrupt() == 0


def test_ctrl_c_exits_with_the_last_verdict(serve, tmp_path):
    endpoint = serve(lambda body: body.replace(b"multipler", b"multiplier"), token=None)
    with watching(tmp_path, endpoint.url, "--only", "discount-key", "--quiet") as check:
        printed = check.until("Watching ")
        assert printed.splitlines()[0].startswith("Not conformant: 1 rule failed")
        assert check.interrupt() == 1


def test_an_endpoint_that_is_down_is_waited_for(tmp_path, closed_port):
    with watching(tmp_path, f"http://127.0.0.1:{closed_port}/", "--only", "fields") as check:
        assert "Inconclusive" in check.until("Watching ")
        assert check.interrupt() == 3


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("src/price.php", True),
        ("price.php", True),
        ("logs.php", True),
        (".env", True),
        ("vendor/acme/price.php", False),
        ("src/node_modules/x/index.js", False),
        (".git/index", False),
        ("app/__pycache__/price.cpython-311.pyc", False),
        ("storage/logs/laravel.log", False),
        ("database/database.sqlite-wal", False),
        ("src/.price.php.swp", False),
        ("report.json", False),
    ],
)
def test_which_files_count(tmp_path, name, counts):
    # A parent of the folder may have any name.
    folder = tmp_path / "vendor"
    changes = FileChanges(folder, unless=[folder / "report.json"])
    assert changes._counts(folder.resolve() / name) is counts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--write-baseline", "b.toml"), "--watch and --write-baseline exclude each other"),
        (("--report", "json=/dev/stdout"), "expects a file, got json=/dev/stdout"),
        (("--report", "sarif=/dev/null"), "expects a file, got sarif=/dev/null"),
        (("--watch", "nowhere"), "'nowhere' does not exist"),
    ],
)
def test_options_that_make_no_sense_together(tmp_path, options, message):
    result = invoke("check", "http://127.0.0.1:9/", "--user-id", 1, "--watch", tmp_path, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_it_is_not_read_from_a_configuration_file(tmp_path):
    file = tmp_path / "mock-solusio.toml"
    file.write_text('[check]\nwatch = "src"\n', encoding="utf-8")
    result = invoke("check", "http://127.0.0.1:9/", "--user-id", 1, "--config", file)
    assert result.exit_code == 2
    assert "[check] has no option 'watch'" in " ".join(result.output.split())
