"""Ways in and out: by link, by password, by registration; and who stays outside."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain import access_tokens, users
from mock_solusio.domain.access_tokens import ONE_TIME_LIFETIME
from mock_solusio.moment import DAY, parse_moment
from mock_solusio.options import Options

START = parse_moment("2026-03-01T00:00:00Z")
EMAIL, PASSWORD = "ada@example.com", "S3cret-enough"

NO_LINK = "This link no longer works"
PORTAL = "Go back to your provider’s portal"


@pytest.fixture
def ada(api: Any) -> dict[str, Any]:
    """A customer."""
    made = api.post("users", {"email": EMAIL, "password": PASSWORD, "billing_user_id": 42})
    assert made.status == 201
    return dict(made.data)


@pytest.fixture
def link(api: Any, ada: dict[str, Any]) -> Callable[..., str]:
    """Make a login link for the customer."""

    def make(*, one_time: bool = True) -> str:
        made = api.post(f"users/{ada['id']}/tokens", {"is_one_time": one_time})
        return f"/auth/by_token/{made.data['access_token']}"

    return make


def set_cookies(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("set-cookie")


def session_cookie(answer: httpx.Response) -> str:
    (found,) = [line for line in set_cookies(answer) if line.startswith("solusio_session=")]
    return found


def has_session(answer: httpx.Response) -> bool:
    return any(
        line.startswith("solusio_session=") and "Max-Age=0" not in line for line in set_cookies(answer)
    )


# By link


def test_link_logs_in_and_leads_to_the_user_area(browser, link):
    answer = browser.open(link(), follow=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    area = browser.open("/")
    assert area.status_code == 200
    assert EMAIL in area.text
    assert ">42<" in area.text


@pytest.mark.parametrize(("base_url", "secure"), [("http://mock.test", False), ("https://mock.test", True)])
def test_session_cookie_has_the_right_flags(
    browsers: Callable[..., Any], link: Callable[..., str], base_url: str, *, secure: bool
) -> None:
    flags = (
        session_cookie(browsers(base_url).open(link(), follow=False)).partition("; ")[2].lower().split("; ")
    )
    assert sorted(flags) == sorted(["httponly", "path=/", "samesite=lax", *(["secure"] if secure else [])])


def test_one_time_link_works_once(browsers, link):
    path = link()
    assert browsers().open(path, follow=False).status_code == 303
    again = browsers().open(path, follow=False)
    assert again.status_code == 410
    assert NO_LINK in again.text
    assert PORTAL in again.text
    assert not has_session(again)
    assert again.headers["referrer-policy"] == "no-referrer"
    assert again.headers["cache-control"] == "no-store"


def test_lasting_link_works_again(browsers, link):
    path = link(one_time=False)
    for _ in range(3):
        assert browsers().open(path, follow=False).status_code == 303


def test_unknown_and_malformed_links_show_the_clear_page(browser):
    for path in ("unknown", "x" * 5000, "%00", "%F0%9F%92%A9", "<script>alert(1)", "a%20b"):
        answer = browser.open(f"/auth/by_token/{path}", follow=False)
        assert answer.status_code == 410, path
        assert NO_LINK in answer.text
        assert "<script>" not in answer.text
        assert not has_session(answer)


def test_link_expires_on_the_clock_of_the_mock(mock, browser, link):
    path = link()
    mock.clock.advance(ONE_TIME_LIFETIME)
    answer = browser.open(path, follow=False)
    assert answer.status_code == 410
    assert not has_session(answer)


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_locked_and_suspended_users_log_in_by_link_and_read_why(browser, api, ada, link, status):
    path = link()
    api.put(f"users/{ada['id']}", {"status": status})
    answer = browser.open(path)
    assert f"Your account is {status}." in answer.text
    assert "Create a server" not in answer.text


@pytest.mark.parametrize("ahead", [{"sec_purpose": "prefetch;prerender"}, {"purpose": "prefetch"}])
def test_looking_ahead_does_not_use_a_link_up(browser, link, ahead):
    path = link()
    looked = browser.client.head(path)
    assert looked.status_code == 200
    assert "set-cookie" not in looked.headers
    assert browser.open(path, follow=False, **ahead).status_code == 503
    assert browser.client.post(path).status_code == 405
    assert browser.open(path, follow=False).status_code == 303


def test_a_thousand_tries_at_once_open_one_session(mock, browsers, link):
    path = link()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(mock), base_url="http://mock.test")

    async def everybody() -> list[httpx.Response]:
        return await asyncio.gather(*(client.get(path) for _ in range(1000)))

    statuses = Counter(answer.status_code for answer in asyncio.run(everybody()))
    assert statuses == {303: 1, 410: 999}
    assert browsers().open(path, follow=False).status_code == 410


def test_used_link_lets_one_who_is_inside_stay(browser, link):
    path = link()
    browser.open(path)
    again = browser.open(path)
    assert again.status_code == 410
    assert "Stay logged in" in again.text
    assert browser.open("/", follow=False).status_code == 200


def test_login_makes_a_new_session_and_ends_the_old_one(browser, link):
    browser.open(link())
    first = browser.session
    browser.open(link())
    assert browser.session != first
    browser.client.cookies.clear()
    browser.client.cookies.set("solusio_session", str(first), domain="mock.test")
    assert browser.open("/", follow=False).headers["location"] == "/login"


def test_prepared_session_cookie_is_not_adopted(browser, link):
    browser.client.cookies.set("solusio_session", "prepared-by-an-attacker", domain="mock.test", path="/")
    browser.open(link(), follow=False)
    assert browser.session != "prepared-by-an-attacker"


def test_session_ends_after_a_day(mock, browser, link):
    browser.open(link())
    mock.clock.advance(DAY - 1)
    assert browser.open("/", follow=False).status_code == 200
    mock.clock.advance(1)
    assert browser.open("/", follow=False).headers["location"] == "/login"
    assert browser.session is None


@pytest.mark.parametrize("status", ["locked", "suspended"])
@pytest.mark.parametrize("path", ["/", "/servers/new", "/nowhere", "/auth/by_token/unknown"])
def test_every_page_says_that_the_account_is_locked_or_suspended(browser, api, ada, link, status, path):
    browser.open(link())
    said = f"Your account is {status}."
    assert said not in browser.open(path).text
    api.put(f"users/{ada['id']}", {"status": status})
    assert said in browser.open(path).text
    api.put(f"users/{ada['id']}", {"status": "active"})
    assert said not in browser.open(path).text


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_locked_and_suspended_users_cannot_create_a_server(browser, api, ada, link, status):
    browser.open(link())
    form = browser.open("/servers/new")
    api.put(f"users/{ada['id']}", {"status": status})
    answer = browser.send(form, "/servers", {"name": "web", "plan": "1", "location": "1", "os": "1"})
    assert answer.status_code == 403
    assert f"Your account is {status}: you cannot create servers." in answer.text


def test_session_and_its_forms_outlive_a_restart(browsers, tmp_path):
    def start() -> Mock:
        return Mock(Options(clock=Clock(START, speed=0), file=tmp_path / "state", seed="test"))

    mock = start()
    with mock.transaction() as world:
        user = users.create(world, email=EMAIL)
        _, secret = access_tokens.issue(world, user, one_time=True)
    browser = browsers(into=mock)
    area = browser.open(f"/auth/by_token/{secret}")
    assert EMAIL in area.text
    mock.close()

    mock = start()
    browser.client._transport.mock = mock
    assert EMAIL in browser.open("/", follow=False).text
    assert browsers(into=mock).open(f"/auth/by_token/{secret}").status_code == 410
    assert browser.send(area, "/logout").headers["location"] == "/login?done=logout"
    mock.close()


# By password


def test_guest_is_led_to_the_login_form(browser):
    for path in ("/", "/servers/new", "/servers/1/delete"):
        answer = browser.open(path, follow=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_password_logs_in(browser, ada):
    answer = browser.log_in(EMAIL.upper(), PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert EMAIL in browser.open("/").text
    assert ada["email"] == EMAIL
    assert browser.open("/login", follow=False).headers["location"] == "/"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("", "")]
)
def test_wrong_password_is_told_without_saying_what_was_wrong(browser, email, password):
    answer = browser.log_in(email, password)
    assert answer.status_code == 422
    assert "These credentials do not match our records." in answer.text
    assert 'role="alert"' in answer.text
    assert PASSWORD not in answer.text
    assert not has_session(answer)


@pytest.mark.usefixtures("ada")
def test_guessing_is_slowed_down(mock, browser):
    for _ in range(5):
        assert browser.log_in(EMAIL, "wrong").status_code == 422
    answer = browser.log_in(EMAIL, PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 60
    assert not has_session(answer)
    mock.clock.advance(60_000_000)
    assert browser.log_in(EMAIL, PASSWORD).status_code == 303


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_locked_and_suspended_users_log_in_by_password(browser, api, ada, status):
    api.put(f"users/{ada['id']}", {"status": status})
    assert browser.log_in(EMAIL, PASSWORD).headers["location"] == "/"
    assert f"Your account is {status}." in browser.open("/").text


@pytest.mark.usefixtures("ada")
def test_login_form_needs_its_proof(browsers):
    mine, other = browsers(), browsers()
    fields = {"email": EMAIL, "password": PASSWORD}
    page = mine.open("/login")
    for answer in (
        mine.client.post("/login", data=fields),
        mine.client.post("/login", data={**fields, "_token": "0" * 64}),
        other.send(page, "/login", fields),  # another browser's proof
        mine.send(page, "/login", fields, sec_fetch_site="cross-site"),
        mine.send(page, "/login", fields, origin="http://elsewhere.test"),
        mine.client.post("/login", json=fields),
    ):
        assert answer.status_code in {403, 415}
        assert not has_session(answer)
    assert mine.send(page, "/login", fields, sec_fetch_site="same-origin").status_code == 303


@pytest.mark.usefixtures("ada")
def test_second_tab_finds_its_visitor_inside(browser):
    first, second = browser.open("/login"), browser.open("/login")
    fields = {"email": EMAIL, "password": PASSWORD}
    assert browser.send(first, "/login", fields).status_code == 303
    session = browser.session
    answer = browser.send(second, "/login", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.session == session


def test_logins_are_in_the_activity_log(browsers, api, ada, link):
    browsers().open(link())
    browsers().log_in(EMAIL, PASSWORD)
    browsers().log_in(EMAIL, "wrong")
    entries = api.get(f"activity_logs?filter[user_id]={ada['id']}&filter[event]=user_login").data
    assert [entry["user_email"] for entry in entries] == [EMAIL, EMAIL]
    assert {entry["data"]["ip"] for entry in entries} == {"127.0.0.1"}


def test_guests_do_not_share_their_proof(browsers):
    proofs = {re.findall(r'"_token" value="(\w+)"', browsers().open("/login").text)[0] for _ in range(5)}
    assert len(proofs) == 5


# Registration (step 4)


def test_registration_makes_a_user_and_logs_him_in(browser, api):
    assert 'href="/register"' in browser.open("/login").text
    answer = browser.send("/register", "/register", {"email": "new@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "new@example.com" in browser.open("/").text
    (made,) = api.get("users?filter[search]=new@example.com").data
    assert [role["name"] for role in made["roles"]] == ["CLIENT"]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        (EMAIL, PASSWORD, "email"),
        ("no address", PASSWORD, "email"),
        ("", PASSWORD, "email"),
        ("x@" + "e" * 300, PASSWORD, "email"),
        ("new@example.com", "short", "password"),
        ("new@example.com", "", "password"),
        ("new@example.com", "x" * 300, "password"),
    ],
)
def test_registration_says_what_is_wrong(browser, email, password, field):
    answer = browser.send("/register", "/register", {"email": email, "password": password})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert not has_session(answer)


def test_registration_that_is_off_does_not_exist(browser, api):
    form = browser.open("/register")
    api.patch("settings", {"features": {"allow_registration": False}})
    before = api.get("users").json["meta"]["total"]
    assert "/register" not in browser.open("/login").text
    assert browser.open("/register").status_code == 404
    answer = browser.send(form, "/register", {"email": "new@example.com", "password": PASSWORD})
    assert answer.status_code == 404
    assert not has_session(answer)
    assert api.get("users").json["meta"]["total"] == before


# Out


def test_logout_ends_the_session(browser, link):
    browser.open(link())
    secret = browser.session
    answer = browser.send("/", "/logout")
    assert answer.headers["location"] == "/login?done=logout"
    assert "You are logged out." in browser.open("/login?done=logout").text
    assert browser.session is None
    browser.client.cookies.set("solusio_session", str(secret), domain="mock.test", path="/")
    assert browser.open("/", follow=False).headers["location"] == "/login"


def test_logout_needs_its_proof(browser, link):
    browser.open(link())
    assert browser.client.get("/logout").status_code == 405
    assert browser.client.post("/logout", data={"_token": ""}).status_code == 403
    assert browser.open("/", follow=False).status_code == 200


def test_pages_do_not_show_what_logs_in(browser, link):
    path = link()
    text = browser.open(path).text
    assert path.rpartition("/")[2] not in text
    assert str(browser.session) not in text


# Allowed IPs


def test_a_user_may_log_in_only_from_allowed_addresses(browser, api, ada, link):
    path, transport = link(), browser.client._transport
    api.put(f"users/{ada['id']}", {"allowed_ips": ["2001:db8::/32"]})
    refused = browser.open(path, follow=False)
    assert refused.status_code == 403
    assert "Not allowed from this address" in refused.text
    assert "This account cannot be used from 127.0.0.1." in refused.text
    assert not has_session(refused)
    answer = browser.log_in(EMAIL, PASSWORD)
    assert answer.status_code == 403
    assert "This account cannot be used from 127.0.0.1." in answer.text
    assert not has_session(answer)
    transport.address = "2001:db8::7"
    assert browser.open(path, follow=False).status_code == 303
    assert EMAIL in browser.open("/").text


def test_a_session_is_of_no_use_at_another_address(browser, api, ada, link):
    browser.open(link())
    form = browser.open("/servers/new")
    api.put(f"users/{ada['id']}", {"allowed_ips": ["192.0.2.1"]})
    for path in ("/", "/servers/new"):
        assert browser.open(path, follow=False).status_code == 403
    assert browser.send(form, "/servers", {"name": "web"}).status_code == 403
    assert browser.open("/login").status_code == 200, "somebody else may log in here"
    browser.client._transport.address = "192.0.2.1"
    assert browser.open("/", follow=False).status_code == 200
