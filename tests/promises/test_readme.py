"""The commands of the README run as printed in a fresh copy; they need a package registry."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.readme import fresh_copy, marked

ADDRESS, PATH = "127.0.0.1:8000", "/solusio/api/"
"""Where the README's own endpoint is."""
TOKEN = "..."
"""What the README's example exports as the authorization token."""


@pytest.fixture
def readme(documents: dict[str, str]) -> str:
    return documents["README.md"]


@pytest.fixture
def fresh(root: Path, tmp_path: Path) -> Path:
    """A copy of the files under version control, including uncommitted changes."""
    if not (root / ".git").exists():
        pytest.skip("this is not a checkout")
    return fresh_copy(root, tmp_path / "fresh")


def run(command: str, folder: Path, tmp_path: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command as in a new terminal, with our Python as `python3`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    # The Python behind our environment: only that one has pip, which the README requires.
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{base}" "$@"\n')
    (programs / "python3").chmod(0o755)
    ours = ("PYTHON", "NOX", "VIRTUAL_ENV", "UV_PROJECT", "MOCK_SOLUSIO", "PYTEST", "FORCE_COLOR", "COV_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    env |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **extra}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def own_endpoint() -> Iterator[str]:
    """Serve the reference endpoint as an integrator's own; give its host and port."""
    command = [sys.executable, "-m", "mock_solusio", "reference", "serve", "--until-stdin-closes"]
    command += ["--port", "0", "--path", PATH, "--token", TOKEN]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin:
            found = re.search(r"http://(127\.0\.0\.1:\d+)", process.stdout.readline())
            assert found is not None
            yield found[1]


def test_after_the_main_command_the_bare_command_works(readme, fresh, own_endpoint, tmp_path):
    own = marked(readme, "own")
    assert ADDRESS in own
    result = run(f"{marked(readme, 'main')}\n{own.replace(ADDRESS, own_endpoint)}", fresh, tmp_path)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("\nConformant: ") == 2


def test_every_example_uses_the_bare_command(documents):
    """The README says once how `mock-solusio` gets into the PATH; no page needs another way."""
    other = {
        f"{name}: {line}"
        for name, text in documents.items()
        for line in text.splitlines()
        if re.search(r"\S/mock-solusio [a-z]", line)
    }
    assert other == set()


def test_the_tests_command_runs_sessions(readme, fresh, tmp_path):
    # All sessions would run this test again; one is enough to show that the command works.
    result = run(marked(readme, "tests"), fresh, tmp_path, NOXSESSION="lint")
    assert result.returncode == 0, result.stdout
    assert re.search(r"Session lint\S* was successful", result.stdout)


def test_ci_runs_exactly_the_tests_marked(readme, root, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    scripts = {
        # Replaces the shell that .ci/run executes last.
        "bash": f'#!/bin/sh\nprintf "%s\\n" "CI=$CI" "$@" > "{tmp_path}/ran"\n',
        "apt-get": "#!/bin/sh\n",  # this test installs nothing
    }
    for name, text in scripts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    shell = shutil.which("bash")
    assert shell is not None
    env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([shell, str(root / ".ci" / "run")], env=env, capture_output=True, timeout=60, check=True)
    ran = (tmp_path / "ran").read_text().splitlines()
    assert ran == ["CI=true", "-euo", "pipefail", "-c", *marked(readme, "tests").splitlines()]
