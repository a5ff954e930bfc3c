"""What stands in the way leaves a judgement undecided, with the reason; it never passes and never fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mock_solusio.preflight.client import IN_A_ROW
from mock_solusio.server.uvicorn_server import running
from mock_solusio.testing import Solusio, started
from support.bent_solusio import BentSolusio, bent_solusio
from support.commands import invoke
from support.ports import reserved_port


@pytest.fixture(scope="module")
def front():
    with bent_solusio() as made:
        yield made


@pytest.fixture
def bent(front) -> BentSolusio:
    front.straighten()
    return front


@pytest.fixture(scope="module")
def real():
    with started() as made:
        yield made


@pytest.fixture
def solusio(real):
    yield real
    real.client.delete(f"{real.url}/_mock/faults").raise_for_status()


def fault(solusio: Solusio, **what: Any) -> None:
    solusio.client.post(f"{solusio.url}/_mock/faults", json=what).raise_for_status()


JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ((500, JSON, b'{"message": "Server Error"}'), "answers with status 500"),
        ((404, JSON, b'{"message": "Not Found"}'), "answers with status 404"),
        ((200, HTML, b"<!doctype html><title>SolusVM</title>"), "an HTML page instead of JSON"),
        ((200, JSON, b'{"data": {"featu'), "not a JSON object"),
        ((200, JSON, b'{"data": []}'), "has no object `data`"),
        (
            (302, {"Location": "https://elsewhere.example.com/x?secret=1"}, b""),
            "https://elsewhere.example.com/x,",
        ),
        ((200, {**JSON, "Content-Length": "5000", "Connection": "close"}, b"{}"), "closed in mid-response"),
        (None, "closed without a response"),
    ],
)
def test_settings_that_cannot_be_read(preflight, bent, response, reason):
    bent.answers["settings"] = lambda _: response
    run = preflight(bent.url, bent.solusio.admin_token)
    assert run.exit_code == 3, run.output
    assert run.found == {}
    assert "registration-is-off" in run.undecided
    assert "default-limit-group" in run.undecided
    assert {one for one in run.undecided if one.startswith("plan")} == set()
    assert reason in run.undecided["registration-is-off"]
    assert "secret" not in json.dumps(run.report)
    # A connection that was kept open may have been closed meanwhile, so that is tried again.
    tries = [one.target for one in bent.asked].count("/api/v1/settings")
    assert tries == (2 if response is None else 1)
    # The mock itself asks for prices, by POST.
    assert run.report["requests"] == sum(one.method == "GET" for one in bent.asked)


def test_a_right_that_is_missing_is_named(preflight, bent):
    bent.answers["settings"] = lambda _: (403, JSON, b'{"message": "This action is unauthorized."}')
    run = preflight(bent.url, bent.solusio.admin_token)
    assert run.exit_code == 3
    assert run.found == {
        "token-may-read": ["access token: refused with 403: getSettings (such as “view settings”)"]
    }
    assert "view settings" in run.output
    assert "may not use GET /api/v1/settings (403)" in run.undecided["registration-is-off"]


def test_the_access_token_of_a_client(preflight, bent):
    token = bent.solusio.access_token(2)
    run = preflight(bent.url, token)
    assert run.exit_code == 3
    assert set(run.found) == {"token-may-read"}
    (text,) = run.found["token-may-read"]
    refused = {word for word in text.split() if word.startswith(("get", "list"))}
    # Its own usage would look like everybody's.
    assert refused >= {"getSettings", "listPlans", "listLimitGroups", "listRoles", "listUsers"}
    assert {one for one in run.undecided if "403" in run.undecided[one]} >= {
        "registration-is-off",
        "plans-have-a-price",
        "customers-have-billing-user-id",
    }


def test_a_wrong_access_token_ends_the_run(preflight, bent):
    run = preflight(bent.url, "not-the-access-token")
    assert run.exit_code == 3
    assert run.report["requests"] == 1
    assert "Inconclusive: SolusIO does not accept the access token (401)" in run.output
    assert "not-the-access-token" not in run.output + json.dumps(run.report)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (
            (200, HTML, b"<!doctype html><title>A shop</title>"),
            "with an HTML page instead of JSON: is this the URL",
        ),
        ((404, HTML, b"<html><h1>Not Found</h1></html>"), "status 404 and an HTML page (Not Found)"),
        ((403, HTML, b"<html><h1>Forbidden</h1></html>"), "status 403 and an HTML page (Forbidden)"),
        ((401, HTML, b"<html><h1>Password?</h1></html>"), "status 401 and an HTML page (Password?)"),
        (
            (301, {"Location": "https://elsewhere.example.com/"}, b""),
            "redirects to https://elsewhere.example.com/",
        ),
    ],
)
def test_the_first_answer_of_something_else_ends_the_run(preflight, bent, response, reason):
    bent.answers.update(dict.fromkeys(("", "account", "settings", "plans", "users"), lambda _: response))
    run = preflight(bent.url, bent.solusio.admin_token)
    assert (run.exit_code, run.report["requests"], run.found) == (3, 1, {})
    said = " ".join(run.output.split())
    assert f"Inconclusive: GET /api/v1/account {'answers ' if response[0] != 301 else ''}" in said
    assert reason in said


def test_nobody_listens(preflight):
    with reserved_port() as port:
        run = preflight(f"http://127.0.0.1:{port}", "any-access-token")
    assert run.exit_code == 3
    assert run.report["requests"] == 1
    assert "cannot be reached" in run.output


def test_a_retry_after_is_obeyed(preflight, bent):
    answers = [(429, {**JSON, "Retry-After": "0"}, b"{}")] * 2

    def settings(asked: Any) -> Any:
        if answers:
            return answers.pop()
        bent.answers.clear()
        return bent.respond(asked)

    bent.answers["settings"] = settings
    run = preflight(bent.url, bent.solusio.admin_token)
    assert (run.exit_code, run.undecided) == (0, {})
    assert run.report["statuses"]["429"] == 2


def test_it_does_not_wait_longer_than_it_may(preflight, bent):
    bent.answers["settings"] = lambda _: (429, {**JSON, "Retry-After": "3600"}, b"{}")
    run = preflight(bent.url, bent.solusio.admin_token)
    assert run.exit_code == 3
    assert "asks to wait longer than this run may" in run.undecided["registration-is-off"]
    assert run.report["statuses"]["429"] == 1


def test_a_server_that_answers_nothing_is_asked_three_times(preflight, solusio):
    fault(solusio, kind="timeout", times=None, seconds=60)
    run = preflight(solusio.url, solusio.admin_token, "--timeout", "0.2")
    assert run.exit_code == 3
    assert run.report["requests"] == IN_A_ROW
    assert {one["outcome"] for one in run.report["results"]} == {"error"}


def test_random_faults_never_give_a_finding(preflight, solusio):
    fault(solusio, kind="random", probability=0.4, seed=3, mishaps=["500", "cut", "cut-body"])
    with_faults = preflight(solusio.url, solusio.admin_token)
    solusio.client.delete(f"{solusio.url}/_mock/faults").raise_for_status()
    without = preflight(solusio.url, solusio.admin_token)
    assert with_faults.undecided
    assert with_faults.found.items() <= without.found.items()
    passed = {one["rule"] for one in with_faults.report["results"] if one["outcome"] == "pass"}
    assert passed <= {one["rule"] for one in without.report["results"] if one["outcome"] == "pass"}


# TLS


def test_a_certificate_that_nobody_trusts(preflight, server_tls):
    with started() as inner, running(inner.mock, tls=server_tls) as url:
        run = preflight(url, inner.admin_token)
    assert run.exit_code == 3
    assert "TLS: " in run.output


def test_a_certificate_that_is_trusted(preflight, server_tls, authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with started() as inner, running(inner.mock, tls=server_tls) as url:
        run = preflight(url, inner.admin_token, "--cacert", file, "--only", "installation")
        blind = preflight(url, inner.admin_token, "--insecure", "--only", "installation")
    assert run.outcome("tls-protects") == "pass"
    assert "days from now" in run.facts["Certificate"]
    assert "was not verified" in blind.undecided["tls-protects"]


# Usage of the command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["solus.example.com"], "expected http://HOST/PATH"),
        (["https://user:pw@solus.example.com"], "without a user name"),
        (["http://127.0.0.1:1", "--insecure"], "need an https URL"),
        (["http://127.0.0.1:1", "--billing-url", "billing"], "--billing-url"),
        (["http://127.0.0.1:1", "--only", "step-6"], "'step-6' is not a judgement"),
        (["http://127.0.0.1:1", "--max-requests", "3"], "--max-requests"),
        (["http://127.0.0.1:1", "--check-report", "users.json"], "one of `users check`"),
        (["http://127.0.0.1:1", "--check-report", "no.json"], "--check-report"),
        (["http://127.0.0.1:1", "--prices", "empty.toml"], "there is no currency"),
    ],
)
def test_wrong_usage(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users.json").write_text(json.dumps({"command": "users check", "target": "x"}))
    (tmp_path / "no.json").write_text("{")
    (tmp_path / "empty.toml").write_text("")
    run = invoke("preflight", *words, env={"SOLUSIO_ACCESS_TOKEN": "any-access-token"})
    assert run.exit_code == 2, run.output
    assert message in " ".join(run.output.split())


def test_without_an_access_token(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = invoke("preflight", "http://127.0.0.1:1", env={"SOLUSIO_ACCESS_TOKEN": None})
    assert run.exit_code == 2
    assert "set SOLUSIO_ACCESS_TOKEN" in run.output


def test_a_response_that_trickles_is_not_waited_for(preflight, solusio):
    fault(solusio, kind="slow", times=None, chunk=1, pause=1.0)
    run = preflight(solusio.url, solusio.admin_token, "--timeout", "0.3", "--only", "registration")
    assert run.exit_code == 3
    assert "within 0.3 s" in run.undecided["registration-is-off"]
