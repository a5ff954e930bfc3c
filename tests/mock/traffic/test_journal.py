"""The journal: bounded, cheap to fill, and silent about secrets."""

import asyncio
import json
import re
import tracemalloc
from urllib.parse import unquote

import pytest

from mock_solusio.domain.errors import Invalid
from mock_solusio.moment import parse_moment
from mock_solusio.traffic.journal import OVERHEAD, PER_HEADER, Journal, JournalFilter
from solusio_contracts.contract import documents

MARCH = parse_moment("2026-03-01T00:00:00Z")


def add(journal: Journal, method: str = "GET", path: str = "/api/v1/users", **more) -> int:
    kind = more.pop("kind", "api")
    return journal.add(kind, method, path, **{"moment": MARCH, "status": 200, **more})


def numbers(journal: Journal, **filters) -> list[int]:
    return [entry.number for entry in journal.read(**filters)]


def find(journal, **filters):
    """Return the numbers of what a search on an event loop finds."""
    wanted = JournalFilter(**filters)
    return asyncio.run(journal.find(wanted, lambda one: one.number))


def test_an_exchange_is_shown_whole():
    journal = Journal()
    number = add(
        journal,
        "POST",
        query=b"a=1",
        headers=[(b"content-type", b"application/json"), (b"x-trace", b"7")],
        body=b'{"email": "ann@example.com"}',
        status=201,
        response_headers=[(b"content-type", b"application/json")],
        response_body=b'{"data": {"id": 7}}',
        operation="createUser",
        milliseconds=1.23456,
        notes=["made"],
    )
    (entry,) = journal.read()
    assert (entry.number, entry.moment, entry.kind) == (number, "2026-03-01T00:00:00.000000Z", "api")
    assert (entry.method, entry.path, entry.query) == ("POST", "/api/v1/users", "a=1")
    assert (entry.status, entry.operation, entry.milliseconds, entry.notes) == (
        201,
        "createUser",
        1.235,
        ("made",),
    )
    assert entry.request.headers == [("content-type", "application/json"), ("x-trace", "7")]
    assert (entry.request.body, entry.request.bytes) == ('{"email": "ann@example.com"}', 28)
    assert (entry.response.body, entry.response.bytes) == ('{"data": {"id": 7}}', 19)
    assert journal.get(number) == entry
    assert journal.get(number + 1) is None


def test_the_number_of_exchanges_is_bounded():
    journal = Journal(limit=3)
    for _ in range(5):
        add(journal)
    assert numbers(journal) == [3, 4, 5]
    assert (len(journal), journal.last, journal.dropped) == (3, 5, 2)


def test_the_size_of_all_exchanges_is_bounded():
    journal = Journal(total_limit=10 * (OVERHEAD + PER_HEADER + 1100))
    for _ in range(100):
        add(journal, response_body=b"x" * 1000, headers=[(b"x", b"y" * 99)])
    assert len(journal) == 9  # the path takes a little, too
    add(journal, body=b"x" * 60_000)
    assert numbers(journal) == [101]


def test_it_holds_no_more_than_its_limit_says():
    journal = Journal(limit=10_000, total_limit=2_000_000)
    tracemalloc.start()
    try:
        for number in range(2000):
            mark = b"%d" % number
            headers = [(b"x-%d-" % name + mark, b"value of " + mark) for name in range(6)]
            add(
                journal,
                "POST",
                f"/api/v1/users/{number}",
                query=b"page=" + mark,
                headers=headers,
                body=b"sent" * 50 + mark,
                response_headers=[(b"content-length", mark)],
                response_body=b"received" * 20 + mark,
                milliseconds=number / 7,
            )
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert journal.dropped
    assert held < 1.05 * journal.total_limit


def test_filling_it_for_long_does_not_take_more_memory():
    journal = Journal(limit=100)
    body = b"x" * 2000
    for _ in range(200):
        add(journal, body=body + b"1")
    tracemalloc.start()
    try:
        for _ in range(2000):
            add(journal, body=body + b"1")
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 2 * 100 * (len(body) + OVERHEAD)


def test_long_bodies_are_shortened():
    journal = Journal(body_limit=10)
    add(journal, body=b"0123456789abc", response_body=b"0123456789")
    (entry,) = journal.read()
    assert (entry.request.body, entry.request.bytes) == ("0123456789", 13)
    assert (entry.response.body, entry.response.bytes) == ("0123456789", 10)


def test_clearing_keeps_counting():
    journal = Journal()
    add(journal)
    journal.clear()
    assert (len(journal), journal.dropped) == (0, 1)
    assert add(journal) == 2


@pytest.mark.parametrize("bounds", [{"limit": 0}, {"body_limit": -1}, {"total_limit": 0}])
def test_a_journal_needs_room(bounds):
    with pytest.raises(ValueError, match="room"):
        Journal(**bounds)


# Filters


@pytest.fixture
def busy():
    journal = Journal()
    add(journal, "GET", "/api/v1/users", operation="listUsers")
    add(journal, "POST", "/api/v1/users", operation="createUser", status=422, body=b'{"email": "Ann"}')
    add(journal, "GET", "/api/v1/users/7", operation="getUser", status=404)
    add(journal, "GET", "/", kind="ui", notes=["the cookie has expired"])
    add(journal, "POST", "https://billing.example.com/api/", kind="billing", status=0)
    return journal


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"method": "post"}, [2, 5]),
        ({"path": "/api/v1/users"}, [1, 2]),
        ({"path": "/api/v1/users*"}, [1, 2, 3]),
        ({"path": "*/users/?"}, [3]),
        ({"path": "users"}, []),
        ({"status": "404"}, [3]),
        ({"status": "4xx"}, [2, 3]),
        ({"status": "none"}, [5]),
        ({"operation": "getUser"}, [3]),
        ({"kind": "ui"}, [4]),
        ({"since": 3}, [4, 5]),
        ({"since": 9}, []),
        ({"before": 3}, [1, 2]),
        ({"before": 5, "since": 2}, [3, 4]),
        ({"before": 4, "limit": 2}, [2, 3]),
        ({"limit": 2}, [4, 5]),
        ({"limit": 1, "status": "4xx"}, [3]),
        ({"text": "ANN"}, [2]),
        ({"text": "cookie has"}, [4]),
        ({"method": "GET", "kind": "api", "since": 1}, [3]),
    ],
)
def test_filters(busy, filters, expected):
    assert numbers(busy, **filters) == expected
    assert find(busy, **filters) == expected


@pytest.mark.parametrize("before", [None, "the letter", "nothing"])
def test_a_text_is_found_whatever_was_searched_for_before(before):
    journal = Journal(limit=3)
    for name in "abcd":
        add(journal, body=f"the letter {name}".encode())
        if before is not None:
            find(journal, text=before)
        assert numbers(journal, text=f"LETTER {name.upper()}") == [journal.last]
    assert numbers(journal, text="the letter") == find(journal, text="the letter") == [2, 3, 4]
    assert numbers(journal, text="letter a") == find(journal, text="letter a") == []
    journal.clear()
    assert numbers(journal, text="the letter") == find(journal, text="the letter") == []


def test_a_search_on_an_event_loop_lets_others_run(busy):
    async def searching() -> tuple[list[int], int]:
        turns = 0
        search = asyncio.create_task(busy.find(JournalFilter(text="ann"), lambda one: one.number))
        while not search.done():
            turns += 1
            await asyncio.sleep(0)
        return await search, turns

    found, turns = asyncio.run(searching())
    assert found == [2]
    assert turns > len(busy), "at least one for each exchange"


def test_a_search_knows_nothing_of_what_comes_and_goes_meanwhile():
    journal = Journal(limit=3)
    for name in "abc":
        add(journal, body=f"the letter {name}".encode())

    async def searching() -> list[int]:
        search = asyncio.create_task(journal.find(JournalFilter(text="letter"), lambda one: one.number))
        await asyncio.sleep(0)
        for name in "de":
            add(journal, body=f"the letter {name}".encode())
        return await search

    assert asyncio.run(searching()) == [1, 2, 3]
    assert numbers(journal, text="letter") == [3, 4, 5]


@pytest.mark.parametrize(
    ("filters", "place"),
    [
        ({"status": "teapot"}, "status"),
        ({"limit": 0}, "limit"),
        ({"colour": "red"}, "colour"),
        ({"path": ""}, "path"),
    ],
)
def test_filters_that_make_no_sense(busy, filters, place):
    with pytest.raises(Invalid) as caught:
        busy.read(**filters)
    assert list(caught.value.errors) == [place]


# Secrets: every one of these contains S3CRET, and nothing that is shown does


SECRET = "S3CRET-value.1"


@pytest.mark.parametrize(
    "header",
    [
        ("authorization", f"Bearer {SECRET}"),
        ("Authorization", f"Basic {SECRET}"),
        ("authorization", SECRET),
        ("proxy-authorization", f"Bearer {SECRET}"),
        ("cookie", f"session={SECRET}; theme=dark"),
        ("set-cookie", f"session={SECRET}; Path=/; HttpOnly"),
        ("referer", f"http://127.0.0.1/auth/by_token/{SECRET}"),
        ("location", f"http://127.0.0.1/x?token={SECRET}"),
        ("X-Token", SECRET),
        ("X-Access-Token", SECRET),
        ("Token", SECRET),
        ("ApiKey", SECRET),
        ("X-API-Key", SECRET),
        ("api_key", SECRET),
        ("Private-Token", SECRET),
        ("X-Amz-Security-Token", SECRET),
        ("X-License-Key", SECRET),
        ("X-Webhook-Secret", SECRET),
        ("X-Password", SECRET),
    ],
)
def test_headers_hide_secrets(header):
    journal = Journal()
    pair = (header[0].encode(), header[1].encode())
    add(journal, headers=[pair], response_headers=[pair])
    (entry,) = journal.read()
    assert "S3CRET" not in repr(entry)
    assert entry.request.headers[0][0] == header[0]


def test_headers_keep_what_helps():
    journal = Journal()
    add(
        journal,
        headers=[(b"authorization", b"Bearer abc"), (b"cookie", b"a=b; c=d")],
        response_headers=[(b"set-cookie", b"s=abc; Path=/; HttpOnly")],
    )
    (entry,) = journal.read()
    assert entry.request.headers == [("authorization", "Bearer ***"), ("cookie", "a=***; c=***")]
    assert entry.response.headers == [("set-cookie", "s=***; Path=/; HttpOnly")]


@pytest.mark.parametrize(
    "value",
    [
        {"password": SECRET},
        {"Password": SECRET},
        {"email": "a@b.c", "password": SECRET, "password_confirmation": SECRET},
        {"data": {"access_token": SECRET}},
        {"data": {"credentials": {"access_token": SECRET, "token_type": "bearer"}}},
        {"billing_integration": {"drivers": {"custom": {"url": "https://a/", "token": SECRET}}}},
        {"data": [{"settings": {"vnc_password": SECRET}}]},
        {"billing_token": SECRET},
        {"users": [{"access_tokens": [{"secret": SECRET}]}]},
        {"data": {"url": f"http://127.0.0.1/auth/by_token/{SECRET}"}},
        {"key": SECRET},
        {"credentials": {"host": "a", "key": SECRET}},
        {"license_key": SECRET},
        {"licenseKey": SECRET},
        {"API-Key": SECRET},
        {"payload": json.dumps({"password": SECRET})},
        {"payload": json.dumps([{"payload": json.dumps({"user": {"accessToken": SECRET}})}])},
        {"payload": f"user=ann&password={SECRET}"},
        {"payload": f"password={SECRET}&user=ann"},
        {"errors": [f"at /auth/by_token/{SECRET}"]},
        [{"password": SECRET}],
    ],
)
def test_json_hides_secrets(value):
    for headers in ([(b"content-type", b"application/json")], []):
        journal = Journal()
        body = json.dumps(value).encode()
        add(journal, headers=headers, body=body, response_headers=headers, response_body=body)
        (entry,) = journal.read()
        assert "S3CRET" not in repr(entry)
        assert "***" in entry.request.body
        assert json.loads(entry.response.body).__class__ is value.__class__


def test_json_without_secrets_is_shown_as_it_came():
    body = b'{ "tokens_per_hour":7,  "token_pricing": {"unit_cost": 0.10}, "password": null }'
    journal = Journal()
    add(journal, body=body, headers=[(b"content-type", b"application/json")])
    assert journal.read()[0].request.body == body.decode()


@pytest.mark.parametrize(
    "text",
    [
        f'{{"email": "a", "password": "{SECRET}", "name": "',
        f'{{"name": "a", "password": "{SECRET}',
        f'{{"password": "x\\"{SECRET}", "name": "',
        f'{{"password":"\\\\{SECRET}\\',
        f'{{"payload": "{{\\"password\\": \\"{SECRET}\\", \\"name\\": ',
        f'{{"payload": "{{\\"password\\": \\"{SECRET}',
    ],
)
def test_json_that_was_cut_off_hides_secrets(text):
    journal = Journal(body_limit=len(text))
    add(journal, body=text.encode() + b"more", headers=[(b"content-type", b"application/json")])
    shown = journal.read()[0].request.body
    assert "S3CRET" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 700 + f'{{"password": "{SECRET}"}}' + "}" * 700,
        "[" * 100_000 + f'{{"password": "{SECRET}"}}' + "]" * 100_000,
        f'{{"password": "{SECRET}", "password": null}}',
    ],
    ids=["deep", "deeper", "twice"],
)
def test_odd_json_hides_secrets(text):
    journal = Journal(body_limit=10**6)
    add(journal, body=text.encode(), headers=[(b"content-type", b"application/json")])
    shown = journal.read()[0].request.body
    assert "S3CRET" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        (f"token={SECRET}&action=GetTokenPricing&userid=1", "token=***&action=GetTokenPricing&userid=1"),
        (f"email=a%40b.c&password={SECRET}", "email=a%40b.c&password=***"),
        (f"user%5Bpassword%5D={SECRET}&x=1", "user%5Bpassword%5D=***&x=1"),
        ("token=&userid=1", "token=&userid=1"),
        (f"_token={SECRET}", "_token=***"),
    ],
)
def test_forms_and_queries_hide_secrets(form, shown):
    journal = Journal()
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    add(journal, body=form.encode(), headers=headers, query=form.encode())
    (entry,) = journal.read()
    assert (entry.request.body, entry.query) == (shown, shown)


def multipart(*parts: tuple[str, str], end: str = "--b--\r\n") -> bytes:
    made = "".join(
        f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n" for head, value in parts
    )
    return (made + end).encode()


@pytest.mark.parametrize("content_type", [b"multipart/form-data; boundary=b", b""])
@pytest.mark.parametrize("end", ["--b--\r\n", ""])
def test_multipart_bodies_hide_secrets(content_type, end):
    body = multipart(
        ('name="email"', "ann@example.com"),
        ('name="password"', f"{SECRET}\r\nits second line"),
        ("name=token", SECRET),
        ('name="user[apiKey]"; filename="x"\r\nContent-Type: text/plain', SECRET),
        ('name="json"', json.dumps({"password": SECRET})),
        ('name="last_password"', "kept"),
        ('name="password"', SECRET),
        end=end,
    )
    journal = Journal()
    add(journal, body=body, headers=[(b"content-type", content_type)])
    shown = journal.read()[0].request.body
    assert "S3CRET" not in shown
    assert "second line" not in shown
    assert shown.count("***") == 5
    assert "\r\n\r\nann@example.com\r\n--b" in shown


@pytest.mark.parametrize(
    "link",
    [
        f"/auth/by_token/{SECRET}",
        f"//auth//by_token//{SECRET}",
        f"/Auth/By_Token/{SECRET}",
        f"/auth/by%5Ftoken/{SECRET}",
        f"/auth%2fby_token%2F{SECRET}",
        f"https://x.test/?next=%2Fauth%2Fby_token%2F{SECRET}",
        f"https://x.test/?next=%252Fauth%252Fby_token%252F{SECRET}",
        f"/%61uth/by_token/{SECRET}",
        "/auth/by_token/%533CRET-value.1",
        "/auth/by_token/x%53%33CRET",
        f"/auth/by_token/ab%2F{SECRET}",
        f"https:\\/\\/x.test\\/auth\\/by_token\\/{SECRET}",
        f"https:\\u002f\\u002fx.test\\u002fauth\\u002fby_token\\u002f{SECRET}",
        f"/auth/by_token?token={SECRET}",
        f"/auth/by_token?access-token={SECRET}",
    ],
)
def test_login_links_are_hidden_in_any_spelling(link):
    journal = Journal()
    path, _, query = link.partition("?")
    pair = (b"location", link.encode())
    add(journal, path=path, query=query.encode(), notes=[f"from {link}."], headers=[pair], body=link.encode())
    (entry,) = journal.read()
    assert "S3CRET" not in unquote(unquote(repr(entry)))
    assert "***" in repr(entry.request.headers)


def test_what_only_looks_like_a_secret_is_shown():
    journal = Journal()
    kept = [
        (b"idempotency-key", b"7"),
        (b"x-ratelimit-remaining", b"3"),
        (b"x-tokens-used", b"5"),
        (b"sec-websocket-key", b"a"),
    ]
    body = b'{"public_key": "ssh-ed25519 AAAA", "key_type": "x", "tokens": 7, "token_type": "Bearer"}'
    add(journal, headers=kept, body=body, query=b"filter[search]=token&keys=1")
    (entry,) = journal.read()
    assert "***" not in repr(entry)


# What the documents mark


SECRET_WORDS = re.compile(r"(?:.*_)?(?:password|passphrase|secret|token|code|key|credential|pin|otp)")
NOT_SECRET = {
    "public_key",  # what everybody may know
    "code",  # of a currency
    "currency_code",
    "server_reset_password",  # texts of mails
    "user_reset_password",
}


def properties():
    """Yield the members of all documents: document, name, schema."""
    for document in documents.document_names():
        open_ = [documents.document(document)]
        while open_:
            node = open_.pop()
            if isinstance(node, dict):
                found = node.get("properties")
                for name, schema in found.items() if isinstance(found, dict) else ():
                    if isinstance(schema, dict) and "x-provenance" in schema:
                        yield document, name, schema
                open_ += node.values()
            elif isinstance(node, list):
                open_ += node


def test_every_secret_member_is_marked_in_the_documents():
    named = [(where, name, schema) for where, name, schema in properties() if SECRET_WORDS.fullmatch(name)]
    assert {name for _, name, _ in named} > NOT_SECRET
    unmarked = {
        f"{where}: {name}"
        for where, name, schema in named
        if name not in NOT_SECRET
        and schema.get("format") != "password"
        # An object has members of its own.
        and schema.get("type") not in ("object", "boolean", "integer")
        and "ApiToken" not in schema.get("$ref", "")
    }
    assert unmarked == set()


def test_every_member_that_is_marked_is_hidden():
    marked = {name for _, name, schema in properties() if schema.get("format") == "password"}
    assert {"key", "license_key", "activation_code", "vnc_password", "token", "billing_token"} <= marked
    journal = Journal()
    add(journal, body=json.dumps(dict.fromkeys(marked, SECRET)).encode())
    assert "S3CRET" not in repr(journal.read())


def test_paths_hide_access_tokens():
    journal = Journal()
    add(journal, path=f"/auth/by_token/{SECRET}", notes=[f"redirected from /auth/by_token/{SECRET}"])
    add(journal, path=f"https://billing.example.com/api/?token={SECRET}&x=1", kind="billing")
    first, second = journal.read()
    assert (first.path, first.notes) == ("/auth/by_token/***", ("redirected from /auth/by_token/***",))
    assert second.path == "https://billing.example.com/api/?token=***&x=1"


def test_secrets_cannot_be_found_by_guessing():
    journal = Journal()
    add(journal, path=f"/auth/by_token/{SECRET}", body=json.dumps({"password": SECRET}).encode())
    assert numbers(journal, text="S3CRET") == []
    assert numbers(journal, path="/auth/by_token/S3*") == []
    assert numbers(journal, path="/auth/by_token/*") == [1]


def test_pages_hide_login_links():
    journal = Journal()
    page = f'<a href="/auth/by_token/{SECRET}">in</a>'.encode()
    add(journal, response_body=page, response_headers=[(b"content-type", b"text/html; charset=utf-8")])
    assert journal.read()[0].response.body == '<a href="/auth/by_token/***">in</a>'


def test_bytes_that_are_no_text_are_shown_somehow():
    journal = Journal()
    add(journal, body=b"\xff\xfe{", query=b"\xff", headers=[(b"x", b"\xe9")])
    (entry,) = journal.read()
    assert (entry.request.body, entry.query, entry.request.headers) == ("\\xff\\xfe{", "\\xff", [("x", "é")])
