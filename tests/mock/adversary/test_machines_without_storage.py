"""A machine whose storage is gone takes no servers: their disks would be nowhere."""

from typing import Any

import pytest

from mock_solusio.app import Mock
from mock_solusio.moment import HOUR


def storage_of(api: Any, machine: int) -> int:
    (storage,) = api.get(f"compute_resources/{machine}/storages").data
    return int(storage["id"])


def test_a_machine_without_storage_takes_no_server(api):
    location = api.get("locations").data[0]
    machines = [one["id"] for one in location["compute_resources"]]
    for machine in machines:
        for storage in api.get(f"compute_resources/{machine}/storages").data:
            assert api.delete(f"storages/{storage['id']}").status == 204
    refused = api.post("servers", {"name": "web", "location": location["id"]})
    assert (refused.status, list(refused.errors)) == (422, ["location"])
    named = api.post("servers", {"name": "web", "compute_resource": machines[0]})
    assert (named.status, list(named.errors)) == (422, ["compute_resource"])


def test_the_disks_of_every_server_can_be_shown(api):
    machine = api.get("compute_resources").data[0]["id"]
    server = api.post("servers", {"name": "web", "compute_resource": machine}).data["id"]
    assert api.delete(f"storages/{storage_of(api, machine)}").status == 409
    assert api.get(f"servers/{server}/disks").status == 200


@pytest.fixture
def place(api: Any) -> int:
    """A location that no server is at."""
    return int(api.post("locations", {"name": "elsewhere"}).data["id"])


@pytest.fixture
def moving(mock: Mock, api: Any, place: int) -> tuple[int, int]:
    """Return a server that is on its way, and the machine it goes to."""
    source = api.get("compute_resources").data[0]["id"]
    machine = {"name": "new", "host": "192.0.2.9", "agent_port": 8080, "locations": [place]}
    destination = api.post("compute_resources", machine).data["id"]
    server = api.post("servers", {"name": "web", "compute_resource": source}).data["id"]
    mock.clock.advance(HOUR)
    wanted = {"destination_compute_resource_id": destination, "servers": [server], "preserve_ips": True}
    assert api.post("servers_migrations", wanted).status == 201
    return server, destination


@pytest.mark.parametrize("gone", ["machine", "storage", "location"])
def test_what_a_moving_server_needs_may_be_deleted_meanwhile(mock, api, place, moving, gone):
    server, destination = moving
    storage = storage_of(api, destination)
    if gone == "location":
        api.put(f"compute_resources/{destination}", {"locations": []})
    paths = {
        "machine": f"compute_resources/{destination}",
        "storage": f"storages/{storage}",
        "location": f"locations/{place}",
    }
    assert api.delete(paths[gone]).status == 204
    mock.clock.advance(HOUR)
    assert api.get(f"servers/{server}").data["location"]["id"] != place
    assert api.get(f"servers/{server}/disks").status == 200
    assert api.get("tasks?filter[action]=vm-migrate").data[0]["status"] == "failed"


def test_no_server_moves_to_a_machine_without_storage(mock, api):
    source, destination = (one["id"] for one in api.get("compute_resources").data[:2])
    server = api.post("servers", {"name": "web", "compute_resource": source}).data["id"]
    mock.clock.advance(HOUR)
    assert api.delete(f"storages/{storage_of(api, destination)}").status == 204
    refused = api.post(
        "servers_migrations", {"destination_compute_resource_id": destination, "servers": [server]}
    )
    assert (refused.status, list(refused.errors)) == (422, ["destination_compute_resource_id"])
