"""The two commands of the README, run to the letter in a fresh copy; they need a package registry."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def command(readme: str, marker: str) -> str:
    (found,) = re.findall(rf"<!-- {marker} -->\n```sh\n(.*?)\n```\n", readme, re.DOTALL)
    return found


@pytest.fixture
def readme(documents: dict[str, str]) -> str:
    return documents["README.md"]


@pytest.fixture
def fresh(root: Path, tmp_path: Path) -> Path:
    """A copy of the files under version control, as they are now."""
    if not (root / ".git").exists():
        pytest.skip("this is no checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    copy = tmp_path / "fresh"
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)
    return copy


def run(command: str, folder: Path, tmp_path: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody would who has just opened a terminal, with our Python as `python3`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    # The Python that our environment was made of: only that has a pip, as the README asks for.
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


def test_the_main_command_checks_the_reference(readme, fresh, tmp_path):
    result = run(command(readme, "main"), fresh, tmp_path)
    assert result.returncode == 0, result.stdout
    assert "\nConformant: " in result.stdout


def test_the_tests_command_runs_sessions(readme, fresh, tmp_path):
    # All sessions would run this test again; one of them shows that the command works.
    result = run(command(readme, "tests"), fresh, tmp_path, NOXSESSION="lint")
    assert result.returncode == 0, result.stdout
    assert re.search(r"Session lint\S* was successful", result.stdout)


def test_ci_runs_exactly_the_tests_command(readme, root, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    scripts = {
        # Stands in for the shell that .ci/run becomes at its end.
        "bash": f'#!/bin/sh\nprintf "%s\\n" "CI=$CI" "$@" > "{tmp_path}/ran"\n',
        "apt-get": "#!/bin/sh\n",  # nothing is installed for this test
    }
    for name, text in scripts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    shell = shutil.which("bash")
    assert shell is not None
    env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([shell, str(root / ".ci" / "run")], env=env, capture_output=True, timeout=60, check=True)
    ran = (tmp_path / "ran").read_text().splitlines()
    assert ran == ["CI=true", "-euo", "pipefail", "-c", *command(readme, "tests").splitlines()]
