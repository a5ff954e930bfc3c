"""`mock-solusio serve` reports what clients do wrong: as it happens, at the end, and in files."""

import json
import re
import urllib.request
import xml.etree.ElementTree as ET

from support.commands import invoke
from support.programs import program

TOKEN = "administrators-own-access-token"


def get(url: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "billing/1"}
    request = urllib.request.Request(f"{url}{path}", headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        answer.read()


def test_findings_are_shown_as_they_happen_and_at_the_end(tmp_path):
    kinds = {kind: tmp_path / f"conduct.{kind}" for kind in ("json", "html", "junit", "sarif")}
    reports = [part for kind, file in kinds.items() for part in ("--report", f"{kind}={file}")]
    with program("serve", "--port", 0, "--admin-token", TOKEN, *reports) as made:
        for _ in range(2):
            get(made.url, "/api/v1/users?filter[billing_id]=7")
        get(made.url, f"/api/v1/plans?api_token={TOKEN}")
        code, out, err = made.interrupt()
    assert code == 0
    assert re.findall(r"^ +(CL-\d+ \w+):", err, re.MULTILINE) == [
        *["CL-005 should"] * 2,
        "CL-002 must",
        "CL-005 should",
    ]
    assert "Findings: 3 of conduct" in out
    assert "  CL-005 should: listUsers has no query parameter" in out
    assert "(2 times)" in out
    assert out.endswith("Stopped.\n")
    report = json.loads(kinds["json"].read_text())
    assert (report["command"], report["verdict"], report["requests"]) == ("serve", "not-conformant", 3)
    failed = [one for one in report["results"] if one["outcome"] == "fail"]
    assert [one["rule"] for one in failed] == ["CL-002"]
    assert "/api/v1/plans?api_token=***" in failed[0]["findings"][0]["request"]
    suites = ET.parse(kinds["junit"]).getroot()  # noqa: S314 - our own report
    assert [case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None] == [
        "CL-002"
    ]
    assert {one["ruleId"] for one in json.loads(kinds["sarif"].read_text())["runs"][0]["results"]} == {
        "CL-002",
        "CL-005",
    }
    assert "CL-002" in kinds["html"].read_text()
    for file in kinds.values():
        assert TOKEN not in file.read_text()


def test_what_a_client_sends_cannot_move_the_cursor():
    with program("serve", "--port", 0, "--admin-token", TOKEN) as made:
        get(made.url, "/api/v1/users?a%1B%5B2Jb%0Ac=7")
        _, out, err = made.interrupt()
    assert "listUsers has no query parameter a\\x1b[2Jb\\nc" in err
    assert "\x1b" not in out + err


def test_a_mock_that_nobody_called_decides_nothing(tmp_path):
    file = tmp_path / "conduct.json"
    with program("serve", "--port", 0, "--report", f"json={file}") as made:
        code, out, err = made.interrupt()
    assert (code, err) == (0, "")
    assert "Findings" not in out
    assert json.loads(file.read_text())["verdict"] == "inconclusive"


def test_a_report_that_cannot_be_written_is_refused_at_the_start(tmp_path):
    result = invoke("serve", "--report", f"json={tmp_path}")
    assert result.exit_code == 2
    assert f"cannot write {tmp_path}" in result.output
