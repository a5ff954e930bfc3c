"""Completion with Tab, set up as docs/install.md says, works in bash, zsh and fish."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mock_solusio.cli import SUBCOMMANDS
from support.programs import need

TYPED = {
    # What the shell does on Tab, with the function that the set-up defines.
    "bash": """
        . ~/.bashrc
        COMP_WORDS=({words} "{last}"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _mock_solusio_completion mock-solusio
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compdef() {{ }}
        _describe() {{ print -rl -- "${{(@P)3}}"; }}
        compadd() {{ print -rl -- "${{(@P)@[-1]}}"; }}
        . ~/.zshrc
        words=({words} "{last}"); CURRENT=$#words
        _mock_solusio_completion
    """,
    "fish": "complete -C '{words} {last}'",
}
START = {"bash": ["bash", "--norc", "-ec"], "zsh": ["zsh", "-fc"], "fish": ["fish", "-c"]}


@pytest.fixture(params=START)
def shell(request) -> str:
    need(request.param)
    return str(request.param)


def completed(shell: str, words: str, last: str, home: Path, documents: dict[str, str]) -> list[str]:
    """Set completion up, type words, press Tab; return what is offered, without descriptions."""
    (setup,) = re.findall(
        rf"<!-- completion: {shell} -->\n```sh\n(.*?)^```$",
        documents["docs/install.md"],
        re.DOTALL | re.MULTILINE,
    )
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "HOME": str(home), "PATH": path}
    env = {name: value for name, value in env.items() if not name.startswith(("XDG_", "ZDOTDIR"))}
    subprocess.run(["bash", "-euc", setup], env=env, check=True, timeout=60)
    done = subprocess.run(
        [*START[shell], TYPED[shell].format(words=words, last=last)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return [re.split(r"[\t:]", line)[0].rstrip() for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "last", "offered"),
    [
        ("mock-solusio", "in", ["init", "invoices"]),
        ("mock-solusio init", "p", ["php", "python"]),
        ("mock-solusio check", "--fuzz-e", ["--fuzz-examples"]),
    ],
)
def test_tab_offers_commands_arguments_and_options(shell, words, last, offered, tmp_path, documents):
    assert sorted(completed(shell, words, last, tmp_path, documents)) == offered


def test_names_are_offered_without_importing_their_commands():
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from mock_solusio.cli import cli\n"
        "env = {'_MOCK_SOLUSIO_COMPLETE': 'bash_complete', 'COMP_WORDS': 'x ', 'COMP_CWORD': '1'}\n"
        "print(CliRunner().invoke(cli, [], env=env, prog_name='mock-solusio').output)\n"
        "assert not [one for one in sys.modules if one.startswith('solusio_contracts')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == [f"plain,{name}" for name in SUBCOMMANDS]
