"""`mock-solusio record` as its user runs it: its words, its end, a kill, and options that do not fit."""

import json
import re
import ssl
from pathlib import Path

import httpx
import msgspec
import pytest

from mock_solusio.record.archive import RecordedExchange, RecordingReader, RecordingWriter
from mock_solusio.record.command import record
from mock_solusio.record.pseudonyms import Pseudonyms
from support.commands import invoke
from support.programs import program


def test_it_says_what_to_do_and_how_it_ended(canned, tmp_path):
    app, url = canned
    app.answer("GET /api/v1/users", {"data": [{"email": "ann@real-host.de"}]})
    folder = tmp_path / "recorded"
    with program("record", "--upstream", url, "--out", folder, "--port", 0) as made:
        assert made.said.startswith(f"Recording {url} to {folder}.\n")
        assert f"mock-solusio serve --recorded {folder}\n" in made.said
        answer = httpx.get(f"{made.url}/api/v1/users", trust_env=False)
        assert answer.json()["data"][0]["email"] == "ann@real-host.de"
        code, out, err = made.interrupt()
    assert (code, out.lstrip(), err) == (0, f"Stopped. 1 exchange recorded in {folder}.\n", "")
    with program("serve", "--port", 0, "--recorded", folder, "--recorded-only") as made:
        assert f"{folder} (exchanges: 1; no other API requests)" in made.said
        answer = httpx.get(f"{made.url}/api/v1/users", trust_env=False)
    assert re.fullmatch(r"[\w.]+@[\w.-]+\.example", answer.json()["data"][0]["email"])


def test_a_kill_loses_nothing_that_was_answered(canned, tmp_path):
    app, url = canned
    app.answer("GET /api/v1/users", {"data": [{"email": "ann@real-host.de"}]})
    folder = tmp_path / "recorded"
    answered = 0
    for rounds in (1, 7, 20):
        command = ["record", "--upstream", url, "--out", folder, "--port", 0, "--seed", "s"]
        with program(*command) as made, httpx.Client(base_url=made.url, trust_env=False) as client:
            for _ in range(rounds):
                assert client.get("/api/v1/users").status_code == 200
                answered += 1
            made.process.kill()
            made.process.wait(30)
        assert len(list(RecordingReader(folder))) == answered
    assert [one.number for one in RecordingReader(folder)] == list(range(1, 29))


def test_a_kill_in_the_middle_of_an_answer_leaves_no_half_file(canned, tmp_path):
    app, url = canned
    app.answer("GET /api/v1/users", {"data": [{"id": at} for at in range(20_000)]})
    folder = tmp_path / "recorded"
    with program("record", "--upstream", url, "--out", folder, "--port", 0) as made:
        answered = 0
        with httpx.Client(base_url=made.url, trust_env=False) as client:
            assert client.get("/api/v1/users").status_code == 200
            answered += 1
            with client.stream("GET", "/api/v1/users") as answer:
                # The beginning is here, the end waits for the disk.
                next(answer.iter_raw())
                made.process.kill()
        made.process.wait(30)
    kept = list(RecordingReader(folder))
    assert answered <= len(kept) <= 2
    assert all(len(json.loads(bytes(one.response.body.value))["data"]) == 20_000 for one in kept)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Give one of --upstream, --import-har and --check."),
        (["--upstream", "http://x", "--check", "."], "Give one of --upstream, --import-har and --check."),
        (["--upstream", "http://x"], "Give a folder for the recording with --out."),
        (["--upstream", "panel", "--out", "o"], "expected a URL such as https://panel.example.com"),
        (["--upstream", "http://x", "--out", "o", "--seed", " "], "expected a text, got nothing"),
        (
            ["--upstream", "http://x", "--out", "o", "--insecure", "--cacert", "pem"],
            "Give --insecure or --cacert, not both.",
        ),
        (["--upstream", "http://x", "--out", "o", "--cacert", "pem"], "has no certificate in PEM format"),
        (["--upstream", "http://x", "--out", "o", "--timeout", "0"], "0 is not in the range"),
        (["--upstream", "http://x", "--out", "o", "--port", "70000"], "70000 is not in the range"),
        (["--upstream", "http://x", "--out", "o", "--host", "256.1.1.1"], "Cannot listen on 256.1.1.1:8009"),
        (["--upstream", "http://x", "--out", "."], "is not empty and has no recording"),
        (["--upstream", "http://x", "--out", "pem"], "is a file"),
        (["--check", ".", "--seed", "s"], "--seed has no effect with --check."),
        (["--import-har", "pem", "--out", "o", "--port", "1"], "--port has no effect with --import-har."),
        (["--check", "."], "has no recording"),
        (["--import-har", "nowhere", "--out", "o"], "does not exist"),
    ],
)
def test_options_that_do_not_fit(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pem").write_text("no certificate")
    result = invoke("record", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not (tmp_path / "o").exists()


def test_a_recording_of_another_secret_is_not_continued(tmp_path):
    folder = tmp_path / "recorded"
    RecordingWriter(folder, Pseudonyms("s").fingerprint)
    result = invoke("record", "--upstream", "http://x", "--out", folder, "--port", "0", "--seed", "t")
    assert result.exit_code == 2
    assert "made with another secret" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recorded-only"], "--recorded-only needs --recorded."),
        (["--recorded-seed", "s"], "--recorded-seed needs --recorded."),
        (["--recorded", "nowhere"], "does not exist"),
        (["--recorded", "."], "has no recording"),
    ],
)
def test_options_of_serve_that_do_not_fit(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    result = invoke("serve", "--port", "0", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_the_page_about_it_shows_a_valid_exchange_and_every_option():
    page = (Path(__file__).parents[3] / "docs" / "record.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shown = msgspec.json.decode(example, type=RecordedExchange)
    assert json.loads(msgspec.json.encode(shown)) == json.loads(example)
    options = {option for parameter in record.params for option in parameter.opts}
    assert {option for option in options if option not in page} == set()


def test_it_can_speak_https_itself(canned, tmp_path):
    app, url = canned
    app.answer("GET /api/v1/users", {"data": []})
    arguments = ("record", "--upstream", url, "--out", str(tmp_path / "recorded"), "--port", "0", "--tls")
    with program(*arguments) as made:
        own = made.url
        assert own.startswith("https://")
        found = re.search(r"Certificate: (\S+)", made.said)
        trusting = ssl.create_default_context(cafile=found[1])
        try:
            assert httpx.get(f"{own}/api/v1/users", verify=trusting, trust_env=False).json() == {"data": []}
        finally:
            Path(found[1]).unlink()
