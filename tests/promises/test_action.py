"""action.yml is valid, and its steps check an endpoint, show what they find, and end with the verdict."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

from support.actions import Run, action, fake_python, run_action
from support.endpoint import endpoint
from support.programs import need

HERE = Path(__file__).parent
TOKEN = "a token for the action, with 100 %"
SOURCE = "solusio/endpoint.py"


def test_it_is_valid_metadata():
    schema = json.loads((HERE / "schemas" / "github-actions.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema).validate(action())


def test_each_input_is_used_and_each_name_that_is_used_is_an_input():
    document = action()
    used = set(re.findall(r"\$\{\{ *inputs\.([\w-]+) *\}\}", json.dumps(document["runs"])))
    assert used == set(document["inputs"])


def test_no_input_is_part_of_a_program():
    """A value that somebody else chose, such as the name of a branch, must not become code."""
    for step in action()["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@contextlib.contextmanager
def serving(root: Path, folder: Path, *, mistaken: bool) -> Iterator[str]:
    """Serve the Python endpoint that init writes, perhaps with a misspelled key; give its URL."""
    text = (root / "mock_solusio/mock_solusio/starter/python/endpoint.py").read_text(encoding="utf-8")
    assert text.count('"multipler"') == 2
    program = folder / SOURCE
    program.parent.mkdir()
    # In the price, not where the cost is calculated.
    renamed = 'json.dumps(document).replace("multipler", "multiplier")'
    program.write_text(text.replace("json.dumps(document)", renamed) if mistaken else text)
    command = [sys.executable, str(program)]
    env = {**os.environ, "SOLUSIO_TOKEN": TOKEN, "PORT": "0"}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None, (folder / "log").read_text()
            yield found[0]
        finally:
            process.kill()


Check = Callable[..., Run]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Run the action in a workspace."""
    need("jq")
    temporary = tmp_path / "runner"
    temporary.mkdir()
    workspace = tmp_path / "a workspace"
    workspace.mkdir()

    def run(**inputs: str) -> Run:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        python = fake_python(tmp_path, Path(sys.executable).with_name("mock-solusio"))
        return run_action(workspace, temporary, given, python)

    return run


def test_a_mistake_is_shown_in_the_summary_the_source_file_and_the_reports(check, root, tmp_path):
    workspace = tmp_path / "a workspace"
    with serving(root, workspace, mistaken=True) as url:
        arguments = f"'{url}' --user-id 1 --user-id 2 --no-fuzz --only fields --only arithmetic"
        ran = check(arguments=arguments, token=TOKEN, source_file=SOURCE, reports="our reports")
    assert ran.code == 1, ran.output
    assert ran.outputs["exit-code"] == "1"
    assert ran.summary.startswith("### mock-solusio check: Not conformant: 1 rule failed")
    (row,) = re.findall(r"^\| TP-041 \| error \| (.*) \|$", ran.summary, re.MULTILINE)
    assert "SolusIO needs the key \\`multipler\\`" in row
    (annotation,) = (one for one in ran.annotations if "TP-041" in one)
    assert annotation.startswith(
        f"::error file={SOURCE},line=1,title=TP-041::discounts use the key SolusIO reads"
    )
    reports = workspace / ran.outputs["reports"]
    log = json.loads((workspace / ran.outputs["sarif"]).read_text(encoding="utf-8"))
    places = [one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"]]
    assert {one["artifactLocation"]["uri"] for one in places} == {SOURCE}
    assert json.loads((reports / "report.json").read_text(encoding="utf-8"))["verdict"] == "not-conformant"
    assert list(ET.parse(reports / "report.xml").iter("failure"))  # noqa: S314 - our own
    assert "<html" in (reports / "report.html").read_text(encoding="utf-8")
    assert TOKEN not in ran.output + ran.summary


def test_a_conformant_endpoint_passes_and_leaves_the_command_for_later_steps(check, root, tmp_path):
    workspace = tmp_path / "a workspace"
    with serving(root, workspace, mistaken=False) as url:
        (workspace / "mock-solusio.toml").write_text(
            f'[check]\nurl = "{url}"\nuser-id = [1, 2]\nfuzz = false\n'
        )
        ran = check(token=TOKEN, arguments="--only fields")
    assert ran.code == 0, ran.output
    assert ran.outputs["exit-code"] == "0"
    assert ran.annotations == []
    assert ran.summary.startswith("### mock-solusio check: Conformant: ")
    assert "|---|" not in ran.summary
    (added,) = ran.path
    assert [file.name for file in Path(added).iterdir()] == ["mock-solusio"]
    assert subprocess.run([f"{added}/mock-solusio", "--version"], check=True, timeout=60).returncode == 0
    assert (tmp_path / "pip").read_text().split()[-1] == f"{root}[fuzz]"


def test_what_kept_it_from_deciding_is_an_error(check):
    with endpoint(lambda _: None) as server:
        server.stop()
        ran = check(arguments=f"{server.url}/ --user-id 1 --no-fuzz --only fields")
    assert ran.code == 3, ran.output
    assert ran.summary.startswith("### mock-solusio check: Inconclusive: ")
    assert "- undecided: " in ran.summary
    assert ran.annotations
    assert all(re.match(r"::error title=[\w-]+::undecided: ", one) for one in ran.annotations)


def test_a_usage_error_is_reported(check):
    ran = check(arguments="http://127.0.0.1:9/ --user-id none")
    assert (ran.code, ran.outputs["exit-code"], ran.outputs["sarif"]) == (2, "2", "")
    assert ran.summary == "**mock-solusio check** ended with exit code 2; the log says why.\n"
    assert "expected an integer from 1" in ran.output


def test_quotes_group_arguments_and_nothing_is_expanded(check):
    ran = check(arguments="'http://127.0.0.1:9/$(id -u)' --user-id \"a b\"")
    assert "got 'a b'" in ran.output
    ran = check(arguments="'http://127.0.0.1:9/")
    assert ran.code != 0
    assert "unmatched single quote" in ran.output
