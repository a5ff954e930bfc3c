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


@pytest.mark.parametrize("wrong", [{"version": 13}, {"url": ""}, {"virtualization_type": "xen"}])
def test_a_wrong_version_is_refused(api, wrong):
    assert list(api.post("os_images/1/versions", {**VERSION, **wrong}).errors) == list(wrong)
    assert list(api.put("os_image_versions/1", wrong).errors) == list(wrong)


def test_unknown_plans_of_a_version(api):
    refused = api.post("os_images/1/versions", {**VERSION, "available_plans": [1, 99]})
    assert list(refused.errors) == ["available_plans.1"]
    assert len(api.get("os_images/1/versions").data) == 2


def test_an_image_goes_with_its_versions_or_stays_with_them(api, order):
    image = api.create("os_images", name="Alpine")["id"]
    version = api.create(f"os_images/{image}/versions", **VERSION, available_plans=[2])["id"]
    shown = api.get("plans/2").data["available_os_image_versions"]
    assert shown == [{"id": version, "name": "Alpine 13.1"}]
    order(os=3)
    assert api.delete("os_images/2").status == 409
    # All or nothing, also within one image: its other version still exists.
    assert [one["version"] for one in api.get("os_images/2/versions").data] == ["22.04", "24.04"]
    assert api.delete(f"os_images/{image}").status == 204
    assert api.get(f"os_image_versions/{version}").status == 404
    assert api.get("plans/2").data["available_os_image_versions"] == []


def test_several_images_go_together_or_not_at_all(api, order):
    order(os=3)
    refused = api.delete("os_images", {"ids": [1, 2]})
    assert (refused.status, refused.message.split(":")[0]) == (409, "Ubuntu")
    assert len(ids(api.get("os_images"))) == 4
    assert api.delete("os_images", {"ids": [1, 4]}).data == [1, 4]
    assert ids(api.get("os_images")) == [2, 3]


def test_customers_see_what_is_visible(api, person):
    ada = person("ada")
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
