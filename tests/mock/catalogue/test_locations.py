"""Locations: facts, section 9."""


def ids(answer):
    assert answer.status == 200, answer
    return [row["id"] for row in answer.data]


def test_what_does_not_exist_is_refused_and_nothing_is_kept(api):
    for field, value, name in (
        ("icon_id", 99, "icon_id"),
        ("compute_resources", [1, 99], "compute_resources.1"),
        ("available_plans", [99], "available_plans.0"),
    ):
        refused = api.post("locations", {"name": "Oslo", field: value})
        assert list(refused.errors) == [name]
    assert api.get("locations").json["meta"]["total"] == 2
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


def test_customers_see_the_visible_ones_without_machines(api, person):
    ada = person("ada")
    api.patch("locations/2", {"is_visible": False})
    assert ids(ada.get("locations")) == [1]
    assert ids(api.get("locations")) == [1, 2]
    assert ada.get("locations/2").status == 404
    shown = ada.get("locations/1").data
    assert shown["compute_resources"] == []
    assert api.get("locations/1").data["compute_resources"] != []


def test_search(api):
    assert ids(api.get("locations?filter[search]=york")) == [2]
