"""The example endpoints and the recipes of the documents work."""

import contextlib
import json
import os
import queue
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_solusio.clock import Clock
from mock_solusio.moment import MINUTE
from mock_solusio.options import Options
from mock_solusio.testing import started
from support.actions import fake_python, run_action
from support.calls import START
from support.ports import reserved_port
from support.programs import need

TOKEN = "an authorization token, 100% & more"
STARTER = "mock_solusio/mock_solusio/starter"
PAGES = {"docs/php-endpoint.md": "php/endpoint.php", "docs/node-endpoint.md": "node/endpoint.mjs"}


def blocks(mark: str, text: str) -> list[str]:
    """Return the blocks of code below a comment."""
    return re.findall(rf"<!-- {mark} -->\n```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


# The pages explain the files


def test_the_page_prints_the_file_exactly(documents, root):
    (printed,) = re.findall(
        r"<!-- verbatim: endpoint.php -->\n```php\n(.*?)^```$",
        documents["docs/php-endpoint.md"],
        re.DOTALL | re.MULTILINE,
    )
    assert printed == (root / STARTER / "php" / "endpoint.php").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "file"), PAGES.items())
def test_every_line_explained_is_in_the_file(page, file, documents, root):
    example = (root / STARTER / file).read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(.+?)` \|", documents[page], re.MULTILINE)
    assert len(explained) >= 10
    assert [line for line in explained if line not in example] == []


# The example endpoints


@contextlib.contextmanager
def serving(command: list[str], folder: Path, **env: str) -> Iterator[str]:
    """Run a server on a free port until the end of the block; give the URL it prints."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    urls: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def listen() -> None:
        # Read to the end, or a full pipe would block the server.
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                urls.put(found[0])
        urls.put(None)

    with process:
        listener = threading.Thread(target=listen)
        listener.start()
        try:
            url = urls.get(timeout=60)
            assert url is not None, "".join(said)
            yield f"{url}/"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            listener.join()


@contextlib.contextmanager
def example(file: str, root: Path, folder: Path) -> Iterator[str]:
    path = str(root / STARTER / file)
    if file.endswith(".php"):
        command = [need("php"), "-d", "display_errors=0", "-S", "127.0.0.1:0", path]
    else:
        command = [need("node"), path]
    with serving(command, folder, SOLUSIO_TOKEN=TOKEN, PORT="0") as url:
        yield url


def check(url: str, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    report = folder / "report.json"
    command = [sys.executable, "-m", "mock_solusio", "check", url, "--user-id", "1", "--user-id", "2"]
    command += ["--report", f"json={report}", *options]
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "MOCK_SOLUSIO_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return result.returncode, json.loads(report.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "fuzz", [["--no-fuzz"], ["--fuzz-examples", "40", "--seed", "1"]], ids=["plain", "fuzz"]
)
@pytest.mark.parametrize("file", PAGES.values())
def test_the_example_is_conformant_without_a_warning(file, fuzz, root, tmp_path):
    with example(file, root, tmp_path) as url:
        code, report = check(url, tmp_path, *fuzz)
    concerns = [one for one in report["results"] if one["outcome"] not in ("pass", "skip")]
    assert concerns == []
    assert code == 0
    # Its two customers show discounts, taxes and empty lists, so little is left out.
    skipped = {one["rule"] for one in report["results"] if one["outcome"] == "skip"}
    assert {"discount-key", "tax-rate-members", "arithmetic", "whole-token"}.isdisjoint(skipped)


# The receiver of webhooks


def test_the_receiver_notes_each_server_once(root, tmp_path):
    path = str(root / "docs" / "examples" / "webhook.php")
    database = tmp_path / "hooks.db"
    command = [need("php"), "-d", "display_errors=0", "-S", "127.0.0.1:0", path]
    options = Options(clock=Clock(START, speed=0), seed="webhooks", strict=True)
    with (
        serving(command, tmp_path, HOOK_SECRET="s3cret & more", HOOK_DB=str(database)) as url,
        started(options) as solusio,
    ):
        for secret in ("s3cret & more", "wrong"):
            solusio.call(
                "POST",
                "event_handlers",
                {
                    "name": secret,
                    "url": url,
                    "events": ["server_created", "server_stopped"],
                    "parameters": {"secret": secret},
                },
            )
        server = solusio.create_server()
        solusio.call("POST", f"servers/{server['id']}/stop")
        solusio.settle()
        solusio.clock.advance(MINUTE)
        for _ in range(5000):
            states = [task["status"] for task in solusio.call("GET", "tasks?filter[action]=event-handler")]
            if not {"pending", "running"} & set(states):
                break
        assert sorted(states) == ["done", "done", "failed", "failed"]
    with contextlib.closing(sqlite3.connect(database)) as books:
        assert books.execute("SELECT what FROM todo").fetchall() == [(f"server {server['id']}",)]


# The recipes for CI


def recipe(documents: dict[str, str], name: str) -> str:
    (found,) = re.findall(
        rf"<!-- recipe: {name} -->\n```\w+\n(.*?)^```$", documents["docs/ci.md"], re.DOTALL | re.MULTILINE
    )
    return found


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A project laid out as the recipes expect."""
    for program in ("php", "curl"):
        need(program)
    endpoint = tmp_path / "public" / "solusio" / "index.php"
    endpoint.parent.mkdir(parents=True)
    shutil.copy(root / STARTER / "php" / "endpoint.php", endpoint)
    # The recipes send generated data as well, which would take most of this test's time.
    (tmp_path / "mock-solusio.toml").write_text("[check]\nfuzz = false\n")
    return tmp_path


def run(script: str, folder: Path) -> tuple[int, str]:
    """Run a script as CI does, on a free port; return its exit code and output."""
    assert "8080" in script
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with reserved_port() as port:
        process = subprocess.Popen(
            ["bash", "-e", "-c", script.replace("8080", str(port))],
            cwd=folder,
            env={**os.environ, "PATH": path, "MOCK_SOLUSIO_TOKEN": TOKEN},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output


def test_the_shell_script(documents, project):
    code, output = run(recipe(documents, "shell"), project)
    assert code == 0, output
    assert "\nConformant: " in output
    assert (project / "solusio.html").is_file()
    assert list(ET.parse(project / "solusio.xml").iter("testcase"))  # noqa: S314 - our own


def test_the_shell_script_asks_for_the_token(documents, project):
    code, output = run(f"unset MOCK_SOLUSIO_TOKEN\n{recipe(documents, 'shell')}", project)
    assert code != 0
    assert "MOCK_SOLUSIO_TOKEN: is not set" in output


def test_the_gitlab_job(documents, project):
    job = yaml.safe_load(recipe(documents, "gitlab"))["billing-endpoint"]
    code, output = run("\n".join(job["script"]), project)
    assert code == 0, output
    assert list(ET.parse(project / job["artifacts"]["reports"]["junit"]).iter("testcase"))  # noqa: S314
    assert [name for name in job["artifacts"]["paths"] if not (project / name).is_file()] == []


def test_the_github_workflow_shows_a_fault_at_the_source_file(documents, project, tmp_path):
    need("jq")
    endpoint = project / "public" / "solusio" / "index.php"
    endpoint.write_text(endpoint.read_text(encoding="utf-8").replace("'multipler'", "'multiplier'"))
    workflow = yaml.safe_load(recipe(documents, "github"))
    steps = {step["name"]: step for step in workflow["jobs"]["check"]["steps"] if "name" in step}
    temporary = tmp_path / "runner"
    temporary.mkdir()
    python = fake_python(temporary, Path(sys.executable).with_name("mock-solusio"))
    with reserved_port() as port:
        start = steps["Start the endpoint"]["run"].replace("8080", str(port))
        inputs = {name: value.replace("8080", str(port)) for name, value in steps["Check it"]["with"].items()}
        env = {**os.environ, "MOCK_SOLUSIO_TOKEN": TOKEN}
        with subprocess.Popen(
            ["bash", "-e", "-c", start], cwd=project, env=env, start_new_session=True
        ) as server:
            try:
                assert server.wait(60) == 0
                ran = run_action(project, temporary, inputs, python, MOCK_SOLUSIO_TOKEN=TOKEN)
            finally:
                os.killpg(server.pid, signal.SIGKILL)
    assert ran.code == 1, ran.output
    (annotation,) = ran.annotations
    assert annotation.startswith("::error file=public/solusio/index.php,line=1,title=TP-041::")
    log = json.loads((project / ran.outputs["sarif"]).read_text(encoding="utf-8"))
    places = [one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"]]
    assert places == [{"artifactLocation": {"uri": "public/solusio/index.php"}, "region": {"startLine": 1}}]
    assert (project / "php.log").is_file()
    assert sorted(file.name for file in (project / ran.outputs["reports"]).iterdir()) == [
        "report.html",
        "report.json",
        "report.sarif",
        "report.xml",
    ]
