import asyncio
import json
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from solusio_reference.accounts.wanted import Profile
from solusio_reference.app import create_app
from solusio_reference.customers_document import write
from solusio_reference.errors import StoreError
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer
from solusio_reference.serving import running
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.web.adapter import create_adapter
from solusio_reference.web.services import BillingService

ANN = Customer(700_001, "Ann", Decimal("0.001"), Currency("USD", display_prefix="$"))
BOB = replace(ANN, id=700_011, name="Bob")
JSON = {"Content-Type": "application/json"}


class Adapter:
    """The adapter, and requests as a check sends them."""

    def __init__(self, url: str, service: BillingService, solusio_url: str) -> None:
        self.service = service
        self.client = httpx.Client(base_url=f"{url}/adapter/", timeout=30)
        self.request = {
            "period": "2026-03",
            "from": "2026-03-01T00:00:00Z",
            "to": "2026-04-01T00:00:00Z",
            "solusio_url": solusio_url,
            "access_token": "its-access-token",
        }

    def customers(self, *customers: Customer, period: str = "") -> httpx.Response:
        document = write((customer, Profile("same@example.com")) for customer in customers)
        query = {"period": period} if period else {}
        return self.client.post("customers", params=query, content=document, headers=JSON)

    def bill(self, **changes: object) -> httpx.Response:
        body = {**self.request, **changes}
        return self.client.post("bill", json={name: value for name, value in body.items() if value != ""})

    def invoices(self) -> list[dict]:
        answer = self.client.get("invoices", params={"period": "2026-03"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()["invoices"]


@contextmanager
def adapter_on(solusio_url: str, *, own_solusio: bool = False):
    with ExitStack() as stack:
        store = stack.enter_context(CustomerStore.in_memory())
        own = stack.enter_context(SolusioClient(solusio_url, "secret", attempts=1)) if own_solusio else None
        service = BillingService(store, solusio=own)
        mounts = {"/adapter": create_adapter(service, allow_remote=False)}
        url = stack.enter_context(running(create_app(store, token="guarded", mounts=mounts), ""))
        made = Adapter(url, service, solusio_url)
        stack.callback(made.client.close)
        yield made


@pytest.fixture
def adapter(usage_server):
    with adapter_on(usage_server.url) as made:
        yield made


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"].endswith(".")
    return error["message"]


def test_import_bill_and_list_twice(adapter, usage_server):
    usage_server.use(700_001, 2604)
    usage_server.use(777, 5, user=31)
    answer = adapter.customers(ANN, BOB)
    assert (answer.status_code, answer.json()) == (200, {"customers": 2})
    answer = adapter.bill()
    assert answer.status_code == 200
    expected = {
        "period": "2026-03",
        "lines": 2,
        "tokens": 2609,
        "invoices_before": 0,
        "invoices_made": 1,
        "invoices_late": 0,
        "unbilled": [{"period": "2026-03", "billing_user_id": 777, "user_id": 31, "lines": 1, "tokens": 5}],
    }
    assert answer.json() == expected
    [invoice] = before = adapter.invoices()
    assert (invoice["billing_user_id"], invoice["total"], invoice["number"]) == (700_001, "2.60", "000001")
    assert adapter.bill().json() == {**expected, "invoices_before": 1, "invoices_made": 0}
    assert adapter.invoices() == before


def test_each_customers_document_starts_an_empty_store_and_numbers_continue(adapter, usage_server):
    usage_server.use(700_001, 1000)
    adapter.customers(ANN)
    adapter.bill()
    assert [one["number"] for one in adapter.invoices()] == ["000001"]
    usage_server.lines.clear()
    usage_server.use(700_011, 3000)
    adapter.customers(BOB)
    assert adapter.invoices() == []
    adapter.bill()
    [invoice] = adapter.invoices()
    assert (invoice["number"], invoice["billing_user_id"], invoice["total"]) == ("000002", 700_011, "3.00")
    assert adapter.service.store.all() == []  # the store of the pages is unchanged


def test_prices_of_a_later_month_change_no_invoice(adapter, usage_server):
    usage_server.use(700_001, 1000)
    adapter.customers(ANN, period="2026-03")
    adapter.bill()
    before = adapter.invoices()
    adapter.customers(replace(ANN, base_token_unit_cost=Decimal("0.002")), period="2026-04")
    assert adapter.invoices() == before
    assert adapter.service.store.all() == []
    # The same customers, and a month that is billed already: that is another scenario.
    adapter.customers(ANN, period="2026-03")
    assert adapter.invoices() == []
    # So are other customers.
    adapter.bill()
    adapter.customers(ANN, BOB, period="2026-04")
    assert adapter.invoices() == []


@pytest.mark.parametrize(
    ("query", "code"),
    [("period=2026-13", "malformed_period"), ("period=2026-03&period=2026-04", "duplicate_parameter")],
)
def test_customers_of_a_malformed_period_are_refused(adapter, query, code):
    refused(adapter.client.post(f"customers?{query}", content=b"{}", headers=JSON), 400, code)


def test_with_a_configured_solusio_the_adapter_shares_the_store_of_the_pages(usage_server):
    usage_server.use(700_001, 1000)
    with adapter_on(usage_server.url, own_solusio=True) as adapter:
        adapter.customers(ANN)
        adapter.customers(BOB)
        assert adapter.service.store.all() == [ANN, BOB]
        assert adapter.service.account(700_001).email == "same@example.com"
        answer = adapter.client.post("bill", json={"period": "2026-03"})
        assert answer.json()["invoices_made"] == 1
        assert [one.customer_id for one in adapter.service.ledger.invoices()] == [700_001]
        assert len(adapter.client.get("invoices").json()["invoices"]) == 1  # of all periods


def test_only_one_run_bills_a_period_at_a_time(adapter, usage_server):
    usage_server.use(700_001, 1000)
    adapter.customers(ANN)
    asked, go_on = threading.Event(), threading.Event()

    def hold(_document):
        asked.set()
        return None if go_on.wait(30) else 500

    usage_server.disturbed[1] = hold

    async def two_requests() -> tuple[httpx.Response, httpx.Response]:
        async with httpx.AsyncClient(base_url=adapter.client.base_url, timeout=30) as client:
            first = asyncio.create_task(client.post("bill", json=adapter.request))
            assert await asyncio.to_thread(asked.wait, 30)
            second = await client.post("bill", json=adapter.request)
            go_on.set()
            return await first, second

    first, second = asyncio.run(two_requests())
    assert first.json()["invoices_made"] == 1
    refused(second, 409, "run_in_progress")
    assert second.headers["retry-after"] == "1"


def test_a_month_that_is_not_over_is_not_billed(adapter, usage_server):
    usage_server.closed = False
    usage_server.use(700_001)
    adapter.customers(ANN)
    assert "2026-03 is not closed" in refused(adapter.bill(), 409, "not_billed")
    assert adapter.invoices() == []


def test_the_error_of_solusio_is_reported_without_the_access_token(adapter, usage_server):
    usage_server.disturbed[1] = lambda _: 403
    message = refused(adapter.bill(), 409, "not_billed")
    assert "403" in message
    assert "its-access-token" not in message


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"period": "2026-3"}, "malformed_period"),
        ({"period": "march"}, "malformed_period"),
        ({"period": ""}, "malformed_request"),
        ({"period": 202603}, "malformed_request"),
        ({"from": "2026-03-02T00:00:00Z"}, "malformed_period"),
        ({"to": "2026-03-31T23:59:59Z"}, "malformed_period"),
        ({"from": "2026-03-01"}, "malformed_request"),
        ({"solusio_url": ""}, "missing_solusio"),
        ({"solusio_url": "ftp://solusio"}, "malformed_solusio"),
        ({"solusio_url": "http://"}, "malformed_solusio"),
        ({"solusio_url": "http://user:word@solusio"}, "malformed_solusio"),
        ({"solusio_url": "http://solusio?x=1"}, "malformed_solusio"),
        ({"access_token": ""}, "malformed_solusio"),
        ({"access_token": "two words"}, "malformed_solusio"),
        ({"access_token": "line\nbreak"}, "malformed_solusio"),
        ({"access_token": 7}, "malformed_request"),
    ],
)
def test_a_malformed_bill_request_is_refused(adapter, changes, code):
    message = refused(adapter.bill(**changes), 400, code)
    assert "user:word" not in message
    assert "two words" not in message


def test_the_same_moment_in_another_time_zone_is_accepted(adapter, usage_server):
    usage_server.use(700_001)
    adapter.customers(ANN)
    assert adapter.bill(**{"from": "2026-03-01T02:00:00+02:00", "new": "ignored"}).status_code == 200


@pytest.mark.parametrize("path", ["customers", "bill"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff\xfe", 400),
        (b'{"customers": 7, "period": {}}', 400),
        (b"[" * 100_000, 400),
    ],
)
def test_an_invalid_document_is_refused(adapter, path, body, status):
    answer = adapter.client.post(path, content=body, headers=JSON)
    assert answer.status_code == status
    assert answer.json()["error"]["code"].startswith("malformed_")


def test_an_invalid_customer_is_named_by_place_and_nobody_is_saved(adapter):
    document = json.loads(write([(ANN, Profile("ann@example.com")), (BOB, Profile("bob@example.com"))]))
    document["customers"][1]["pricing"]["user_token_unit_cost"] = 3
    answer = adapter.client.post("customers", json=document)
    assert "customers[1].pricing.user_token_unit_cost" in refused(answer, 400, "malformed_customers")
    adapter.client.get("invoices")
    assert adapter.service.store.all() == []


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_media_types_are_refused(adapter, media_type):
    answer = adapter.client.post(
        "bill", content=json.dumps(adapter.request), headers={"Content-Type": media_type}
    )
    refused(answer, 415, "unsupported_media_type")


def test_an_endless_body_is_refused(adapter, monkeypatch):
    monkeypatch.setattr("solusio_reference.web.adapter.MAX_BYTES", 1000)
    chunks = (b" " * 100 for _ in range(50))
    refused(adapter.client.post("customers", content=chunks, headers=JSON), 413, "body_too_large")


@pytest.mark.parametrize("query", ["period=2026-13", "period=", "period=%FF"])
def test_invoices_of_an_invalid_month_are_refused(adapter, query):
    refused(adapter.client.get(f"invoices?{query}"), 400, "malformed_period")


def test_two_periods_are_refused(adapter):
    refused(adapter.client.get("invoices?period=2026-03&period=2026-04"), 400, "duplicate_parameter")


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "customers", 405, "POST"),
        ("GET", "bill", 405, "POST"),
        ("POST", "invoices", 405, "GET"),
        ("DELETE", "invoices", 405, "GET"),
        ("GET", "", 404, None),
        ("GET", "invoices/", 404, None),
        ("POST", "other", 404, None),
    ],
)
def test_other_paths_and_methods(adapter, method, path, status, allowed):
    answer = adapter.client.request(method, path)
    refused(answer, status, "not_found" if status == 404 else "method_not_allowed")
    assert answer.headers.get("allow") == allowed


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Host": "evil.example"}, 421, "foreign_host"),
        ({"Origin": "http://evil.example"}, 403, "foreign_origin"),
        ({"Origin": "null"}, 403, "foreign_origin"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "foreign_origin"),
    ],
)
def test_strangers_are_refused(adapter, headers, status, code):
    document = write([(ANN, Profile("ann@example.com"))])
    answer = adapter.client.post("customers", content=document, headers={**JSON, **headers})
    refused(answer, status, code)
    assert adapter.invoices() == []


def test_a_foreign_host_reads_no_invoices(adapter):
    refused(adapter.client.get("invoices", headers={"Host": "evil.example"}), 421, "foreign_host")


def test_an_error_of_the_database_is_reported(adapter, monkeypatch):
    def fail(*_arguments):
        raise StoreError("disk I/O error")

    monkeypatch.setattr(adapter.service.ledger, "invoices", fail)
    assert refused(adapter.client.get("invoices"), 503, "store_failed") == "disk I/O error."


def test_the_run_belongs_to_the_service_of_the_check(adapter, usage_server):
    usage_server.use(700_001)
    adapter.customers(ANN)
    adapter.bill()
    assert adapter.service.last_run(Period(2026, 3)) is None  # it ran in the service of the check


# What happens to customers


@pytest.fixture
def users(solusio):
    """Yield an adapter, and a function that reports an event to it."""
    with adapter_on(solusio.url) as made:

        def report(event, customer=700_001, email="ann@example.com", **more):
            body = {
                "event": event,
                "customer": {"billing_user_id": customer, "name": "Ann", "email": email, **more},
                "solusio_url": solusio.url,
                "access_token": solusio.admin_token,
                "ca_file": None,
            }
            return made.client.post("users", json=body)

        yield report


def users_of(solusio):
    return [
        (user["billing_user_id"], user["email"], user["status"])
        for user in solusio.call("GET", "users?per_page=100")
        if user["billing_user_id"] is not None
    ]


def test_from_creation_to_deletion(users, solusio):
    for event, status in (
        ("create", "active"),
        ("create", "active"),
        ("lock", "locked"),
        ("suspend", "suspended"),
        ("unsuspend", "locked"),
        ("unlock", "active"),
    ):
        answer = users(event)
        assert (answer.status_code, answer.json()) == (200, {"status": status, "solusio_status": status})
        assert users_of(solusio) == [(700_001, "ann@example.com", status)]
    assert users("update", email="ann@example.org").status_code == 200
    assert users_of(solusio) == [(700_001, "ann@example.org", "active")]
    assert users("delete").json() == {"status": "removed", "solusio_status": None}
    assert users_of(solusio) == []


def test_language_and_limit_group_of_a_user(users, solusio):
    group = solusio.call("POST", "limit_groups", {"name": "Small", "vms": {"limit": 1, "is_enabled": True}})
    first, second = [language["id"] for language in solusio.call("GET", "languages")][:2]
    users("create", language_id=second, limit_group_id=group["id"])

    def chosen():
        [user] = [one for one in solusio.call("GET", "users?per_page=100") if one["billing_user_id"]]
        return user["language"]["id"], user["limit_group"] and user["limit_group"]["id"]

    assert chosen() == (second, group["id"])
    users("update", language_id=first, limit_group_id=group["id"])
    assert chosen() == (first, group["id"])
    users("update")  # SolusIO's choice: what it has stays
    assert chosen() == (first, group["id"])


def test_a_login_is_answered_with_its_link(users):
    users("create")
    answer = users("login")
    assert answer.status_code == 200
    with httpx.Client(follow_redirects=True) as browser:
        assert "ann@example.com" in browser.get(answer.json()["url"]).text


def test_an_event_that_cannot_be_applied(users, solusio):
    assert "has never had a SolusIO user" in refused(users("suspend"), 409, "conflict")
    assert "expected an e-mail address" in refused(users("create", email="ann"), 400, "malformed_email")
    solusio.create_user(email="ann@example.com")
    assert "adopt the user" in refused(users("create"), 409, "conflict")
    fault = {"kind": "status", "status": 403, "operation": "createUser"}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    assert "answers 403" in refused(users("create", email="anna@example.com"), 502, "solusio_failed")
    assert "Invalid enum value" in refused(users("promote"), 400, "malformed_request")


def test_an_event_without_an_authority_that_can_be_read(adapter):
    body = {
        "event": "create",
        "customer": {"billing_user_id": 7, "email": "ann@example.com"},
        "solusio_url": "https://127.0.0.1:1",
        "access_token": "secret",
        "ca_file": "/no/such/file",
    }
    answer = adapter.client.post("users", json=body)
    assert "certificate file cannot be used" in refused(answer, 400, "malformed_solusio")
