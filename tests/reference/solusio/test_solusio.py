"""The client against a mock over HTTP; invalid responses are injected as faults."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from msgspec.structs import replace

from mock_solusio.app import Mock
from mock_solusio.options import Options
from mock_solusio.server.uvicorn_server import running as serving
from mock_solusio.testing import started
from solusio_reference.invoicing import UsageLine
from solusio_reference.period import Period
from solusio_reference.solusio.client import LostResponse, SolusioClient, SolusioError
from solusio_reference.solusio.responses import Reference, UsageTotals, User

MARCH = Period(2026, 3)
MONTH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
LINE = {
    "id": 42,
    "user_id": 7,
    "billing_user_id": 1001,
    "server_id": 3,
    "server_name": "web",
    "resource": "server",
    "resource_id": 3,
    "plan": {"id": 1, "name": "small"},
    "from": "2026-03-01T00:00:00.000000Z",
    "to": "2026-03-31T10:00:00.000000Z",
    "hours": 730,
    "tokens_per_hour": 7,
    "tokens_per_month": 5000,
    "charge": "monthly",
    "tokens": 5000,
}
PAGE = {
    "data": [LINE],
    "links": {"first": None, "last": None, "prev": None, "next": None},
    "meta": {
        "period": MONTH,
        "closed": True,
        "metered_until": MONTH["to"],
        "totals": {"lines": 1, "hours": 730, "tokens": 5000},
    },
}
ANN = {"id": 7, "email": "ann@example.com", "status": "active", "billing_user_id": 1}


@pytest.fixture
def solusio(server):
    """Return a mock after a reset, at the start of March."""
    server.client.post(f"{server.url}/_mock/reset").raise_for_status()
    server.client.post(
        f"{server.url}/_mock/clock", json={"set": MONTH["from"], "freeze": True}
    ).raise_for_status()
    return server


@pytest.fixture
def answer(solusio):
    """Return a function that sets the response to the next request."""

    def order(body=None, status=200, **fault):
        fault = {"kind": "status", "status": status, **fault}
        if body is not None:
            fault["body"] = body
        solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()

    return order


@pytest.fixture
def api(solusio):
    with SolusioClient(solusio.url, solusio.admin_token, sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def fleet(solusio):
    """Give a customer five servers for all of March."""
    user = solusio.create_user(billing_user_id=1001)
    for _ in range(5):
        solusio.create_server(user=user["id"], wait=False)
    solusio.client.post(f"{solusio.url}/_mock/clock", json={"set": "2026-04-01T01:00:00Z"}).raise_for_status()
    return user


def requests(solusio):
    return [entry for entry in solusio.journal.read() if entry.kind == "api"]


# Usage


def test_a_usage_line_has_all_that_an_invoice_needs(api, answer):
    answer(PAGE)
    [page] = api.usage_pages(MARCH)
    assert page.lines == (
        UsageLine(
            id=42,
            user_id=7,
            billing_user_id=1001,
            server_id=3,
            server_name="web",
            resource="server",
            resource_id=3,
            plan_id=1,
            plan_name="small",
            from_=datetime(2026, 3, 1, tzinfo=UTC),
            to=datetime(2026, 3, 31, 10, tzinfo=UTC),
            hours=730,
            tokens_per_hour=7,
            tokens_per_month=5000,
            charge="monthly",
            tokens=5000,
        ),
    )
    assert (page.next, page.closed, page.metered_until) == (None, True, datetime(2026, 4, 1, tzinfo=UTC))
    assert page.totals == UsageTotals(lines=1, hours=730, tokens=5000)


@pytest.mark.usefixtures("fleet")
def test_usage_is_requested_a_thousand_lines_at_a_time(api, solusio):
    solusio.journal.clear()
    [page] = api.usage_pages(MARCH)
    assert len(page.lines) == 5
    # 744 hours at 7 tokens are more than the 5000 of the month.
    assert {(line.hours, line.tokens, line.charge) for line in page.lines} == {(744, 5000, "monthly")}
    assert page.totals == UsageTotals(lines=5, hours=3720, tokens=25000)
    [entry] = requests(solusio)
    assert httpx.QueryParams(entry.query) == httpx.QueryParams({**MONTH, "per_page": "1000"})


@pytest.mark.usefixtures("fleet")
def test_pages_are_followed_from_the_start_and_from_the_middle(api, monkeypatch):
    monkeypatch.setattr("solusio_reference.solusio.client.LINES_PER_PAGE", 2)
    pages = list(api.usage_pages(MARCH))
    assert [len(page.lines) for page in pages] == [2, 2, 1]
    assert len({line.id for page in pages for line in page.lines}) == 5
    assert list(api.usage_pages(MARCH, pages[0].next)) == pages[1:]


@pytest.mark.usefixtures("fleet")
def test_usage_of_a_month_that_is_not_over(api):
    [page] = api.usage_pages(Period(2026, 4))
    assert not page.closed


def test_usage_of_another_period_is_refused(api, answer):
    answer(PAGE)
    with pytest.raises(SolusioError, match="expected the usage of 2026-04, SolusIO sent that of 2026-03-01"):
        list(api.usage_pages(Period(2026, 4)))


@pytest.mark.usefixtures("fleet")
def test_a_start_page_must_belong_to_the_period(api, monkeypatch):
    monkeypatch.setattr("solusio_reference.solusio.client.LINES_PER_PAGE", 2)
    following = next(api.usage_pages(MARCH)).next
    with pytest.raises(SolusioError, match="usage of 2026-02"):
        list(api.usage_pages(Period(2026, 2), following))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["data", 0, "tokens"], "5000", r"\$\.data\[0\]\.tokens"),
        (["data", 0, "tokens"], 5000.0, r"\$\.data\[0\]\.tokens"),
        (["data", 0, "tokens"], None, r"\$\.data\[0\]\.tokens"),
        (["data", 0, "tokens"], -1, r"\$\.data\[0\]\.tokens"),
        (["data", 0, "hours"], 1.5, r"\$\.data\[0\]\.hours"),
        (["data", 0, "hours"], True, r"\$\.data\[0\]\.hours"),
        (["data", 0, "billing_user_id"], "1001", r"\$\.data\[0\]\.billing_user_id"),
        (["data", 0, "plan"], None, r"\$\.data\[0\]\.plan"),
        (["data", 0, "plan", "name"], 5, r"\$\.data\[0\]\.plan\.name"),
        (["data", 0, "from"], "yesterday", r"\$\.data\[0\]\.from"),
        (["data", 0, "from"], "2026-03-01T00:00:00", r"\$\.data\[0\]\.from"),
        (["data"], {"0": LINE}, r"\$\.data"),
        (["meta", "closed"], 1, r"\$\.meta\.closed"),
        (["meta", "totals", "lines"], "1", r"\$\.meta\.totals\.lines"),
        (["links", "next"], 7, r"\$\.links\.next"),
    ],
)
def test_a_malformed_value_is_named(api, answer, path, value, named):
    page = copy.deepcopy(PAGE)
    place = page
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    answer(page)
    with pytest.raises(SolusioError, match=rf"the 200 response to GET /api/v1/usage is not valid: .*{named}"):
        list(api.usage_pages(MARCH))


@pytest.mark.parametrize("gone", ["id", "billing_user_id", "plan", "hours", "tokens", "charge", "from"])
def test_a_missing_member_is_named(api, answer, gone):
    page = copy.deepcopy(PAGE)
    del page["data"][0][gone]
    answer(page)
    with pytest.raises(SolusioError, match=f"missing required field `{gone}`"):
        list(api.usage_pages(MARCH))


def test_unknown_members_are_ignored(api, answer):
    page = copy.deepcopy(PAGE)
    page["data"][0]["colour"] = page["meta"]["colour"] = page["colour"] = {"red": [1]}
    answer(page)
    [read] = api.usage_pages(MARCH)
    assert read.lines[0].tokens == 5000


@pytest.mark.parametrize(
    "fault",
    [
        {"body": "<html>not found</html>"},
        {"body": "", "content_type": "application/json"},
        {"body": '{"data": [', "content_type": "application/json"},
        {"body": [1]},
    ],
)
def test_a_response_that_is_not_the_expected_json(api, answer, fault):
    answer(**fault)
    with pytest.raises(SolusioError, match="the 200 response to GET /api/v1/usage is not valid"):
        list(api.usage_pages(MARCH))


# Links


def linking_to(link):
    return {**PAGE, "links": {**PAGE["links"], "next": link}}


@pytest.mark.parametrize("start", [False, True])
def test_the_access_token_is_not_sent_to_another_host(api, solusio, answer, start):
    with started() as thief:
        link = f"{thief.url}/api/v1/usage?page=2"
        if not start:
            answer(linking_to(link))
        with pytest.raises(SolusioError) as caught:
            list(api.usage_pages(MARCH, link if start else None))
        assert len(thief.journal.read()) == 0
    assert f"leads to {thief.url}, not to {solusio.url}: we do not send the access token there" in str(
        caught.value
    )


@pytest.mark.parametrize(
    "kind", ["//elsewhere.example/x", "http://127.0.0.1.evil.example:{port}/x", "https://127.0.0.1:{port}/x"]
)
def test_the_access_token_is_not_sent_to_a_similar_looking_host(api, solusio, answer, kind):
    answer(linking_to(kind.format(port=httpx.URL(solusio.url).port)))
    with pytest.raises(SolusioError, match="we do not send the access token there"):
        list(api.usage_pages(MARCH))


@pytest.mark.usefixtures("fleet")
def test_a_password_in_a_link_does_not_replace_the_access_token(api, solusio, answer):
    host = solusio.url.removeprefix("http://")
    answer(linking_to(f"http://somebody:else@{host}/api/v1/usage?from=2026-03-01&to=2026-04-01&page=1"))
    assert [len(page.lines) for page in api.usage_pages(MARCH)] == [1, 5]


@pytest.mark.usefixtures("fleet")
def test_a_link_without_a_host_stays_on_this_one(api, answer):
    answer(linking_to("/api/v1/usage?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"))
    assert [len(page.lines) for page in api.usage_pages(MARCH)] == [1, 5]


def test_endless_pages_are_not_followed_forever(api, solusio, answer):
    answer(linking_to(f"{solusio.url}/api/v1/usage?page=2"), times=None)
    with pytest.raises(SolusioError, match=r"pages of /api/v1/usage never end"):
        list(api.usage_pages(MARCH))
    assert len(requests(solusio)) == 2


def test_an_empty_page_must_be_the_last_one(api, solusio, answer):
    answer({**linking_to(f"{solusio.url}/api/v1/usage?page=2"), "data": []})
    with pytest.raises(SolusioError, match="never end"):
        list(api.usage_pages(MARCH))


def test_a_link_that_is_not_a_url(api, answer):
    answer(linking_to("http://[::1"))
    with pytest.raises(SolusioError, match=r"links\.next\) is not a valid URL"):
        list(api.usage_pages(MARCH))


# Users


def test_the_life_of_a_user(api):
    ann = api.create_user("ann@example.com", 7)
    assert ann == User(ann.id, "ann@example.com", "active", 7, ann.roles, Reference(1), Reference(1))
    assert ann.roles is not None
    assert [role.name for role in ann.roles] == ["CLIENT"]
    assert api.user(ann.id) == ann
    assert api.update_user(ann.id, {"status": "locked"}).status == "locked"
    assert api.update_user(ann.id, {"email": "ann@example.org"}).email == "ann@example.org"
    assert api.user(ann.id) == replace(ann, email="ann@example.org", status="locked")
    api.delete_user(ann.id)
    api.delete_user(ann.id)  # already deleted
    assert api.user(ann.id) is None


def test_each_user_gets_another_password(api, monkeypatch):
    sent = []
    call = api._call
    monkeypatch.setattr(api, "_call", lambda *request: sent.append(request[3:]) or call(*request))
    for number in (1, 2):
        api.create_user(f"user{number}@example.com", number)
    passwords = [body["password"] for [body] in filter(None, sent)]
    assert len({*passwords}) == 2
    assert min(map(len, passwords)) == 32
    assert len([request for request in sent if not request]) == 1  # the role is looked up once


def test_a_solusio_without_the_role_of_customers(api, answer):
    answer({"data": [{"id": 1, "name": "ADMIN"}], "links": {"next": None}}, operation="listRoles")
    with pytest.raises(SolusioError, match="has no role named CLIENT"):
        api.create_user("ann@example.com", 7)


def test_users_are_listed_over_all_pages_and_filtered(api, monkeypatch):
    monkeypatch.setattr("solusio_reference.solusio.client.USERS_PER_PAGE", 2)
    made = [api.create_user(f"user{number}@example.com", number) for number in range(1, 6)]
    before = [user for user in api.users() if user not in made]
    assert {user.billing_user_id for user in before} == {None}
    assert list(api.users()) == [*before, *made]
    assert list(api.users(billing_user_id=3)) == [made[2]]
    assert made[3] in list(api.users(search="user4@example.com"))
    assert list(api.users(search="nobody+here@example.com")) == []


def test_an_email_is_escaped_in_the_search(api):
    odd = api.create_user("a+b&c=d%20#e@example.com", 7)
    assert list(api.users(search=odd.email)) == [odd]


def test_a_taken_address_is_reported_with_its_field(api):
    api.create_user("ann@example.com", 7)
    with pytest.raises(SolusioError) as caught:
        api.create_user("ANN@example.com", 8)
    assert caught.value.status == 422
    assert not isinstance(caught.value, LostResponse)
    assert caught.value.message == (
        "SolusIO answers 422 to POST /api/v1/users: The given data was invalid.; "
        "email: The email has already been taken."
    )


def test_a_user_with_servers_is_not_deleted(api, solusio):
    user = solusio.create_user()
    solusio.create_server(user=user["id"], wait=False)
    with pytest.raises(SolusioError) as caught:
        api.delete_user(user["id"])
    assert caught.value.status == 409


def test_a_creation_whose_response_is_cut_off_is_a_lost_response(api, solusio):
    solusio.client.post(
        f"{solusio.url}/_mock/faults", json={"kind": "cut", "effect": True, "operation": "createUser"}
    )
    with pytest.raises(LostResponse) as caught:
        api.create_user("ann@example.com", 7)
    assert caught.value.status is None
    assert [user.email for user in api.users(billing_user_id=7)] == ["ann@example.com"]


@pytest.mark.parametrize(
    ("body", "status"), [(None, 500), ({"data": {"id": "7"}}, 201), ("<html>", 201), ({}, 200)]
)
def test_a_creation_whose_response_is_invalid_is_a_lost_response(api, answer, body, status):
    answer(body, status, operation="createUser")
    with pytest.raises(LostResponse):
        api.create_user("ann@example.com", 7)


def test_a_login_link_logs_in_once(api, solusio):
    ann = api.create_user("ann@example.com", 7)
    link = api.login_link(ann.id)
    assert link.startswith(f"{solusio.url}/auth/by_token/")
    with httpx.Client(follow_redirects=True) as browser:
        first = browser.get(link)
        assert (first.status_code, "ann@example.com" in first.text) == (200, True)
    assert httpx.get(link).status_code >= 400


def test_a_login_link_escapes_the_access_token(api, solusio, answer):
    answer({"data": {"access_token": "a/b?c#d|ü"}}, 201)
    assert api.login_link(7) == f"{solusio.url}/auth/by_token/a%2Fb%3Fc%23d%7C%C3%BC"


# Errors


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"message": "Unauthenticated."}, ": Unauthenticated."),
        (
            {"message": "Bad", "errors": {"email": ["taken", "odd"], "x": "y"}},
            ": Bad; email: taken odd; x: y",
        ),
        ({"errors": {"email": ["taken"]}}, ": email: taken"),
        ({"message": None, "errors": []}, ""),
        ({"message": {"a": 1}, "errors": {"a": [1, {"b": None}]}}, ": a: 1 {'b': None}"),
        ([], ""),
        ("<html>Bad Gateway</html>", ""),
        ({"message": "one\ntwo\x1b[31m"}, ": one two [31m"),
    ],
)
def test_the_details_of_an_error(api, answer, body, details):
    answer(body, 401)
    with pytest.raises(SolusioError) as caught:
        api.user(7)
    assert caught.value.message == f"SolusIO answers 401 to GET /api/v1/users/7{details}"
    assert str(caught.value) == caught.value.message
    assert caught.value.status == 401


def test_an_error_message_has_a_limited_length_and_never_the_access_token(api, solusio, answer):
    answer({"message": f"Bearer {solusio.admin_token} is wrong. " + "x" * 10_000}, 403)
    with pytest.raises(SolusioError) as caught:
        api.user(7)
    assert "Bearer *** is wrong" in caught.value.message
    assert solusio.admin_token not in caught.value.message
    assert len(caught.value.message) <= 500


def test_a_wrong_access_token(solusio):
    with (
        SolusioClient(solusio.url, "wrong") as api,
        pytest.raises(SolusioError, match="answers 401") as caught,
    ):
        list(api.users())
    assert "wrong" not in str(caught.value)


def test_a_redirect_is_not_followed(api, answer):
    answer("", 302)
    with pytest.raises(SolusioError, match=r"answers 302 .*it redirects"):
        api.user(7)


def test_an_unreachable_server_is_named():
    waits = []
    with (
        SolusioClient("http://127.0.0.1:1", "secret", sleep=waits.append) as api,
        pytest.raises(
            SolusioError, match=r"no response from SolusIO at http://127\.0\.0\.1:1: .*refused"
        ) as caught,
    ):
        api.create_user("ann@example.com", 7)
    assert not isinstance(caught.value, LostResponse)  # it cannot have been processed
    assert len(waits) == 4


def test_an_error_hides_the_exception_of_the_library(api, answer):
    answer({"data": {}}, 200)
    with pytest.raises(SolusioError) as caught:
        api.user(7)
    assert caught.value.__suppress_context__


# Settings


@pytest.mark.parametrize("tail", ["", "/", "/api/v1", "/api/v1/"])
def test_the_url_may_be_written_in_several_ways(solusio, tail):
    with SolusioClient(solusio.url + tail, solusio.admin_token) as api:
        assert api.url == solusio.url
        assert len(list(api.users())) >= 1


def test_a_url_with_a_path_keeps_it():
    with SolusioClient("HTTPS://Panel.Example:443/solus/", "secret") as api:
        assert api.url == "https://panel.example/solus"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must begin with http"),
        ("solus.example", "must begin with http"),
        ("ftp://solus.example", "must begin with http"),
        ("http://", "must begin with http"),
        ("http://ann:secret@solus.example", "must not have a user name, password"),
        ("http://solus.example/?x=1", "query"),
        ("http://[::1", "is not valid"),
        ("http://solus.example:65536", "port"),
    ],
)
def test_an_invalid_url(url, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        SolusioClient(url, "secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("access_token", ["", " ", "two words", "line\n", "tökén", "\x00"])
def test_an_invalid_access_token(access_token):
    with pytest.raises(ValueError, match="printable ASCII"):
        SolusioClient("http://solus.example", access_token)


def test_several_threads_share_one_client(api):
    begin = threading.Barrier(8)

    def work(worker):
        begin.wait(10)
        made = []
        for step in range(5):
            number = worker * 100 + step + 1
            user = api.create_user(f"user{number}@example.com", number)
            made.append(api.user(user.id) == user and user.billing_user_id == number)
        return all(made)

    with ThreadPoolExecutor(8) as workers:
        assert all(workers.map(work, range(8)))
    assert len({user.billing_user_id for user in api.users()} - {None}) == 40


def test_a_proxy_for_the_internet_does_not_keep_us_from_this_machine(server, monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with SolusioClient(server.url, server.admin_token) as client:
        assert list(client.users()) == list(client.users())


def test_only_the_given_authority_is_trusted(authority, server_tls, tmp_path):
    certificate = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(certificate))
    mock = Mock(Options(admin_token="administrators-token"))
    try:
        with serving(mock, tls=server_tls) as url:
            with SolusioClient(url, "administrators-token", ca_file=str(certificate)) as api:
                assert len(list(api.users())) == 1
            with (
                SolusioClient(url, "administrators-token") as api,
                pytest.raises(SolusioError, match="CERTIFICATE_VERIFY_FAILED"),
            ):
                list(api.users())
    finally:
        mock.close()
