"""`mock-solusio init`: writes a first endpoint, adapters and CI jobs, and says what to type next."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mock_solusio.starter.ci_jobs import (
    GITLAB,
    GITLAB_JOB,
    INCLUDE,
    PLACEHOLDER,
    WORKFLOW,
    files,
    installed_from,
)
from mock_solusio.starter.languages import CONFIGURATION, LANGUAGES, Language, recognised
from mock_solusio.starter.writing import Outcome, write_new

TOKEN = "a-long-random-text"  # noqa: S105 - an example


@click.command(short_help="Write a first endpoint, adapters and CI jobs into a folder.")
@click.argument("language", required=False, type=click.Choice(list(LANGUAGES)))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="FOLDER",
    help="The folder of your project; created if it is missing.  [default: the current one]",
)
def init(language: str | None, folder: Path) -> None:
    """Write a first endpoint, adapters for users and invoices, and CI jobs, in your language.

    Everything runs as it is: the endpoint passes `mock-solusio check` without a warning. Without LANGUAGE,
    the files in the folder decide. Files that exist are left as they are.

    \b
    Exit codes: 0 done, also if every file existed; 2 wrong usage, or a file
    could not be written.
    """  # noqa: D301 - click's \b must be a real backspace
    chosen, reason = _chosen(language, folder)
    source = installed_from()
    outcome = write_new(folder, [*chosen.files(), *files(chosen, source)])
    click.echo(f"{chosen.title}{reason}: it needs {chosen.needs}.\n")
    for line in (*_files(outcome, folder), *_next(chosen, folder), *_to_replace(folder)):
        click.echo(line)


def _chosen(name: str | None, folder: Path) -> tuple[Language, str]:
    """Return the language, and the reason for it if nobody named one."""
    if name is not None:
        return LANGUAGES[name], ""
    found = recognised(folder)
    if found is not None:
        return found[0], f", because of {found[1]}"
    if sys.stdin.isatty() and sys.stdout.isatty():
        return LANGUAGES[click.prompt("Which language", type=click.Choice(list(LANGUAGES)))], ""
    marks = ", ".join(mark for language in LANGUAGES.values() for mark in language.marks)
    raise click.UsageError(
        f"expected a LANGUAGE ({', '.join(LANGUAGES)}): {folder.absolute()} has none of {marks}"
    )


def _files(outcome: Outcome, folder: Path) -> Iterator[str]:
    if outcome.written:
        yield "Written:"
        yield from (f"  {path}" for path in outcome.written)
    if outcome.left:
        yield "Left as they are, because they exist:"
        yield from (f"  {path}" for path in outcome.left)
    if CONFIGURATION in outcome.left:
        yield f"The commands below run what your {CONFIGURATION} names."
    if GITLAB in outcome.left and GITLAB_JOB not in _text(folder / GITLAB):
        yield f"For GitLab, add to {GITLAB}:"
        yield from (f"  {line}" for line in INCLUDE.splitlines())


def _next(language: Language, folder: Path) -> Iterator[str]:
    """Yield the commands to type next, for the shell of this system."""
    yield ""
    yield "Start the endpoint:"
    if folder != Path():
        yield f"  cd {shlex.quote(str(folder))}"
    yield f"  {_set('SOLUSIO_TOKEN', TOKEN)}{language.serve}"
    yield ""
    yield "Then check it, in another terminal in the same folder:"
    yield f"  {_set('MOCK_SOLUSIO_TOKEN', TOKEN)}mock-solusio check"
    yield ""
    yield "Check users and login, and invoices; both start a mock SolusIO of their own:"
    for command in ("users", "invoices"):
        yield f"  {_set('BILLING_DATABASE', None)}mock-solusio {command} check"
    yield ""
    yield "All of it in one run, with the vendor's ten steps as the answer:"
    yield f"  {_set('MOCK_SOLUSIO_TOKEN', TOKEN)}{_set('BILLING_DATABASE', None)}mock-solusio certify"


def _to_replace(folder: Path) -> Iterator[str]:
    """Yield the placeholders that the CI jobs have, also those of an earlier run."""
    placeholders = {WORKFLOW: PLACEHOLDER.action, GITLAB_JOB: PLACEHOLDER.requirement}
    found = [(file, text) for file, text in placeholders.items() if text in _text(folder / file)]
    if found:
        yield ""
        yield "Before you push, enter where CI gets mock-solusio from:"
        yield from (f"  in {file}, instead of {text}" for file, text in found)


def _text(file: Path) -> str:
    """Return the text of a file, as far as it can be read."""
    try:
        return file.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _set(name: str, value: str | None) -> str:
    """Return what comes before a command to set a variable; None is a new temporary file."""
    if os.name == "nt":
        return f"$env:{name} = {'New-TemporaryFile' if value is None else repr(value)}; "
    return f'{name}="$(mktemp)" ' if value is None else f"{name}={value} "
