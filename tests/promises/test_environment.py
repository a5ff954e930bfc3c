"""The table of environment variables is what the commands read and set."""

import re
from collections.abc import Mapping

import click
import pytest

from mock_solusio.cli import TRACEBACK_VARIABLE

PAGE = "docs/environment.md"
MOST = 3
"""How many names somebody has to know."""


def variables(text: str) -> dict[str, str]:
    """Return the rest of the row of each variable in a table."""
    rows = re.findall(r"^\| (`[^|]+`) \| (.*) \|$", text, re.MULTILINE)
    return {name: rest for names, rest in rows for name in re.findall(r"`(\w+)`", names)}


@pytest.fixture(scope="module")
def tables(documents) -> tuple[dict[str, str], dict[str, str]]:
    """What people set, and what commands are given."""
    own, _, given = documents[PAGE].partition("\n## What your commands are given\n")
    return variables(own), variables(given)


@pytest.fixture(scope="module")
def declared(commands: Mapping[str, click.Command]) -> dict[str, set[str]]:
    """The options of all commands that have a variable, by its name: `check --token`."""
    found: dict[str, set[str]] = {}
    for typed, command in commands.items():
        for option in command.params:
            if isinstance(option, click.Option) and option.envvar:
                assert option.show_envvar, f"{typed} {option.opts[0]} does not show its variable"
                assert isinstance(option.envvar, str), f"{typed} {option.opts[0]} has several variables"
                name = f"{typed.removeprefix('mock-solusio ')} {option.opts[0]}"
                found.setdefault(option.envvar, set()).add(name)
    return found


def test_there_are_few_names_to_know(tables):
    own, _ = tables
    assert 1 <= len(own) <= MOST


def test_the_tables_name_every_variable_that_a_command_reads_and_no_other(tables, declared):
    own, given = tables
    assert set(declared) <= set(own) | set(given)
    assert set(own) <= set(declared)


def test_each_row_names_the_options_of_the_variable(tables, declared):
    for name, rest in tables[0].items():
        words = rest.rpartition(" | ")[2]
        for option in declared[name]:
            command, _, flag = option.rpartition(" ")
            assert f"`{option}`" in words or (
                f"`{flag}`" in words and f"`{command.partition(' ')[0]}" in words
            ), option


def test_what_commands_are_given_is_what_the_help_says(tables, commands):
    _, given = tables
    told = set()
    for typed in ("mock-solusio invoices check", "mock-solusio users check"):
        told |= set(re.findall(r"\bSOLUSIO_[A-Z_]+\b", commands[typed].help or ""))
    assert set(given) == told


def test_no_document_names_another_variable_of_ours(tables, documents):
    known = {*tables[0], TRACEBACK_VARIABLE}
    for name, text in documents.items():
        if name == "CHANGELOG.md":
            continue  # it says which names are gone
        assert set(re.findall(r"\bMOCK_SOLUSIO_[A-Z_]+\b", text)) <= known, name
