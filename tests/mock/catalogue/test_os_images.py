"""Operating systems and their versions: facts, section 9."""

import pytest

VERSION = {"version": "13.1", "url": "https://images.example/debian.qcow2"}


def ids(answer):
    assert answer.status == 200, answer
    return [row["id"] for row in answer.data]


def test_images_come_with_their_versions(api):
    images = api.get("os_images").data
    assert [one["name"] for one in images] == ["Debian", "Ubuntu", "AlmaLinux", "Windows"]
    assert [version["version"] for version in images[1]["versions"]] == ["22.04", "24.04"]
    assert {version["cloud_init_version"] for version in images[3]["versions"]} == {"cloudbase"}
    assert api.get("os_images/2").data == images[1]
    listed = api.get("os_images/2/versions").json
    assert listed == {"data": images[1]["versions"]}


def test_an_image_lives_and_dies(api):
    made = api.post("os_images", {"name": "Alpine", "icon_id": 1, "is_visible": False})
    assert made.status == 201
    image = made.data
    assert (image["versions"], image["is_visible"], image["position"]) == ([], False, 5)
    place = f"os_images/{image['id']}"
    changed = api.put(place, {"name": "Alpine Linux", "icon_id": None})
    assert (changed.status, changed.data["name"], changed.data["icon"]) == (200, "Alpine Linux", None)
    assert api.patch(place, {"position": 1, "is_default": True}).data["is_default"] is True
    assert [one["name"] for one in api.get("os_images").data if one["is_default"]] == ["Alpine Linux"]
    version = api.post(f"{place}/versions", VERSION).data["id"]
    assert api.delete(place).status == 204
    assert api.get(place).status == 404
    assert api.get(f"os_image_versions/{version}").status == 404


def test_a_version_lives_and_dies(api):
    made = api.post("os_images/1/versions", {**VERSION, "available_plans": [1, {"id": 2, "name": "as text"}]})
    assert made.status == 201
    version = made.data
    assert version["version"] == "13.1"
    assert version["os_image_id"] == 1
    assert (version["virtualization_type"], version["cloud_init_version"]) == ("kvm", "v2")
    assert (version["is_visible"], version["is_ssh_keys_supported"], version["position"]) == (True, True, 3)
    assert [one["id"] for one in version["available_plans"]] == [1, 2]
    assert api.get("plans/2").data["available_os_image_versions"] == [
        {"id": version["id"], "name": "Debian 13.1"}
    ]
    place = f"os_image_versions/{version['id']}"
    assert api.get(place).data == version
    changed = api.put(place, {**VERSION, "version": "13.2", "cloud_init_version": "v2-debian10"})
    assert (changed.status, changed.data["version"]) == (200, "13.2")
    assert changed.data["available_plans"] == version["available_plans"]
    assert api.patch(place, {"position": 7, "is_visible": False}).data["position"] == 7
    assert api.delete(place).status == 204
    assert api.get(place).status == 404
    assert api.get("plans/2").data["available_os_image_versions"] == []


@pytest.mark.parametrize("wrong", [{"version": 13}, {"url": ""}, {"virtualization_type": "xen"}])
def test_a_wrong_version_is_refused(api, wrong):
    assert list(api.post("os_images/1/versions", {**VERSION, **wrong}).errors) == list(wrong)
    assert list(api.put("os_image_versions/1", wrong).errors) == list(wrong)


def test_unknown_plans_of_a_version(api):
    refused = api.post("os_images/1/versions", {**VERSION, "available_plans": [1, 99]})
    assert list(refused.errors) == ["available_plans.1"]
    assert len(api.get("os_images/1/versions").data) == 2


def test_what_servers_use_stays(api, server):
    server(os=3)
    for path in ("os_image_versions/3", "os_images/2"):
        refused = api.delete(path)
        assert (refused.status, refused.message) == (
            409,
            "The OS image version cannot be deleted: 1 server uses it.",
        )
    # All or nothing, also of one image: its other version is still there.
    assert [one["version"] for one in api.get("os_images/2/versions").data] == ["22.04", "24.04"]


def test_several_images_go_together_or_not_at_all(api, server):
    server(os=3)
    refused = api.delete("os_images", {"ids": [1, 2]})
    assert (refused.status, refused.message.split(":")[0]) == (409, "Ubuntu")
    assert len(ids(api.get("os_images"))) == 4
    assert api.delete("os_images", {"ids": [1, 4]}).data == [1, 4]
    assert ids(api.get("os_images")) == [2, 3]


def test_customers_see_what_is_visible(api, customer):
    ada = customer("ada")
    api.patch("os_images/1", {"is_visible": False})
    api.patch("os_image_versions/3", {"is_visible": False})
    images = ada.get("os_images").data
    assert [one["name"] for one in images] == ["Ubuntu", "AlmaLinux", "Windows"]
    assert [one["id"] for one in images[0]["versions"]] == [4]
    assert ids(ada.get("os_images/2/versions")) == [4]
    hidden = ("os_images/1", "os_images/1/versions", "os_image_versions/1", "os_image_versions/3")
    for path in hidden:
        assert ada.get(path).status == 404
        assert api.get(path).status == 200
    assert ada.get("os_image_versions/4").status == 200
    for refused in (
        ada.post("os_images", {"name": "x"}),
        ada.delete("os_images", {"ids": [1]}),
        ada.put("os_images/2", {"name": "x"}),
        ada.patch("os_images/2", {"name": "x"}),
        ada.delete("os_images/2"),
        ada.post("os_images/2/versions", VERSION),
        ada.put("os_image_versions/4", VERSION),
        ada.patch("os_image_versions/4", VERSION),
        ada.delete("os_image_versions/4"),
    ):
        assert refused.status == 403
