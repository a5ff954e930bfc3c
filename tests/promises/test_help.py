"""The command line explains itself, and fast."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from mock_solusio.cli import SUBCOMMANDS
from support.commands import invoke

HEAVY = (
    *("schemathesis", "hypothesis", "starlette", "uvicorn", "sqlalchemy"),
    *("rich", "jinja2", "babel", "msgspec", "yaml"),
    *("mcp", "pydantic", "watchfiles"),
)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_table_of_subcommands_says_what_each_says_of_itself(name, commands):
    assert SUBCOMMANDS[name].help == commands[f"mock-solusio {name}"].get_short_help_str(limit=200)


def test_every_command_and_option_is_explained(commands):
    assert "mock-solusio check" in commands
    for typed, command in commands.items():
        assert command.help, typed
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{typed} {parameter.opts[0]}"
                assert parameter.help.rstrip().endswith((".", "]")), f"{typed} {parameter.opts[0]}"


def test_help_of_every_command(commands):
    for typed in commands:
        for option in ("--help", "-h"):
            result = invoke(*typed.split()[1:], option)
            assert result.exit_code == 0, typed
            assert result.stdout.startswith(f"Usage: {typed} ")


def test_no_line_of_help_is_wider_than_a_terminal(commands):
    for typed in commands:
        result = invoke(*typed.split()[1:], "--help")
        assert [line for line in result.stdout.splitlines() if len(line) > 80] == [], typed


def loaded(*arguments: str) -> set[str]:
    """Return which heavy libraries a command line has imported by its end."""
    code = (
        "import sys\n"
        "from mock_solusio.cli import main\n"
        f"sys.argv = ['mock-solusio', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\n"
        f"print('loaded', *[name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return set(result.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["check", "--help"],
        ["reference", "--help"],
        ["pricing", "--help"],
        ["mcp", "--help"],
    ],
)
def test_help_loads_nothing_heavy(arguments):
    assert loaded(*arguments) == set()


def test_a_full_disk_is_named():
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "mock_solusio", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == "Error: Cannot write the output: No space left on device.\n"
