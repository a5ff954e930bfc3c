"""`mock-solusio contract diff`: what it prints, writes and returns."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from solusio_contracts.cli.contract import COMPARED, contract
from solusio_contracts.contract import documents

Run = Callable[..., Result]
SCHEMA = json.loads(
    resources.files("solusio_contracts.diff").joinpath("contract_diff.schema.json").read_text("utf-8")
)


@pytest.fixture
def run(ours: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command with the invented document as ours."""
    monkeypatch.setattr(documents, "document", lambda _: ours)

    def invoke(*arguments: str | Path, **options: Any) -> Result:
        return CliRunner().invoke(
            contract, ["diff", *map(str, arguments)], prog_name="contract", catch_exceptions=False, **options
        )

    return invoke


@pytest.fixture
def agreeing(ours: dict[str, Any], tmp_path: Path) -> Path:
    """Our own document, as if it were the vendor's."""
    file = tmp_path / "agreeing.json"
    file.write_text(json.dumps(ours), encoding="utf-8")
    return file


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_page_shows_what_is_printed(run, vendor_file):
    page = (Path(__file__).parents[3] / "docs" / "contract-diff.md").read_text("utf-8")
    (sample,) = re.findall(r"<!-- output -->\n```\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    printed = plain(run(vendor_file).stdout)
    shown = [plain(line) for line in sample.splitlines() if line.strip(" ─")]
    assert len(shown) > 20
    assert [line for line in shown if line not in printed] == []


class TestTable:
    def test_sections(self, run, vendor_file):
        result = run(vendor_file)
        assert result.exit_code == 1
        order = [
            "Our solusio-api against",
            "4 operations in both.",
            "New to us: GET /usage",
            "Our assumptions that the vendor's document settles",
            "What differs, by operation",
            "Operations that only the vendor's document has: 2",
            "Operations that only ours has: 1",
            "Summary",
        ]
        places = [result.stdout.index(heading) for heading in order]
        assert places == sorted(places)

    def test_summary(self, run, vendor_file):
        summary = plain(run(vendor_file).stdout.rpartition("Summary")[2])
        assert summary == (
            "contradicted 5 we had assumed 2 of them "
            "missing 9 5 only in the vendor's document, 4 only in ours, we had assumed 3 of them "
            "confirmed 22 we had assumed 5 of them"
        )

    def test_contradictions_come_first(self, run, vendor_file):
        part = run(vendor_file).stdout.partition("What differs")[2]
        users = part.partition("GET /users\n")[2].partition("POST /users\n")[0]
        marks = [line.split()[0] for line in users.splitlines() if line[:2].strip() in ("✗", "±")]
        assert marks == ["✗", "✗", "±", "±", "±", "±", "±"]

    def test_only(self, run, vendor_file):
        contradicted = run(vendor_file, "--only", "contradicted")
        assert contradicted.exit_code == 1
        assert "✗" in contradicted.stdout
        assert "±" not in contradicted.stdout
        assert "✓" not in contradicted.stdout
        assert "GET /usage" not in contradicted.stdout
        missing = run(vendor_file, "--only", "missing")
        assert missing.exit_code == 1
        assert "✗" not in missing.stdout
        assert "New to us: GET /usage" in missing.stdout
        both = run(vendor_file, "--only", "missing", "--only", "confirmed").stdout
        assert "What is confirmed, by operation" in both
        assert "±" in both
        assert "✗" not in both

    def test_nothing_contradicted(self, run, agreeing):
        result = run(agreeing)
        assert result.exit_code == 0
        assert "What differs" not in result.stdout
        assert plain(result.stdout.rpartition("Summary")[2]).startswith("contradicted 0 missing 0 confirmed ")

    def test_texts_of_the_vendor_are_neither_markup_nor_control(self, run, vendor, tmp_path):
        vendor["info"]["title"] = "[red]T[/red]\x1b[31m"
        vendor["paths"]["/storages"]["get"]["summary"] = "[bold]S[/bold]\x07"
        vendor["paths"]["/x\x1b]0;t"] = {"get": {}}
        vendor["paths"]["/users/{id}"]["get"]["responses"]["\x1b[2J"] = {}
        vendor["paths"]["/usage"]["get"]["parameters"][0]["name"] = "\x1b[1m"
        vendor["components"]["schemas"]["UserResource"]["allOf"][1]["properties"]["\u202e[/]"] = {
            "enum": ["\x1b"]
        }
        file = tmp_path / "odd.json"
        file.write_text(json.dumps(vendor), encoding="utf-8")
        text = run(file).stdout
        assert "[red]T[/red]\\x1b[31m" in text
        assert "[bold]S[/bold]\\x07" in text
        assert "\\u202e[/]" in "".join(text.split())
        assert not set(text) & {"\x1b", "\x07", "\u202e"}

    def test_a_terminal_of_80_columns(self, vendor_file):
        shown = in_terminal(["contract", "diff", str(vendor_file)], {"COLUMNS": "80", "NO_COLOR": "1"})
        lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
        assert "Summary" in lines
        assert max(map(len, lines)) <= 80

    def test_a_terminal_without_unicode(self, vendor_file):
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        result = subprocess.run(
            [sys.executable, "-m", "mock_solusio", "contract", "diff", vendor_file],
            capture_output=True,
            env=environment,
            timeout=60,
            check=False,
        )
        assert (result.returncode, result.stderr) == (1, b"")
        assert result.stdout.isascii()
        assert b" x " in result.stdout or b"\nx " in result.stdout


class TestJson:
    @pytest.fixture
    def written(self, run: Run, vendor_file: Path) -> dict[str, Any]:
        return json.loads(run(vendor_file, "--format", "json").stdout)

    def test_it_is_what_the_schema_describes(self, written):
        jsonschema_rs.Draft202012Validator(SCHEMA).validate(written)

    def test_the_schema_describes_every_member(self, written):
        assert set(written) == set(SCHEMA["properties"])
        for one in written["findings"]:
            assert set(one) == set(SCHEMA["$defs"]["finding"]["properties"])

    def test_counts(self, written):
        assert written["exit_code"] == 1
        assert written["summary"] == {
            "operations_in_both": 4,
            "contradicted": {"total": 5, "assumed": 2},
            "missing": {"total": 9, "assumed": 3, "in_ours": 5, "in_vendor": 4},
            "confirmed": {"total": 22, "assumed": 5},
        }
        assert len(written["findings"]) == 5 + 9 + 22

    def test_a_contradiction(self, written):
        (one,) = (one for one in written["findings"] if one["name"] == "status")
        assert one == {
            "verdict": "contradicted",
            "missing_in": None,
            "element": "field",
            "operation": "POST /users",
            "where": "request",
            "name": "status",
            "ours": "string, one of active, locked",
            "vendor": "string, one of active, locked, suspended",
            "differences": [{"in": "values", "ours": "lacks suspended", "vendor": "also suspended"}],
            "notes": [],
            "provenance": {"kind": "assumed", "reason": "the states of a user"},
            "pointer": "/paths/~1users/post/requestBody/content/application~1json/schema/properties/status",
            "also_in": [],
        }

    def test_only(self, run, vendor_file):
        result = run(vendor_file, "--format", "json", "--only", "missing")
        written = json.loads(result.stdout)
        jsonschema_rs.Draft202012Validator(SCHEMA).validate(written)
        assert result.exit_code == written["exit_code"] == 1
        assert written["only"] == ["missing"]
        assert {one["verdict"] for one in written["findings"]} == {"missing"}
        assert written["summary"]["confirmed"]["total"] == 22

    def test_the_source_is_named_without_credentials(self, run, vendor, respx_mock):
        respx_mock.route().respond(json=vendor)
        result = run("https://user:secret@panel.example.com/docs?key=secret", "--format", "json")
        assert json.loads(result.stdout)["vendor"] == {
            "source": "https://panel.example.com/docs",
            "title": "Vendor API",
            "openapi": "3.0.0",
        }
        assert "secret" not in result.output


class TestOutput:
    @pytest.mark.parametrize(("name", "json_"), [("diff.json", True), ("diff.txt", False), ("diff", False)])
    def test_the_name_says_the_format(self, name, json_, run, vendor_file, tmp_path):
        result = run(vendor_file, "--output", tmp_path / name)
        text = (tmp_path / name).read_text("utf-8")
        assert (result.exit_code, result.stdout) == (1, "")
        assert text.startswith("{") is json_
        assert "\x1b" not in text

    def test_an_option_says_it_better(self, run, vendor_file, tmp_path):
        run(vendor_file, "-o", tmp_path / "diff.json", "--format", "table")
        assert "Summary" in (tmp_path / "diff.json").read_text("utf-8")

    def test_a_file_that_cannot_be_written(self, run, vendor_file, tmp_path):
        result = run(vendor_file, "-o", tmp_path / "none" / "diff.json")
        assert result.exit_code == 2
        assert "cannot write" in result.stderr


class TestMistakes:
    def test_a_document_that_has_nothing_of_ours(self, run, tmp_path):
        file = tmp_path / "other.json"
        file.write_text('{"openapi": "3.0.0", "paths": {"/pets": {"get": {}}}}', encoding="utf-8")
        result = run(file)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "that document has no operation of solusio-api" in plain(result.stderr)

    def test_a_document_in_several_files(self, run, tmp_path):
        file = tmp_path / "openapi.yaml"
        paths = "".join(f"  /users/{one}: {{$ref: './paths/{one}.yaml'}}\n" for one in "abcdefg")
        file.write_text(f"openapi: 3.0.3\npaths:\n{paths}", encoding="utf-8")
        result = run(file)
        assert (result.exit_code, result.stdout) == (2, "")
        listed = ", ".join(f"./paths/{one}.yaml" for one in "abcde")
        assert f"in others, which are not followed: {listed} and 2 more. To follow them, bundle" in plain(
            result.stderr
        )

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "empty"),
            ("<html>", "storage/api-docs/api-docs.json"),
            ('{"swagger": "2.0", "paths": {}}', "Swagger 2.0"),
            ("{", "not valid JSON"),
        ],
    )
    def test_no_document(self, text, words, run):
        result = run("-", input=text)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in plain(result.stderr)

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["none.json"],
            ["a", "b"],
            ["a", "--only", "wrong"],
            ["a", "--document", "x"],
            ["a", "--format", "x"],
        ],
    )
    def test_usage(self, arguments, run):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Error: " in result.stderr

    def test_standard_input(self, run, vendor_file):
        result = run("-", input=vendor_file.read_text("utf-8"))
        assert result.exit_code == 1
        assert "against standard input (Vendor API)" in result.stdout


def test_the_documents_to_choose_are_those_there_are():
    assert set(COMPARED) <= set(documents.document_names())


def in_terminal(arguments: list[str], environment: dict[str, str]) -> str:
    """Return what a command prints to a terminal."""
    main, other = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_solusio", *arguments],
            stdout=other,
            stdin=other,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TERM": "xterm", "PYTHONUTF8": "1", **environment},
        )
        os.close(other)
        shown = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # how Linux reports that the other end is closed
                break
            if not part:
                break
            shown += part
        assert process.wait(60) in (0, 1)
    finally:
        os.close(main)
    return shown.decode()
