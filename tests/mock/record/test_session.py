"""A whole session with a real mock: nothing real is on the disk, and the fakes line up."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mock_solusio.moment import MINUTE
from mock_solusio.options import Options
from mock_solusio.record.archive import RecordingReader
from mock_solusio.record.audit import audit
from mock_solusio.testing import started

ADMIN = "AdminsOwnAccessToken0123456789abcdef"
MAIL = "annegret.kowalczyk@wolkenschloss-hosting.de"
OTHER = "b.oyelaran@kunde-nord.de"
PASSWORD = "Zwiebelkuchen-77"
ROOT = "Wurzelwerk!2026"
HOST = "web17.wolkenschloss-hosting.de"
NAME = "Annegret Kowalczyk"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx4vQ0pZbK3mJ7nW2sYtRqLcVdEfHgUiOaXzBkNwPmT annegret@laptop-17"
BILLING = "BillingTokenOfTheHoster987"


def addresses(value: Any) -> Iterator[str]:
    """Give all that looks like an address, UUID or access token anywhere in an answer."""
    yield from re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", json.dumps(value))
    yield from re.findall(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", json.dumps(value))
    yield from re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", json.dumps(value))


@pytest.fixture
def session(recording):
    """A recorded day of a provider; with the secrets that were used."""
    secrets = {
        ADMIN,
        MAIL,
        OTHER,
        PASSWORD,
        ROOT,
        HOST,
        NAME,
        "Kowalczyk",
        "Annegret",
        "oyelaran",
        "wolkenschloss",
    }
    secrets |= {KEY, KEY.split()[1], "laptop-17", BILLING}
    with started(Options(seed="upstream", admin_token=ADMIN)) as solusio, recording(solusio.url) as made:
        client = made.client
        client.headers["Authorization"] = f"Bearer {ADMIN}"

        def ask(method: str, path: str, **more: Any) -> Any:
            answer = client.request(method, path, **more)
            assert answer.status_code < 500, answer.text
            value = answer.json() if answer.content else None
            # Masks and loopback are the same everywhere.
            secrets.update(one for one in addresses(value) if not one.startswith(("255.", "127.", "0.")))
            return value["data"] if isinstance(value, dict) and "data" in value else value

        ann = ask("POST", "users", json={"email": MAIL, "password": PASSWORD, "billing_user_id": 4711})
        ask("POST", "users", json={"email": OTHER, "password": PASSWORD, "billing_user_id": "4712"})
        ask("POST", "users", json={"email": MAIL})
        ask("GET", "users", params={"filter[search]": MAIL})
        ask("GET", "users?per_page=1")
        key = ask("POST", "ssh_keys", json={"name": NAME, "body": KEY, "user_id": ann["id"]})
        order = {"name": HOST, "plan": 1, "location": 1, "os": 1, "user": ann["id"], "password": ROOT}
        order |= {"ssh_keys": [key["id"]], "user_data": f"#cloud-config\nhostname: {HOST}", "fqdns": [HOST]}
        server = ask("POST", "servers", json={**order, "description": f"Shop of {NAME}, {MAIL}"})
        solusio.clock.advance(10 * MINUTE)
        ask("GET", f"servers/{server['id']}")
        ask("GET", "servers")
        ask("DELETE", f"users/{ann['id']}")
        token = ask("POST", f"users/{ann['id']}/tokens", json={"is_one_time": False})["access_token"]
        secrets.add(token)
        ask("GET", "account", headers={"Authorization": f"Bearer {token}", "Cookie": f"session={token}"})
        login = ask("POST", "auth/login", json={"email": MAIL, "password": PASSWORD})
        secrets.add(login["credentials"]["access_token"])
        url = f"https://billing.{HOST}/solusio?key={BILLING}"
        billing = {"type": "custom", "drivers": {"custom": {"url": url, "token": BILLING}}}
        ask("PATCH", "settings", json={"billing_integration": billing})
        for path in (
            "settings",
            "ip_blocks",
            "compute_resources",
            "activity_logs",
            "tasks",
            "projects",
            "plans",
        ):
            ask("GET", path)
        yield made, secrets
    assert len(made.said) == 1
    assert "--keep-host" in made.said[0]  # the page of users had a next one


def test_nothing_real_is_on_the_disk(session, leaks):
    made, secrets = session
    assert len(secrets) > 25
    assert len(made.exchanges()) == 21
    assert leaks(made.everything(), secrets) == []


def test_the_check_finds_nothing_either(session):
    made, _ = session
    found = audit(RecordingReader(made.folder))
    assert found.warnings == []
    assert {"mail", "secret", "ip", "uuid", "host", "ssh_key"} <= set(found.replaced)


def test_a_value_has_the_same_fake_everywhere(session):
    made, _ = session
    created, again, searched, listed = (made.exchanges()[at] for at in (0, 2, 3, 4))
    mail = json.loads(bytes(created.request.body.value))["email"]
    assert re.fullmatch(r"[\w.]+@[\w.-]+\.example", mail)
    assert json.loads(bytes(created.response.body.value))["data"]["email"] == mail
    assert json.loads(bytes(again.request.body.value)) == {"email": mail}
    assert searched.request.query == [("filter[search]", mail)]
    found = json.loads(bytes(searched.response.body.value))
    assert [user["email"] for user in found["data"]] == [mail]
    quoted = mail.replace("@", "%40")
    assert found["links"]["first"] == (
        f"https://solusio.example/api/v1/users?filter%5Bsearch%5D={quoted}&page=1"
    )
    assert mail != json.loads(bytes(listed.response.body.value))["data"][0]["email"]
    refused = next(one for one in made.exchanges() if one.request.method == "DELETE")
    assert mail in json.loads(bytes(refused.response.body.value))["message"]


def test_ids_and_types_stay_as_they_were(session):
    made, _ = session
    created = json.loads(bytes(made.exchanges()[0].response.body.value))["data"]
    assert (created["id"], created["billing_user_id"], created["status"]) == (2, 4711, "active")
    assert created["roles"] == [{"id": 2, "name": "CLIENT", "is_default": True, "users_count": 1}]
    asked = json.loads(bytes(made.exchanges()[1].request.body.value))
    assert (list(asked), asked["billing_user_id"]) == (["email", "password", "billing_user_id"], "4712")
    assert re.fullmatch(r"[A-Z][a-z]{12}.\d\d", asked["password"])
    server = next(one for one in made.exchanges() if one.request.path == "/api/v1/servers/1")
    value = json.loads(bytes(server.response.body.value))["data"]
    assert value["user"]["id"] == 2
    assert value["plan"]["tokens_per_hour"] == 7
    assert re.fullmatch(r"2\d\d(\.\d+){3}", value["ip_addresses"]["ipv4"][0]["ip"])


def test_the_recording_answers_in_the_place_of_the_installation(session, leaks):
    made, secrets = session
    exchanges = made.exchanges()
    options = Options(recorded=made.folder, recorded_only=True)
    with started(options) as solusio, httpx.Client(base_url=solusio.url, trust_env=False) as client:
        for one in exchanges:
            body = getattr(one.request.body, "value", None)
            answer = client.request(
                one.request.method,
                one.request.path,
                params=one.request.query,
                content=None if body is None else bytes(body),
                headers={**dict(one.request.headers), "host": "here.test"},
            )
            expected = getattr(one.response.body, "value", b"")
            text = bytes(expected).decode().replace("https://solusio.example", "http://here.test")
            assert answer.status_code == one.response.status
            assert (answer.json() if answer.content else "") == (json.loads(text) if text else "")
        notes = [entry.notes for entry in solusio.journal.read(limit=100)]
    assert [first for first, *_ in notes] == [
        f"from the recording, exchange {one.number}" for one in exchanges
    ]
    assert leaks(repr(notes).encode(), secrets) == []
