"""The whole way of a customer with the real parts: a mock on a state file, the reference endpoint, a browser.

Then the mock starts again on the file and goes on where it was.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo
from support.browser import opened
from support.programs import program

BILLING_TOKEN = "authorization-token-of-the-billing-endpoint"
GERMAN = 6
"""The demo customer whose token costs 0.00091 EUR and 19 % tax: 0.0010829 EUR."""


PLAN = {
    "name": "Tiny",
    "virtualization_type": "kvm",
    "storage_type": "fb",
    "image_format": "qcow2",
    "params": {"disk": 10, "ram": 1 << 30, "vcpu": 1},
    "tokens_per_hour": 7,
    "tokens_per_month": 5000,
}
ONE = {"limit": 1, "is_enabled": True}
ONE_OF_EACH = {"name": "One", "vms": ONE, "running_vms": ONE, "additional_ips": ONE}
GRETA = {"email": "greta@example.de", "password": "S3cret-enough", "billing_user_id": GERMAN}


@pytest.fixture(scope="module")
def billing() -> Iterator[str]:
    """The reference billing endpoint, with its demo customers."""
    with CustomerStore.in_memory() as store:
        seed_demo(store)
        with running(create_app(store, token=BILLING_TOKEN)) as url:
            yield url


@contextmanager
def mock(state: Path, billing: str, port: int = 0) -> Iterator[httpx.Client]:
    """Run `mock-solusio serve` on a state file; give a client with the administrator's access token."""
    command = ["serve", "--port", port, "--state", state]
    with program(*command, "--billing-url", billing, "--billing-token", BILLING_TOKEN) as made:
        headers = {"Authorization": f"Bearer {made.shown('Access token')}"}
        with httpx.Client(base_url=f"{made.url}/api/v1/", headers=headers, timeout=30) as client:
            yield client


def data(answer: httpx.Response) -> dict:
    answer.raise_for_status()
    return answer.json()["data"]


def root_of(client: httpx.Client) -> str:
    return str(client.base_url).removesuffix("/api/v1/")


def login_link(client: httpx.Client, user_id: int) -> str:
    secret = data(client.post(f"users/{user_id}/tokens", json={"is_one_time": True}))["access_token"]
    return f"{root_of(client)}/auth/by_token/{secret}"


def test_a_customer_from_his_first_plan_to_his_suspension(tmp_path, billing, chromium):
    state = tmp_path / "state.sqlite"
    with mock(state, billing) as client:
        plan = data(client.post("plans", json=PLAN))
        group = data(client.post("limit_groups", json=ONE_OF_EACH))
        user = data(client.post("users", json=GRETA | {"limit_group_id": group["id"]}))
        assert user["billing_user_id"] == GERMAN
        project = data(client.get(f"users/{user['id']}/projects"))[0]
        # 0.00091 x 1.19 = 0.0010829
        assert float(data(client.get(f"projects/{project['id']}"))["token_pricing"]["unit_cost"]) == 0.0010829

        with opened(chromium, root_of(client)) as page:
            page.goto(login_link(client, user["id"]))
            expect(page.get_by_role("heading", level=1)).to_contain_text("greta@example.de")
            card = page.locator(".plan").filter(has_text="Tiny")
            # 7 x 0.0010829 = 0.0075803; 5000 x 0.0010829 = 5.4145, in German
            expect(card).to_contain_text("0,0075803 €")
            expect(card).to_contain_text("5,41 €")
            card.get_by_role("link", name="Choose Tiny").click()
            page.get_by_label("Name").fill("web")
            page.get_by_role("button", name="Create the server").click()
            expect(page.get_by_role("status")).to_contain_text("web is being created.")
            client.post("../../_mock/clock", json={"advance": "PT1M"}).raise_for_status()
            (server,) = data(client.get("servers", params={"filter[user_id]": user["id"]}))
            assert (server["status"], server["plan"]["id"]) == ("started", plan["id"])

            # One server is all that the limit group permits.
            refused = client.post(
                f"projects/{project['id']}/servers",
                json={"name": "second", "plan_id": plan["id"], "location_id": 1, "os_image_version_id": 1},
            )
            assert refused.status_code == 422
            assert "limit" in refused.json()["message"].lower() + json.dumps(refused.json()["errors"]).lower()

            data(client.put(f"users/{user['id']}", json={"status": "suspended"}))
            page.reload()
            expect(page.get_by_text("Your account is suspended.")).to_be_visible()
            client.post("../../_mock/clock", json={"advance": "PT1M"}).raise_for_status()
            assert data(client.get(f"servers/{server['id']}"))["is_suspended"] is True
            logs_in_and_reads_why(chromium, client, user["id"])
            assert BILLING_TOKEN not in client.get("../../_mock/journal?kind=billing").raise_for_status().text

    with mock(state, billing) as client:
        again = data(client.get(f"users/{user['id']}"))
        assert (again["status"], again["billing_user_id"]) == ("suspended", GERMAN)
        assert data(client.get(f"servers/{server['id']}"))["is_suspended"] is True
        assert data(client.get(f"plans/{plan['id']}"))["tokens_per_month"] == 5000
        logs_in_and_reads_why(chromium, client, user["id"])
        data(client.put(f"users/{user['id']}", json={"status": "active"}))
        client.post("../../_mock/clock", json={"advance": "PT1M"}).raise_for_status()
        with opened(chromium, root_of(client)) as page:
            page.goto(login_link(client, user["id"]))
            expect(page.locator(".servers .card")).to_contain_text("Running")
            expect(page.locator(".plan").filter(has_text="Tiny")).to_contain_text("5,41 €")


def logs_in_and_reads_why(chromium: Browser, client: httpx.Client, user_id: int) -> None:
    """Both by link and by password."""
    banner = "Your account is suspended."
    with opened(chromium, root_of(client)) as page:
        page.goto(login_link(client, user_id))
        expect(page.get_by_text(banner)).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        page.get_by_label(re.compile("mail", re.IGNORECASE)).fill("greta@example.de")
        page.get_by_label("Password").fill("S3cret-enough")
        page.get_by_role("button", name=re.compile("log in", re.IGNORECASE)).click()
        expect(page.get_by_text(banner)).to_be_visible()
