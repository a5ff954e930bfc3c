"""Plays a newcomer: pastes the commands of the documents into a fresh copy, and times each first result.

`nox -s newcomer`; it needs a package registry, php, and the ports 8000, 8008 and 8080. No time is asserted.
All terminals share a new home folder, so caches begin empty. `main` installs the command; the others run in
new terminals. Names of steps as arguments run only those, after `main`.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.readme import first_block, fresh_copy, marked

ROOT = Path(__file__).parents[1]
LIMIT = 900  # seconds for a command
ACTIVATE = ". .venv/bin/activate\n"
TOOLS = "tools"
"""The folder of the newcomer's own tools, in their home folder."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is pasted, and the line that is its first result."""

    name: str
    source: str
    command: str
    result: str
    """A regular expression for the beginning of a line."""
    beside: str = ""
    """A command that runs meanwhile in another terminal."""


def text(name: str) -> str:
    """Return a document."""
    return (ROOT / name).read_text(encoding="utf-8")


def installed(tool: str) -> str:
    """Return the command of a tool in the table of docs/install.md."""
    (found,) = re.findall(rf"\| `({tool} [^`]+)` \|", text("docs/install.md"))
    return str(found)


def steps() -> Iterator[Step]:
    """Yield what a newcomer pastes, in the order of the documents."""
    readme = text("README.md")
    yield Step(name="main", source="README.md", command=marked(readme, "main"), result="Conformant: ")
    endpoint = "mock-solusio reference serve --port 8000 --path /solusio/api/ --token ..."
    yield Step(
        name="own", source="README.md", command=marked(readme, "own"), result="Conformant: ", beside=endpoint
    )
    yield Step(name="demo", source="README.md", command="mock-solusio demo", result="Press Ctrl-C")
    yield Step(name="serve", source="README.md", command="mock-solusio serve", result="Press Ctrl-C")
    init = first_block(text("docs/init.md"))
    yield Step(name="init", source="docs/init.md", command=init, result="Start the endpoint")
    php = first_block(text("docs/php-endpoint.md"))
    check = "cd shop && MOCK_SOLUSIO_TOKEN=a-long-random-text mock-solusio check"
    yield Step(name="init-check", source="docs/init.md", command=check, result="Conformant: ", beside=php)
    for name in ("users", "invoices"):
        block = first_block(text(f"docs/{name}.md"))
        yield Step(name=name, source=f"docs/{name}.md", command=block, result="Conformant: ")
    yield Step(name="uvx", source="docs/install.md", command=installed("uvx"), result="mock-solusio, version")
    for tool in ("uv tool install", "pipx install"):
        command = f"{installed(tool)} && ~/.local/bin/mock-solusio --version"
        yield Step(
            name=tool.split()[0], source="docs/install.md", command=command, result="mock-solusio, version"
        )


@contextlib.contextmanager
def terminal(command: str, copy: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command as in a new terminal; whatever it started ends with the block."""
    ours = ("PYTHON", "NOX", "VIRTUAL_ENV", "UV_PROJECT", "MOCK_SOLUSIO", "SOLUSIO", "PYTEST", "XDG_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    path = os.environ["PATH"].split(os.pathsep)
    outside = [str(home / TOOLS), *(one for one in path if Path(one) != Path(sys.executable).parent)]
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=copy,
        env={**env, "HOME": str(home), "PATH": os.pathsep.join(outside)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(expression: str, process: subprocess.Popen[str]) -> float:
    """Return the seconds until a line begins as expected."""
    begin, said = time.monotonic(), []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if re.match(expression, line):
            return time.monotonic() - begin
    raise SystemExit(f"no line begins with {expression!r}:\n{''.join(said)[-4000:]}")


def play(step: Step, copy: Path, home: Path) -> float:
    """Run a step; return the seconds to its first result."""
    activate = "" if step.name == "main" else ACTIVATE
    with contextlib.ExitStack() as stack:
        if step.beside:
            other = stack.enter_context(terminal(activate + step.beside, copy, home))
            wait_for(r".*http://127\.0\.0\.1", other)
            assert other.stdout is not None
            # Once a pipe is full, the program that writes into it waits.
            threading.Thread(target=other.stdout.read).start()
        return wait_for(step.result, stack.enter_context(terminal(activate + step.command, copy, home)))


def main(*names: str) -> None:
    """Play all steps, or `main` and the named ones; print a table."""
    with tempfile.TemporaryDirectory() as folder:
        copy, home = fresh_copy(ROOT, Path(folder) / "mock-solusio"), Path(folder) / "home"
        (home / TOOLS).mkdir(parents=True)
        for tool in ("uv", "uvx", "pipx"):
            found = shutil.which(tool)
            if found is not None:
                (home / TOOLS / tool).symlink_to(found)
        print("| From | Pasted | First result after |\n|---|---|---|")
        for step in steps():
            if not names or step.name in ("main", *names):
                seconds = play(step, copy, home)
                shown = " ".join(step.command.split()).replace("|", "\\|")
                print(f"| {step.source} | `{shown[:90]}` | {seconds:.1f} s |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
