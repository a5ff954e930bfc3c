"""The list of exchanges, its filters and pages, and an exchange as a whole."""

import json
import re

import pytest

from mock_solusio.operator_page.exchange_views import pretty
from support.calls import START


def add(solusio, count=1, *, path="/api/v1/users", **fields):
    journal = solusio.journal
    for _ in range(count):
        values = {"kind": "api", "method": "GET", "status": 200, **fields}
        journal.add(values.pop("kind"), values.pop("method"), path, moment=START, **values)


def numbers(page):
    return [int(number) for number in re.findall(r'data-number="(\d+)"', page.text)]


def test_latest_exchanges_come_first_and_link_to_their_pages(operator, solusio):
    add(solusio)
    add(solusio, method="POST", status=422, operation="createUser", notes=["the email is taken", "and more"])
    add(solusio, kind="billing", path="https://billing.example.com/", status=0)
    page = operator.open()
    assert numbers(page) == [3, 2, 1]
    assert 'href="/_mock/operator/journal/2"' in page.text
    text = operator.text()
    assert "422 POST /api/v1/users createUser 0.0 ms the email is taken +1" in text
    assert "billing none GET https://billing.example.com/" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=billing", [3]),
        ("status=4xx", [2]),
        ("status=none", [3]),
        ("method=POST", [2]),
        ("operation=createUser", [2]),
        ("text=TAKEN", [2]),
        ("path=*/users", [2, 1]),
        ("text=&kind=&status=&method=&operation=", [3, 2, 1]),
        ("kind=api&status=2xx", [1]),
        ("text=nothing", []),
        ("unknown=1", [3, 2, 1]),
    ],
)
def test_filters(operator, solusio, query, expected):
    add(solusio)
    add(solusio, method="POST", status=422, operation="createUser", notes=["the email is taken"])
    add(solusio, kind="billing", path="https://billing.example.com/", status=0)
    page = operator.open(f"/_mock/?{query}")
    assert numbers(page) == expected
    assert numbers_of_rows(operator, query) == expected
    chosen = re.findall(r'<option value="([^"]+)" selected', page.text)
    assert set(chosen) <= set(query.replace("&", "=").split("="))


def numbers_of_rows(operator, query):
    found = operator.open(f"/_mock/operator/rows?{query}").json()
    assert found["problem"] == ""
    return [int(number) for number in re.findall(r'data-number="(\d+)"', found["rows"])]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("operation=createUsr", "Did you mean: createUser"),
        ("status=teapot", "status"),
        ("kind=other", "kind"),
        ("before=x", "before"),
    ],
)
def test_a_wrong_filter_is_explained(operator, solusio, query, words):
    add(solusio)
    page = operator.open(f"/_mock/?{query}")
    assert (page.status_code, numbers(page)) == (200, [])
    summary = re.search(r'id="summary">(.*?)</p>', page.text, re.DOTALL)
    assert summary
    assert words in summary[1]
    assert words in operator.open(f"/_mock/operator/rows?{query}").json()["problem"]


def test_pages_lead_to_the_oldest_exchange_each_once(operator, solusio):
    add(solusio, 250)
    add(solusio, kind="ui", path="/")
    path, seen = "/_mock/?kind=api", []
    while path:
        page = operator.open(path)
        seen += numbers(page)
        older = re.search(r'<p id="more">.*?href="([^"]+)"', page.text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == list(range(250, 0, -1))


def test_new_exchanges_are_asked_for_by_number(operator, solusio):
    add(solusio, 3)
    solusio.mock.clock.advance(1_000_000)
    found = operator.open("/_mock/operator/rows?since=2").json()
    assert re.findall(r'data-number="(\d+)"', found["rows"]) == ["3"]
    assert (found["number"], found["last"], found["kept"], found["older"]) == (1, 3, 3, "")
    assert found["dropped"] == 0
    assert (found["now"], found["pace"]) == ("Sun 1 Mar 2026, 00:00:01", "frozen")
    assert found["counts"]["journal"] == 3
    assert operator.open("/_mock/operator/now").json()["counts"] == found["counts"]


def test_an_exchange_as_a_whole_without_secrets(operator, solusio):
    add(
        solusio,
        method="POST",
        query=b"page=2",
        headers=[(b"authorization", b"Bearer very-secret-access-token"), (b"x-one", b"1")],
        body=b'{"email":"ann@example.com","password":"hush-hush"}',
        response_headers=[(b"content-type", b"application/json")],
        response_body=b'{"data":{"id":7}}',
        operation="createUser",
        milliseconds=12.34,
        notes=["CL-042 (must): two customers got the same password", "another note"],
    )
    text = operator.text("/_mock/operator/journal/1")
    assert "POST /api/v1/users?page=2 200 12.3 ms 2026-03-01 00:00:00 UTC api createUser" in text
    assert "must CL-042 two customers got the same password another note" in text
    assert "authorization Bearer *** x-one 1" in text
    assert '{ "email": "ann@example.com", "password": "***" }' in text
    assert "17 bytes" in text
    assert '{ "data": { "id": 7 } }' in text
    assert "very-secret" not in text
    assert "hush-hush" not in text


def test_a_pane_is_an_exchange_without_the_frame(operator, solusio):
    add(solusio)
    pane = operator.open("/_mock/operator/journal/1?pane").text
    assert '<h2 class="what"' in pane
    assert "<html" not in pane


def test_neighbours_are_linked_while_they_are_kept(operator, solusio):
    add(solusio, 3)
    page = operator.open("/_mock/operator/journal/2").text
    assert 'href="/_mock/operator/journal/3" rel="prev"' in page
    assert 'href="/_mock/operator/journal/1" rel="next"' in page
    assert 'rel="next"' not in operator.open("/_mock/operator/journal/1").text
    missing = operator.open("/_mock/operator/journal/9")
    assert missing.status_code == 404
    assert "There is no exchange 9." in missing.text


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        ('{"b":1.50,"a":[]}', "application/json", '{\n  "b": 1.50,\n  "a": []\n}'),
        ('{"b":1', "application/json", '{"b":1'),
        ('{"b":1}', "", '{\n  "b": 1\n}'),
        ("a=1&b=x+y%20z&c=", "application/x-www-form-urlencoded", "a = 1\nb = x y z\nc = "),
        ("", "application/json", ""),
        ("plain", "text/plain", "plain"),
        ("[" * 5000, "application/json", "[" * 5000),
    ],
)
def test_bodies_are_laid_out_for_reading(body, content_type, shown):
    assert pretty(body, content_type) == shown


def test_findings_come_must_before_should_and_name_their_exchanges(operator, solusio):
    client = solusio.client
    for number, name in enumerate(("ann", "bob"), 1):
        body = {"email": f"{name}@example.com", "password": "the-same-one", "billing_user_id": number}
        client.post("users", json=body, headers={"user-agent": "billing"})
    client.get("nothing", headers={"user-agent": "billing"})
    page = operator.open("/_mock/operator/findings")
    levels = re.findall(r'<span class="badge \w+">(must|should)</span>', page.text)
    assert levels == sorted(levels)
    assert {"must", "should"} == set(levels)
    assert 'id="CL-042"' in page.text
    assert 'href="/_mock/operator/journal/2"' in page.text
    assert f'data-count="findings">{len(levels)}<' in page.text
    page = operator.send("/_mock/", "/_mock/operator/journal/clear")
    assert "The journal and the findings are cleared." in page.text
    assert numbers(page) == []
    assert "No client has sent a request yet." in operator.text("/_mock/operator/findings")


def test_rows_are_json_that_no_browser_takes_for_a_page(operator, solusio):
    add(solusio, path="/<script>")
    answer = operator.open("/_mock/operator/rows")
    assert answer.headers["content-type"] == "application/json"
    assert "<script>" not in json.loads(answer.text)["rows"]
