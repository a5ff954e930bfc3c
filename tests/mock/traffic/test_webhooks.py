"""Event handlers: what is sent where and when, and what becomes of the task."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import SECOND
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from mock_solusio.traffic.webhooks import REDIRECTS
from support.calls import START
from support.endpoint import Asked, Endpoint, Response, endpoint

OK = (204, {}, b"")
LIMIT = 2000
"""How often a condition is looked at; each look is a request of its own."""


@pytest.fixture
def receiver() -> Iterator[Endpoint]:
    with endpoint(lambda _: OK) as made:
        yield made


@pytest.fixture
def panel() -> Iterator[Solusio]:
    with started(Options(clock=Clock(START, speed=0), seed="webhooks", strict=True)) as solusio:
        yield solusio


def handle(panel: Solusio, url: str, *events: str, **more: Any) -> dict[str, Any]:
    """Make an event handler."""
    made: dict[str, Any] = panel.call(
        "POST", "event_handlers", {"name": f"of {url}", "url": url, "events": list(events), **more}
    )
    return made


def deliver(panel: Solusio, seconds: float = 1) -> list[dict[str, Any]]:
    """Let time pass and wait until nothing is on its way; return the tasks of deliveries."""
    panel.clock.advance(round(seconds * SECOND))
    until(panel, lambda: not open_tasks(panel))
    return deliveries(panel)


def deliveries(panel: Solusio) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = panel.call("GET", "tasks?filter[action]=event-handler&per_page=100")
    return found


def open_tasks(panel: Solusio) -> list[dict[str, Any]]:
    return [task for task in deliveries(panel) if task["status"] == "running"]


def until(panel: Solusio, condition: Callable[[], object]) -> None:
    for _ in range(LIMIT):
        if condition():
            return
        panel.client.get(f"{panel.url}/_mock/health")
    raise AssertionError("it did not come to that")


def parameters(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(asked.target).query, keep_blank_values=True))


def test_a_frozen_clock_delivers_when_it_moves_on(panel, receiver):
    handle(panel, f"{receiver.url}/hook?key=1", "user_created", parameters={"shop": {"id": 3}})
    user = panel.create_user(billing_user_id=7)
    assert [task["status"] for task in deliveries(panel)] == ["pending"]
    assert receiver.asked == []
    (task,) = deliver(panel)
    assert (task["action"], task["status"], task["output"]) == ("event-handler", "done", "HTTP 204")
    (asked,) = receiver.asked
    assert (asked.method, asked.body, urlsplit(asked.target).path) == ("POST", b"", "/hook")
    assert parameters(asked) == {
        "key": "1",
        "shop[id]": "3",
        "event": "user_created",
        "user_id": str(user["id"]),
        "billing_user_id": "7",
    }


def test_a_running_clock_delivers_while_nobody_asks(receiver):
    with started(Options(clock=Clock(START, speed=1000), seed="webhooks")) as panel:
        handle(panel, receiver.url, "user_created")
        panel.create_user()
        arrived = receiver.released
        receiver.answer = lambda _: arrived.set() or OK
        assert arrived.wait(30) or receiver.asked


def test_everything_that_happens_to_a_server(panel, receiver):
    handle(
        panel,
        receiver.url,
        *("server_created", "server_deleted", "server_started", "server_stopped", "server_resized"),
        *("server_suspended", "ip_added", "ip_removed", "backup_created", "snapshot_created"),
    )
    plan = panel.create_plan(
        is_snapshots_enabled=True, is_backup_available=True, is_additional_ips_available=True
    )
    larger = panel.create_plan(params={"disk": 20, "ram": 2 * 1024**3, "vcpu": 2})
    server = panel.create_server(plan=plan["id"])
    path = f"servers/{server['id']}"

    def act(*calls: tuple[str, str, dict[str, Any] | None]) -> None:
        for method, what, body in calls:
            panel.call(method, f"{path}{what}", body)
            panel.settle()

    act(("POST", "/stop", None), ("POST", "/start", None), ("POST", "/snapshots", {"name": "s"}))
    act(("POST", "/backups", None), ("POST", "/ips", {"count": 1}))
    extra = next(ip for ip in panel.call("GET", path)["ips"] if not ip["is_primary"])
    act(("DELETE", "/ips", {"ids": [extra["id"]]}), ("POST", "/resize", {"plan_id": larger["id"]}))
    act(("POST", "/suspend", None), ("POST", "/resume", None), ("DELETE", "", None))
    assert {task["status"] for task in deliver(panel)} == {"done"}
    happened = [parameters(asked) for asked in receiver.asked]
    assert {one["server_id"] for one in happened} == {str(server["id"])}
    assert [one["event"] for one in happened if one["event"].startswith(("server", "backup", "snap"))] == [
        *("server_created", "server_stopped", "server_started", "snapshot_created", "backup_created"),
        *("server_resized", "server_suspended", "server_deleted"),
    ]
    assert [(one["event"], one["ip"]) for one in happened if "ip" in one] == [
        ("ip_added", extra["ip"]),
        ("ip_removed", extra["ip"]),
    ]


def test_everything_that_happens_to_a_user(panel, receiver):
    handle(
        panel,
        receiver.url,
        *("user_created", "user_changed", "user_suspended", "user_locked", "user_deleted"),
    )
    user = panel.create_user()
    for status in ("suspended", "locked", "active"):
        panel.call("PUT", f"users/{user['id']}", {"status": status})
    panel.call("PUT", f"users/{user['id']}", {"status": "active"})  # changes nothing
    panel.call("DELETE", f"users/{user['id']}")
    deliver(panel)
    assert [parameters(asked)["event"] for asked in receiver.asked] == [
        "user_created",
        *("user_changed", "user_suspended", "user_changed", "user_locked", "user_changed"),
        "user_deleted",
    ]


def test_only_enabled_handlers_of_the_event_are_called(panel, receiver):
    made = handle(panel, receiver.url, "user_deleted")
    other = handle(panel, f"{receiver.url}/off", "user_created", is_enabled=False)
    panel.create_user()
    assert deliveries(panel) == []
    panel.call("PATCH", f"event_handlers/{other['id']}", {"is_enabled": True})
    panel.create_user()
    panel.call("DELETE", f"event_handlers/{made['id']}")
    panel.call("DELETE", f"event_handlers/{other['id']}")
    assert [task["status"] for task in deliver(panel)] == ["canceled"]
    assert receiver.asked == []


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_refusal_fails_the_task(panel, receiver, status):
    receiver.answer = lambda _: (status, {}, b"no")
    handle(panel, receiver.url, "user_created")
    panel.create_user()
    (task,) = deliver(panel)
    assert (task["status"], task["output"]) == ("failed", f"HTTP {status}")


def test_nobody_there_fails_the_task(panel, receiver):
    receiver.stop()
    handle(panel, receiver.url, "user_created")
    panel.create_user()
    (task,) = deliver(panel)
    assert task["status"] == "failed"
    assert "Connect" in task["output"]
    (entry,) = panel.journal.read(kind="webhook")
    assert entry.status is None


def test_no_response_fails_the_task(panel, receiver, monkeypatch):
    monkeypatch.setattr("mock_solusio.traffic.webhooks.TIMEOUT", 0.05)
    receiver.answer = lambda _: receiver.released.wait() and None
    handle(panel, receiver.url, "user_created")
    panel.create_user()
    (task,) = deliver(panel)
    assert (task["status"], task["output"]) == ("failed", "No response within 0.05 seconds.")


def hops(count: int) -> Callable[[Asked], Response]:
    """Redirect so many times; the target says how often it was."""

    def answer(asked: Asked) -> Response:
        number = int(urlsplit(asked.target).path.strip("/") or 0)
        return OK if number == count else (307, {"Location": f"/{number + 1}?event=x"}, b"")

    return answer


@pytest.mark.parametrize(("count", "status"), [(REDIRECTS, "done"), (REDIRECTS + 1, "failed")])
def test_up_to_five_redirects_are_followed(panel, receiver, count, status):
    receiver.answer = hops(count)
    handle(panel, receiver.url, "user_created")
    panel.create_user()
    (task,) = deliver(panel)
    assert task["status"] == status
    assert [asked.method for asked in receiver.asked] == ["POST"] * (REDIRECTS + 1)


@pytest.mark.parametrize("place", ["http://192.0.2.1/", "http://example.invalid/hook"])
def test_other_hosts_are_not_reached_not_even_by_redirect(panel, receiver, place):
    handle(panel, place, "user_created")
    receiver.answer = lambda _: (302, {"Location": place}, b"")
    handle(panel, receiver.url, "user_created")
    panel.create_user()
    assert [task["status"] for task in deliver(panel)] == ["failed", "failed"]
    assert all("--webhooks-anywhere" in task["output"] for task in deliveries(panel))


def test_each_request_is_in_the_journal(panel, receiver):
    handle(panel, f"{receiver.url}/hook", "user_created", parameters={"token": "s3cret-of-the-shop"})
    panel.create_user()
    deliver(panel)
    (entry,) = panel.journal.read(kind="webhook")
    assert (entry.method, entry.status, entry.path) == ("POST", 204, f"{receiver.url}/hook")
    assert entry.notes == (f"user_created for the event handler of {receiver.url}/hook",)
    assert "event=user_created" in entry.query
    assert "s3cret" not in repr(entry)


def fault(panel: Solusio, **body: Any) -> None:
    panel.mock.faults.add_json(json.dumps({"kind": "webhook", **body}).encode())


def test_a_lost_webhook_looks_sent(panel, receiver):
    handle(panel, receiver.url, "user_created")
    fault(panel, delivery="lost")
    panel.create_user()
    panel.create_user()
    assert [task["status"] for task in deliver(panel)] == ["done", "done"]
    assert len(receiver.asked) == 1
    lost, _ = panel.journal.read(kind="webhook")
    assert "lost" in lost.notes[1]


def test_a_late_webhook_waits(panel, receiver):
    handle(panel, receiver.url, "user_created")
    fault(panel, delivery="late", delay=300)
    panel.create_user()
    panel.clock.advance(SECOND)
    until(panel, lambda: panel.call("GET", "tasks?filter[status]=pending"))
    assert receiver.asked == []
    assert [task["status"] for task in deliver(panel, 300)] == ["done"]
    assert len(receiver.asked) == 1


def test_a_webhook_that_comes_twice(panel, receiver):
    handle(panel, receiver.url, "user_created")
    fault(panel, delivery="twice", event="user_*")
    panel.create_user()
    deliver(panel)
    first, second = receiver.asked
    assert first.target == second.target


def test_webhooks_out_of_order(panel, receiver):
    handle(panel, receiver.url, "user_created")
    fault(panel, delivery="out-of-order")
    users = [panel.create_user()["id"], panel.create_user()["id"]]
    panel.clock.advance(SECOND)
    until(panel, lambda: len(receiver.asked) == 2)
    assert [parameters(asked)["user_id"] for asked in receiver.asked] == [str(one) for one in reversed(users)]


def test_a_webhook_that_none_overtakes_goes_after_a_minute(panel, receiver):
    handle(panel, receiver.url, "user_created")
    fault(panel, delivery="out-of-order")
    panel.create_user()
    panel.clock.advance(SECOND)
    until(panel, lambda: panel.call("GET", "tasks?filter[status]=pending"))
    assert [task["status"] for task in deliver(panel, 60)] == ["done"]


def test_a_slow_receiver_holds_up_no_request(panel, receiver):
    receiver.answer = lambda _: receiver.released.wait() and OK
    handle(panel, receiver.url, "user_created")
    panel.create_user()
    panel.clock.advance(SECOND)
    until(panel, lambda: receiver.asked)
    assert panel.create_user()["id"]
    receiver.released.set()
    until(panel, lambda: not open_tasks(panel))


def test_what_was_not_sent_is_sent_after_a_restart(receiver, tmp_path):
    options = {"file": tmp_path / "state.db", "seed": "webhooks"}
    with started(Options(clock=Clock(START, speed=0), **options)) as panel:
        handle(panel, receiver.url, "user_created")
        panel.create_user()
    assert receiver.asked == []
    with started(Options(clock=Clock(START + SECOND, speed=0), **options)) as panel:
        until(panel, lambda: deliveries(panel)[0]["status"] == "done")
    assert len(receiver.asked) == 1


def test_a_name_is_taken_once(panel, receiver):
    made = handle(panel, receiver.url, "user_created")
    other = handle(panel, f"{receiver.url}/2", "user_created")
    refused = panel.client.post("event_handlers", json={**made, "id": None, "url": receiver.url})
    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["name"]
    renamed = panel.client.put(f"event_handlers/{other['id']}", json={"name": made["name"]})
    assert renamed.status_code == 422
    assert panel.client.put(f"event_handlers/{made['id']}", json={"name": made["name"]}).status_code == 200


@pytest.mark.parametrize(
    ("member", "value"),
    [("url", "ftp://127.0.0.1/"), ("url", ""), ("events", []), ("events", ["nonsense"]), ("parameters", [1])],
)
def test_what_is_wrong_is_named(panel, member, value):
    body = {"name": "a", "url": "http://127.0.0.1/", "events": ["user_created"], member: value}
    refused = panel.client.post("event_handlers", json=body)
    assert refused.status_code == 422
    assert next(iter(refused.json()["errors"])).partition(".")[0] == member
