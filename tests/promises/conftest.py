"""Fixtures for the tests of promises: documents, commands, and programs that may be missing."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mock_solusio.cli import cli

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def documents() -> dict[str, str]:
    """The documents for people, by their path from the root."""
    found = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / folder / "README.md" for folder in ("contracts", "mock_solusio", "reference")),
        ROOT / "contracts/solusio_contracts/scenarios/README.md",
    ]
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in found}


@pytest.fixture(scope="session")
def commands() -> dict[str, click.Command]:
    """All commands by what you type: `mock-solusio`, `mock-solusio check` ..."""
    return dict(_walk("mock-solusio", cli))


def _walk(typed: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield typed, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _walk(f"{typed} {name}", found)
