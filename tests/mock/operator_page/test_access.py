"""Who sees the operator's page and sends its forms, and who does not."""

import httpx
import pytest

from mock_solusio.operator_page.access import refused
from mock_solusio.operator_page.paths import is_page
from mock_solusio.server.messages import Request

CLOCK = "/_mock/operator/clock"
OWN = "http://127.0.0.1:8008"
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def reason(method="GET", client="127.0.0.1", *, anywhere=False, **headers) -> str | None:
    sent = {"host": "127.0.0.1:8008", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [(name.encode(), value.encode()) for name, value in sent.items()]
    return refused(Request(method, "/_mock/", b"", lines, b"", "http", client), anywhere=anywhere)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"client": "10.0.0.1"}, "serves this machine only"),
        ({"x_forwarded_for": "127.0.0.1"}, "serves this machine only"),
        ({"host": "evil.example"}, "not by another host name"),
        ({"host": ""}, "not by another host name"),
    ],
)
def test_other_machines_and_host_names_are_refused(method, headers, words):
    assert words in reason(method, origin=OWN, **headers)


def test_other_machines_are_served_if_the_operator_permits_it():
    assert reason(client="10.0.0.1", host="10.0.0.2:8008", anywhere=True) is None
    page = {"client": "10.0.0.1", "host": "10.0.0.2:8008", "anywhere": True}
    assert reason("POST", origin="http://10.0.0.2:8008", **page) is None
    assert "this form was not sent" in reason("POST", origin=OWN, **page).lower()


def test_a_person_may_come_from_a_link_or_an_address_but_a_page_may_not_read():
    assert reason() is None
    assert reason(sec_fetch_site="none") is None
    assert reason(**LINK) is None
    for other in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        {**LINK, "sec-fetch-dest": "iframe"},
        {"origin": "https://evil.example"},
    ):
        assert "pages of other sites" in reason(**other)


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a program: it has the control API
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:8008"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": OWN},
        {"sec-fetch-site": "same-site", "origin": OWN},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        {**LINK, "origin": "https://evil.example"},
    ],
    ids=str,
)
def test_a_form_that_is_not_on_our_page_is_refused(headers):
    assert "not sent from the operator's page" in reason("POST", **headers)


def test_a_form_on_our_page_is_accepted():
    assert reason("POST", origin=OWN) is None
    assert reason("POST", origin=OWN, sec_fetch_site="same-origin") is None


@pytest.mark.parametrize("path", ["/_mock", "/_mock/"])
def test_browsers_get_the_page_and_programs_what_they_got_before(operator, path):
    page = operator.open(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    answer = operator.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["message"].startswith("The control API has no /_mock")
    assert operator.client.post(path, headers={"accept": "text/html"}).status_code == 404


def test_control_api_stays_json_for_a_browser():
    def asked(path: str, method: str = "GET") -> bool:
        return is_page(Request(method, path, b"", [(b"accept", b"text/html,*/*")], b"", "http", ""))

    assert asked("/_mock/")
    assert asked("/_mock/operator/faults")
    assert asked("/_mock/operator/faults", "POST")
    assert not asked("/_mock/", "POST")
    assert not asked("/_mock/faults")
    assert not asked("/_mock/operators")


def test_refusals_over_http_change_nothing_and_show_nothing(operator, solusio):
    solusio.create_user(email="ann@example.com")
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}, {"x-real-ip": "10.0.0.1"}):
        page = operator.client.get("/_mock/operator/users", headers=headers)
        assert page.status_code == 403
        assert "ann@example.com" not in page.text
        assert "Not allowed" in page.text
        answer = operator.client.post(CLOCK, data={"do": "month"}, headers=headers)
        assert answer.status_code == 403
    assert operator.client.post(CLOCK, data={"do": "month"}).status_code == 403
    assert solusio.mock.clock.described() == "2026-03-01T00:00:00.000000Z, frozen"


def test_pages_run_no_script_but_ours_and_are_in_no_frame(operator):
    for path in ("/_mock/", "/_mock/operator/faults", "/_mock/operator/nowhere", "/_mock/operator/now"):
        headers = operator.open(path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_static_files_come_from_the_page_itself_and_load_nothing_from_elsewhere(operator):
    page = operator.open()
    paths = [
        part.split('"')[0] for attribute in ('href="', 'src="') for part in page.text.split(attribute)[1:]
    ]
    files = {path for path in paths if "/static/" in path}
    assert {path.rpartition(".")[2] for path in files} == {"css", "js", "svg"}
    assert all(path.startswith(("/", "#")) for path in paths)
    for path in files:
        answer = operator.client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    assert operator.open("/_mock/operator/static/other.css").status_code == 404


def test_forms_are_read_within_limits(operator):
    own = {"origin": str(operator.client.base_url).rstrip("/")}
    answer = operator.client.post(CLOCK, content=b"{}", headers={**own, "content-type": "application/json"})
    assert answer.status_code == 415
    form = {**own, "content-type": "application/x-www-form-urlencoded"}
    assert operator.client.post(CLOCK, content=b"a=%FF", headers=form).status_code == 400
    assert operator.client.get(CLOCK, headers={"accept": "text/html"}).status_code == 405


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil",
        "/login",
        "/_mock/../x",
        "/_mock/operator/../../x",
    ],
)
def test_a_form_never_leads_to_another_site(operator, back):
    own = {"origin": str(operator.client.base_url).rstrip("/")}
    answer = operator.client.post(CLOCK, data={"do": "hour", "back": back}, headers=own)
    assert answer.status_code == 303
    assert httpx.URL(answer.headers["location"]).copy_with(query=None) == httpx.URL("/_mock/")
