"""Locations: facts, section 9."""


def ids(answer):
    assert answer.status == 200, answer
    return [row["id"] for row in answer.data]


def test_a_location_lives_and_dies(api):
    made = api.post(
        "locations", {"name": "Oslo", "description": "Norway", "icon_id": 6, "compute_resources": [2]}
    )
    assert made.status == 201
    oslo = made.data
    assert oslo["icon"]["name"] == "Germany"
    assert (oslo["is_default"], oslo["is_visible"], oslo["position"]) == (False, True, 3)
    assert [one["name"] for one in oslo["compute_resources"]] == ["nyc-1"]
    assert oslo["available_plans"] == []
    place = f"locations/{oslo['id']}"
    assert api.get(place).data == oslo
    changed = api.put(place, {"name": "Bergen", "description": None, "icon_id": None, "is_visible": False})
    assert changed.status == 200
    assert (changed.data["name"], changed.data["description"], changed.data["icon"]) == ("Bergen", "", None)
    assert [one["name"] for one in changed.data["compute_resources"]] == ["nyc-1"]
    assert api.patch(place, {"position": 1.5}).data["position"] == 1.5
    assert api.delete(place).status == 204
    assert api.get(place).status == 404
    assert {"id": oslo["id"], "name": "Bergen"} not in api.get("compute_resources/2").data["locations"]


def test_what_does_not_exist_is_refused_and_nothing_is_kept(api):
    for field, value, name in (
        ("icon_id", 99, "icon_id"),
        ("compute_resources", [1, 99], "compute_resources.1"),
        ("available_plans", [99], "available_plans.0"),
    ):
        refused = api.post("locations", {"name": "Oslo", field: value})
        assert list(refused.errors) == [name]
    assert api.get("locations").json["meta"]["total"] == 2
    assert list(api.post("locations", {}).errors) == ["name"]
    assert api.post("locations", {"name": "Oslo", "icon_id": 0}).data["icon"] is None


def test_available_plans_are_the_other_side_of_available_locations(api):
    api.put("plans/1", {"available_locations": [1]})
    assert api.get("locations/1").data["available_plans"] == [{"id": 1, "name": "1 Core, 1 GB RAM"}]
    changed = api.put("locations/1", {"available_plans": [2, 3]}).data
    assert [one["id"] for one in changed["available_plans"]] == [2, 3]
    assert api.get("plans/1").data["available_locations"] == []
    assert api.get("plans/2").data["available_locations"] == [{"id": 1, "name": "Frankfurt"}]
    assert api.delete("locations/1").status == 204
    assert api.get("plans/2").data["available_locations"] == []


def test_a_location_with_servers_stays(api, server):
    server(location=2)
    refused = api.delete("locations/2")
    assert (refused.status, refused.message) == (409, "The location cannot be deleted: 1 server uses it.")


def test_there_is_one_default(api):
    assert [one["is_default"] for one in api.get("locations").data] == [True, False]
    api.patch("locations/2", {"is_default": True})
    assert [one["is_default"] for one in api.get("locations").data] == [False, True]


def test_customers_see_the_visible_ones_without_machines(api, customer):
    ada = customer("ada")
    api.patch("locations/2", {"is_visible": False})
    assert ids(ada.get("locations")) == [1]
    assert ids(api.get("locations")) == [1, 2]
    assert ada.get("locations/2").status == 404
    shown = ada.get("locations/1").data
    assert shown["compute_resources"] == []
    assert api.get("locations/1").data["compute_resources"] != []
    for refused in (
        ada.post("locations", {"name": "x"}),
        ada.put("locations/1", {"name": "x"}),
        ada.patch("locations/1", {"name": "x"}),
        ada.delete("locations/1"),
    ):
        assert refused.status == 403


def test_search(api):
    assert ids(api.get("locations?filter[search]=york")) == [2]
