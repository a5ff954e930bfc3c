"""ISO images: facts, section 9."""

IMAGE = {"name": "rescue", "iso_url": "https://images.example/rescue.iso"}


def names(answer):
    assert answer.status == 200, answer
    return [row["name"] for row in answer.data]


def test_a_customers_own_is_private(api, person):
    ada, eve = person("ada"), person("eve")
    made = ada.post("iso_images", {**IMAGE, "visibility": "public"}).data
    assert made["visibility"] == "private"
    assert made["size"] > 0
    assert made["user"] == {"id": ada.id, "email": ada.email}
    place = f"iso_images/{made['id']}"
    assert names(ada.get("iso_images")) == ["Debian 13 netinst", "rescue"]
    assert names(eve.get("iso_images")) == ["Debian 13 netinst"]
    assert names(api.get("iso_images")) == ["Debian 13 netinst", "rescue"]
    assert names(ada.get("iso_images?filter[search]=RES")) == ["rescue"]
    for refused in (
        eve.get(place),
        eve.put(place, IMAGE),
        eve.delete(place),
        ada.put("iso_images/1", IMAGE),
        ada.delete("iso_images/1"),
    ):
        assert refused.status == 403
    assert ada.put(place, {"name": "mine", "visibility": "public"}).data["visibility"] == "private"
    assert ada.delete(place).status == 204


def test_pages_of_a_customer(person):
    ada = person("ada")
    for number in range(4):
        ada.post("iso_images", {**IMAGE, "name": f"rescue {number}"})
    page = ada.get("iso_images?per_page=2&page=2").json
    assert [one["name"] for one in page["data"]] == ["rescue 1", "rescue 2"]
    assert (page["meta"]["total"], page["meta"]["last_page"]) == (5, 3)


def test_one_that_a_server_boots_from_stays(api, order):
    made = order()
    booted = api.post(f"servers/{made['id']}/boot", {"mode": "iso", "iso_image_id": 1})
    assert booted.status == 200, booted
    assert api.delete("iso_images/1").status == 409


def test_limits_of_a_customer(api, person):
    group = api.post("limit_groups", {"name": "few", "iso_images": {"is_enabled": True, "limit": 1}}).data[
        "id"
    ]
    ada = person("ada", limit_group_id=group)
    first = ada.post("iso_images", IMAGE).data
    refused = ada.post("iso_images", IMAGE)
    assert (refused.status, refused.message) == (422, "The limit of 1 ISO images is reached.")
    assert list(refused.errors) == ["iso_images"]
    assert names(ada.get("iso_images")) == ["Debian 13 netinst", "rescue"]
    # The operator's own are not counted.
    assert api.post("iso_images", IMAGE).status == 201
    assert ada.delete(f"iso_images/{first['id']}").status == 204
    assert ada.post("iso_images", IMAGE).status == 201


def test_limits_of_size(api, person):
    limit = {"is_enabled": True, "limit": 1}
    group = api.post("limit_groups", {"name": "small", "iso_images_size": limit}).data["id"]
    refused = person("ada", limit_group_id=group).post("iso_images", IMAGE)
    assert list(refused.errors) == ["iso_images_size"]
