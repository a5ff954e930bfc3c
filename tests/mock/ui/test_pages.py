"""What every page has in common: headers, errors, static files, the API reference."""

import base64
import hashlib
import json
import re
import subprocess
import sys

import pytest
import yaml

from mock_solusio.control.api import ROUTES
from solusio_contracts.catalogue.export import to_html

DOCUMENTS = ("solusio-api", "billing-endpoint", "mock-control")

PAGES = [
    "/login",
    "/register",
    "/docs",
    "/docs/billing-endpoint",
    "/nowhere",
    "/auth/by_token/x",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_headers_that_keep_browsers_safe(browser, path):
    answer = browser.open(path, follow=False)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    if not path.startswith("/docs"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere(browser, path):
    text = browser.open(path).text
    for address in re.findall(r'(?:src|<link[^>]*href|action)="([^"]*)"', text):
        assert address.startswith("/"), address
        assert not address.startswith("//"), address


def test_unknown_paths_answer_with_a_page(browser):
    for path in (
        "/nowhere",
        "/docs/nowhere",
        "/docs/mock-control",
        "/docs/solusio-api/createUser",
        "/static/x.css",
    ):
        answer = browser.open(path, follow=False)
        assert answer.status_code == 404, path
        assert "There is nothing at this address." in answer.text
    assert browser.client.post("/nowhere").status_code == 404


def test_malformed_hosts_and_numbers_are_no_accidents(browser):
    for host in ("[::", "a b", "", "x" * 3000):
        for path in ("/login", "/docs", "/auth/by_token/x", "/static/x.css"):
            assert browser.open(path, follow=False, host=host).status_code < 500, (host, path)
    for path in (f"/servers/{'9' * 5000}/delete", f"/?created={'9' * 5000}", "/servers/²/delete"):
        assert browser.open(path, follow=False).status_code == 303


def test_wrong_methods_say_which_are_right(browser):
    answer = browser.client.get("/servers")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "text/html" in answer.headers["content-type"]
    for path in ("/login", "/register", "/servers/1/delete"):
        answer = browser.client.put(path)
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert browser.client.delete("/").status_code == 405


def test_paths_of_the_api_stay_json(browser):
    answer = browser.open("/api/v1/nowhere")
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code in {401, 404}


def test_static_files_are_kept_by_browsers(browser):
    paths = set(re.findall(r'"(/static/[^"]+)"', browser.open("/login").text))
    assert {path.rpartition(".")[2] for path in paths} == {"css", "svg"}
    for path in paths:
        answer = browser.open(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"] in {"text/css; charset=utf-8", "image/svg+xml"}
        assert browser.open(path.replace(".", ".0", 1)).status_code == 404


def test_no_template_engine_is_loaded_before_the_first_page():
    code = (
        "import sys; from mock_solusio.app import Mock; from mock_solusio.options import Options;"
        "from mock_solusio.ui.app import create_ui;"
        "create_ui(Mock(Options())); sys.exit('jinja2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_head_answers_like_get_without_a_body(browser):
    for path in ("/login", "/docs", "/nowhere"):
        assert browser.client.head(path).status_code == browser.open(path).status_code


# The reference


def test_index_leads_to_every_document(browser):
    text = browser.open("/docs").text
    pages = ["/docs/solusio-api", "/docs/billing-endpoint"]
    files = [f"/docs/{name}.{form}" for name in DOCUMENTS for form in ("yaml", "json")]
    for path in [*pages, *files]:
        assert f'href="{path}"' in text
        assert browser.open(path).status_code == 200


def test_documents_can_be_downloaded(browser):
    as_json = browser.open("/openapi.json")
    assert as_json.headers["content-type"] == "application/json"
    whole = json.loads(as_json.text)
    assert whole["info"]["title"] == "SolusIO API"
    paths = ("/openapi.yaml", "/docs/openapi.yaml", "/docs/solusio-api.yaml")
    as_yaml = [browser.open(path) for path in paths]
    assert {answer.headers["content-type"] for answer in as_yaml} == {"application/yaml"}
    (text,) = {answer.text for answer in as_yaml}
    # The loader in C reads it in a tenth of the time.
    assert yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == whole  # noqa: S506
    control = json.loads(browser.open("/docs/mock-control.json").text)
    assert yaml.safe_load(browser.open("/docs/mock-control.yaml").text) == control
    assert browser.open("/openapi.txt").status_code == 404
    assert browser.open("/docs/nowhere.json").status_code == 404


def test_document_pages_are_those_of_contract_export(browser):
    for name in ("solusio-api", "billing-endpoint"):
        assert browser.open(f"/docs/{name}").text == to_html([name])


def test_control_api_is_shown_with_examples(browser):
    text = browser.open("/docs").text
    for route in ROUTES:
        assert f"{route.method}</span> <code>{route.path}</code>" in text
    assert "Set, advance, freeze or run the clock" in text
    assert "&#34;advance&#34;: &#34;P1M&#34;" in text


def test_exported_page_is_styled_by_a_hash_alone(browser):
    answer = browser.open("/docs/billing-endpoint")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_reference_is_the_same_for_everybody(mock, browser, api):
    before = browser.open("/docs").text
    user = api.get("account").data
    secret = api.post(f"users/{user['id']}/tokens", {"is_one_time": True}).data["access_token"]
    browser.open(f"/auth/by_token/{secret}")
    after = browser.open("/docs").text
    assert after == before
    assert user["email"] not in after
    assert mock.admin_token not in after
