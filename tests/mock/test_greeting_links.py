"""Every address that a greeting prints opens a page in a browser, and programs get what they got before."""

import json
import re
import urllib.error
import urllib.request

import pytest

from support.programs import program

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def open_page(url: str, accept: str = BROWSER, **headers: str) -> tuple[int, str, str]:
    """Return status, Content-Type and text of what a GET gets, after redirects."""
    request = urllib.request.Request(url, headers={"Accept": accept, **headers})  # noqa: S310 - our own server
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def links(said: str) -> list[str]:
    """Return the addresses of a greeting, without those in commands to paste."""
    lines = [line for line in said.splitlines() if not re.match(r" +(curl|\w+=|mock-solusio)", line)]
    return re.findall(r"https?://[^\s,)]+", "\n".join(lines))


@pytest.mark.parametrize(
    ("command", "least"),
    [
        (("serve", "--port", 0), 5),
        (("reference", "serve", "--port", 0, "--pages"), 2),
        (("demo", "--port", 0, "--billing-port", 0, "--users", 2), 8),
    ],
)
def test_every_link_of_a_greeting_opens_a_page(command, least):
    with program(*command) as made:
        found = links(made.said)
        assert len(found) >= least, made.said
        for url in found:
            status, content_type, text = open_page(url)
            assert (status, content_type.partition(";")[0]) == (200, "text/html"), url
            assert "<h1" in text, url


@pytest.fixture(scope="module")
def served():
    with program("serve", "--port", 0, "--quiet") as made:
        yield made


def test_whoever_opens_the_address_of_the_mock_learns_what_it_is_and_where_to_go(served):
    for path in ("/", "/api/v1", "/api/v1/"):
        _, _, text = open_page(f"{served.url}{path}")
        assert "mock SolusIO" in text
        inside = re.findall(r'<a href="(/[^"#]*)"', text)
        assert {"/_mock/", "/docs"} <= set(inside), path
        for address in inside:
            assert open_page(f"{served.url}{address}")[0] == 200, address
    assert f"{served.url}/api/v1/plans" in open_page(f"{served.url}/api/v1")[2]


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_programs_get_no_page_for_the_api(accept, served):
    status, content_type, text = open_page(f"{served.url}/api/v1/", accept)
    assert (status, content_type) == (404, "application/json")
    assert "message" in json.loads(text)
    assert open_page(f"{served.url}/api/v1", accept)[0] == 404
    status, content_type, _ = open_page(f"{served.url}/api/v1/users", BROWSER)
    assert (status, content_type) == (401, "application/json")
    assert open_page(f"{served.url}/_mock", accept)[1] == "application/json"


def test_the_reference_endpoint_shows_a_page_to_browsers_alone():
    secret = "s3cret-s3cret"
    with program("reference", "serve", "--port", 0, "--path", "/api/", MOCK_SOLUSIO_TOKEN=secret) as made:
        _, _, text = open_page(f"{made.url}")
        assert "This is a billing endpoint" in text
        assert f"mock-solusio check {made.url} --user-id 1" in text
        assert f"mock-solusio serve --billing-url {made.url}" in text
        assert secret not in text
        for accept in ("application/json", "*/*"):
            status, content_type, _ = open_page(made.url, accept)
            assert (status, content_type) == (405, "application/json")
        assert open_page(made.url.removesuffix("api/"))[0] == 404
