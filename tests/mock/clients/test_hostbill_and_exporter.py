"""The HostBill converter (paging by `links.next`) and solus-io-exporter (requests, `Accept: */*`)."""

from typing import Any

import pytest


class HostBill:
    """Asks page after page until `links.next` is falsy; only then it looks no further."""

    def __init__(self, wire: Any, token: str, pages: int) -> None:
        self._wire = wire
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._pages = pages

    def all(self, path: str) -> list[Any]:
        rows: list[Any] = []
        for page in range(1, self._pages):
            answer = self._wire.send("GET", f"/api/v1/{path}?page={page}", self._headers)
            assert answer.status == 200, answer
            rows += answer.data
            if not answer.json["links"]["next"]:
                return rows
        raise AssertionError(f"{path} has no end")


@pytest.fixture(scope="module")
def hostbill(wire: Any, panel: Any, pages: int) -> HostBill:
    return HostBill(wire, panel.admin_token, pages)


@pytest.fixture(scope="module")
def fleet(panel: Any) -> list[int]:
    """More servers than one page has, and none on the page after the last."""
    user, plan = panel.create_user()["id"], panel.create_plan(name="fleet")["id"]
    order = {"user": user, "plan": plan, "ip_types": ["IPv4"]}
    made = [panel.create_server(wait=False, name=f"s{n}.example.com", **order) for n in range(30)]
    panel.settle()
    return [server["id"] for server in made]


def test_servers(hostbill, fleet):
    rows = hostbill.all("servers")
    assert [row["id"] for row in rows] == fleet
    assert {row["name"] for row in rows} == {f"s{number}.example.com" for number in range(30)}
    assert all(isinstance(row["user"]["id"], int) for row in rows)


def test_roles_are_found_by_name(hostbill):
    roles = {row["name"]: row["id"] for row in hostbill.all("roles")}
    assert {"ADMIN", "CLIENT"} <= roles.keys()


@pytest.mark.usefixtures("fleet")
def test_locations_and_plans(hostbill):
    for row in [*hostbill.all("locations"), *hostbill.all("plans")]:
        assert isinstance(row["is_visible"], bool)
    assert {row["virtualization_type"] for row in hostbill.all("plans")} <= {"kvm", "vz"}


def test_os_images_are_keyed_by_the_address_of_their_versions(hostbill):
    found = {}
    for image in hostbill.all("os_images"):
        for version in image["versions"]:
            assert version["virtualization_type"] in ("kvm", "vz")
            name = f"{image['name']} {version['version']}"
            found[version["virtualization_type"], version["url"]] = (version["id"], name, image["is_visible"])
    assert found


def test_a_compute_resource_leads_to_a_visible_location(hostbill):
    """The converter puts servers at the first visible location of their machine."""
    at = {}
    for machine in hostbill.all("compute_resources"):
        for location in machine["locations"]:
            if location["is_visible"]:
                at[machine["name"]] = location["id"]
                break
    visible = {row["id"] for row in hostbill.all("locations") if row["is_visible"]}
    assert at
    assert set(at.values()) <= visible


def test_imports_of_a_cluster(hostbill, wire, panel):
    """Without an import the converter asks its user for one, and stops at an unknown one."""
    assert hostbill.all("cluster_imports") == []
    headers = {"Authorization": f"Bearer {panel.admin_token}", "Accept": "application/json"}
    for path in ("cluster_imports/1", "cluster_imports/1/entities/servers?page=1"):
        assert wire.send("GET", f"/api/v1/{path}", headers).status == 404


# solus-io-exporter


def test_the_exporter_counts(wire, panel, fleet, wait):
    headers = {
        "User-Agent": "python-requests/2.31.0",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
        "Connection": "keep-alive",
        "Authorization": f"Bearer {panel.admin_token}",
    }

    def count(path: str) -> int:
        answer = wire.send("GET", f"/api/v1/{path}", headers)
        assert answer.status == 200, answer
        return len(answer.data)

    assert count("compute_resources") == 2
    assert count("servers") == 15  # it does not know of pages
    for brackets in ("[status]", "%5Bstatus%5D"):
        assert count(f"tasks?filter{brackets}=pending") == 0
        assert count(f"tasks?filter{brackets}=failed") == 0
    for action in ("stop", "start"):
        panel.call("POST", f"servers/{fleet[0]}/{action}")
    assert count("tasks?filter[status]=running") == 1
    assert count("tasks?filter[status]=pending") == 1  # the second waits for the first
    wait(60)
    assert count("tasks?filter[status]=pending") == 0
    assert wire.send("GET", "/api/v1/updates", headers).data["status"] == "up to date"
