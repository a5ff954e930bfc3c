"""Secrets in what the journal shows: every value here contains S3CRET, and nothing that is shown does."""

import json
import re
from urllib.parse import unquote

import pytest

from mock_solusio.traffic.journal import Journal
from solusio_contracts.contract import documents
from support.journals import add

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


def test_pages_hide_login_links():
    journal = Journal()
    page = f'<a href="/auth/by_token/{SECRET}">in</a>'.encode()
    add(journal, response_body=page, response_headers=[(b"content-type", b"text/html; charset=utf-8")])
    assert journal.read()[0].response.body == '<a href="/auth/by_token/***">in</a>'
