"""What the anonymiser replaces, what it keeps, and that nothing planted anywhere gets through."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_solusio.record.anonymising import Anonymiser, RealExchange
from mock_solusio.record.archive import FormBody, HiddenBody, JsonBody, NoBody, RecordedExchange
from mock_solusio.record.pseudonyms import Pseudonyms

JSON = [(b"content-type", b"application/json")]


FAKES = Pseudonyms("planted")


def exchange(**more: Any) -> RealExchange:
    fields = {
        "number": 1,
        "moment": "2026-03-01T00:00:00.000Z",
        "milliseconds": 1.0,
        "method": "GET",
        "origins": frozenset({"panel.real-host.de:443"}),
        "path": "/api/v1/users",
        "query": "",
        "headers": [],
        "body": b"",
        "status": 200,
        "response_headers": JSON,
        "response_body": b"",
    }
    return RealExchange(**{**fields, **more})


@pytest.fixture(scope="module")
def anonymiser() -> Anonymiser:
    return Anonymiser(Pseudonyms("tests"))


@pytest.fixture
def kept(anonymiser):
    """Anonymises a JSON value as the body of an answer."""

    def made(value: Any) -> Any:
        body = json.dumps(value).encode()
        found = anonymiser.exchange(exchange(response_body=body)).response.body
        return json.loads(bytes(found.value))

    return made


# What stays


@pytest.mark.parametrize(
    "value",
    [
        {"id": 7, "is_suspended": False, "email": None, "load": 1.25},
        {"created_at": "2019-08-27T13:04:39.000000Z", "expires_at": "2099-01-01 00:00:00"},
        {"day": "2026-03-01", "time": "13:04", "with_zone": "2026-03-01T00:00:00+01:00"},
        {"status": "suspended", "real_status": "not exist", "virtualization_type": "kvm"},
        {"tokens_per_hour": 7, "price": {"per_hour": "0.00700", "currency_code": "EUR"}},
        {"billing_user_id": "4711", "plan_id": "3"},
        {"roles": [{"id": 1, "name": "Administrator"}], "os_image": {"name": "Ubuntu", "version": "24.04"}},
        {
            "message": "The given data was invalid.",
            "errors": {"email": ["The email has already been taken."]},
        },
        {"message": "Unauthenticated."},
        {"message": "This action is unauthorized."},
        {"errors": {"params.disk": ["The params.disk must be an integer."]}},
        {"token_type": "Bearer", "locale": "en_US", "country": "US", "timezone": "Europe/Berlin"},
        {"event": "user.created", "action": "vm create"},
        {"netmask": "255.255.255.0", "gateway": "127.0.0.1", "host": "localhost"},
        {"": "", "description": "", "list": [], "object": {}},
        {"usage": [{"vmId": 3, "cost_in_tokens": 12.5, "billedHours": 17, "net_total": "12.50"}]},
    ],
)
def test_what_betrays_nothing_stays(kept, value):
    assert kept(value) == value


def test_numbers_are_written_as_they_were(anonymiser):
    text = b'{"a":1.10,"b":1e3,"c":-0,"d":123456789012345678901234567890,"e":0.1000000000000000055,"f":[1.0]}'
    assert bytes(anonymiser.exchange(exchange(response_body=text)).response.body.value) == text


def test_order_and_structure_stay(kept):
    value = {"z": [{"b": "secret one", "a": 1}, {"b": "secret two", "a": 2}], "y": {"x": {"w": ["t", "u"]}}}
    made = kept(value)
    assert list(made) == ["z", "y"]
    assert [list(one) for one in made["z"]] == [["b", "a"], ["b", "a"]]
    assert made["z"][0]["b"] != made["z"][1]["b"]
    assert [type(one) for one in made["y"]["x"]["w"]] == [str, str]


# What is replaced


@pytest.mark.parametrize(
    ("field", "real", "look"),
    [
        ("email", "Ann@Real-Host.de", r"[\w.]+@[\w.-]+\.example"),
        ("anything", "ann@real-host.de", r"[\w.]+@[\w.-]+\.example"),
        ("ip", "203.0.113.7", r"2[45]\d(\.\d{1,3}){3}"),
        ("cidr", "10.1.2.0/24", r"2[45]\d(\.\d{1,3}){3}/24"),
        ("ip", "fd00:1:2::7", r"2001:db8:[0-9a-f:]+"),
        ("mac_address", "00:16:3E:AA:BB:0C", r"02(:[0-9A-F]{2}){5}"),
        ("uuid", "0164fe5e-f074-48b2-a3f5-4f81f97d21e0", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("hostname", "web1.real-host.de", r"[\w-]+\.[\w-]+\.example"),
        ("access_token", "AbcDef123456", r"[A-Z][a-z]{2}[A-Z][a-z]{2}\d{6}"),
        ("password", "!!??", r"[a-z]{4}"),
        ("root_password", "active", r"[a-z]{6}"),
        ("apiKey", "true", r"[a-z]{4}"),
        ("first_name", "Annegret", r"[A-Z]\w+-[A-Z]\w+"),
        ("full_name", "Annegret Kowalczyk", r"[A-Z]\w+ [A-Z]\w+"),
        ("name", "web17", r"\w+-[0-9a-f]{8}"),
        ("phone", "+49 30 1234567", r"\+\d\d \d\d \d{7}"),
        ("contact", "0301234567", r"\d{10}"),
        ("contact", "0301.234567", r"\d{4}\.\d{6}"),
        ("note", "hello", r"\w+-[0-9a-f]{8}"),
        ("public_key", "ssh-rsa AAAAB3NzaC1yc2E ann@pc", r"ssh-rsa AAAA\w{11} [\w.]+@example"),
        (
            "url",
            "https://other.real-host.de/a?mail=ann%40real-host.de",
            r"https://[\w.-]+\.example/\S+%40\S+",
        ),
        (
            "link",
            "https://panel.real-host.de/api/v1/users?page=2",
            r"https://solusio\.example/api/v1/users\?page=2",
        ),
        ("host", "panel.real-host.de", r"solusio\.example"),
        ("user_data", "#!/bin/sh\necho secret | passwd", r"[\w ]+\."),
        ("icon", "data:image/png;base64,iVBORw0KGgo=", r"data:,"),
        ("status", "Ann Kowalczyk", r"[A-Z]\w+ [A-Z]\w+"),
        ("status", "see ann.real-host.de now", r"\w+ \w+ \w+ [0-9a-f]{8}"),
        ("status", "ann kowalczyk", r"\w+ \w+ [0-9a-f]{8}"),
        ("event", "ann.de", r"[\w-]+\.example"),
        ("version", "10.1.2.3", r"2[45]\d(\.\d{1,3}){3}"),
        (
            "message",
            "User ann@real-host.de of 10.1.2.3 is locked.",
            r"User \S+@\S+\.example of [\d.]+ is locked\.",
        ),
    ],
)
def test_what_betrays_somebody_is_replaced(kept, field, real, look):
    made = kept({field: real})[field]
    assert re.fullmatch(look, made), made
    assert made.lower() != real.lower()


def test_numbers_that_are_credentials_or_belong_to_persons(kept):
    made = kept({"password": 123456, "phone": 301234567, "port": 8080})
    assert made["port"] == 8080
    assert (len(str(made["password"])), made["password"] != 123456) == (6, True)
    assert (len(str(made["phone"])), made["phone"] != 301234567) == (9, True)


def test_both_ends_of_a_range_are_replaced(kept):
    made = kept({"total_ips_count": "203.0.113.7 - 203.0.113.9", "from": "203.0.113.7", "to": "203.0.113.9"})
    assert made["total_ips_count"] == f"{made['from']} - {made['to']}"
    assert "203.0.113" not in str(made)


def test_addresses_of_one_network_stay_in_one_network(kept):
    made = kept({"ips": ["203.0.113.7", "203.0.113.9", "198.51.100.7", "203.0.113.7/32"]})["ips"]
    first, second, third, again = made
    assert first.rpartition(".")[0] == second.rpartition(".")[0] != third.rpartition(".")[0]
    assert first != second
    assert again == f"{first}/32"


def test_hosts_and_mails_of_one_domain_stay_in_one_domain(kept):
    made = kept({"a": "web1.real-host.de", "b": "web2.real-host.de", "c": "ann@real-host.de"})
    domains = {made["a"].split(".", 1)[1], made["b"].split(".", 1)[1], made["c"].split("@")[1]}
    assert len(domains) == 1
    assert len(set(made.values())) == 3


def test_capitals_make_no_other_mail_address_host_or_uuid(kept):
    uuid = "0164fe5e-f074-48b2-a3f5-4f81f97d21e0"
    made = kept({"mail": ["Ann@Real-Host.de", "ann@real-host.de"], "host": ["Web1.Real.de", "web1.real.de"]})
    assert [len(set(one)) for one in made.values()] == [1, 1]
    first, second = kept({"uuid": [uuid, uuid.upper()]})["uuid"]
    assert second == first.upper()


def test_json_within_a_text_stays_json(kept):
    inner = {"id": 7, "email": "ann@real-host.de"}
    made = kept({"payload": json.dumps(inner), "email": "ann@real-host.de"})
    assert json.loads(made["payload"]) == {"id": 7, "email": made["email"]}


def test_names_of_members_are_kept_unless_they_are_data(kept):
    made = kept({"vm_ids": 1, "createdAt": 2, "ann@real-host.de": 3, "10.1.2.3": 4, "Ann": 5})
    assert list(made)[:2] == ["vm_ids", "createdAt"]
    assert list(made.values()) == [1, 2, 3, 4, 5]
    assert not {"ann@real-host.de", "10.1.2.3", "Ann"} & set(made)


def test_without_a_seed_two_recordings_have_nothing_in_common(anonymiser):
    body = b'{"email":"ann@real-host.de","name":"web17","ip":"10.1.2.3"}'
    made = [
        bytes(one.exchange(exchange(response_body=body)).response.body.value)
        for one in (
            Anonymiser(Pseudonyms()),
            Anonymiser(Pseudonyms()),
            Anonymiser(Pseudonyms("tests")),
            anonymiser,
        )
    ]
    assert len(set(made)) == 3
    assert made[2] == made[3]


# Bodies, headers, URLs


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ([(b"content-type", b"text/html")], b"<p>Ann Kowalczyk</p>", "not JSON in UTF-8"),
        (JSON, b"\xff\xfe{}", "not JSON in UTF-8"),
        (JSON, b'"Ann Kowalczyk"', "JSON, but neither an object nor a list"),
        (JSON, b'{"a":1,"a":2}', "not JSON in UTF-8"),
        (JSON, b'{"a":NaN}', "not JSON in UTF-8"),
        (JSON, b"[" * 70 + b"]" * 70, "nested more than 60 levels deep"),
        (JSON, b"[" * 100_000 + b"]" * 100_000, "not JSON in UTF-8"),
        ([(b"content-type", b"application/x-www-form-urlencoded")], b"\xff", "not UTF-8"),
        ([(b"content-type", b"multipart/form-data; boundary=x")], b"--x\r\n", "not JSON in UTF-8"),
    ],
)
def test_what_cannot_be_taken_apart_is_not_kept(anonymiser, headers, body, reason):
    made = anonymiser.exchange(exchange(response_headers=headers, response_body=body))
    assert made.response.body == HiddenBody(len(body), reason)


def test_a_form_is_taken_apart(anonymiser):
    headers = [(b"content-type", b"application/x-www-form-urlencoded; charset=UTF-8")]
    made = anonymiser.exchange(
        exchange(headers=headers, body=b"token=geheim&userid=1&mail=ann%40real-host.de")
    )
    body = made.request.body
    assert isinstance(body, FormBody)
    assert [name for name, _ in body.fields] == ["token", "userid", "mail"]
    assert body.fields[1] == ("userid", "1")
    assert re.fullmatch(r"[a-z]{6}", body.fields[0][1])
    assert made.request.headers == [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")]


def test_no_body_is_no_body(anonymiser):
    assert isinstance(anonymiser.exchange(exchange()).response.body, NoBody)


def test_headers(anonymiser):
    headers = [
        (b"Host", b"panel.real-host.de"),
        (b"Authorization", b"Bearer GeheimesToken123"),
        (b"Cookie", b"session=abcdef; theme=dark"),
        (b"User-Agent", b"AnnsBilling/1.0 (ann@real-host.de)"),
        (b"Accept", b"application/json"),
        (b"Accept-Language", b"de 10.1.2.3"),
        (b"X-Forwarded-For", b"10.1.2.3"),
    ]
    answered = [
        (b"Content-Type", b"application/json"),
        (b"Set-Cookie", b"session=abcdef; Domain=real-host.de; Path=/; HttpOnly"),
        (b"Location", b"https://panel.real-host.de/api/v1/users/7"),
        (b"Retry-After", b"60"),
        (b"Server", b"nginx on web17"),
    ]
    made = anonymiser.exchange(exchange(headers=headers, response_headers=answered))
    asked = dict(made.request.headers)
    assert set(asked) == {"authorization", "cookie", "accept"}
    assert re.fullmatch(r"Bearer [A-Z][a-z]{7}[A-Z][a-z]{4}\d{3}", asked["authorization"])
    session = re.fullmatch(r"session=([a-z]{6}); theme=[a-z]{4}", asked["cookie"])
    assert session
    assert made.response.headers == [
        ("content-type", "application/json"),
        ("set-cookie", f"session={session[1]}; Path=/; HttpOnly"),
        ("location", "https://solusio.example/api/v1/users/7"),
        ("retry-after", "60"),
    ]


def test_paths_and_queries(anonymiser):
    uuid = "0164fe5e-f074-48b2-a3f5-4f81f97d21e0"
    made = anonymiser.exchange(
        exchange(
            path=f"/api/v1/servers/{uuid}/usage_reports/17",
            query="filter%5Bsearch%5D=ann%40real-host.de&page=2&password=1234&sort=-id&from=2026-03-01",
        )
    ).request
    parts = made.path.split("/")
    assert (parts[:4], parts[5:]) == (["", "api", "v1", "servers"], ["usage_reports", "17"])
    assert parts[4] != uuid
    query = dict(made.query)
    assert list(query) == ["filter[search]", "page", "password", "sort", "from"]
    assert (query["page"], query["from"]) == ("2", "2026-03-01")
    assert re.fullmatch(r"\d{4}", query["password"])
    assert query["password"] != "1234"
    link = anonymiser.exchange(exchange(path="/auth/by_token/AbcDef123456")).request.path
    assert re.fullmatch(r"/auth/by_token/[A-Z][a-z]{2}[A-Z][a-z]{2}\d{6}", link)


# Nothing planted gets through

letters = st.text("bcdfghjklmnpqrstvwxz", min_size=5, max_size=9)
"""Without vowels: no word of ours, and no word of Faker's."""

secrets = st.one_of(
    st.builds("{}@{}.de".format, letters, letters),
    st.builds(
        "{}.{}.{}.{}".format, *[st.integers(1, 223)] * 2, st.integers(100, 255), st.integers(100, 255)
    ).filter(lambda text: not text.startswith("127.")),
    st.builds(
        "fd{:02x}:{:04x}:{:04x}::{:04x}".format, *[st.integers(1, 255)], *[st.integers(4096, 65535)] * 3
    ),
    st.uuids(version=4).map(str),
    st.builds("{}{}{}".format, letters.map(str.upper), st.integers(10**7, 10**9), letters),
    st.builds("{} {}".format, letters.map(str.capitalize), letters.map(str.capitalize)),
    st.builds("{}.{}.net".format, letters, letters),
)
FIELDS = """
    name email ip token password description note uuid url status message comment username value data title
    host label search version foo_bar x totalCost event type currency_code errors from to id tags
"""
fields = st.sampled_from(FIELDS.split())
places = st.sampled_from(
    ["{}", "see {} now", "https://{}/a", "https://h.de/?q={}", '{{"k": "{}"}}', "[{}]", "{}:22"]
)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.dictionaries(fields, inner, min_size=1, max_size=4), st.lists(inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    )


@st.composite
def planted(draw: st.DrawFn) -> tuple[Any, set[str]]:
    """Draw a JSON value, and the secrets in it."""
    used: set[str] = set()

    def plant(secret: str, place: str) -> str:
        used.add(secret)
        return place.format(secret)

    leaves = st.one_of(
        st.builds(plant, secrets, places), st.integers(-100, 100), st.booleans(), st.none(), st.just("active")
    )
    keys = st.one_of(fields, st.builds(plant, secrets.filter(lambda text: not text.isalpha()), st.just("{}")))
    value = draw(st.dictionaries(keys, trees(leaves), min_size=1, max_size=4))
    # Only what is in the value is in it: draws that were thrown away do not count.
    text = json.dumps(value, ensure_ascii=False)
    return value, {secret for secret in used if secret in text}


@settings(max_examples=300)
@given(planted(), secrets, st.sampled_from(["json", "form", "query", "header", "path"]))
@example(({"message": "see 1.1.100.100 now"}, {"1.1.100.100"}), "bcdfg@hjklm.de", "query")
@example(({"030-12345": {"name": "0301 2345"}}, {"030-12345", "0301 2345"}), "bcdfg@hjklm.de", "form")
@example(({"status": "see bcdfg.hjklm.net now"}, {"bcdfg.hjklm.net"}), "bcdfg@hjklm.de", "json")
@example(({"errors": {"email": ["for Bcdfg Hjklm"]}}, {"Bcdfg Hjklm"}), "bcdfg@hjklm.de", "path")
def test_nothing_that_was_planted_gets_through(leaks, found, other, where):
    value, used = found
    used = {*used, other}
    more: dict[str, Any] = {"response_body": json.dumps(value).encode()}
    match where:
        case "json":
            more |= {"body": json.dumps({"note": other}).encode(), "headers": JSON}
        case "form":
            form = [(b"content-type", b"application/x-www-form-urlencoded")]
            more |= {"body": f"a={other}&token={other}".encode(), "headers": form}
        case "query":
            more |= {"query": f"filter[search]={other}&{other}=1"}
        case "header":
            names = (b"authorization", b"cookie", b"x-name", b"accept", b"location", b"user-agent")
            more |= {"headers": [(name, other.encode()) for name in names]}
            more |= {"response_headers": [*JSON, (b"location", f"https://{other}/x".encode())]}
        case "path":
            more |= {"path": f"/api/v1/users/{other}/tokens"}
    made = Anonymiser(FAKES).exchange(exchange(**more))
    assert isinstance(made.response.body, JsonBody)
    assert leaks(msgspec.json.encode(made), used) == []
    assert msgspec.json.decode(msgspec.json.encode(made), type=RecordedExchange) == made
