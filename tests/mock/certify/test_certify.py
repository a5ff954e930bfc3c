"""`mock-solusio certify` as its users run it: with a real endpoint and a real price list."""

import json
import os
import shlex
import signal
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from support.commands import invoke

PRICES = """
[[currencies]]
code = "EUR"
token_unit_cost = 0.001

[[plans]]
name = "small"
tokens_per_hour = 7
tokens_per_month = 5000
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOCK_SOLUSIO_TOKEN", raising=False)
    (tmp_path / "prices.toml").write_text(PRICES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def configured(folder):
    def write(text, *options, code=0):
        (folder / "mock-solusio.toml").write_text(text, encoding="utf-8")
        result = invoke("certify", *options)
        assert result.exit_code == code, result.output
        return result

    return write


PRICING = '[pricing]\nfile = "prices.toml"\n'


def test_steps_1_and_2(configured, folder):
    result = configured(PRICING, "--summary", "s.json", "--summary", "s.md", "--badge", "b.svg")
    assert "Conformant: steps 1, 2 conformant; steps 3 to 10 not judged." in result.output
    assert "configure login in [users]" in result.output
    summary = json.loads((folder / "s.json").read_text(encoding="utf-8"))
    assert [step["verdict"] for step in summary["steps"]] == ["conformant"] * 2 + ["not-judged"] * 8
    again = ("--from", "s.json", "--summary", "t.md", "--badge", "c.svg")
    assert invoke("certify", *again).exit_code == 0
    for one, other in (("s.md", "t.md"), ("b.svg", "c.svg")):
        assert (folder / one).read_bytes() == (folder / other).read_bytes()


def test_a_price_list_with_a_mistake(configured, folder):
    (folder / "prices.toml").write_text(PRICES.replace("5000", "5"), encoding="utf-8")
    result = configured(PRICING, code=1)
    assert "Not conformant: step 2 not conformant; step 1 conformant;" in result.output
    assert "Learn more: mock-solusio contract show PF-021\n" in result.output


@pytest.mark.parametrize("text", ["", "[[currencies]]\ncode = 5\n", "not toml"])
def test_a_price_list_that_cannot_be_read_passes_nothing(configured, folder, text):
    (folder / "prices.toml").write_text(text, encoding="utf-8")
    configured(PRICING, "--summary", "s.json", code=1 if "currencies" in text or not text else 3)
    summary = json.loads((folder / "s.json").read_text(encoding="utf-8"))
    assert "conformant" not in [step["verdict"] for step in summary["steps"]]


def test_what_is_required_and_not_judged_fails(configured):
    configured(PRICING, "--require", "1,2")
    result = configured(PRICING, "--require", "1,2,6", code=1)
    assert "Not conformant" in result.output


def test_an_endpoint_and_every_report(configured, folder, reference_endpoint):
    url, token = reference_endpoint
    table = f'[check]\nurl = "{url}"\nuser-id = [1]\ntoken = "{token}"\nonly = ["discount-key", "http"]\n'
    kinds = ("json", "junit", "html", "sarif")
    reports = [f"--report={kind}=all.{kind}" for kind in kinds]
    configured(PRICING + table, "--quiet", "--summary=s.json", *reports)
    texts = {kind: (folder / f"all.{kind}").read_text(encoding="utf-8") for kind in kinds}
    assert all(token not in text for text in texts.values())
    document = json.loads(texts["json"])
    assert list(document["reports"]) == ["pricing", "check"]
    assert document["summary"] == json.loads((folder / "s.json").read_text(encoding="utf-8"))
    runs = json.loads(texts["sarif"])["runs"]
    assert len({run["automationDetails"]["id"] for run in runs}) == len(runs) == 2
    root = ET.fromstring(texts["junit"])  # noqa: S314 - our own
    names = [suite.get("name") for suite in root]
    assert names[0].startswith("pricing: ")
    assert names[-1] == "steps"
    assert int(root.get("tests")) == len(list(root.iter("testcase")))
    assert "The vendor's ten steps" in texts["html"]
    assert texts["html"].count("<title>") == 1


def test_verify_says_what_differs(configured, folder):
    configured(PRICING, "--summary", "s.json")
    assert "it says the same" in configured(PRICING, "--verify", "s.json").output
    (folder / "prices.toml").write_text(PRICES.replace("5000", "5"), encoding="utf-8")
    result = configured(PRICING, "--verify", "s.json", code=1)
    assert "- step 2: conformant before, not conformant now" in result.output


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("", (), "expected at least one of the tables [pricing]"),
        ("[prices]\n", (), "no command reads a table [prices]. Did you mean: pricing?"),
        ("[pricing]\n", (), "[pricing] expected file, the price list"),
        ('[pricing]\nfiel = "x"\n', (), "has no option 'fiel'. Did you mean: file?"),
        ("[check]\nuser-id = [1]\n", (), "[check] needs url"),
        ('[check]\nurl = "http://127.0.0.1:1"\nuser-id = ["x"]\n', (), "expected an integer"),
        (PRICING, ("--require", "0"), "expected numbers from 1 to 10"),
        (PRICING, ("--summary", "s.txt"), "expected FILE.json or FILE.md"),
        (PRICING, ("--badge", "b.png"), "expected FILE.svg, got b.png"),
        (PRICING, ("--verify", "prices.toml"), "prices.toml"),
        (PRICING, ("--from", "prices.toml"), "--from needs --summary or --badge"),
        (
            PRICING,
            ("--from", "prices.toml", "--badge", "b.svg", "--require", "6"),
            "--from and --require exclude",
        ),
        (PRICING, ("-q", "-v"), "exclude each other"),
    ],
)
def test_mistakes_are_named_before_anything_runs(configured, text, options, expected):
    result = configured(text, *options, code=2)
    assert expected in " ".join(result.output.split())


@pytest.mark.usefixtures("folder")
def test_the_file_must_be_there():
    result = invoke("certify")
    assert result.exit_code == 2
    assert "mock-solusio.toml is not a file in" in result.output
    assert "`mock-solusio init` writes one" in " ".join(result.output.split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_follows_an_interrupted_suite_does_not_run(folder, number):
    os.mkfifo(folder / "pid")
    endless = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    create = shlex.join([sys.executable, "-S", "-c", endless])
    after = shlex.join([sys.executable, "-S", "-c", "open('ran', 'w')"])
    text = (
        f"{PRICING}[users]\ncreate = {json.dumps(create)}\n"
        f"[invoices]\nbill = {json.dumps(after)}\ninvoices = {json.dumps(after)}\n"
    )
    (folder / "mock-solusio.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mock_solusio", "certify", "--summary", "s.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            (folder / "pid").read_text(encoding="utf-8")
            process.send_signal(number)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, output
    assert not (folder / "ran").exists()
    steps = json.loads((folder / "s.json").read_text(encoding="utf-8"))["steps"]
    assert steps[0]["verdict"] == "conformant"
    assert steps[9]["reason"] == "[invoices] did not run: interrupted"
