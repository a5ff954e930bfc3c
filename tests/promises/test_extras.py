"""Without an extra, what needs it says so before it starts; everything else works."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from solusio_contracts.cli.extras import PACKAGES
from support.commands import invoke

HIDING = "import sys\nsys.modules |= dict.fromkeys(('hypothesis', 'schemathesis'))\n"
"""A sitecustomize.py: Python takes a module that is None in this table for one that is not installed."""

NEEDING = {
    "fuzz": ("check", "http://127.0.0.1:9/", "--user-id", "1"),
    "mcp": ("mcp",),
    "plots": ("fleet", "describe", __file__, "--plot", "fleet.svg"),
    "postgresql": ("reference", "customers", "list", "--store", "postgresql://ann@127.0.0.1:9/billing"),
}
"""A command line that needs each extra."""


@pytest.fixture(scope="module")
def extras(root: Path) -> dict[str, list[str]]:
    """The packages of each extra."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        name: [re.split(r"[\[<>=]", one)[0] for one in needed]
        for name, needed in project["optional-dependencies"].items()
    }


def invoke_without(packages: Iterable[str], *arguments: object) -> Result:
    """Run `mock-solusio` as if these packages were not installed."""
    # Only meanwhile: pytest's plugins import them, too.
    with pytest.MonkeyPatch.context() as patch:
        for package in packages:
            patch.setitem(sys.modules, package, None)
        return invoke(*arguments)


def test_what_is_looked_for_is_what_is_installed(extras):
    assert extras.keys() == NEEDING.keys()
    assert {name: list(packages) for name, packages in PACKAGES.items()} == {
        name: packages for name, packages in extras.items() if name != "postgresql"
    }


@pytest.mark.parametrize("extra", NEEDING)
def test_a_command_without_its_extra_says_how_to_install_it(extra, extras):
    refused = invoke_without(extras[extra], *NEEDING[extra])
    assert refused.exit_code == 2
    said = (
        f" needs the extra `{extra}`, which is not installed. Add it in a clone of mock-solusio with "
        f'pip install ".[{extra}]" (or uv tool install ".[{extra}]", pipx install --force ".[{extra}]").'
    )
    assert said in refused.output


# The extra `fuzz`


@pytest.fixture
def untouched() -> Iterator[str]:
    """The URL of an endpoint to which nobody may connect."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("more", [(), ("--only", "fuzz"), ("--skip", "fields"), ("--watch", ".")])
def test_a_check_that_would_fuzz_sends_nothing(more, untouched):
    refused = invoke_without(PACKAGES["fuzz"], "check", untouched, "--user-id", "1", *more)
    assert refused.exit_code == 2
    assert "Fuzzing needs the extra `fuzz`" in refused.stderr
    assert "use --no-fuzz, or `fuzz = false` in the table [check]" in refused.stderr


def test_neither_does_certify(untouched, tmp_path):
    file = tmp_path / "mock-solusio.toml"
    file.write_text(f'[check]\nurl = "{untouched}"\nuser-id = [1]\n')
    refused = invoke_without(PACKAGES["fuzz"], "certify", "--config", file)
    assert refused.exit_code == 2
    assert "[check] Fuzzing needs the extra `fuzz`" in refused.stderr


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that hides its packages from a program, and from those that this one starts."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "sitecustomize.py").write_text(HIDING, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder)}


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python."""
    command = [sys.executable, *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_reference_passes_the_message_on(plain):
    refused = run(plain, "-m", "mock_solusio", "reference", "check")
    assert refused.returncode == 2
    assert "Fuzzing needs the extra `fuzz`" in refused.stderr


def test_a_check_without_fuzzing_works(plain):
    checked = run(plain, "-m", "mock_solusio", "reference", "check", "--no-fuzz", "--only", "fields")
    assert checked.returncode == 0, checked.stderr
    assert "\nConformant: " in checked.stdout


EVERY_COMMAND = """
from click.testing import CliRunner
from mock_solusio.cli import SUBCOMMANDS, cli
for name in SUBCOMMANDS:
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0, (name, done.output)
"""


def test_every_command_can_be_imported(plain):
    done = run(plain, "-c", EVERY_COMMAND)
    assert done.returncode == 0, done.stderr


def test_the_fixture_works(plain, pytester, monkeypatch):
    # pytest would load the plugins of the extra, which are installed here.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", plain["PYTHONPATH"])
    pytester.makepyfile("""
        import sys

        def test_it(solusio):
            solusio.create_user()
            assert sys.modules["hypothesis"] is None
    """)
    pytester.runpytest_subprocess("-p", "mock_solusio.pytest_plugin", timeout=120).assert_outcomes(passed=1)
