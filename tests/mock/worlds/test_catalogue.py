"""Fixtures of what servers are made from, which a server can then be made from."""

import pytest


def load(control, **world):
    return control("POST", "/_mock/fixtures", world)


def test_a_server_is_made_from_nothing_else(api, control):
    made = load(
        control,
        icons=[
            {"name": "Norway", "type": "flags"},
            {"name": "Fedora", "type": "os", "url": "https://a.example/f.svg"},
        ],
        compute_resources=[{"name": "OSL 1", "ip_blocks": []}],
        ip_blocks=[
            {"name": "four", "network": "198.51.100.0/24", "compute_resources": ["OSL 1"]},
            {"name": "six", "network": "2001:db8:7::/48", "compute_resources": ["OSL 1"]},
        ],
        locations=[{"name": "Oslo", "icon": "Norway", "compute_resources": ["OSL 1"]}],
        os_images=[
            {"name": "Fedora", "versions": [{"version": "42"}, {"version": "7", "virtualization_type": "vz"}]}
        ],
        applications=[{"name": "Nextcloud"}],
        users=[{"email": "ann@example.com"}],
        servers=[
            {"name": "web", "user": "ann@example.com", "location": "Oslo", "os": "Fedora 42"},
            {"name": "cloud", "user": "ann@example.com", "location": "Oslo", "application": "Nextcloud"},
        ],
    )
    assert made.status == 201
    counts = {kind: len(ids) for kind, ids in made.json["data"]["made"].items()}
    assert counts == {
        **{"icons": 2, "compute_resources": 1, "ip_blocks": 2, "locations": 1, "os_images": 1},
        **{"os_image_versions": 2, "applications": 1, "users": 1, "servers": 2},
    }
    web, cloud = (api.get(f"servers/{key}").data for key in made.json["data"]["made"]["servers"])
    assert (web["compute_resource"]["name"], web["compute_resource"]["host"]) == (
        "OSL 1",
        "osl-1.solus.example",
    )
    assert web["location"]["icon"]["name"] == "Norway"
    assert web["settings"]["os_image"]["name"] == "Fedora 42"
    assert [ip["ip"] for ip in web["ip_addresses"]["ipv4"]] == ["198.51.100.2"]
    assert [ip["ip"] for ip in cloud["ip_addresses"]["ipv4"]] == ["198.51.100.3"]
    assert web["ip_addresses"]["ipv6"][0]["primary_ip"].startswith("2001:db8:7:")
    image = api.get("os_images?filter[search]=Fedora").data[0]
    assert (image["icon"]["name"], image["icon"]["url"]) == ("Fedora", "https://a.example/f.svg")
    assert [(one["version"], one["virtualization_type"]) for one in image["versions"]] == [
        ("42", "kvm"),
        ("7", "vz"),
    ]


def test_everything_has_an_icon(api, control):
    """Clients read `icon.url` of each without looking whether there is one."""
    assert (
        load(
            control,
            locations=[{"name": "Oslo"}, {"name": "Germany"}, {"name": "bare", "more": {"icon_id": None}}],
            os_images=[{"name": "Debian"}, {"name": "Other"}],
            applications=[{"name": "WordPress"}, {"name": "Other"}],
        ).status
        == 201
    )

    def icons(path):
        return [one["icon"] and one["icon"]["name"] for one in api.get(path).data]

    assert icons("locations")[2:] == ["Germany", "Germany", None]
    assert icons("os_images")[-2:] == ["Debian", "Debian"]
    assert icons("applications")[-2:] == ["WordPress", "WordPress"]


def test_what_is_new_serves_what_was_there(api, control):
    made = load(
        control, compute_resources=[{"name": "new"}], ip_blocks=[{"name": "b", "network": "198.51.100.0/24"}]
    )
    (key,) = made.json["data"]["made"]["compute_resources"]
    blocks = [block["name"] for block in api.get(f"compute_resources/{key}").data["ip_blocks"]]
    assert "b" in blocks
    assert len(blocks) > 1
    block = api.get(f"ip_blocks/{made.json['data']['made']['ip_blocks'][0]}").data
    assert (block["gateway"], block["netmask"]) == ("198.51.100.1", "255.255.255.0")
    assert (block["from"], block["to"]) == ("198.51.100.2", "198.51.100.254")
    assert len(block["compute_resources"]) == len(api.get("compute_resources").data)


def test_a_block_may_have_a_part_of_its_network(api, control):
    block = {
        "name": "b",
        "network": "198.51.100.0/24",
        "gateway": "198.51.100.254",
        "more": {"to": "198.51.100.9"},
    }
    made = load(control, ip_blocks=[block])
    shown = api.get(f"ip_blocks/{made.json['data']['made']['ip_blocks'][0]}").data
    assert (shown["gateway"], shown["from"], shown["to"]) == (
        "198.51.100.254",
        "198.51.100.2",
        "198.51.100.9",
    )


@pytest.mark.parametrize(
    ("world", "place", "text"),
    [
        (
            {"ip_blocks": [{"name": "b", "network": "everything"}]},
            "ip_blocks[0].network",
            "expected a network such as",
        ),
        (
            {"ip_blocks": [{"name": "b", "network": "198.51.100.7/24"}]},
            "ip_blocks[0].network",
            "expected a network such",
        ),
        (
            {"ip_blocks": [{"name": "b", "network": "198.51.100.0/31"}]},
            "ip_blocks[0].network",
            "expected a network of",
        ),
        (
            {"ip_blocks": [{"name": "b", "network": "198.51.100.0/24", "gateway": "x"}]},
            "ip_blocks[0].gateway",
            "The gateway",
        ),
        ({"locations": [{"name": "l", "icon": "no"}]}, "locations[0].icon", "there is no icon 'no'"),
        (
            {"locations": [{"name": "l", "compute_resources": ["no"]}]},
            "locations[0].compute_resources[0]",
            "there is no compute resource 'no'",
        ),
        (
            {"compute_resources": [{"name": "c", "ip_blocks": [99]}]},
            "compute_resources[0].ip_blocks[0]",
            "there is no IP",
        ),
        (
            {"os_images": [{"name": "o", "versions": [{"version": "1", "more": {"url": "x"}}]}]},
            "os_images[0].versions[0].more.url",
            "has its own place outside",
        ),
        (
            {"applications": [{"name": "a", "more": {"json_schema": "{"}}]},
            "applications[0].json_schema",
            "The json",
        ),
        ({"icons": [{"name": "i", "type": "emoji"}]}, "icons[0].type", "expected one of"),
    ],
)
def test_errors_name_their_place(api, control, world, place, text):
    before = api.get("os_images").data
    refused = control.ask("POST", "/_mock/fixtures", world)
    assert refused.status == 422
    assert list(refused.errors) == [place]
    assert refused.errors[place][0].startswith(text)
    assert api.get("os_images").data == before
