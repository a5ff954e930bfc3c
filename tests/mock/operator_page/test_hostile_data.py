"""What clients send is shown as text: in journal, findings, faults, users, webhooks and notices."""

import html
from html.parser import HTMLParser

from support.calls import START

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"

PATHS = (
    "/_mock/",
    "/_mock/operator/journal/1",
    "/_mock/operator/journal/1?pane",
    "/_mock/operator/findings",
    "/_mock/operator/faults",
    "/_mock/operator/users",
    "/_mock/operator/billing",
    "/_mock/operator/webhooks",
    "/_mock/operator/state",
)


class Reader(HTMLParser):
    """Collects scripts, images, handlers of events and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.images: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.attributes += found.items()
        if tag == "script":
            self.scripts.append(found.get("src", ""))
        elif tag == "img":
            self.images.append(found.get("src", ""))


def assert_harmless(text: str) -> None:
    reader = Reader(text)
    assert all(source.startswith("/_mock/operator/static/") for source in reader.scripts + reader.images)
    for name, value in reader.attributes:
        assert not name.startswith("on")
        assert not value.lower().startswith("javascript:")


def test_hostile_data_stays_text_everywhere(operator, solusio):
    evil = EVIL.encode()
    for kind in ("api", "billing", "webhook", "ui"):
        solusio.journal.add(
            kind,
            "GET<b>",
            f"/{EVIL}",
            moment=START,
            query=evil,
            headers=[(b"x-" + evil, evil)],
            body=evil,
            status=200,
            response_headers=[(b"content-type", evil)],
            response_body=b'{"a": "' + evil.replace(b'"', b'\\"') + b'"}',
            operation=EVIL,
            notes=[EVIL, f"CL-001 (must): {EVIL}"],
        )
    user = solusio.create_user(email="ann@example.com")
    solusio.call("PUT", f"users/{user['id']}", {"roles": [evil_role(solusio)]})
    handler = {"name": EVIL, "url": "http://127.0.0.1:9/", "events": ["user_created"]}
    solusio.client.post("event_handlers", json={**handler, "is_enabled": True})
    solusio.client.get(f"nothing/{EVIL}", headers={"user-agent": "x"})  # a finding names the path
    fault = {"kind": "status", "status": 500, "path": f"/{EVIL}", "body": EVIL}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault)
    for path in PATHS:
        page = operator.open(path)
        assert page.status_code == 200
        assert_harmless(page.text)
    shown = operator.text("/_mock/operator/journal/1")
    assert shown.count("alert(1)") >= 8
    assert "nothing/<script>" in html.unescape(operator.open("/_mock/operator/findings").text)
    assert "<script>alert" in html.unescape(operator.open("/_mock/operator/faults").text)
    assert "<script>alert" in html.unescape(operator.open("/_mock/operator/webhooks").text)
    assert "<script>alert" in html.unescape(operator.open("/_mock/operator/users").text)


def evil_role(solusio):
    return solusio.call("POST", "roles", {"name": EVIL, "permissions": []})["id"]


def test_hostile_queries_and_forms_stay_text(operator):
    for path in ("/_mock/", "/_mock/operator/users", "/_mock/operator/faults"):
        names = ("text", "kind", "status", "method", "operation", "path", "search", "said")
        page = operator.client.get(path, params=dict.fromkeys(names, EVIL), headers={"accept": "text/html"})
        assert_harmless(page.text)
    faults = "/_mock/operator/faults"
    page = operator.send(faults, faults, {"status": EVIL, "path": EVIL, "operation": EVIL, "body": EVIL})
    assert page.status_code == 422
    assert_harmless(page.text)
    page = operator.send("/_mock/operator/state", "/_mock/operator/snapshots", {"name": EVIL})
    assert_harmless(page.text)
