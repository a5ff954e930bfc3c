"""Applications, icons and storage types: facts, sections 2 and 9."""

import json

import pytest


def test_the_json_schema_is_a_text_with_an_object(api):
    (wordpress,) = api.get("applications").data
    asked = json.loads(wordpress["json_schema"])
    assert set(asked["required"]) <= set(asked["properties"])
    assert wordpress["is_buildin"] is True
    assert wordpress["login_link"]["type"] == "url"


def test_what_the_go_sdk_sends_for_nothing(api):
    body = {
        "name": "bare",
        "url": "",
        "icon_id": 0,
        "cloud_init_version": "",
        "user_data_template": "",
        "json_schema": "",
        "is_visible": False,
        "login_link": {"type": "", "content": ""},
    }
    shown = api.post("applications", body).data
    assert shown["icon"] is None
    assert shown["login_link"] == {"type": "none", "content": ""}
    assert json.loads(shown["json_schema"]) == {"required": [], "properties": {}}


@pytest.mark.parametrize("text", ["fake", "[]", "7", '{"a": '])
def test_a_json_schema_that_is_none(api, text):
    refused = api.post("applications", {"name": "x", "json_schema": text})
    assert list(refused.errors) == ["json_schema"]


def test_what_stays(api, order):
    refused = api.delete("applications/1")
    assert refused.status == 409
    made = api.post("applications", {"name": "Forum"}).data["id"]
    order(application=made)
    refused = api.delete(f"applications/{made}")
    assert (refused.status, refused.message) == (
        409,
        "The application cannot be deleted: it is in use by 1 server.",
    )


def test_customers_see_what_is_visible(api, person):
    ada = person("ada")
    hidden = api.post("applications", {"name": "Forum", "is_visible": False}).data["id"]
    assert [one["name"] for one in ada.get("applications").data] == ["WordPress"]
    assert ada.get(f"applications/{hidden}").status == 404


def test_icons(person):
    ada = person("ada")
    icons = ada.get("icons?per_page=100").data
    assert {one["type"] for one in icons} == {"os", "application", "flags"}
    assert [one["name"] for one in ada.get("icons?filter[type]=flags").data] == ["Germany", "United States"]
    assert [one["name"] for one in ada.get("icons?filter[search]=debian").data] == ["Debian"]
    assert ada.get("icons?filter[type]=other").data == []
    assert ada.get("icons/1").data == icons[0]
    assert ada.get("icons/99").status == 404


def test_storage_types(person):
    answer = person("ada").get("storage_types")
    assert set(answer.json) == {"data"}
    formats = {one["name"]: one["formats"] for one in answer.data}
    assert set(formats) == {"fb", "lvm", "thinlvm", "nfs", "vz"}
    assert formats["vz"] == ["ploop"]
