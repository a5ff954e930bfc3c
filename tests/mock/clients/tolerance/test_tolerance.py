"""No answer of any GET has a form that is known to break a client (facts, section 14).

What the mock answers is held to rules, each of which says whom a breach would break. Each rule is shown to
bite, too: on the same answers, bent.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from solusio_contracts.contract import documents

Place = tuple[str, ...]
Answers = dict[str, Any]

# Rules. Each yields what is wrong with a value at a place; the place ends with the member's name.

Rule = Callable[[Place, Any], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(breaks: str) -> Callable[[Rule], Rule]:
    """Add a rule, under the names of those whom a breach breaks."""

    def add(function: Rule) -> Rule:
        RULES[f"{function.__name__} ({breaks})"] = function
        return function

    return add


def last(place: Place) -> str:
    return place[-1] if place else ""


def is_server(value: Any) -> bool:
    return isinstance(value, dict) and {"uuid", "plan", "is_processing"} <= value.keys()


def is_plan(value: Any) -> bool:
    return isinstance(value, dict) and {"tokens_per_hour", "params"} <= value.keys()


def is_user(value: Any) -> bool:
    return isinstance(value, dict) and {"billing_user_id", "roles"} <= value.keys()


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MAY_BE_FRACTIONS = {
    *("backup_price", "position", "cpu", "load_average", "read_kb", "write_kb", "memory"),
    *("total", "used", "free_space", "size", "unit_cost"),
}
TRAFFIC = ("KiB", "MiB", "GiB", "TiB", "PiB")
LIMITS = {
    *("disk_bandwidth", "disk_iops", "network_incoming_bandwidth", "network_outgoing_bandwidth"),
    *("network_incoming_traffic", "network_outgoing_traffic", "network_total_traffic"),
    *("network_reduce_bandwidth", "backups_number"),
}


@rule("Go SDK, Terraform, runetech0, WHMCS")
def moments(place: Place, value: Any) -> Iterator[str]:
    name = last(place)
    if name.endswith("_at") or (name == "time" and isinstance(value, str)):
        optional = name in ("email_verified_at", "next_scheduled_backup_at", "expires_at", "invite_sent_at")
        optional |= name in ("started_at", "finished_at")
        if not (value is None and optional) and not (isinstance(value, str) and MOMENT.fullmatch(value)):
            yield f"{value!r} is no moment"


@rule("Go SDK, Terraform")
def integers(place: Place, value: Any) -> Iterator[str]:
    if isinstance(value, float) and last(place) not in MAY_BE_FRACTIONS:
        yield f"{value!r} is a fraction"
    if isinstance(value, float) and value.is_integer() and last(place) in ("backup_price", "position"):
        yield f"{value!r} should be written without a fraction"


@rule("Go SDK, Terraform")
def booleans(place: Place, value: Any) -> Iterator[str]:
    name = last(place)
    inside = len(place) > 1 and place[-2] in ("features", "network_rules", "capabilities")
    if (name.startswith(("is_", "has_", "use_tls", "show_")) or name == "enabled" or inside) and type(
        value
    ) is not bool:
        yield f"{value!r} is no boolean"


@rule("Go SDK")
def keys(place: Place, value: Any) -> Iterator[str]:
    name = last(place)
    text = place[:1] in (("api_tokens",), ("networks",))
    if name == "id" and not text and (type(value) is not int or value < 1):
        yield f"{value!r} is no id"
    if name.endswith("_id") and value is not None and type(value) is not int:
        yield f"{value!r} is no id"


@rule("Go SDK: users, projects, servers")
def users(_: Place, value: Any) -> Iterator[str]:
    if is_user(value):
        if value["billing_user_id"] is not None and type(value["billing_user_id"]) is not int:
            yield "billing_user_id"
        if value["billing_token"] is not None and type(value["billing_token"]) is not str:
            yield "billing_token"
        if type(value["roles"]) is not list or any("users_count" not in role for role in value["roles"]):
            yield "roles"
        for name in ("limit_usage", "language"):  # null breaks runetech0
            if type(value[name]) is not dict:
                yield name


@rule("Go SDK, Terraform, runetech0, WHMCS client area")
def plans(_: Place, value: Any) -> Iterator[str]:
    if not is_plan(value):
        return
    if type(value["limits"]) is not dict or value["limits"].keys() != LIMITS:
        yield "limits"
        return
    for name, limit in value["limits"].items():
        if type(limit) is not dict or type(limit["limit"]) is not int or type(limit["unit"]) is not str:
            yield name
        elif name.endswith("_traffic") and limit["unit"] not in TRAFFIC:
            yield f"{name} in {limit['unit']}"
    if type(value["backup_settings"]) is not dict:
        yield "backup_settings"
    if type(value["backup_price"]) not in (int, float):
        yield "backup_price"
    for name, one in value.items():
        if "tokens_per_" in name and type(one) is not int:
            yield name
    for name in ("available_locations", "available_os_image_versions", "available_applications"):
        if type(value[name]) is not list:
            yield name


@rule("Go SDK, Terraform")
def prices(place: Place, value: Any) -> Iterator[str]:
    if last(place) == "price":
        for name, one in value.items():
            wanted = {"taxes": list, "taxes_inclusive": bool}.get(name, str)
            if type(one) is not wanted:
                yield f"{name} is {one!r}"


@rule("runetech0")
def token_pricing(place: Place, value: Any) -> Iterator[str]:
    if last(place) == "token_pricing" and type(value) is not dict:
        yield f"{value!r}"


@rule("WHMCS, Blesta, evotic, runetech0")
def servers(_: Place, value: Any) -> Iterator[str]:
    if not is_server(value):
        return
    parts = (
        "project",
        "user",
        "location",
        "usage",
        "compute_resource",
        "plan",
        "settings",
        "backup_settings",
    )
    for name in parts:
        if type(value[name]) is not dict:
            yield name
            return
    if type(value["backup_settings"]["schedule"]) is not dict:
        yield "backup_settings.schedule"
    if type(value["settings"]["application_login_link"]) is not list:
        yield "settings.application_login_link"
    if not value["ips"] or type(value["ips"]) is not list:
        yield "ips"
    addresses = value["ip_addresses"]
    if type(addresses) is not dict or type(addresses["ipv6"]) is not list or not addresses["ipv4"]:
        yield "ip_addresses"
    if not value["uuid"]:
        yield "uuid"
    if value["status"] not in ("started", "stopped", "processing", "paused", "unavailable", "reinstalling"):
        yield f"status {value['status']!r}"
    for direction in ("incoming", "outgoing"):
        if type(value["usage"]["network"][direction]["value"]) is not int:
            yield "usage.network"


@rule("Go SDK: asks the API root, or for ever")
def pages(place: Place, value: Any) -> Iterator[str]:
    if place and place[-1] == "meta":
        for name in ("current_page", "last_page", "per_page", "total"):
            if type(value[name]) is not int:
                yield name
                return
        if not 1 <= value["current_page"] <= value["last_page"]:
            yield f"page {value['current_page']} of {value['last_page']}"
    if place and place[-1] == "links":
        if value.keys() != {"first", "last", "prev", "next"}:
            yield f"{value!r}"
        for name, link in value.items():
            if link is not None and not link.startswith("http://127.0.0.1:"):
                yield f"{name} is {link!r}"


@rule("WHMCS loader, HostBill, Go SDK")
def systems(place: Place, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and "user_data_template" in value:
        schema = value["json_schema"]
        if type(schema) is not str or not {"required", "properties"} <= json.loads(schema).keys():
            yield "json_schema"
        if type(value["login_link"]) is not dict:
            yield "login_link"
    if place and place[0] == "os_images" and last(place) == "*" and len(place) == 3 and "name" in value:
        versions_ = value.get("versions")
        if type(versions_) is not list or any(type(one["version"]) is not str for one in versions_):
            yield "versions"


@rule("Go SDK, Terraform")
def tasks(_: Place, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and "queue" in value:
        for name in ("progress", "duration"):
            if type(value[name]) is not int:
                yield name
        if not value["id"]:
            yield "id"


@rule("Go SDK")
def settings(place: Place, value: Any) -> Iterator[str]:
    name = last(place)
    if name == "drivers" and type(value) is not dict:
        yield "a list of drivers"
    if name in ("subject_templates", "body_templates") and type(value) is not dict:
        yield f"{value!r}"
    if name == "encryption" and type(value) is not bool:
        yield f"{value!r}"
    if name == "scheduled_days" and any(type(day) is not int for day in value):
        yield f"{value!r}"


@rule("WHMCS, evotic, runetech0")
def charts(place: Place, value: Any) -> Iterator[str]:
    if place[:1] == ("charts",) and last(place) == "data" and type(value.get("items")) is not list:
        yield "items"


@rule("WHMCS")
def console(place: Place, value: Any) -> Iterator[str]:
    if place == ("console",) and (type(value.get("url")) is not str or "data" in value):
        yield f"{value!r}"


@rule("all")
def envelopes(place: Place, value: Any) -> Iterator[str]:
    if len(place) == 1 and place != ("console",) and (type(value) is not dict or "data" not in value):
        yield "no data"


Walk = Callable[[Any], Iterator[tuple[Sequence[str], Any]]]


def breaches(answers: Mapping[str, Any], walk: Walk, rules: Mapping[str, Rule]) -> list[str]:
    """Return what rules find in answers."""
    found = []
    for name, answer in answers.items():
        area = name.split()[0] if name.startswith("console") else _area(name)
        for inner, value in walk(answer):
            place = (area, *inner)
            for title, one in rules.items():
                found += [f"{title}: {name} {'.'.join(inner)}: {text}" for text in one(place, value)]
    return found


def _area(name: str) -> str:
    parts = name.split()[1].split("?", maxsplit=1)[0].split("/")
    if parts[0] == "usage" and len(parts) > 1:
        return "charts"
    if parts == ["account", "tokens"]:
        return "api_tokens"
    return parts[-1] if len(parts) > 2 else parts[0]


def test_every_get_of_the_document_was_answered(answers):
    paths = {name.split()[1] for name in answers if not name.startswith("console")}
    gets = [path for path, item in documents.document("solusio-api")["paths"].items() if "get" in item]
    silent = []
    for path in gets:
        pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path.removeprefix("/")))
        if not any(pattern.fullmatch(asked) for asked in paths):
            silent.append(path)
    # The first has no body, the others show what the mock has none of.
    imports = "/cluster_imports/{cluster_import_id}"
    assert silent == ["/auth", imports, f"{imports}/entities/servers"]


def test_there_is_something_of_everything(answers, walk):
    """A rule about what never comes would be no rule."""
    names = {place[-1] for answer in answers.values() for place, _ in walk(answer) if place}
    assert {"price", "token_pricing", "next_scheduled_backup_at", "limit_usage", "creator", "items"} <= names
    lists = [
        answer["data"] for name, answer in answers.items() if name.startswith("admin") and "meta" in answer
    ]
    assert all(isinstance(rows, list) for rows in lists)
    servers_ = answers["admin servers"]["data"]
    assert {one["status"] for one in servers_} >= {"started", "stopped", "processing", "reinstalling"}
    assert (
        {one["is_suspended"] for one in servers_}
        == {one["is_processing"] for one in servers_}
        == {False, True}
    )
    states = {answer["data"]["status"] for name, answer in answers.items() if name.startswith("admin tasks/")}
    assert states >= {"running", "done"}


def test_no_answer_breaks_a_client(answers, walk):
    found = breaches(answers, walk, RULES)
    assert not found, (len(found), found[:20])


# The same, bent


def put(*path: str | int) -> Callable[[Any], Callable[[Any], None]]:
    """Return what puts a value at a place of an answer."""

    def with_value(value: Any) -> Callable[[Any], None]:
        def bend(answer: Any) -> None:
            for step in path[:-1]:
                answer = answer[step]
            answer[path[-1]] = value

        return bend

    return with_value


BENDS: list[tuple[str, str, Callable[[Any], None]]] = [
    ("users", "admin users", put("data", 0, "billing_user_id")("7")),
    ("users", "admin users", put("data", 0, "billing_token")(7)),
    ("users", "admin servers", put("data", 0, "user", "limit_usage")(None)),
    ("users", "admin servers", put("data", 0, "user", "language")(None)),
    ("moments", "admin servers", put("data", 0, "created_at")({"date": "2026"})),
    ("moments", "admin servers", put("data", 0, "created_at")("2020-01-01 00:00:00")),
    ("keys", "admin users", put("data", 0, "id")("1")),
    ("keys", "admin tasks", put("data", 0, "id")(0)),
    ("prices", "client servers/1", put("data", "plan", "price", "per_hour")(1.5)),
    ("plans", "admin plans", put("data", 0, "backup_price")("3.14")),
    ("plans", "admin plans", put("data", 0, "tokens_per_hour")(0.5)),
    ("plans", "admin plans", put("data", 0, "tokens_per_month")("7")),
    ("integers", "admin plans", put("data", 0, "params", "ram")(1073741824.0)),
    ("integers", "admin plans", put("data", 0, "limits", "disk_iops", "limit")(1.5)),
    ("plans", "admin plans", put("data", 0, "limits")([])),
    ("plans", "admin plans", put("data", 0, "limits")(None)),
    ("plans", "admin plans", put("data", 0, "limits", "disk_iops")(None)),
    ("plans", "admin plans", put("data", 0, "backup_settings")(None)),
    ("plans", "admin plans", put("data", 0, "limits", "network_total_traffic", "unit")("GB")),
    ("booleans", "admin plans", put("data", 0, "is_visible")(1)),
    ("servers", "admin servers", put("data", 0, "ip_addresses", "ipv6")(None)),
    ("servers", "admin servers", put("data", 0, "ip_addresses", "ipv6")({"primary_ip": "::1"})),
    ("servers", "admin servers", put("data", 0, "ip_addresses", "ipv4")([])),
    ("servers", "admin servers", put("data", 0, "ip_addresses")(None)),
    ("servers", "admin servers", put("data", 0, "ips")([])),
    ("servers", "admin servers", put("data", 0, "project")(None)),
    ("token_pricing", "admin servers", put("data", 0, "project", "token_pricing")(None)),
    ("servers", "admin servers", put("data", 0, "user")(None)),
    ("servers", "admin servers", put("data", 0, "settings")([])),
    ("servers", "admin servers", put("data", 0, "settings", "application_login_link")({})),
    ("servers", "admin servers", put("data", 0, "backup_settings", "schedule")(None)),
    ("servers", "admin servers", put("data", 0, "status")("running")),
    ("servers", "admin servers", put("data", 0, "uuid")("")),
    ("systems", "admin os_images", put("data", 0, "versions")(None)),
    ("systems", "admin os_images", put("data", 0, "versions", 0, "version")(9)),
    ("systems", "admin applications", put("data", 0, "json_schema")({})),
    ("pages", "admin users", put("links")({})),
    ("pages", "admin users", put("links", "next")("/users?page=2")),
    ("pages", "admin users", put("meta", "last_page")(0)),
    ("pages", "admin users", put("meta", "last_page")("1")),
    ("envelopes", "admin license", lambda answer: answer.pop("data")),
    ("tasks", "admin tasks", put("data", 0, "progress")(12.5)),
    ("tasks", "admin tasks", put("data", 0, "duration")(0.25)),
    ("settings", "admin settings", put("data", "billing_integration", "drivers")([])),
    ("settings", "admin settings", put("data", "mail", "encryption")("tls")),
    ("settings", "admin settings", put("data", "notifications", "server_create", "subject_templates")([])),
    ("settings", "admin settings", put("data", "update_schedule", "scheduled_days")(["1"])),
    ("booleans", "admin settings", put("data", "features", "hide_plan_name")(0)),
    ("console", "console 1", lambda answer: answer.update(data=dict(answer))),
]


@pytest.mark.parametrize(("name", "answer", "bend"), BENDS)
def test_each_rule_bites(answers, walk, name, answer, bend):
    bent = copy.deepcopy(answers[answer])
    bend(bent)
    rules = {title: one for title, one in RULES.items() if title.split()[0] == name}
    assert breaches({answer: bent}, walk, rules)


def test_usage_without_items_is_found(answers, walk):
    name = next(name for name in answers if name.startswith("admin usage/cpu"))
    assert breaches({name: {"data": {}}}, walk, RULES)


def test_every_rule_is_shown_to_bite():
    assert {title.split()[0] for title in RULES} == {name for name, _, _ in BENDS} | {"charts"}
