"""Snapshots, reset, webhooks and the billing endpoint."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mock_solusio.server.uvicorn_server import running

STATE = "/_mock/operator/state"
SNAPSHOTS = "/_mock/operator/snapshots"
BILLING = "/_mock/operator/billing"

PRICE = {
    "user_token_unit_cost": "0.5",
    "currency": {
        "code": "USD",
        "display_prefix": "$",
        "display_suffix": "",
        "thousands_separator": ",",
        "decimals_separator": ".",
    },
}


def test_snapshot_is_saved_restored_and_deleted(operator, solusio):
    page = operator.send(STATE, SNAPSHOTS, {"name": "before"})
    assert "The snapshot is saved." in page.text
    solusio.create_user(email="ann@example.com")
    operator.send(STATE, "/_mock/operator/clock", {"do": "month"})
    page = operator.send(STATE, f"{SNAPSHOTS}/before", {"do": "restore"})
    assert "The mock is as it was at before." in page.text
    assert "Sun 1 Mar 2026, 00:00:00" in page.text
    assert "ann@example.com" not in operator.text("/_mock/operator/users")
    page = operator.send(STATE, f"{SNAPSHOTS}/before", {"do": "delete"})
    assert "The snapshot before is deleted." in page.text
    assert "There are no snapshots." in operator.text(STATE)


def test_snapshot_without_a_name_gets_one_and_a_wrong_name_is_refused(operator):
    operator.send(STATE, SNAPSHOTS, {"name": " "})
    assert "snapshot-1" in operator.text(STATE)
    page = operator.send(STATE, SNAPSHOTS, {"name": "../etc"})
    assert 'role="alert"' in page.text
    assert "../etc" not in operator.text(STATE)


def test_reset_asks_first(operator, solusio):
    solusio.create_user(email="ann@example.com")
    assert 'href="/_mock/operator/reset"' in operator.open(STATE).text
    assert "Reset the mock?" in operator.text("/_mock/operator/reset")
    assert "ann@example.com" in operator.text("/_mock/operator/users")
    page = operator.send("/_mock/operator/reset", "/_mock/operator/reset")
    assert "The mock is as it was after its start." in page.text
    assert "ann@example.com" not in operator.text("/_mock/operator/users")
    assert [entry.path for entry in solusio.journal.read()] == ["/_mock/reset"]


def test_page_says_what_the_mock_holds(operator, solusio):
    solusio.call("POST", "servers", {"name": "web", "plan": 1, "location": 1, "os": 1, "user": 1})
    assert "Open tasks 1" in operator.text(STATE)


def test_webhooks_and_their_deliveries(operator, solusio):
    with listening(PlainTextResponse("ok")) as url:
        handler = {"name": "my hook", "url": f"{url}hook", "events": ["user_created"], "is_enabled": True}
        solusio.call("POST", "event_handlers", handler)
        assert "my hook Enabled" in operator.text("/_mock/operator/webhooks")
        assert "Nothing was delivered yet." in operator.text("/_mock/operator/webhooks")
        solusio.create_user(email="ann@example.com")
        operator.send("/_mock/operator/webhooks", "/_mock/operator/clock", {"do": "hour"})
        text = operator.text("/_mock/operator/webhooks")
    assert "user_created my hook" in text


@contextmanager
def listening(answer: Response) -> Iterator[str]:
    async def respond(_: Request) -> Response:
        return answer

    with running(Starlette(routes=[Route("/{path:path}", respond, methods=["POST"])])) as url:
        yield f"{url}/"


def configure(solusio, url):
    integration = {"type": "custom", "drivers": {"custom": {"url": url, "token": "shared-secret"}}}
    solusio.call("PATCH", "settings", {"billing_integration": integration})


@pytest.mark.parametrize(
    ("answer", "notice", "state"),
    [
        (JSONResponse(PRICE), "returned a price for user 42", "gives prices User 42 pays 0.5 USD a token"),
        (JSONResponse({"no": "token"}, 403), "refuses the authorization token (status 403)", "refused"),
        (JSONResponse({"no": "price"}), "mock-solusio check", "no price"),
    ],
)
def test_billing_endpoint_shows_its_health_and_the_last_question_and_answer(
    operator, solusio, answer, notice, state
):
    solusio.create_user(billing_user_id=42)
    with listening(answer) as url:
        configure(solusio, url)
        assert f"URL {url} Authorization token sent State not asked" in operator.text(BILLING)
        page = operator.send(BILLING, BILLING, {"user_id": "42"})
    assert notice in page.text
    assert page.text.count('<option value="42">') == 1
    text = operator.text(BILLING)
    assert f"State {state}" in text
    assert "userid = 42" in text
    (shown,) = re.findall(r'aria-label="Body of the response">(.*?)</pre>', page.text, re.DOTALL)
    assert json.loads(html.unescape(shown)) == json.loads(answer.body)
    assert "shared-secret" not in page.text


@pytest.mark.parametrize("text", ["", "x", "-1", "1" * 13])
def test_billing_endpoint_is_asked_for_ids_alone(operator, solusio, text):
    configure(solusio, "http://127.0.0.1:9/")
    page = operator.send(BILLING, BILLING, {"user_id": text})
    assert "Enter a billing user id: a whole number." in page.text
    assert solusio.journal.read(kind="billing") == []


def test_page_without_billing_integration_says_how_to_begin(operator):
    assert "Billing integration is off." in operator.text(BILLING)
