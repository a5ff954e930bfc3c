"""The CI jobs that `init` writes run, and get mock-solusio from where it was installed."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_solusio.starter.ci_jobs import GITLAB, GITLAB_JOB, PLACEHOLDER, WORKFLOW, installed_from
from mock_solusio.starter.languages import LANGUAGES
from support.actions import action, fake_python
from support.commands import invoke
from support.ports import reserved_port
from support.programs import need

ONLY = {
    "check": ["fields"],
    "users": ["create-twice", "login-after-a-while"],
    "invoices": ["vendor-five-minutes"],
}
"""What each check is reduced to here."""
CERTIFIED = "\nConformant: steps 6, 8 to 10 conformant; "


def written(language: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the job of the workflow and that for GitLab."""
    assert invoke("init", language, "--folder", folder).exit_code == 0
    included = yaml.safe_load((folder / GITLAB).read_text())["include"]
    assert included == [{"local": GITLAB_JOB}]
    workflow = yaml.safe_load((folder / WORKFLOW).read_text())
    return workflow["jobs"]["check"], yaml.safe_load((folder / GITLAB_JOB).read_text())["solusio-billing"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_jobs_are_complete(language, tmp_path):
    job, gitlab = written(language, tmp_path)
    assert "%{" not in (tmp_path / WORKFLOW).read_text() + (tmp_path / GITLAB_JOB).read_text()
    (step,) = (one for one in job["steps"] if one.get("uses") == PLACEHOLDER.action)
    assert step["with"].keys() <= action()["inputs"].keys()
    assert (tmp_path / step["with"]["source-file"]).is_file()
    serve = LANGUAGES[language].serve
    assert sum(serve in line for line in gitlab["script"]) == 1


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder for a project, whose name has no spaces: a checkout's has none."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


def reduce(project: Path, port: int) -> None:
    """Make the checks short, and let the endpoint listen on a port of its own."""
    for file in (project / "mock-solusio.toml", project / "solusio" / "endpoint.py"):
        text = file.read_text().replace("8080", str(port))
        for table, selectors in ONLY.items():
            text = text.replace(f"[{table}]\n", f"[{table}]\nonly = {json.dumps(selectors)}\n")
        file.write_text(text)


def shell(script: str, project: Path, **env: str) -> tuple[int, str]:
    """Run a script as CI does; what it started in the background ends with it, if it asks for that."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCK_SOLUSIO")}
    log = project.parent / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            ["bash", "-e", "-c", script],
            cwd=project,
            env={**kept, "PATH": path, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            process.wait(120)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, log.read_text()


def test_the_job_for_gitlab_runs(project):
    for program in ("openssl", "curl"):
        need(program)
    _, job = written("python", project)
    with reserved_port() as port:
        reduce(project, port)
        code, output = shell("\n".join(job["script"]).replace("8080", str(port)), project)
    assert code == 0, output
    assert CERTIFIED in output
    reports = [file.name for file in project.glob(job["artifacts"]["reports"]["junit"])]
    assert reports == ["report.xml"]


def test_the_workflow_runs(project, tmp_path):
    for program in ("openssl", "curl", "jq"):
        need(program)
    job, _ = written("python", project)
    variables = tmp_path / "variables"
    python = fake_python(tmp_path, Path(sys.executable).with_name("mock-solusio"))
    script = []
    with reserved_port() as port:
        reduce(project, port)
        for step in job["steps"]:
            if step.get("uses") == PLACEHOLDER.action:
                # The action runs while the endpoint of the steps before it does.
                inputs = json.dumps({"workspace": str(project), "with": step["with"]})
                script.append(f"{sys.executable} -c {RUN_ACTION!r} '{inputs}' {tmp_path} {python}")
            elif "run" in step:
                script.append(step["run"].replace("8080", str(port)))
                script.append('set -a; . "$GITHUB_ENV"; set +a')
        variables.touch()
        code, output = shell(
            "\n".join(script),
            project,
            GITHUB_ENV=str(variables),
            PYTHONPATH=str(Path(__file__).parents[2]),
            BILLING_DATABASE=str(tmp_path / "billing.sqlite"),
        )
    assert code == 0, output
    assert CERTIFIED in output
    assert {"report.sarif", "report.html", "summary.md", "badge.svg"} <= {
        file.name for file in (project / "solusio-reports").iterdir()
    }


RUN_ACTION = (
    "import json, os, sys; from pathlib import Path; from support.actions import run_action; "
    "given = json.loads(sys.argv[1]); "
    'ran = run_action(Path(given["workspace"]), Path(sys.argv[2]), given["with"], Path(sys.argv[3]), '
    'MOCK_SOLUSIO_TOKEN=os.environ["MOCK_SOLUSIO_TOKEN"]); '
    "print(ran.output); sys.exit(ran.code)"
)


@pytest.mark.parametrize(
    ("record", "requirement", "action_"),
    [
        (
            {
                "url": "https://github.com/example/mock-solusio.git",
                "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": "0123abc"},
            },
            "git+https://github.com/example/mock-solusio.git@0123abc",
            "example/mock-solusio@0123abc",
        ),
        (
            {
                "url": "https://ann:secret@git.example.org/tools/mock-solusio",
                "vcs_info": {"vcs": "git", "commit_id": "0123abc"},
            },
            "git+https://git.example.org/tools/mock-solusio@0123abc",
            PLACEHOLDER.action,
        ),
        (
            {"url": "file:///home/ann/mock-solusio", "dir_info": {"editable": True}},
            PLACEHOLDER.requirement,
            PLACEHOLDER.action,
        ),
        (None, PLACEHOLDER.requirement, PLACEHOLDER.action),
    ],
)
def test_the_jobs_get_what_was_installed(record, requirement, action_, monkeypatch, tmp_path):
    class Distribution:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(record) if record else None

    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Distribution())
    source = installed_from()
    assert (source.requirement, source.action) == (requirement, action_)
    done = invoke("init", "php", "--folder", tmp_path)
    assert f'"mock-solusio[fuzz] @ {requirement}"' in (tmp_path / GITLAB_JOB).read_text()
    assert f"uses: {action_}\n" in (tmp_path / WORKFLOW).read_text()
    to_replace = re.findall(r"^  in \S+, instead of (\S+)$", done.stdout, re.MULTILINE)
    expected = [PLACEHOLDER.action, PLACEHOLDER.requirement]
    assert to_replace == [one for one in expected if one in (requirement, action_)]
