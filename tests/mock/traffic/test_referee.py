"""The referee: what clients do wrong is in the journal, in /_mock/findings and with the fixture."""

import json
from typing import Any

import httpx
import jsonschema_rs
import pytest

from mock_solusio.control.operations import document
from mock_solusio.server.messages import Request, Response
from mock_solusio.testing import Solusio
from mock_solusio.traffic.journal import Journal
from mock_solusio.traffic.referee import EXAMPLES, LIMIT

PASSWORD = "the-same-for-everybody"


@pytest.fixture
def client(solusio):
    """A billing system without a User-Agent of its own."""
    headers = {"Authorization": f"Bearer {solusio.admin_token}", "User-Agent": "billing/1"}
    with httpx.Client(base_url=f"{solusio.url}/api/v1/", headers=headers, trust_env=False) as made:
        yield made


def findings(solusio: Solusio) -> Any:
    """Ask the control API; its answer must be as its document says."""
    answer = httpx.get(f"{solusio.url}/_mock/findings", trust_env=False)
    assert answer.status_code == 200
    schema = document()["paths"]["/_mock/findings"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    whole = {**schema, "components": document()["components"]}
    assert [one.message for one in jsonschema_rs.Draft202012Validator(whole).iter_errors(answer.json())] == []
    return answer.json()


def make(client: httpx.Client, number: int) -> httpx.Response:
    body = {"email": f"user{number}@example.com", "billing_user_id": number, "password": PASSWORD}
    return client.post("users", json=body)


def test_a_finding_is_a_note_in_the_journal_and_in_the_list(solusio, client):
    client.get("users", params={"filter[billing_id]": 7})
    (found,) = findings(solusio)["data"]
    (entry,) = solusio.journal.read(operation="listUsers")
    assert found["clause"] == "CL-005"
    assert (found["level"], found["subject"], found["count"]) == ("should", "listUsers", 1)
    assert found["exchanges"] == [entry.number]
    assert "filter[billing_user_id]" in found["text"]
    assert f"CL-005 (should): {found['text']}" in entry.notes


def test_equal_findings_are_one_and_the_strictest_comes_first(solusio, client):
    for _ in range(3):
        client.get("users", params={"filter[billing_id]": 7})
    make(client, 7)
    make(client, 8)
    value = findings(solusio)
    assert [(one["clause"], one["count"]) for one in value["data"]] == [("CL-042", 1), ("CL-005", 3)]
    assert value["data"][1]["latest"] == value["data"][1]["exchanges"][0] + 2
    assert value["meta"] == {"must": 1, "should": 1, "may": 0, "judged": 5, "dropped": 0}
    assert [one.clause for one in solusio.findings] == ["CL-042", "CL-005"]


def test_no_secret_is_shown(solusio, client):
    secret = solusio.access_token(1)
    make(client, 7)
    make(client, 8)
    client.get("users", params={"access_token": "visible-in-every-log"})
    client.get(f"nothing/{solusio.admin_token}", headers={"Authorization": "Digest of-something-secret"})
    user = client.post("users/2/tokens", json={"is_one_time": True}).json()["data"]["access_token"]
    httpx.get(
        f"{solusio.url}/auth/by_token/{user}", params={"password": "typed-by-somebody"}, trust_env=False
    )
    client.patch("servers/1", json={"description": user})
    value = findings(solusio)
    assert {one["clause"] for one in value["data"]} >= {"CL-002", "CL-004", "CL-042", "CL-053"}
    shown = json.dumps(value)
    for hidden in (
        secret,
        user,
        PASSWORD,
        solusio.admin_token,
        "visible-in-every-log",
        "of-something-secret",
    ):
        assert hidden not in shown


def test_what_is_open_is_settled_by_the_next_page(solusio, client):
    for number in range(1, 4):
        solusio.create_user(billing_user_id=number)
    client.get("users", params={"per_page": 2})
    (found,) = findings(solusio)["data"]
    assert (found["clause"], found["open"]) == ("CL-011", True)
    client.get("users", params={"per_page": 2, "page": 2})
    assert findings(solusio)["data"] == []


def test_they_are_cleared_with_the_journal_and_by_a_reset(solusio, client):
    for clear in (
        lambda: httpx.delete(f"{solusio.url}/_mock/journal", trust_env=False),
        lambda: httpx.post(f"{solusio.url}/_mock/reset", trust_env=False),
        solusio.journal.clear,
    ):
        client.get("users", params={"filter[billing_id]": 7})
        assert solusio.findings
        clear()
        assert solusio.findings == []
        assert findings(solusio)["meta"]["judged"] == 0


def test_the_calls_of_the_fixture_are_not_judged(solusio):
    solusio.create_user()
    solusio.client.get("users", params={"nothing": 1})
    assert solusio.findings == []
    assert findings(solusio)["meta"]["judged"] == 0


def test_a_lost_response_counts_as_one(solusio, client):
    solusio.mock.faults.add_json(b'{"kind": "cut", "operation": "createUser", "effect": true}')
    with pytest.raises(httpx.RemoteProtocolError):
        make(client, 7)
    assert make(client, 7).status_code == 422
    assert [one.clause for one in solusio.findings] == ["CL-023"]


def test_retry_after_is_measured_in_real_time(solusio, client):
    solusio.clock.freeze()
    fault = {"kind": "status", "status": 429, "retry_after": 600, "operation": "getUser"}
    solusio.mock.faults.add_json(json.dumps(fault).encode())
    assert client.get("users/1").status_code == 429
    assert client.get("users/1").status_code == 200
    assert [one.clause for one in solusio.findings] == ["CL-033"]


def test_a_recorded_response_is_judged_by_its_operation(solusio, client):
    """The journal knows the operation of every request to the API, whatever answered it."""
    client.get("users/1", headers={"Authorization": ""})
    (entry,) = solusio.journal.read(kind="api")
    assert entry.operation == "getUser"
    assert [one.clause for one in solusio.findings] == ["CL-001"]


def request(path: str, query: bytes = b"") -> Request:
    headers = [(b"user-agent", b"billing/1"), (b"authorization", b"Bearer of-an-administrator")]
    return Request("GET", path, query, headers, b"", "http", "127.0.0.1")


def test_the_number_of_findings_is_limited():
    journal = Journal()
    for number in range(LIMIT + 20):
        journal.add_exchange(
            "api", request("/api/v1/users", b"x%d=1" % number), Response(200, (), b"", "listUsers"), moment=0
        )
    assert len(journal.findings()) == LIMIT
    assert journal.referee.dropped == 20


def test_a_finding_names_only_the_first_exchanges():
    journal = Journal()
    for number in range(30):
        path = "/api/v1/users/7"
        began = number / 100
        journal.add_exchange(
            "api", request(path), Response(403, (), b"", "getUser"), moment=0, began=began, ended=began
        )
    (found,) = journal.findings()
    assert (found.clause, found.count) == ("CL-031", 6)
    assert len(found.exchanges) <= EXAMPLES
    assert found.latest == 30


def test_who_listens_gets_each_finding_once():
    journal = Journal()
    heard: list[str] = []
    journal.referee.on_finding = lambda finding: heard.append(finding.clause)
    for _ in range(3):
        journal.add_exchange(
            "api", request("/api/v1/users", b"x=1"), Response(200, (), b"", "listUsers"), moment=0
        )
    assert heard == ["CL-005"]
