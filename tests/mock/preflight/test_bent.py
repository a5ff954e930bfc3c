"""Each way in which an installation can be wrong is found and named, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from mock_solusio.app import Mock
from mock_solusio.options import Options
from mock_solusio.preflight.judgements import installation
from mock_solusio.server.uvicorn_server import running
from support.bent_solusio import BILLING, BentSolusio, bent_solusio
from support.endpoint import Asked, Response
from support.ports import reserved_port


@pytest.fixture(scope="module")
def front():
    with bent_solusio() as made:
        yield made


@pytest.fixture
def bent(front) -> BentSolusio:
    front.straighten()
    return front


def rows(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Any], Any]:
    """Change the rows of a list."""

    def bend(value: Any) -> None:
        value["data"] = change(value["data"]) or value["data"]

    return bend


def first(**members: Any) -> Callable[[Any], Any]:
    """Change members of the first row."""
    return rows(lambda found: found[0].update(members))


def each(**members: Any) -> Callable[[Any], Any]:
    """Change members of all rows."""
    return rows(lambda found: [{**one, **members} for one in found])


def setting(*path: str, to: Any) -> Callable[[Any], Any]:
    """Change a setting."""

    def bend(value: Any) -> None:
        place = value["data"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = to

    return bend


def user(email: str, **members: Any) -> Callable[[Any], Any]:
    """Change a user."""
    return rows(
        lambda found: [{**one, **members} if one["email"].startswith(email) else one for one in found]
    )


ADMIN = {"id": 1, "name": "ADMIN", "is_default": True, "users_count": 1}


def uncapped(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        line["tokens"] = line["hours"] * line["tokens_per_hour"]


def full_hours_only(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["server_name"].startswith("new"):
            line["hours"] -= 1
            line["tokens"] = min(line["hours"] * 7, 5000)


def stopped_are_free(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["server_name"] == "stopped":
            line["hours"], line["tokens"] = 3, 21


def running_are_short(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["server_name"] in ("runs", "addresses", "backups") and line["resource"] == "server":
            line["hours"], line["tokens"] = 600, 4200


def without(kind: str) -> Callable[[Any], Any]:
    """Leave out the lines of a kind of resource."""

    def bend(value: Any) -> None:
        value["data"] = [one for one in value["data"] if one["resource"] != kind]
        value["meta"]["total"] = len(value["data"])

    return bend


def late(lines: list[dict[str, Any]]) -> None:
    lines[0]["from"] = "2020-01-01T00:00:00.000000Z"


@dataclass(frozen=True)
class Case:
    """A bend, the judgement that must find it, and words that it must use."""

    path: str
    bend: Callable[[Any], Any]
    judgement: str
    words: tuple[str, ...]
    code: int
    """The exit code: 1, or 0 for a warning."""


CASES = {
    "price-as-text": Case(
        "plans",
        first(tokens_per_hour="7"),
        "plan-prices-are-integers",
        ("plan 1 (1 Core, 1 GB RAM): tokens_per_hour", 'the string "7"'),
        1,
    ),
    "price-missing": Case(
        "plans",
        rows(lambda found: found[1].pop("tokens_per_month") and None),
        "plan-prices-are-integers",
        ("plan 2", "tokens_per_month: missing"),
        1,
    ),
    "free-plan": Case(
        "plans", first(tokens_per_hour=0, tokens_per_month=0), "plans-have-a-price", ("both are 0",), 0
    ),
    "cap-never-reached": Case(
        "plans", first(tokens_per_month=6000), "monthly-cap", ("6,000, which is never reached",), 0
    ),
    "cap-too-low": Case(
        "plans", first(tokens_per_month=500), "monthly-cap", ("500, reached after 72 hours (3.0 days)",), 0
    ),
    "free-backups": Case("plans", first(backup_price=0), "backups-have-a-price", ("plan 1", "0 percent"), 0),
    "free-addresses": Case(
        "plans",
        first(ip_tokens_per_hour=0, ip_tokens_per_month=0),
        "addresses-have-a-price",
        ("plan 1", "both are 0"),
        0,
    ),
    "registration": Case(
        "settings",
        setting("features", "allow_registration", to=True),
        "registration-is-off",
        ("features.allow_registration: true",),
        1,
    ),
    "no-default-group": Case(
        "settings", setting("limit_group", to=None), "default-limit-group", ("a new user has no limits",), 0
    ),
    "empty-group": Case(
        "limit_groups",
        first(vms={"is_enabled": False, "limit": 0}),
        "limit-groups-limit",
        ("limit group 1 (Default)", "all limits are off"),
        0,
    ),
    "user-without-group": Case(
        "users",
        user("customer2", limit_group=None),
        "customers-have-limit-group",
        ("1 customer without one: user 3",),
        0,
    ),
    "billing-off": Case(
        "settings",
        setting("billing_integration", "type", to=None),
        "billing-is-on",
        ("billing_integration.type: off",),
        1,
    ),
    "billing-not-a-url": Case(
        "settings",
        setting("billing_integration", "drivers", "custom", "url", to="billing.example.com"),
        "billing-url-is-set",
        ("something that is not an http(s) URL",),
        1,
    ),
    "no-billing-id": Case(
        "users",
        user("customer1", billing_user_id=None),
        "customers-have-billing-user-id",
        ("1 customer without one: user 2",),
        1,
    ),
    "same-billing-id": Case(
        "users",
        user("customer1", billing_user_id=1002),
        "one-user-per-billing-user-id",
        ("billing_user_id 1002", "2 users: user 2, user 3"),
        1,
    ),
    "customer-is-staff": Case(
        "users", user("customer3", roles=[ADMIN]), "customers-are-not-staff", ("1 user with more: user 4",), 1
    ),
    "no-client-role": Case(
        "roles",
        rows(lambda found: [{**one, "name": one["name"].title()} for one in found]),
        "built-in-roles",
        ("role ADMIN: spelled Admin", "role CLIENT: spelled Client"),
        1,
    ),
    "usage-without-cap": Case(
        "usage",
        rows(uncapped),
        "lines-cost-by-their-prices",
        ("have another number", "per_month is not a cap"),
        0,
    ),
    "usage-full-hours": Case(
        "usage",
        rows(full_hours_only),
        "hours-count-from-creation",
        ("6 of 6 lines", "“full hours from creation” fits 6 of 6"),
        0,
    ),
    "usage-stopped": Case(
        "usage",
        rows(stopped_are_free),
        "stopped-servers-accrue",
        ("1 of 1 have fewer: stopped servers do not accrue",),
        0,
    ),
    "usage-of-running-servers": Case(
        "usage",
        rows(running_are_short),
        "stopped-servers-accrue",
        ("3 of 3 have fewer: some servers do not accrue",),
        0,
    ),
    "usage-without-addresses": Case(
        "usage",
        without("additional_ip"),
        "addresses-are-in-usage",
        ("additional addresses are not in the usage",),
        0,
    ),
    "usage-without-backups": Case(
        "usage", without("backup"), "backups-are-in-usage", ("backups are not in the usage",), 0
    ),
    "usage-of-another-month": Case(
        "usage", rows(late), "usage-answers", ("1 of 13 lines begin outside it",), 1
    ),
    "usage-with-another-member": Case(
        "usage",
        rows(lambda found: [{**one, "traffic": 1} for one in found]),
        "usage-as-described",
        ("`data[].traffic` (integer) is not in the contract",),
        0,
    ),
    "usage-of-another-type": Case(
        "usage",
        each(billing_user_id="1001"),
        "usage-as-described",
        ("`data[].billing_user_id` is string; expected integer or null",),
        0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bend_is_found_and_nothing_else(preflight, bent, name):
    case = CASES[name]
    bent.bends[case.path] = case.bend
    run = preflight(bent.url, bent.solusio.admin_token)
    assert set(run.found) == {case.judgement}, run.output
    text = " ".join(run.found[case.judgement])
    assert [word for word in case.words if word not in text] == []
    assert run.undecided == {}
    assert run.exit_code == case.code


def test_without_a_bend_nothing_is_found(preflight, bent):
    run = preflight(bent.url, bent.solusio.admin_token)
    assert (run.exit_code, run.found, run.undecided) == (0, {}, {}), run.output
    assert run.report["summary"]["warn"] == 0
    assert run.facts["Servers of the whole month, now not running"].startswith("1 of 1 have all 7")
    assert run.facts["Servers with additional addresses now"] == "1 of 1 have usage lines for them"
    assert "fits all 6 lines" in run.facts["Hours of a new server"]


def test_customers_are_shown_only_when_asked_for(preflight, bent):
    bent.bends["users"] = user("customer1", billing_user_id=None)
    run = preflight(bent.url, bent.solusio.admin_token, "--verbose")
    assert "example.com" not in run.output + json.dumps(run.report)
    shown = preflight(bent.url, bent.solusio.admin_token, "--show-customers")
    assert "user 2 (customer1@example.com)" in shown.output


def test_running_servers_that_lack_hours_are_found_without_stopped_ones(preflight, bent):
    bent.bends |= {"servers": each(status="started"), "usage": rows(running_are_short)}
    run = preflight(bent.url, bent.solusio.admin_token)
    assert set(run.found) == {"stopped-servers-accrue"}


# The billing endpoint


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("{url}/billing/solusio", "another slash at the end"),
        ("https://billing.example.com/billing/solusio/", "another http or https, host or port"),
        ("{url}/solusio/", "another path"),
    ],
)
def test_another_url_than_the_checked_one(preflight, bent, url, words):
    run = preflight(bent.url, bent.solusio.admin_token, "--billing-url", url.format(url=bent.url))
    assert set(run.found) == {"billing-url-is-checked"}
    assert words in run.found["billing-url-is-checked"][0]
    assert run.exit_code == 1


NOT_CONFORMANT = "the check of this endpoint: not conformant on 2026-03-01"


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        ("conformant", {}),
        (
            "not-conformant",
            {"billing-url-is-checked": [NOT_CONFORMANT]},
        ),
    ],
)
def test_the_report_of_check_names_the_url(preflight, bent, tmp_path, verdict, found):
    report = {
        "command": "check",
        "target": bent.url + BILLING,
        "verdict": verdict,
        "started": "2026-03-01",
    }
    (tmp_path / "check.json").write_text(json.dumps(report))
    run = preflight(bent.url, bent.solusio.admin_token, "--check-report", "check.json")
    assert run.found == found
    assert run.outcome("billing-url-is-checked") == ("fail" if found else "pass")


def test_an_endpoint_that_does_not_listen(preflight, bent):
    with reserved_port() as port:
        url = f"http://127.0.0.1:{port}/"
        bent.bends["settings"] = setting("billing_integration", "drivers", "custom", "url", to=url)
        run = preflight(bent.url, bent.solusio.admin_token)
    assert set(run.found) == {"billing-url-is-reachable"}
    assert "refused" in run.found["billing-url-is-reachable"][0]


def test_the_access_token_stays_with_solusio(preflight, bent):
    preflight(bent.url, bent.solusio.admin_token)
    (asked,) = [one for one in bent.asked if one.target == BILLING]
    assert asked.headers.get("Authorization") is None


def test_an_endpoint_without_an_authorization_token_is_a_remark(preflight, bent):
    bent.bends["settings"] = setting("billing_integration", "drivers", "custom", "token", to="")
    run = preflight(bent.url, bent.solusio.admin_token)
    assert run.found == {}
    assert run.facts["Authorization token"] == "none"


def test_a_plan_with_one_price_is_a_remark(preflight, bent):
    bent.bends["plans"] = first(tokens_per_month=0)
    run = preflight(bent.url, bent.solusio.admin_token)
    assert run.found == {}
    assert run.facts["Plan 1 (1 Core, 1 GB RAM)"] == "7 tokens per hour and no cap"


def test_a_list_is_also_read_without_per_page(preflight, bent):
    right = bent.respond

    def plans(asked: Asked) -> Response | None:
        if "per_page" in asked.target:
            return 422, {"Content-Type": "application/json"}, b'{"errors": {"per_page": ["unknown"]}}'
        own = bent.answers.pop("plans")
        response = right(asked)
        bent.answers["plans"] = own
        return response

    bent.answers["plans"] = plans
    run = preflight(bent.url, bent.solusio.admin_token, "--only", "plans")
    assert (run.found, run.undecided) == ({}, {})


def test_a_user_who_comes_twice_while_the_list_is_read_is_one(preflight, bent):
    bent.bends["users"] = rows(lambda found: [*found, found[1], {**found[2], "status": "locked"}])
    run = preflight(bent.url, bent.solusio.admin_token, "--only", "users")
    assert run.found == {}


# Prices


def test_a_price_list_says_what_to_change(preflight, bent, tmp_path):
    (tmp_path / "prices.toml").write_text(
        """
[[currencies]]
code = "EUR"
token_unit_cost = 0.001
[[plans]]
name = "1 Core, 1 GB RAM"
tokens_per_hour = 7
tokens_per_month = 4900
ip_tokens_per_hour = 2
ip_tokens_per_month = 700
[[plans]]
name = "1 Core, 2 GB RAM"
tokens_per_hour = 14
tokens_per_month = 10000
[[plans]]
name = "2 Core, 2 GB RAM"
tokens_per_hour = 21
tokens_per_month = 15000
"""
    )
    run = preflight(bent.url, bent.solusio.admin_token, "--prices", "prices.toml")
    assert run.exit_code == 1
    assert run.found == {
        "plans-as-priced": [
            "plan 1 (1 Core, 1 GB RAM): tokens_per_month: 5,000",
            "plan 1 (1 Core, 1 GB RAM): ip_tokens_per_hour: 1",
            "plan ‘2 Core, 2 GB RAM’ of the price list: no plan has this name; did you mean the plan "
            "‘2 Cores, 2 GB RAM’?",
            "plans in SolusIO: not in it: plan 3 (2 Cores, 2 GB RAM), plan 4 (2 Cores, 4 GB RAM)",
        ]
    }
    assert "change tokens_per_month from 5000 to 4900" in " ".join(run.output.split())


# The installation


def test_a_clock_that_is_wrong(preflight):
    mock = Mock(Options())

    async def dated(scope: Any, receive: Any, send: Any) -> None:
        async def send_dated(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", b"Sun, 01 Mar 2026 00:00:00 GMT")]
            await send(message)

        await mock(scope, receive, send_dated)

    with closing(mock), running(dated, date=False) as url:
        run = preflight(url, mock.admin_token, "--only", "installation")
    assert set(run.found) == {"clocks-agree"}
    assert "behind that of this machine" in run.found["clocks-agree"][0]


def test_one_that_is_slow(preflight, bent, monkeypatch):
    monkeypatch.setattr(installation, "SLOW", 0.0)
    run = preflight(bent.url, bent.solusio.admin_token, "--only", "answers-in-time")
    assert set(run.found) == {"answers-in-time"}


def test_responses_that_look_otherwise_are_a_note(preflight, bent):
    bent.bends["plans"] = first(position="first", color="red")
    run = preflight(bent.url, bent.solusio.admin_token, "--verbose", "--only", "p*", "--only", "installation")
    text = " ".join(run.output.split())
    assert run.found == {}
    assert "`data[].position` is string; expected number" in text
    assert "`data[].color` (string) is not in the contract" in text


def test_a_user_area_that_is_broken(preflight, bent):
    bent.answers["/"] = lambda _: (502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>")
    run = preflight(bent.url, bent.solusio.admin_token)
    assert run.found == {"user-area-answers": [f"{bent.url}: status 502"]}


def test_a_login_link_is_tried_only_when_asked_for(preflight, bent):
    run = preflight(bent.url, bent.solusio.admin_token, "--try-login", "2")
    assert "creates one login link for user 2 (POST)" in run.output.splitlines()[0]
    assert run.outcome("login-link") == "pass"
    writes = [one.target for one in bent.asked if one.method != "GET"]
    assert writes == ["/api/v1/users/2/tokens"]
    (opened,) = [one.target for one in bent.asked if "/auth/by_token/" in one.target]
    assert opened.rpartition("/")[2] not in run.output + json.dumps(run.report)
    bent.straighten()
    run = preflight(bent.url, bent.solusio.admin_token, "--try-login", "99")
    assert run.found == {"login-link": ["POST /users/99/tokens: status 404"]}


# What is not understood is not judged


def test_usage_of_another_shape_is_reported_and_not_judged(preflight, bent):
    names = {"hours": "quantity", "tokens": "cost", "server_id": "vm", "tokens_per_hour": "price"}
    bent.bends["usage"] = rows(
        lambda found: [{names.get(name, name): value for name, value in one.items()} for one in found]
    )
    run = preflight(bent.url, bent.solusio.admin_token)
    assert set(run.found) == {"usage-as-described"}
    text = " ".join(run.found["usage-as-described"])
    for old, new in names.items():
        assert f"`data[].{old}` is missing always" in text
        assert f"`data[].{new}` (integer) is not in the contract" in text
    assert set(run.undecided) == {
        "lines-cost-by-their-prices",
        "hours-count-from-creation",
        "stopped-servers-accrue",
        "addresses-are-in-usage",
        "backups-are-in-usage",
    }
    assert run.exit_code == 3


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"data": {"1": {"hours": 1}}}, "has no list `data`"),
        ([{"hours": 1}], "is not a JSON object"),
        ({"usage": []}, "has no list `data`"),
    ],
)
def test_usage_in_another_envelope(preflight, bent, value, reason):
    bent.bends["usage"] = lambda _: value
    run = preflight(bent.url, bent.solusio.admin_token, "--only", "usage", "--only", "registration")
    assert run.found == {}
    assert len(run.undecided) == 7
    assert all(reason in one for one in run.undecided.values())
    assert run.exit_code == 3


def test_settings_that_do_not_show_the_integration(preflight, bent):
    bent.bends["settings"] = lambda value: value["data"].pop("billing_integration") and None
    run = preflight(bent.url, bent.solusio.admin_token, "--only", "step-7")
    assert run.found == {}
    assert set(run.undecided.values()) == {"the settings have no billing_integration"}
