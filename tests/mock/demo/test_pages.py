"""The page of the demo over HTTP: what it leads to, and who may move its clock."""

import re

import httpx
import pytest

SAME = {"Sec-Fetch-Site": "same-origin"}


def read(demo, path="/demo"):
    return httpx.get(f"{demo.solusio}{path}", timeout=30).text


def moment(demo):
    return httpx.get(f"{demo.solusio}/_mock/clock", timeout=30).json()["data"]["moment"]


def test_every_link_of_the_tour_leads_to_a_page(demo):
    links = set(re.findall(r'<a [^>]*href="([^"#]+)"', read(demo)))
    assert {link for link in links if link.startswith(demo.billing)} >= {
        f"{demo.billing}/billing",
        f"{demo.billing}/billing/invoices",
        demo.shown("Customer"),
        demo.shown("Invoice"),
    }
    assert "/_mock/" in links
    for link in links:
        url = httpx.URL(demo.solusio).join(link)
        answer = httpx.get(url, headers={"Accept": "text/html"}, follow_redirects=True, timeout=30)
        assert answer.status_code == 200, link
        assert "<!doctype html>" in answer.text.lower(), link


def test_the_user_area_links_to_the_billing_system_for_guests_too(demo):
    assert '<a href="/demo">Tour</a>' in read(demo, "/docs")
    page = read(demo, "/login")
    assert f'<a href="{demo.billing}/billing">To the portal</a>' in page
    assert '<a href="/demo">Tour</a>' in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example"},
        {**SAME, "Host": "evil.example"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/demo/month", "/demo/tour"])
def test_others_cannot_press_its_buttons(demo, headers, path):
    before = moment(demo)
    answer = httpx.post(f"{demo.solusio}{path}", headers=headers, timeout=30)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert moment(demo) == before


def test_a_month_that_does_not_fit_the_calendar_is_explained(demonstrating):
    with demonstrating("--users", "2", "--clock", "9000-12-31T00:00:00Z") as demo:
        assert "The last month that is over is November 9000." in read(demo)
        httpx.post(f"{demo.solusio}/_mock/clock", json={"set": "9999-12-15T00:00:00Z"}, timeout=30)
        answer = httpx.post(f"{demo.solusio}/demo/month", headers=SAME, timeout=30)
        assert answer.status_code == 422
        assert "9999" in answer.text
