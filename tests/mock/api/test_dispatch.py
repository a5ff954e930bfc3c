"""From a request to its response: routes, methods, bodies, pages, cached responses."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_solusio.api.handlers.registry import HANDLERS
from mock_solusio.api.routes import routes
from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.moment import SECOND
from mock_solusio.options import Options
from mock_solusio.server.messages import Request
from support.calls import respond

START = 1_772_323_200_000_000  # 2026-03-01T00:00:00Z
TOKEN = "administrators-own-access-token"


def test_the_document_and_the_handlers_are_the_same_operations():
    assert set(HANDLERS) == {route.id for route in routes().all}


def test_an_unknown_path_is_answered_with_what_is_near(api):
    answer = api.get("user/1")
    assert answer.status == 404
    assert answer.message.startswith(
        "The API has no operation GET /api/v1/user/1. Did you mean: GET /users/{user_id}; "
    )
    assert api.get("zzzzzzzzzzzzz").message == "The API has no operation GET /api/v1/zzzzzzzzzzzzz."


def test_a_method_that_a_path_lacks_names_those_it_has(api):
    answer = api.post("users/1", {})
    assert answer.status == 405
    assert answer.headers["allow"] == "DELETE, GET, PATCH, PUT"


def test_head_is_answered_like_get(api):
    assert api.call("HEAD", "users/1").status == 200


@pytest.mark.parametrize(
    "path", ["users/x", "users/1x", "users/-1", "users/9999999999999999999999", "users/ /tokens"]
)
def test_an_invalid_id_is_not_found(api, path):
    assert api.get(path).status == 404


def test_a_slash_at_the_end_is_tolerated(api):
    assert api.get("users/").data == api.get("users").data


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer ", "bearer wrong", "Token x", TOKEN])
def test_without_an_access_token_nothing(api, header):
    answer = api.acting_as(None).get("users", headers={"authorization": header})
    assert (answer.status, answer.json) == (401, {"message": "Unauthenticated."})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_in_any_case(api, scheme):
    assert api.get("users", headers={"authorization": f"{scheme} {TOKEN}"}).status == 200


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{", "The body: not valid JSON: "),
        (b"\xff\xfe", "The body: not valid JSON: "),
        (b"[" * 100_000, "The body: not valid JSON: "),
        (b"7", "The body must be a JSON object."),
        (b'"text"', "The body must be a JSON object."),
        (b'[{"email": "a@example.com"}]', "The body must be a JSON object."),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}', "The body has more than 1048576 bytes."),
    ],
)
def test_a_body_that_cannot_be_read_is_named(api, raw, message):
    answer = api.post("users", raw=raw)
    assert answer.status == 400
    assert answer.message.startswith(message)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b" \n"])
def test_nothing_is_an_empty_object(api, raw):
    answer = api.post("users", raw=raw)
    assert answer.status == 422
    assert "email" in answer.errors


@pytest.mark.parametrize("raw", [b"{}", b"junk", b"[]"])
def test_an_unexpected_body_is_ignored(api, raw):
    assert api.call("GET", "users/1", raw=raw).status == 200


def test_errors_look_as_laravel_words_them(api):
    answer = api.post("plans", {"name": 7, "tokens_per_hour": 0.5, "tokens_per_month": "5000"})
    assert answer.status == 422
    assert answer.message == "The given data was invalid."
    assert answer.errors["name"] == ["The name must be a string."]
    assert answer.errors["tokens_per_hour"] == ["The tokens per hour must be an integer."]
    assert answer.errors["tokens_per_month"] == ["The tokens per month must be an integer."]


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("page=0", "page", "The page must be at least 1."),
        ("page=x", "page", "The page must be an integer."),
        ("per_page=-1", "per page", "The per page must be at least 1."),
        ("filter%5Bstatus%5D=asleep", "filter[status]", "must be one of active, locked, suspended."),
    ],
)
def test_a_wrong_parameter_is_named(api, query, field, text):
    answer = api.get(f"users?{query}")
    assert answer.status == 422
    ((name, (said,)),) = answer.errors.items()
    assert name.replace("_", " ") == field
    assert said.endswith(text)


def test_links_cover_all_pages_and_keep_the_filters(api):
    for number in range(7):
        assert api.post("users", {"email": f"ann{number}@example.com"}).status == 201
    assert api.post("users", {"email": "bob@example.com"}).status == 201
    seen, path, pages = [], "users?per_page=3&filter[search]=ann&color=red", 0
    while path and pages < 10:
        answer = api.get(path)
        assert answer.json["meta"]["total"] == 7
        assert answer.json["meta"]["last_page"] == 3
        assert answer.json["meta"]["path"] == "http://mock.test/api/v1/users"
        seen += [user["email"] for user in answer.data]
        following = answer.json["links"]["next"]
        path = following and following.removeprefix("http://mock.test")
        pages += 1
        assert answer.json["meta"]["current_page"] == pages
    assert seen == [f"ann{number}@example.com" for number in range(7)]
    assert pages == 3
    first = api.get("users?per_page=3&filter[search]=ann").json
    assert (first["links"]["prev"], first["meta"]["from"], first["meta"]["to"]) == (None, 1, 3)


def test_an_empty_list_has_page_one_of_one(api):
    meta = api.get("servers").json["meta"]
    assert (meta["current_page"], meta["last_page"], meta["from"], meta["to"], meta["total"]) == (
        1,
        1,
        None,
        None,
        0,
    )


def test_a_page_has_at_most_a_hundred_rows(api):
    assert api.get("users?per_page=1000").json["meta"]["per_page"] == 100


def test_an_answer_is_kept_from_the_second_time_on_while_nothing_changes(api):
    first = api.get("users")
    second = api.get("users")
    assert second.body is not first.body
    assert second.body == first.body
    assert api.get("users").body is second.body
    assert api.post("users", {"email": "ann@example.com"}).status == 201
    assert api.get("users").json["meta"]["total"] == first.json["meta"]["total"] + 1


@pytest.mark.parametrize("query", ["", "?page=1&per_page=50", "?filter[status]=active"])
def test_a_cached_page_shows_a_change_of_what_nobody_searches_for(api, query):
    user = api.post("users", {"email": "ann@example.com", "billing_token": "before"}).data
    for _ in range(3):
        listed = api.get(f"users{query}").json["data"]
        assert [one["billing_token"] for one in listed if one["id"] == user["id"]] == ["before"]
    api.patch(f"users/{user['id']}", {"billing_token": "after"})
    for _ in range(3):
        listed = api.get(f"users{query}").json["data"]
        assert [one for one in listed if one["id"] == user["id"]] == [api.get(f"users/{user['id']}").data]
        assert [one["billing_token"] for one in listed if one["id"] == user["id"]] == ["after"]


def test_cached_responses_belong_to_one_user(api):
    ann = api.post("users", {"email": "ann@example.com"}).data
    anns = api.as_user(ann["id"])
    assert api.get("account").data["email"] == "admin@example.com"
    assert anns.get("account").data["email"] == "ann@example.com"
    assert api.get("users").status == 200
    assert anns.get("users").status == 403
    assert api.acting_as("wrong").get("users").status == 401


def test_an_access_token_that_was_withdrawn_or_expired_reads_nothing_more(api, mock):
    ann = api.post("users", {"email": "ann@example.com", "password": "S3cret-enough"}).data
    made = api.post("auth/login", {"email": "ann@example.com", "password": "S3cret-enough"}).data
    anns = api.acting_as(made["credentials"]["access_token"])
    assert anns.get("account").status == 200
    assert anns.get("account").status == 200
    mock.clock.advance(366 * 24 * 3600 * SECOND)
    assert anns.get("account").status == 401
    again = api.as_user(ann["id"])
    assert again.get("account").status == 200
    assert api.put(f"users/{ann['id']}", {"status": "locked"}).status == 200
    assert again.get("account").data["status"] == "locked"


BEGINNING = [
    ("POST", "users", {"email": "ann@example.com", "billing_user_id": 7}),
    ("POST", "servers", {"name": "web", "plan": 1, "location": 1, "os": 1, "user": 2}),
    ("POST", "roles", {"name": "support", "permissions": [1]}),
    ("POST", "limit_groups", {"name": "small", "vms": {"limit": 1, "is_enabled": True}}),
]
READS = [
    *("users", "users/2", "users/2/tokens", "users?filter[search]=ann", "account", "projects", "projects/2"),
    *("users?per_page=1&page=2", "users?filter[status]=suspended", "servers?per_page=1"),
    *("servers", "servers/1", "tasks", "plans", "plans/1", "roles", "roles/2", "limit_groups", "languages"),
    *("settings", "locations", "compute_resources", "activity_logs", "usage"),
]
CHANGES = [
    ("POST", "users", {"email": "bob@example.com", "billing_user_id": 8}),
    ("POST", "users/2/tokens", {}),
    ("POST", "users/2/tokens", {"is_one_time": True}),
    ("PATCH", "users/2", {"billing_token": "b"}),
    ("PUT", "users/2", {"status": "suspended"}),
    ("PUT", "users/2", {"status": "active"}),
    ("PUT", "users/2", {"roles": [3], "language_id": 1}),
    ("PUT", "users/2", {"limit_group_id": 2}),
    ("PUT", "roles/3", {"name": "helpers", "permissions": [1, 2]}),
    ("PUT", "limit_groups/2", {"name": "tiny", "vms": {"limit": 2, "is_enabled": True}}),
    ("PUT", "plans/1", {"name": "another", "tokens_per_hour": 9}),
    ("PATCH", "settings", {"features": {"allow_registration": False}}),
    ("PUT", "projects/2", {"name": "home"}),
    ("POST", "servers", {"name": "mail"}),
    ("POST", "servers/1/ips", {"type": "IPv4"}),
    ("POST", "servers/1/backups", {}),
    ("POST", "servers/1/stop", {}),
    ("POST", "servers/1/start", {}),
    ("PATCH", "servers/1", {"name": "www"}),
    ("DELETE", "servers/1", None),
    ("DELETE", "users/3", None),
]
REFUSED = [("PUT", "users/1", {"allowed_ips": ["203.0.113.9"]})]
"""Refused after the change was made, since the administrator would lock themselves out: it is rolled back."""
CALLS = [*(("GET", path, None) for path in READS), *CHANGES]


class Nothing(dict):
    """A cache that keeps nothing."""

    def __setitem__(self, key, value):
        pass

    def setdefault(self, _, default):
        return default


def forget_at_once(table):
    """Let a table read everything from the database, and search all records for the one that is due first."""
    table.known = Nothing()
    table._totals, table._found, table._counts = Nothing(), Nothing(), Nothing()
    if table._queue is not None:
        table._queue.add = lambda _: table._queue.forget()


def exchange(mock, runner, method, path, body=None):
    data = b"" if body is None else json.dumps(body).encode()
    headers = [(b"host", b"mock.test"), (b"authorization", f"Bearer {TOKEN}".encode())]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    path, _, query = path.partition("?")
    request = Request(method, f"/api/v1/{path}", query.encode(), headers, data, "http", "127.0.0.1")
    return runner.run(respond(mock, request))


class Forgetful(dict):
    """A cache that keeps nothing."""

    def __setitem__(self, *_):
        pass

    def setdefault(self, _, default):
        return default


def test_each_of_these_calls_works():
    mock = Mock(Options(clock=Clock(START, speed=0), seed="s", admin_token=TOKEN))
    with asyncio.Runner() as runner:
        for method, path, body in [*BEGINNING, *CALLS]:
            answer = exchange(mock, runner, method, path, body)
            assert answer.status < 300, f"{method} {path}: {answer.body!r}"
            mock.clock.advance(5 * SECOND)
        for method, path, body in REFUSED:
            assert exchange(mock, runner, method, path, body).status == 422
    mock.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from([*CALLS, *REFUSED]), st.sampled_from([0, 0, 0, SECOND // 2, 3 * SECOND])),
        max_size=25,
    )
)
def test_caching_changes_no_response(steps):
    def bodies(keep: bool) -> list[tuple[int, bytes]]:
        mock = Mock(Options(clock=Clock(START, speed=0), seed="s", admin_token=TOKEN))
        if not keep:
            mock.api.cached = lambda _: None  # type: ignore[method-assign]
            mock.api._rendered._kept = Forgetful()
            mock.api._is_current = lambda *_: False  # type: ignore[method-assign]
            for table in mock.store._tables.values():
                table._pages, table._totals, table._found = Forgetful(), Forgetful(), Forgetful()
                table._values = Forgetful()
            for table in mock.store._tables.values():
                forget_at_once(table)
        seen = []
        with asyncio.Runner() as runner:
            for (method, path, body), pause in [*((call, 5 * SECOND) for call in BEGINNING), *steps]:
                mock.clock.advance(pause)
                # The second response is kept, and the third is that.
                for _ in range(3 if method == "GET" else 1):
                    answer = exchange(mock, runner, method, path, body)
                    seen.append((answer.status, answer.body))
        mock.close()
        return seen

    assert bodies(keep=True) == bodies(keep=False)
