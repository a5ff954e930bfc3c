"""Conduct: for each clause a client that violates it, and clients that do not."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from solusio_contracts.contract.clauses import clauses
from solusio_contracts.users.conduct import ClientExchange, Conduct
from solusio_contracts.users.conduct.judge import conduct_rules
from solusio_contracts.users.conduct.rule import Recent
from support.conduct import TOKEN, call, judged, numbered

SECRET = "a-customers-access-token-of-64-characters"
NOT_SEEN = {"CL-008", "CL-036"}
"""Clauses about what the requests alone do not show; `users check` judges them."""


def user(number: int, mail: str, billing_user_id: int | None, role: str = "CLIENT") -> dict[str, Any]:
    return {
        "id": number,
        "email": mail,
        "billing_user_id": billing_user_id,
        "roles": [{"id": 1, "name": role}],
    }


def page(rows: Iterable[Any], number: int = 1, last: int = 1) -> dict[str, Any]:
    return {"data": list(rows), "links": {}, "meta": {"current_page": number, "last_page": last}}


def create(
    billing_user_id: int | None = 7, *, status: int = 201, mail: str = "ann@example.com", **more: Any
) -> ClientExchange:
    body = {"email": mail, "password": more.pop("password", f"secret of {billing_user_id}")}
    if billing_user_id:
        body["billing_user_id"] = billing_user_id
    made = {"data": user(40, mail, billing_user_id, more.pop("role", "CLIENT"))} if status == 201 else None
    return call(
        "createUser", "/users", status=status, body={**body, **more.pop("body", {})}, answer=made, **more
    )


def search(text: str, *rows: Any) -> ClientExchange:
    return call("listUsers", f"/users?filter%5Bsearch%5D={text.replace('@', '%40')}", answer=page(rows))


def by_number(number: int, *rows: Any) -> ClientExchange:
    return call("listUsers", f"/users?filter[billing_user_id]={number}", answer=page(rows))


def pages(last: int, *numbers: int) -> list[ClientExchange]:
    return [call("listUsers", f"/users?page={one}", answer=page([], one, last)) for one in numbers]


def change(number: int, **fields: Any) -> ClientExchange:
    return call(
        "replaceUser", f"/users/{number}", body=fields, answer={"data": user(number, "x@example.com", 7)}
    )


def token(number: int = 40, *, one_time: bool = True) -> ClientExchange:
    return call(
        "createUserToken",
        f"/users/{number}/tokens",
        status=201,
        body={"is_one_time": one_time},
        answer={"data": {"access_token": SECRET}},
    )


def click(secret: str = SECRET) -> ClientExchange:
    made = call("", "", kind="ui", status=302, headers={"authorization": None})
    return replace(made, path=f"/auth/by_token/{secret}")


ANN, JOANN = user(40, "ann@example.com", 7), user(41, "joann@example.com", 8)
PLANS = call("listPlans", "/plans", answer=page([]))

BAD: list[tuple[str, list[ClientExchange], tuple[int, ...]]] = [
    ("CL-001", [call("listPlans", "/plans", status=401, headers={"authorization": None})], (1,)),
    ("CL-001", [call("listPlans", "/plans", status=401, headers={"authorization": "Basic YTpi"})], (1,)),
    ("CL-001", [call("listPlans", "/plans", status=401, headers={"authorization": TOKEN})], (1,)),
    ("CL-002", [call("listPlans", "/plans?api_token=abc", answer=page([]))], (1,)),
    ("CL-002", [call("listPlans", f"/plans?x={TOKEN}", answer=page([]))], (1,)),
    (
        "CL-002",
        [call("login", "/auth/login?password=abc", method="POST", headers={"authorization": None})],
        (1,),
    ),
    ("CL-003", [create(status=422, headers={"content-type": "application/x-www-form-urlencoded"})], (1,)),
    ("CL-003", [create(status=422, headers={"content-type": None})], (1,)),
    ("CL-003", [call("createUser", "/users", status=400, raw=b'{"email": ')], (1,)),
    ("CL-003", [call("createUser", "/users", status=400, raw=b'["ann@example.com"]')], (1,)),
    ("CL-004", [call("", "/user/7", status=404)], (1,)),
    ("CL-004", [call("", "/users/7", status=405, method="POST")], (1,)),
    ("CL-005", [call("listUsers", "/users?filter[billing_id]=7", answer=page([ANN]))], (1,)),
    ("CL-006", [create(body={"billingUserId": 7})], (1,)),
    ("CL-007", [call("listPlans", "/plans", answer=page([]), headers={"user-agent": None})], (1,)),
    ("CL-011", [*pages(3, 1, 2), PLANS], (1, 2)),
    ("CL-011", [*pages(3, 1), *[PLANS] * 10], (1,)),
    ("CL-012", pages(3, 1, 2, 2, 2, 2, 2, 3), (2, 3, 4, 5, 6)),
    (
        "CL-012",
        [
            *(call("listUsers", f"/users?offset={one}", answer=page([], 1, 3)) for one in range(5)),
            *pages(3, 2, 3),
        ],
        (1, 2, 3, 4, 5),
    ),
    ("CL-012", pages(2, 1, 2, 3, 4, 5), (5,)),
    ("CL-021", [create(None), change(40, billing_user_id=7)], (1,)),
    ("CL-022", [search("ann@example.com", user(40, "ann@example.com", None)), token()], (1, 2)),
    ("CL-022", [search("ann@example.com", JOANN, ANN), change(41, status="suspended")], (1, 2)),
    (
        "CL-022",
        [search("ann@example.com", user(40, "ann@example.com", 9)), change(40, billing_user_id=7)],
        (1, 2),
    ),
    (
        "CL-022",
        [search("ann@example.com", user(40, "ann@example.com", None)), change(40, billing_user_id=7)],
        (1, 2),
    ),
    ("CL-022", [search("4", ANN), token()], (1, 2)),
    ("CL-023", [create(status=0), create()], (1, 2)),
    ("CL-023", [create(status=502), create(status=422)], (1, 2)),
    ("CL-023", [create(status=201, answer_headers={"content-length": "9999"}), create(status=422)], (1, 2)),
    ("CL-023", [create(status=0), by_number(8), create()], (1, 3)),
    (
        "CL-023",
        [call("createUser", "/users", body={"email": "a@example.com", "billing_user_id": 7}), create()],
        (1, 2),
    ),
    ("CL-024", [*pages(4, 1, 2, 3, 4), change(40, status="locked")], (1, 4, 5)),
    (
        "CL-024",
        [
            *pages(3, 1, 2, 3),
            token(),
            *pages(3, 1, 2, 3),
        ],
        (1, 3, 4),
    ),
    ("CL-031", [call("getUser", "/users/7", status=403)] * 5, (1, 2, 3, 4, 5)),
    ("CL-031", [create(status=422)] * 5, (1, 2, 3, 4, 5)),
    ("CL-032", [call("getUser", f"/users/{one}", status=401) for one in range(1, 11)], (1, 10)),
    (
        "CL-033",
        [create(status=429, answer_headers={"Retry-After": "3"}, at=10.0), create(at=11.0)],
        (1, 2),
    ),
    ("CL-034", [call("getUser", "/users/7", status=503, at=one / 10) for one in range(4)], (1, 2, 3, 4)),
    ("CL-034", [call("getUser", "/users/7", status=0, at=0.0)] * 4, (1, 2, 3, 4)),
    (
        "CL-035",
        [call("getUser", "/users/7", at=one / 10, answer={"data": ANN}) for one in range(21)],
        (1, 21),
    ),
    ("CL-041", [create(password="")], (1,)),
    ("CL-041", [create(7, password="7")], (1,)),
    ("CL-041", [create(mail="Ann@example.com", password="ann@EXAMPLE.com")], (1,)),
    ("CL-041", [change(40, password=" ")], (1,)),
    (
        "CL-042",
        [create(7, password="welcome"), create(8, mail="bob@example.com", password="welcome")],
        (1, 2),
    ),
    ("CL-042", [create(8, password="welcome"), change(40, password="welcome")], (1, 2)),
    ("CL-043", [create(role="ADMIN", body={"roles": [1]})], (1,)),
    ("CL-051", [token(one_time=False), click()], (1, 2)),
    ("CL-052", [token(), click(), click()], (1, 2, 3)),
    ("CL-053", [token(), call("updateServer", "/servers/7", body={"description": f"see {SECRET}"})], (1, 2)),
    ("CL-053", [token(), call("listUsers", f"/users?filter[search]={SECRET}", answer=page([]))], (1, 2)),
    ("CL-054", [by_number(7, user(40, "ann@example.com", 7, "ADMIN")), token()], (1, 2)),
]
"""A clause, a client that violates it, and the numbers of the exchanges that show it."""

GOOD: dict[str, list[ClientExchange]] = {
    "looks by billing_user_id, creates, logs in": [by_number(7), create(), token(), click()],
    "an empty list for an empty object": [call("createUserToken", "/users/40/tokens", status=201, raw=b"[]")],
    "an empty object without a Content-Type": [
        call("createUserToken", "/users/40/tokens", status=201, raw=b"{}", headers={"content-type": None})
    ],
    "a charset": [create(headers={"content-type": "application/json; charset=utf-8"})],
    "lower case": [
        call("listPlans", "/plans", answer=page([]), headers={"authorization": f"bearer {TOKEN}"})
    ],
    "logs in with a password": [
        call(
            "login",
            "/auth/login",
            method="POST",
            body={"email": "a@example.com", "password": "x"},
            headers={"authorization": None},
        )
    ],
    "a user who is not there": [call("getUser", "/users/7", status=404)],
    "an operation that the document lacks, answered from a recording": [
        call("", "/licence", answer={"data": {}})
    ],
    "all pages": pages(3, 1, 2, 3),
    "all pages, twice, of another list in between": [*pages(2, 1, 2), PLANS, *pages(2, 1, 2)],
    "the usage of each month": [
        call(
            "listUsage", f"/usage?from=2026-{month:02}-01&page={one}", answer=page([], one, 2), at=month / 10
        )
        for month in range(1, 13)
        for one in (1, 2)
    ],
    "reads the servers before each change": [
        one
        for number in range(6)
        for one in (
            call("listServers", "/servers?filter[user_id]=7&page=1", answer=page([], 1, 2), at=number / 10),
            call("listServers", "/servers?filter[user_id]=7&page=2", answer=page([], 2, 2), at=number / 10),
            call("updateServer", f"/servers/{number}", body={"name": "x"}, at=number / 10),
        )
    ],
    "searches by mail before each change": [
        one
        for number in range(6)
        for one in (
            call(
                "listUsers",
                "/users?page=1&per_page=2&filter[search]=ann%40example.com",
                answer=page([ANN], 1, 2),
                at=number / 10,
            ),
            change(40, status="locked", language_id=number),
        )
    ],
    "stops at the first empty page": pages(2, 1, 2, 3),
    "two clients walk at the same time": [
        replace(one, client=client)
        for pair in zip(pages(3, 1, 2, 3), pages(3, 1, 2, 3), strict=True)
        for one, client in zip(pair, ("127.0.0.1", "127.0.0.2"), strict=True)
    ],
    "counts by a page of one row": [call("listUsers", "/users?per_page=1", answer=page([ANN], 1, 900))],
    "looks at the first page of a search": [
        call("listUsers", "/users?filter[search]=ann", answer=page([ANN], 1, 3))
    ],
    "waits for a task": [
        call("getTask", "/tasks/7", answer={"data": {"id": 7, "status": "running"}}, at=one * 1.0)
        for one in range(60)
    ],
    "searches by mail and acts on that user": [search("ANN@example.com", ANN), change(40, status="locked")],
    "searches by mail, then looks at the user": [
        search("ann@example.com", user(40, "ann@example.com", None)),
        call("getUser", "/users/40", answer={"data": user(40, "ann@example.com", 7)}),
        token(),
    ],
    "searches by the billing user id": [search("7", ANN), change(40, status="locked")],
    "looks after a lost response": [by_number(7), create(status=0), by_number(7, ANN), token()],
    "looks by mail after a lost response": [create(status=502), search("ann@example.com"), create()],
    "reads all users after a lost response": [
        create(status=502),
        call("listUsers", "/users", answer=page([])),
        create(),
    ],
    "creates again what was refused": [create(status=422, mail="ann@"), create()],
    "creates again after 429": [
        create(status=429, answer_headers={"Retry-After": "1"}, at=5.0),
        create(at=6.0),
    ],
    "another customer after 429": [
        create(status=429, answer_headers={"Retry-After": "3"}, at=5.0),
        create(8, mail="bob@example.com", at=5.1),
    ],
    "was on its way when the other was limited": [
        call("getUser", "/users/7", status=429, answer_headers={"Retry-After": "3"}, at=5.0),
        call("getUser", "/users/7", answer={"data": ANN}, at=4.9),
    ],
    "retries a second apart": [call("getUser", "/users/7", status=503, at=one * 1.0) for one in range(5)],
    "one quick retry": [
        call("getUser", "/users/7", status=500, at=0.0),
        call("getUser", "/users/7", answer={"data": ANN}, at=0.0),
    ],
    "the same refusal, an hour apart": [
        call("getUser", "/users/7", status=403, at=one * 3600.0) for one in range(9)
    ],
    "refused once, with other fields accepted": [
        create(status=422, mail="ann"),
        create(status=422, mail="ann@"),
        create(),
    ],
    "a few wrong access tokens": [call("getUser", f"/users/{one}", status=401) for one in range(1, 6)],
    "no password": [
        call("createUser", "/users", status=201, body={"email": "a@example.com", "billing_user_id": 7})
    ],
    "null for a password that stays": [change(40, password=None, status="locked")],
    "the same password for two who are not customers": [
        call(
            "replaceUser",
            f"/users/{number}",
            body={"password": "p"},
            answer={"data": user(number, "a@example.com", None)},
        )
        for number in (50, 51)
    ],
    "the same password for the same customer": [
        create(status=422),
        create(password="p"),
        change(40, billing_user_id=7, password="p"),
    ],
    "an administrator who is not a customer": [
        call(
            "replaceUser",
            "/users/40",
            body={"roles": [1]},
            answer={"data": user(40, "a@example.com", None, "ADMIN")},
        )
    ],
    "walks all users for many": [
        *pages(4, 1, 2, 3, 4),
        change(40, status="locked"),
        change(41, status="locked"),
    ],
    "walks all users to compare": [*pages(4, 1, 2, 3, 4), *pages(4, 1, 2, 3, 4)],
    "a permanent access token for the API": [
        token(one_time=False),
        call("getAccount", "/account", headers={"authorization": f"Bearer {SECRET}"}),
    ],
    "a one-time access token for one call": [
        token(),
        call("getAccount", "/account", headers={"authorization": f"Bearer {SECRET}"}),
    ],
    "a preview of the link": [token(), replace(click(), method="HEAD"), click()],
}


@pytest.mark.parametrize(
    ("clause", "exchanges", "shown"), BAD, ids=[f"{one[0]}-{place}" for place, one in enumerate(BAD)]
)
def test_a_client_that_violates_a_clause_is_found(clause, exchanges, shown):
    found = judged(exchanges)
    assert [(number, numbers) for number, numbers, _ in found if number == clause] == [(clause, shown)], found
    others = {number for number, _, _ in found} - {clause}
    assert not {other for other in others if clauses()[other].level == "must"}, found


@pytest.mark.parametrize("name", GOOD)
def test_a_client_that_does_well_is_left_alone(name):
    assert judged(GOOD[name]) == []


def test_every_clause_of_conduct_has_a_rule_and_a_client_that_violates_it():
    written = {one for one in clauses() if one.startswith("CL-")}
    assert {rule.clause.id for rule in conduct_rules()} == written - NOT_SEEN
    assert {clause for clause, _, _ in BAD} == written - NOT_SEEN


def test_texts_have_no_secrets():
    for _, exchanges, _ in BAD:
        for _, _, text in judged(exchanges):
            assert TOKEN not in text
            assert SECRET not in text
            assert "welcome" not in text


def test_what_may_still_be_settled_is_not_found_yet():
    conduct = Conduct()
    first, second, third = numbered(pages(3, 1, 2, 3))
    assert conduct.see(first) == []
    assert [one.exchanges for one in conduct.unfinished()] == [(1,)]
    assert conduct.see(second) == []
    assert [one.exchanges for one in conduct.unfinished()] == [(1, 2)]
    assert conduct.see(third) == []
    assert conduct.unfinished() == []


def test_a_walk_that_nobody_continues_is_found_later():
    conduct = Conduct()
    found = [one for exchange in numbered([*pages(3, 1), *[PLANS] * 300]) for one in conduct.see(exchange)]
    assert [(one.clause.id, one.exchanges, one.subject) for one in found] == [("CL-011", (1,), "listUsers")]
    assert conduct.unfinished() == []


OPERATIONS = [
    "",
    "createUser",
    "createUserToken",
    "deleteUser",
    "getUser",
    "listUsers",
    "replaceUser",
    "login",
]
MEMBERS = st.sampled_from(
    ["email", "billing_user_id", "password", "roles", "id", "access_token", "is_one_time"]
)
PARAMETERS = st.sampled_from(["page", "per_page", "filter[search]", "filter[billing_user_id]", "token", "x"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
EXCHANGES = st.builds(
    ClientExchange,
    number=st.just(0),
    kind=st.sampled_from(["api", "ui"]),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "BREW"]),
    path=st.sampled_from(["/api/v1/users", "/api/v1/users/7", "/auth/by_token/x", "/"])
    | st.text(max_size=30),
    query=st.binary(max_size=30)
    | st.builds(lambda name, value: f"{name}={value}".encode(), PARAMETERS, st.text(max_size=12)),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"authorization", b"content-type", b"user-agent", b"x"]), st.binary(max_size=20)
        ),
        max_size=4,
    ),
    body=st.binary(max_size=20) | VALUES.map(lambda value: json.dumps(value).encode()),
    client=st.sampled_from(["127.0.0.1", "::1", ""]),
    operation=st.sampled_from(OPERATIONS),
    status=st.sampled_from([0, 200, 201, 204, 302, 401, 403, 404, 422, 429, 500, 502, 503]),
    response_headers=st.lists(
        st.tuples(st.sampled_from([b"Retry-After", b"content-length", b"x"]), st.binary(max_size=12)),
        max_size=3,
    ),
    response_body=st.binary(max_size=20)
    | VALUES.map(lambda value: json.dumps({"data": value, "meta": {"last_page": 3}}).encode()),
    arrived=st.floats(0, 1e6),
    answered=st.floats(0, 1e6),
)


@given(st.lists(EXCHANGES, max_size=12))
def test_nothing_that_a_client_sends_is_too_strange(exchanges):
    conduct = Conduct()
    for number, exchange in enumerate(exchanges, 1):
        for one in conduct.see(replace(exchange, number=number)):
            assert one.exchanges == tuple(sorted(one.exchanges))
            assert one.exchanges[-1] <= number
            assert one.text
    for one in conduct.unfinished():
        assert one.exchanges


def test_what_is_remembered_is_limited():
    recent: Recent[int, str] = Recent(3)
    for number in (1, 2, 3, 1, 4):
        recent.put(number, str(number))
    assert list(recent.items()) == [(3, "3"), (1, "1"), (4, "4")]
