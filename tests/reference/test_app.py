import asyncio
import http.client
import json
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from solusio_reference.app import create_app
from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.pricing import price, to_json
from solusio_reference.serving import running

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


def ask(url: str, body: str | bytes) -> httpx.Response:
    """Post exactly these bytes, where httpx's own form encoder would tidy them up."""
    return httpx.post(url, content=body, headers=FORM)


def assert_refused(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert int(response.headers["content-length"]) == len(response.content)
    error = response.json()["error"]
    assert response.json() == {"error": {"code": code, "message": error["message"]}}
    assert error["message"].endswith(".")


# --- prices ---------------------------------------------------------------------------------

# Worked out by hand: base x discounts x (1 + taxes).
USER_COSTS = {
    1: b"1.3763676",  # 1.34 x 0.95 = 1.273; x 1.06 = 1.34938; x 1.02 = 1.3763676
    2: b"0.000765",  # 0.001 x 0.9 x 0.85
    3: b"0.001456",  # 0.0013 x 1.12
    4: b"0.165",  # 0.15 x 1.1
    5: b"0.000285",  # 0.0003 x 0.95
    6: b"0.0010829",  # 0.00091 x 1.19 = 0.00091 + 0.0001729
    7: b"0.00095128",  # 0.00088 x 1.081
    8: b"0.001",
    9: b"0",  # 0.001 x 0
    10: b"0.00001",
}


@pytest.mark.parametrize(("user", "cost"), USER_COSTS.items())
def test_the_user_cost_is_exactly_the_decimal_calculated_by_hand(open_url, user, cost):
    response = ask(open_url, f"action=GetTokenPricing&userid={user}")
    assert response.status_code == 200
    assert b'"user_token_unit_cost":' + cost + b"," in response.content


def test_headers_of_a_response(open_url):
    response = ask(open_url, "action=GetTokenPricing&userid=1")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert int(response.headers["content-length"]) == len(response.content)
    assert "transfer-encoding" not in response.headers


@pytest.mark.parametrize(
    "body",
    [
        "userid=6&action=GetTokenPricing",
        "token=not+asked+for&action=GetTokenPricing&userid=6",
        "action=GetTokenPricing&userid=6&locale=de&locale=en&flags[]=1&empty=&bare&&note=%zz",
        "action=GetTokenPricing&userid=6&note=schön",
        "%61ction=GetTokenPricing&userid=%36",
    ],
)
def test_order_unknown_parameters_and_escapes_change_nothing(open_url, body):
    plain = ask(open_url, "action=GetTokenPricing&userid=6")
    response = ask(open_url, body)
    assert response.status_code == 200
    assert response.content == plain.content


def test_the_content_type_may_have_parameters_and_capitals(open_url):
    headers = {"Content-Type": "Application/X-WWW-Form-URLencoded ; charset=UTF-8"}
    body = "action=GetTokenPricing&userid=1"
    assert httpx.post(open_url, content=body, headers=headers).status_code == 200


def test_two_users_at_once_are_never_mixed(open_url):
    expected = {c.id: to_json(price(c)) for c in DEMO_CUSTOMERS[:2]}

    async def ask_many() -> list[tuple[int, httpx.Response]]:
        async with httpx.AsyncClient() as client:

            async def one(user: int) -> tuple[int, httpx.Response]:
                form = {"action": "GetTokenPricing", "userid": str(user)}
                return user, await client.post(open_url, data=form)

            return await asyncio.gather(*(one(1 + number % 2) for number in range(60)))

    answers = asyncio.run(ask_many())
    assert len(answers) == 60
    for user, response in answers:
        assert response.status_code == 200
        assert response.content == expected[user]


# --- authorization ---------------------------------------------------------------------------


def test_the_right_token_opens(guarded_url, token):
    form = {"token": token, "action": "GetTokenPricing", "userid": "1"}
    assert httpx.post(guarded_url, data=form).status_code == 200


def wrong_tokens(token: str) -> list[dict[str, str]]:
    return [
        {},
        {"token": ""},
        {"token": "0"},
        {"token": "wrong"},
        {"token": token[:-1]},
        {"token": token + "x"},
        {"token": token + "\0"},
        {"token": " " + token},
        {"token": token.upper()},
        {"token": token * 1000},
        {"token[]": token},
        {"Token": token},
    ]


@pytest.mark.parametrize(
    "rest",
    [
        {"action": "GetTokenPricing", "userid": "1"},
        {"action": "GetTokenPricing", "userid": "999999"},
        {"action": "GetTokenPricing", "userid": "abc"},
        {"action": "DropTables", "userid": "1"},
        {},
    ],
)
def test_without_the_right_token_every_request_gets_the_same_response(guarded_url, token, rest):
    answers = set()
    for wrong in wrong_tokens(token):
        response = ask(guarded_url, urlencode({**wrong, **rest}))
        assert_refused(response, 401, "unauthorized")
        assert response.headers["www-authenticate"]
        answers.add(response.content)
    assert len(answers) == 1


def test_a_token_outside_the_form_is_ignored(guarded_url, token):
    response = httpx.post(
        guarded_url,
        params={"token": token},
        headers={"Authorization": "Bearer x", "Cookie": "token=x"},
        data={"action": "GetTokenPricing", "userid": "1"},
    )
    assert_refused(response, 401, "unauthorized")


@pytest.mark.parametrize("order", [("right", "wrong"), ("wrong", "right"), ("right", "right")])
def test_a_duplicate_token_is_refused(guarded_url, token, order):
    tokens = {"right": token, "wrong": "wrong"}
    body = urlencode(
        [("token", tokens[each]) for each in order] + [("action", "GetTokenPricing"), ("userid", "1")]
    )
    assert_refused(ask(guarded_url, body), 400, "duplicate_parameter")


@pytest.mark.parametrize(
    ("token", "complaint"), [("", "must not be empty"), ("\ud800x", "must be valid text")]
)
def test_an_unusable_token_is_refused_at_the_start(demo_store, token, complaint):
    with pytest.raises(ValueError, match=complaint):
        create_app(demo_store, token=token)


# --- refusals --------------------------------------------------------------------------------

MALFORMED_USER_IDS = [
    "",
    "0",
    "-1",
    "+1",
    "01",
    "1.0",
    "1e3",
    "0x1",
    "abc",
    "1abc",
    " 1",
    "1 ",
    "1\n",
    "1\0",
    "1,2",
    "1'",
    "1 OR 1=1",
    "\u0661",  # Arabic and full-width 1, which int() and \d accept
    "\uff11",
    "null",
    "true",
    "1" * 19,
    "9" * 5000,
]


@pytest.mark.parametrize("userid", MALFORMED_USER_IDS, ids=repr)
def test_a_malformed_userid_is_refused(open_url, userid):
    response = httpx.post(open_url, data={"action": "GetTokenPricing", "userid": userid})
    assert_refused(response, 400, "malformed_userid")


@pytest.mark.parametrize("userid", ["11", "2147483648", "9" * 18])
def test_an_unknown_user_is_not_found(open_url, userid):
    response = ask(open_url, f"action=GetTokenPricing&userid={userid}")
    assert_refused(response, 404, "unknown_user")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "missing_parameter"),
        ("userid=1", "missing_parameter"),
        ("action=GetTokenPricing", "missing_parameter"),
        ("action=GetTokenPricing&userid[]=1", "missing_parameter"),
        ("action=GetTokenPricing&userid%5B%5D=1", "missing_parameter"),
        ("action=GetTokenPricing&UserId=1", "missing_parameter"),
        ("action=GetTokenPricing;userid=1", "unknown_action"),
        ("action=&userid=1", "unknown_action"),
        ("action=gettokenpricing&userid=1", "unknown_action"),
        ("action=GetTokenPricing+&userid=1", "unknown_action"),
        ("action=Other&userid=1", "unknown_action"),
        ("action=GetTokenPricing&userid=1&userid=2", "duplicate_parameter"),
        ("action=GetTokenPricing&userid=1&userid=1", "duplicate_parameter"),
        ("action=GetTokenPricing&userid=1&user%69d=2", "duplicate_parameter"),
        ("action=GetTokenPricing&action=Other&userid=1", "duplicate_parameter"),
        ("token=a&token=b&action=GetTokenPricing&userid=1", "duplicate_parameter"),
        ("action=GetTokenPricing&userid=%FF", "malformed_form"),
        ("action=GetTokenPricing&userid=1&note=%C3%28", "malformed_form"),
        ("action=GetTokenPricing&userid=1&%ED%A0%80=surrogate", "malformed_form"),
        (b"action=GetTokenPricing&userid=1&note=\xff", "malformed_form"),
        ("action=GetTokenPricing&userid=1" + "&x=1" * 1000, "malformed_form"),
        ("action=GetTokenPricing&userid=%zz", "malformed_userid"),
        ("action=GetTokenPricing&userid=1%", "malformed_userid"),
    ],
)
def test_a_malformed_request_is_refused(open_url, body, code):
    assert_refused(ask(open_url, body), 400, code)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_get_the_allowed_one(open_url, method):
    response = httpx.request(method, open_url)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        assert_refused(response, 405, "method_not_allowed")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "application"],
)
def test_other_content_types_are_refused(open_url, content_type):
    response = httpx.post(
        open_url,
        content="action=GetTokenPricing&userid=1",
        headers={"Content-Type": content_type},
    )
    assert_refused(response, 415, "unsupported_media_type")


def test_a_missing_content_type_is_refused(open_url):
    response = httpx.post(open_url, content="action=GetTokenPricing&userid=1")
    assert "content-type" not in response.request.headers
    assert_refused(response, 415, "unsupported_media_type")


def body_of(size: int) -> bytes:
    start = b"action=GetTokenPricing&userid=1&pad="
    return start + b"x" * (size - len(start))


def test_a_body_of_64_kib_is_read(open_url):
    assert ask(open_url, body_of(64 * 1024)).status_code == 200


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024])
def test_a_larger_body_is_refused(open_url, size):
    assert_refused(ask(open_url, body_of(size)), 413, "body_too_large")


def test_a_larger_body_in_chunks_is_refused_and_the_connection_still_works(open_url):
    chunks = (body_of(1024) for _ in range(200))  # a generator: httpx sends no Content-Length
    with httpx.Client() as client:
        response = client.post(open_url, content=chunks, headers=FORM)
        assert response.request.headers["transfer-encoding"] == "chunked"
        assert_refused(response, 413, "body_too_large")
        again = client.post(open_url, content="action=GetTokenPricing&userid=1", headers=FORM)
    assert again.status_code == 200


def test_a_small_body_in_chunks_is_read(open_url):
    chunks = iter([b"action=GetTok", b"enPricing&us", b"erid=1"])
    assert httpx.post(open_url, content=chunks, headers=FORM).status_code == 200


def test_an_incomplete_body_is_not_an_error_of_ours(demo_store):
    # Called without a server: a client that has gone could not show the response.
    messages = iter(
        [
            {"type": "http.request", "body": b"action=GetTok", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }
    asyncio.run(create_app(demo_store, token=None)(scope, receive, send))
    assert sent[0]["status"] == 400
    assert json.loads(sent[1]["body"])["error"]["code"] == "incomplete_body"


def test_no_error_repeats_the_token_or_the_request(guarded_url, token):
    marker = "Xq7marker"
    right = [("token", token)]
    forms = [
        [("token", marker)],
        [("token", marker), ("token", token)],
        [*right, ("action", marker), ("userid", "1")],
        [*right, ("action", "GetTokenPricing"), ("userid", marker)],
        [*right, ("action", "GetTokenPricing"), ("userid", "1"), ("userid", marker)],
        [*right, ("action", "GetTokenPricing"), ("userid", "424242")],
        [*right, (marker, marker)],
    ]
    for form in forms:
        response = ask(guarded_url, urlencode(form))
        assert response.is_client_error
        for secret in (marker, token, "s3cret", "424242"):
            assert secret not in response.text
    refused = httpx.post(f"{guarded_url}{marker}", data={"token": token})
    assert_refused(refused, 404, "not_found")
    assert marker not in refused.text


def test_details_of_an_unexpected_error_go_to_the_log_and_not_to_the_caller(caplog):
    class BrokenStore:
        def get(self, customer_id):
            raise RuntimeError(f"SELECT from /var/lib/billing.db where id = {customer_id}")

    with running(create_app(BrokenStore(), token=None)) as url:
        response = ask(url, "action=GetTokenPricing&userid=77")
    assert_refused(response, 500, "internal_error")
    for secret in ("SELECT", "/var", "77", "Traceback", "RuntimeError"):
        assert secret not in response.text
    assert "SELECT from /var/lib/billing.db where id = 77" in caplog.text


# --- path and connection ---------------------------------------------------------------------


def test_only_the_configured_path_exists_and_nothing_redirects(demo_store):
    body = "action=GetTokenPricing&userid=1"
    with running(create_app(demo_store, token=None, path="/solusio/api/"), "/solusio/api/") as url:
        assert url.endswith("/solusio/api/")
        assert ask(url, body).status_code == 200
        assert_refused(ask(url[:-1], body), 404, "not_found")
        assert_refused(ask(url + "x", body), 404, "not_found")
        assert_refused(ask(url[: -len("solusio/api/")], body), 404, "not_found")


@pytest.mark.parametrize("path", ["", "api", "/{user}", "/a b", "/a?b", "/ä", "http://x/"])
def test_an_invalid_path_is_refused(demo_store, path):
    with pytest.raises(ValueError, match="path must start with /"):
        create_app(demo_store, token=None, path=path)


async def another(scope, receive, send):  # noqa: ARG001 - the signature of ASGI
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_mounted_applications_do_not_affect_the_endpoint(demo_store):
    body = "action=GetTokenPricing&userid=1"
    mounts = {"/billing": another, "/adapter": another}
    with running(create_app(demo_store, token=None, mounts=mounts), "") as url:
        for path in ("/billing", "/billing/", "/billing/x/y", "/adapter/bill"):
            assert httpx.get(url + path).status_code == 299
        for path in ("/billingx", "/adapte", "/x/billing", "//billing"):
            assert_refused(httpx.get(url + path), 404, "not_found")
        assert ask(f"{url}/", body).status_code == 200
        assert_refused(httpx.get(f"{url}/"), 405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/billing", "/billing/", "/adapter/api"])
def test_the_endpoint_cannot_be_under_a_mount(demo_store, path):
    with pytest.raises(ValueError, match="must not be under /billing or /adapter"):
        create_app(demo_store, token=None, path=path, mounts={"/billing": another, "/adapter": another})


def test_a_connection_serves_many_requests_including_refused_ones(open_url):
    connection = http.client.HTTPConnection(urlsplit(open_url).netloc, timeout=10)
    statuses = []
    sockets = set()
    for userid in ("1", "abc", "2", "424242", "3"):
        connection.request("POST", "/", f"action=GetTokenPricing&userid={userid}", FORM)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
        sockets.add(connection.sock)
    connection.close()
    assert statuses == [200, 400, 200, 404, 200]
    assert len(sockets) == 1
    assert None not in sockets
