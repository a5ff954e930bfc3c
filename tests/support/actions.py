"""Runs the steps of a composite GitHub action with bash, as a runner does."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
EXPRESSION = re.compile(r"\$\{\{ *(\S+) *\}\}")


def action() -> dict[str, Any]:
    """Return action.yml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


@dataclass
class Run:
    """What a run of the action left."""

    code: int = 0
    """The exit code of the step that failed; 0 if none did."""
    output: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    """What joined the PATH of later steps."""

    @property
    def annotations(self) -> list[str]:
        """The workflow commands that it printed."""
        return re.findall(r"^::(?:error|warning|notice) .*", self.output, re.MULTILINE)


def run_action(workspace: Path, temporary: Path, inputs: Mapping[str, str], python: Path, **env: str) -> Run:
    """Run all steps until one fails; `python` is what setup-python would have set up."""
    document = action()
    unknown = inputs.keys() - document["inputs"].keys()
    assert not unknown, unknown
    values = {f"inputs.{name}": inputs.get(name, one["default"]) for name, one in document["inputs"].items()}
    values["steps.python.outputs.python-path"] = str(python)
    ran = Run()
    for number, step in enumerate(document["runs"]["steps"]):
        if "uses" in step:
            assert step["uses"].startswith("actions/setup-python@")
            continue
        assert step["shell"] == "bash"
        files = {name: temporary / f"{number}-{name}" for name in ("OUTPUT", "STEP_SUMMARY", "PATH")}
        for file in files.values():
            file.touch()
        own = {name: _filled(str(value), values) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _filled(step["run"], values)],
            cwd=workspace / _filled(step.get("working-directory", "."), values),
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("MOCK_SOLUSIO")},
                **env,
                **own,
                **{f"GITHUB_{name}": str(file) for name, file in files.items()},
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TEMP": str(temporary),
                "PATH": os.pathsep.join((*reversed(ran.path), os.environ["PATH"])),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        ran.output += done.stdout
        ran.summary += files["STEP_SUMMARY"].read_text(encoding="utf-8")
        ran.path += files["PATH"].read_text(encoding="utf-8").split()
        for name, value in _pairs(files["OUTPUT"].read_text(encoding="utf-8")):
            values[f"steps.{step['id']}.outputs.{name}"] = value
        if done.returncode != 0:
            ran.code = done.returncode
            break
    ran.outputs = {
        name: _filled(one["value"], values, missing="") for name, one in document["outputs"].items()
    }
    return ran


def _filled(text: str, values: Mapping[str, str], missing: str | None = None) -> str:
    return EXPRESSION.sub(
        lambda found: values[found[1]] if missing is None else values.get(found[1], ""), text
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition("=")
        yield name, value


def fake_python(folder: Path, command: Path) -> Path:
    """Write a Python whose virtual environments get `command` instead of what pip would install.

    The file `pip` in the folder has the arguments of pip. test_readme.py installs the project with it.
    """
    program = folder / "python"
    program.write_text(
        f"""#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;
"-m pip") echo "$@" >> "{folder}/pip"; ln -s "{command}" "$(dirname "$0")/mock-solusio";;
*) exit 9;;
esac
"""
    )
    program.chmod(0o755)
    return program
