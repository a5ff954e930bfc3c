"""GET /usage: the vendor's examples on a clock that is advanced, periods, filters, permissions."""

from itertools import pairwise

import pytest


@pytest.mark.parametrize(
    ("life", "hours", "charge", "tokens"),
    [
        ({"hours": 700}, 700, "hourly", 4900),
        ({"hours": 730}, 730, "monthly", 5000),
        ({"days": 31}, 744, "monthly", 5000),
        ({"minutes": 5}, 1, "hourly", 7),
    ],
)
def test_the_examples_of_the_vendors_page(api, server, wait, lines, march, life, hours, charge, tokens):
    key = server()
    wait(**life)
    assert api.delete(f"servers/{key}").status == 200
    wait(days=60)
    (line,) = lines(march)
    assert (line["hours"], line["charge"], line["tokens"]) == (hours, charge, tokens)
    assert (line["tokens_per_hour"], line["tokens_per_month"]) == (7, 5000)


@pytest.mark.parametrize(
    ("plan", "per_hour", "per_month"), [(1, 7, 5000), (2, 14, 10_000), (3, 21, 15_000), (4, 28, 20_000)]
)
def test_all_four_plans(server, wait, lines, march, plan, per_hour, per_month):
    server(plan=plan)
    wait(hours=700)
    (line,) = lines(march)
    assert (line["hours"], line["tokens"], line["charge"]) == (700, 700 * per_hour, "hourly")
    wait(hours=30)
    (line,) = lines(march)
    assert (line["hours"], line["tokens"], line["charge"]) == (730, per_month, "monthly")


def test_a_line_says_all_that_an_invoice_needs(api, server, wait, lines, customer, march):
    user = customer(billing_user_id=1001)
    key = server(user=user, name="db.example.com")
    wait(hours=10)
    api.delete(f"servers/{key}")
    wait(days=40)
    assert lines(march) == [
        {
            "id": 1,
            "user_id": user,
            "billing_user_id": 1001,
            "server_id": key,
            "server_name": "db.example.com",
            "resource": "server",
            "resource_id": key,
            "plan": {"id": 1, "name": "1 Core, 1 GB RAM"},
            "from": "2026-03-01T00:00:00.000000Z",
            "to": "2026-03-01T10:00:00.000000Z",
            "hours": 10,
            "tokens_per_hour": 7,
            "tokens_per_month": 5000,
            "charge": "hourly",
            "tokens": 70,
        }
    ]


def test_a_server_costs_from_its_order_on_and_stopped_as_well(api, server, wait, lines):
    key = server()
    assert lines() == [], "no time has passed yet"
    wait(seconds=1)
    assert [line["hours"] for line in lines()] == [1]
    api.post(f"servers/{key}/stop")
    wait(hours=2)
    assert [line["hours"] for line in lines()] == [3]
    api.post(f"servers/{key}/suspend")
    wait(hours=2)
    assert [line["hours"] for line in lines()] == [5]


def test_a_running_month_is_not_closed(api, server, wait, march):
    server()
    wait(days=14, hours=12)
    meta = api.get("usage").json["meta"]
    assert meta["period"] == {"from": "2026-03-01T00:00:00.000000Z", "to": "2026-04-01T00:00:00.000000Z"}
    assert (meta["closed"], meta["metered_until"]) == (False, "2026-03-15T12:00:00.000000Z")
    wait(days=16, hours=11, minutes=59)
    assert api.get(f"usage?{march}").json["meta"]["closed"] is False
    wait(minutes=1)
    meta = api.get(f"usage?{march}").json["meta"]
    assert (meta["closed"], meta["metered_until"]) == (True, "2026-04-01T00:00:00.000000Z")
    assert meta["totals"] == {"lines": 1, "hours": 744, "tokens": 5000}
    assert api.get("usage").json["meta"]["period"]["from"] == "2026-04-01T00:00:00.000000Z"


def test_what_is_closed_stays_as_it_is(api, server, wait, march, customer):
    user = customer(billing_user_id=5)
    key = server(user=user)
    server(user=user, plan=2)
    wait(days=31)
    before = api.get(f"usage?{march}").json
    wait(days=3)
    api.post(f"servers/{key}/resize", {"plan_id": 3})
    wait(days=3)
    api.delete(f"servers/{key}")
    server(user=user)
    wait(days=90)
    assert api.get(f"usage?{march}").json == before


def test_months_add_up_to_the_life(api, server, wait, lines):
    key = server()
    wait(days=100, minutes=30)
    api.delete(f"servers/{key}")
    wait(days=10)
    months = ["2026-03", "2026-04", "2026-05", "2026-06", "2026-07"]
    found = [
        lines(f"from={month}-01T00:00:00Z&to={following}-01T00:00:00Z")
        for month, following in pairwise(months)
    ]
    assert [[line["hours"] for line in one] for one in found] == [[744], [720], [744], [2400 + 1 - 2208]]
    whole = lines("from=2026-03-01T00:00:00Z&to=2026-07-01T00:00:00Z")
    assert whole == [line for one in found for line in one], "a longer period has the lines of its months"
    assert len({line["id"] for line in whole}) == 4


def test_a_part_of_a_month_has_its_own_hours_and_the_whole_price(server, wait, lines):
    server()
    wait(days=31)
    weeks = ["01", "08", "15", "22", "29"]
    found = [
        lines(f"from=2026-03-{first}T00:00:00Z&to=2026-03-{last}T00:00:00Z")[0]
        for first, last in pairwise(weeks)
    ]
    assert [line["hours"] for line in found] == [168] * 4
    assert [line["tokens"] for line in found] == [1176] * 4
    assert found[1]["from"] == "2026-03-08T00:00:00.000000Z"
    assert found[1]["to"] == "2026-03-15T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ("", "2026-03-01T00:00:00", "2026-04-01T00:00:00"),
        ("from=2026-01-15T00:00:00Z", "2026-01-15T00:00:00", "2026-04-01T00:00:00"),
        ("to=2026-02-01T00:00:00Z", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
        ("from=2026-01-01&to=2026-01-02", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
        ("from=2026-01-01T02:00:00%2B02:00", "2026-01-01T00:00:00", "2026-04-01T00:00:00"),
        ("from=2026-01-01t00:00:00z", "2026-01-01T00:00:00", "2026-04-01T00:00:00"),
        ("from=2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00", "2026-04-01T00:00:00"),
        ("from=2026-01-01T00:00-00:00", "2026-01-01T00:00:00", "2026-04-01T00:00:00"),
        ("from=2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00", "2026-04-01T00:00:00"),
        ("from=1970-01-01T00:00:00Z", "1970-01-01T00:00:00", "2026-04-01T00:00:00"),
        ("to=9999-12-31T23:59:59Z", "9999-12-01T00:00:00", "9999-12-31T23:59:59"),
    ],
)
def test_periods(api, query, since, until):
    answer = api.get(f"usage?{query}")
    assert answer.status == 200, answer
    period = answer.json["meta"]["period"]
    assert period == {"from": f"{since}.000000Z", "to": f"{until}.000000Z"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("from=1969-12-31T23:59:59Z", "from"),
        ("from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "to"),
        ("from=2027-01-01T00:00:00Z", "to"),
        ("from=1970-01-01T00:00:00Z&to=2070-01-01T00:00:01Z", "from"),
        ("as_of=soon", "as_of"),
        # ISO 8601 has more than RFC 3339.
        ("from=2026-W10-1T00:00:00Z", "from"),
        ("from=20260301T000000Z", "from"),
        ("from=2026-03-01T00:00:00,5Z", "from"),
        ("from=2026-03-01T00:00:00%2B12:60", "from"),
        ("from=2026-03-01T00:00:00%2B24:00", "from"),
        ("from=2026-03-01T00:00:00%2B0100", "from"),
        ("from=2026-03-01T24:00:00Z", "from"),
        ("from=2026-03-01T00Z", "from"),
        ("from=2026-03-01x00:00:00Z", "from"),
        ("from=%D9%A2026-03-01T00:00:00Z", "from"),
        ("filter[billing_user_id]=9007199254740992", "filter[billing_user_id]"),
        ("filter[user_id]=x", "filter[user_id]"),
        ("filter[billing_user_id]=0", "filter[billing_user_id]"),
        ("per_page=0", "per_page"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(api, query, field):
    answer = api.get(f"usage?{query}")
    assert (answer.status, list(answer.errors)) == (422, [field])


def test_nothing_used_is_an_empty_page(api):
    answer = api.get("usage")
    assert answer.data == []
    meta = answer.json["meta"]
    assert (meta["current_page"], meta["last_page"], meta["total"]) == (1, 1, 0)
    assert meta["totals"] == {"lines": 0, "hours": 0, "tokens": 0}


def test_a_page_has_at_most_a_thousand_lines_and_a_hundred_by_default(api):
    assert api.get("usage").json["meta"]["per_page"] == 100
    assert api.get("usage?per_page=5000").json["meta"]["per_page"] == 1000


# Whose


def test_filters(server, customer, wait, lines):
    ann, bob, cid = customer(billing_user_id=11), customer(billing_user_id=22), customer()
    for user in (ann, bob, ann, cid):
        server(user=user)
    wait(minutes=1)

    def users(query):
        return [line["user_id"] for line in lines(query)]

    assert users("") == [ann, bob, ann, cid]
    assert users(f"filter[user_id]={ann}") == [ann, ann]
    assert users("filter[billing_user_id]=22") == [bob]
    assert users(f"filter[user_id]={ann}&filter[billing_user_id]=11") == [ann, ann]
    assert users(f"filter[user_id]={ann}&filter[billing_user_id]=22") == []
    assert users("filter[user_id]=999") == users("filter[billing_user_id]=999") == []


def test_who_sees_what(api, server, customer, wait, lines):
    ann, bob = customer(billing_user_id=11), customer(billing_user_id=22)
    server(user=ann)
    server(user=bob)
    wait(minutes=1)
    as_ann = api.as_user(ann)
    assert [line["user_id"] for line in lines(by=as_ann)] == [ann]
    assert [line["user_id"] for line in lines(f"filter[user_id]={ann}", by=as_ann)] == [ann]
    assert [line["user_id"] for line in lines("filter[billing_user_id]=11", by=as_ann)] == [ann]
    for query in (f"filter[user_id]={bob}", "filter[billing_user_id]=22", "filter[user_id]=999"):
        assert as_ann.get(f"usage?{query}").status == 403
    role = api.post("roles", {"name": "accounting", "permissions": [_permission(api, "view usage")]})
    accountant = api.as_user(customer(roles=[role.data["id"]]))
    assert [line["user_id"] for line in lines(by=accountant)] == [ann, bob]
    assert api.acting_as(None).get("usage").status == 401


def _permission(api, name):
    return next(one["id"] for one in api.get("permissions?per_page=100").data if one["name"] == name)


def test_deleted_servers_and_users_stay(api, server, customer, wait, lines, march):
    user = customer(billing_user_id=77)
    key = server(user=user, name="first")
    wait(hours=5)
    api.delete(f"servers/{key}")
    wait(minutes=1)
    assert api.delete(f"users/{user}").status == 204
    wait(days=60)
    for query in (march, f"{march}&filter[user_id]={user}", f"{march}&filter[billing_user_id]=77"):
        (line,) = lines(query)
        assert (line["user_id"], line["billing_user_id"], line["server_name"]) == (user, 77, "first")
        assert line["tokens"] == 35
    # Somebody else gets the number: both are found by it, each with their own.
    other = customer(billing_user_id=77)
    server(user=other)
    wait(minutes=1)
    found = lines("from=2026-03-01T00:00:00Z&filter[billing_user_id]=77")
    assert [line["user_id"] for line in found] == [user, other]


def test_a_billing_id_that_comes_later_holds_for_all(api, server, customer, wait, lines):
    user = customer()
    server(user=user)
    wait(days=3)
    assert [line["billing_user_id"] for line in lines()] == [None]
    api.patch(f"users/{user}", {"billing_user_id": 9})
    assert [line["billing_user_id"] for line in lines("filter[billing_user_id]=9")] == [9]
    api.patch(f"users/{user}", {"billing_user_id": 10})
    assert lines("filter[billing_user_id]=9") == []
    assert [line["hours"] for line in lines("filter[billing_user_id]=10")] == [72]


def test_the_largest_id_of_a_billing_system_can_be_filtered_by(server, customer, wait, lines):
    server(user=customer(billing_user_id=2**53 - 1))
    wait(hours=1)
    assert [line["billing_user_id"] for line in lines(f"filter[billing_user_id]={2**53 - 1}")] == [2**53 - 1]


def test_as_of_leaves_out_what_happens_at_that_moment(server, wait, lines):
    server()
    wait(hours=1)
    assert lines("as_of=2026-03-01T00:00:00Z") == []
    (line,) = lines("as_of=2026-03-01T00:00:00.000001Z")
    assert line["hours"] == 1
    (line,) = lines("as_of=2026-03-01T01:00:00Z")
    assert line["hours"] == 1, "the second hour starts at that moment"


def test_as_of_shows_an_earlier_moment_of_a_running_month(api, server, wait, lines):
    key = server()
    wait(hours=10, minutes=30)
    then = lines()
    wait(hours=10)
    api.delete(f"servers/{key}")
    server(plan=2)
    wait(hours=1)
    assert lines("as_of=2026-03-01T10:30:00Z") == then
    assert [line["hours"] for line in lines("as_of=2099-01-01T00:00:00Z")] == [21, 1]
