"""What breaks in this program is not a verdict: one line, and exit code 2 or 3."""

import pytest

from mock_solusio import cli
from support.commands import invoke


@pytest.fixture
def broken(monkeypatch):
    """A subcommand that breaks with a given exception."""

    def break_with(error):
        monkeypatch.setitem(cli.SUBCOMMANDS, "broken", cli.Subcommand("nowhere:nothing", "Break."))
        command = cli.click.Command("broken", callback=lambda: (_ for _ in ()).throw(error))
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)

    return break_with


@pytest.mark.parametrize(
    "error", [KeyError("x\x1b[31m"), RecursionError("deep"), MemoryError(), OSError("x")]
)
def test_a_fault_ends_with_one_line_and_3(broken, error):
    broken(error)
    result = invoke("broken")
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: This is a fault of mock-solusio: {type(error).__name__}")
    assert "test_own_faults.py:" in line
    assert "\x1b" not in line


def test_a_fault_shows_its_traceback_on_demand(broken):
    broken(KeyError("x"))
    result = invoke("broken", env={cli.TRACEBACK_VARIABLE: "1"})
    assert result.exit_code == 3
    assert "Traceback (most recent call last)" in result.stderr


def test_a_file_that_cannot_be_used_ends_with_2(broken):
    broken(PermissionError(13, "Permission denied", "/here/\x1bx"))
    result = invoke("broken")
    assert (result.exit_code, result.stderr) == (2, "Error: /here/\\x1bx: Permission denied.\n")
