"""Tasks progress with the clock (facts, section 8)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.records.tasks import Task
from mock_solusio.moment import SECOND


def test_figures_are_integers_and_grow(api, wait):
    key = api.post("servers", {"name": "web"}).data["id"]
    seen = []
    for _ in range(35):
        task = api.get("tasks/1").data
        assert type(task["progress"]) is int
        assert type(task["duration"]) is int
        assert api.get(f"servers/{key}").data["progress"] == task["progress"] % 100
        seen.append((task["status"], task["progress"], task["duration"]))
        wait(0.1)
    assert {status for status, _, _ in seen} == {"running", "done"}
    assert all(before[1:] <= after[1:] for before, after in pairwise(seen))
    assert seen[0][1:] == (0, 0)
    assert seen[-1] == ("done", 100, 3)


def test_tasks_of_a_server_follow_each_other(api, server, wait):
    key = server()
    before = api.get("tasks").json["meta"]["total"]
    ids = [api.post(f"servers/{key}/{verb}").data["id"] for verb in ("stop", "start", "restart")]
    states = []
    for _ in range(6):
        states.append([api.get(f"tasks/{one}").data["status"] for one in ids])
        wait(1)
    assert states == [
        ["running", "pending", "pending"],
        ["running", "pending", "pending"],
        ["done", "running", "pending"],
        ["done", "done", "running"],
        ["done", "done", "running"],
        ["done", "done", "done"],
    ]
    moments = [api.get(f"tasks/{one}").data for one in ids]
    assert moments[0]["finished_at"] == moments[1]["started_at"]
    assert api.get("tasks").json["meta"]["total"] == before + 3


def test_tasks_of_two_servers_do_not_wait_for_each_other(api, server):
    first, second = server(), server()
    for key in (first, second):
        assert api.post(f"servers/{key}/stop").data["status"] == "running"


def test_a_great_leap_does_all_in_order(api, server, wait):
    key = server()
    for verb in ("stop", "start", "suspend", "resume", "stop"):
        api.post(f"servers/{key}/{verb}")
    wait(30 * 86400)
    assert api.get(f"servers/{key}").data["status"] == "stopped"
    assert api.get("tasks?filter[status]=done").json["meta"]["total"] == 6
    assert api.get("tasks?filter[status]=pending").data == []


def test_filters(api, server, wait):
    first, second = server(), server(compute_resource=2)
    api.post(f"servers/{first}/stop")
    api.post(f"servers/{first}/start")

    def total(query: str) -> int:
        return api.get(f"tasks?{query}").json["meta"]["total"]

    assert total("filter%5Baction%5D=vm-create") == 2
    assert total("filter[status]=pending") == 1
    assert total("filter[status]=running") == 1
    assert total("filter[compute_resource_id]=2") == 1
    assert total(f"filter[compute_resource_vm_id]={first}") == 3
    assert total(f"filter[compute_resource_vm_id]={second}&filter[action]=vm-stop") == 0
    assert api.get("tasks?filter[status]=nonsense").status == 422
    api.delete(f"servers/{first}")
    wait(10)
    assert total(f"filter[compute_resource_vm_id]={first}") == 4, "tasks outlive their server"
    assert api.get("tasks/999").status == 404


@given(
    st.integers(0, 10 * SECOND),
    st.integers(1, 10 * SECOND),
    st.lists(st.integers(0, 30 * SECOND), min_size=2),
)
def test_progress_never_goes_back(start, length, moments):
    task = Task(
        action="vm-start",
        server_id=1,
        user_id=1,
        compute_resource_id=1,
        status="running",
        created_at=0,
        started_at=start,
        finished_at=start + length,
        is_open=True,
    )
    shown = [task.progress(moment) for moment in sorted(moments) if start <= moment < start + length]
    assert all(0 <= one < 100 for one in shown)
    assert shown == sorted(shown)
