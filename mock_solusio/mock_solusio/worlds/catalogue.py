"""Fixtures of what servers are made from: icons, compute resources, IP blocks, locations and images."""

from collections.abc import Sequence
from ipaddress import IPv4Network, ip_network
from typing import Any

from mock_solusio.decoding import invalid
from mock_solusio.domain import applications, compute_resources, icons, ip_blocks, locations, os_images
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES
from mock_solusio.domain.records.images import ICONS
from mock_solusio.domain.records.networks import IP_BLOCKS
from mock_solusio.domain.world import Kind
from mock_solusio.worlds.builder import Builder, placed, request
from mock_solusio.worlds.schema import (
    ApplicationPart,
    IpBlockPart,
    LocationPart,
    OsImagePart,
    Reference,
    WorldPart,
)

_IMAGES = "https://images.example"


def add_icons(builder: Builder, world: WorldPart) -> None:
    """Create the icons of a world."""
    for part in world.icons:
        builder.note("icons", icons.create(builder.store, part.name, part.type, part.url))


def add_compute_resources(builder: Builder, world: WorldPart) -> None:
    """Create the compute resources of a world."""
    for index, part in enumerate(world.compute_resources):
        place = f"compute_resources[{index}]"
        body = {
            "name": part.name,
            "host": part.host or f"{part.name}.solus.example".replace(" ", "-").lower(),
            "ip_blocks": _ids(builder, IP_BLOCKS, part.ip_blocks, f"{place}.ip_blocks"),
        }
        with placed(place):
            made = compute_resources.create(builder.store, request("createComputeResource", body, part.more))
        builder.note("compute_resources", made)


def add_ip_blocks(builder: Builder, world: WorldPart) -> None:
    """Create the IP blocks of a world."""
    for index, part in enumerate(world.ip_blocks):
        place = f"ip_blocks[{index}]"
        body = {
            "name": part.name,
            **_addresses(part, f"{place}.network"),
            "compute_resources": _ids(
                builder, COMPUTE_RESOURCES, part.compute_resources, f"{place}.compute_resources"
            ),
        }
        # `more` may have another range than the whole network.
        body = {name: value for name, value in body.items() if name not in part.more}
        with placed(place):
            made = ip_blocks.create(builder.store, request("createIpBlock", body, part.more))
        builder.note("ip_blocks", made)


def _addresses(part: IpBlockPart, place: str) -> dict[str, Any]:
    """Return the members that follow from a network: its first address is the gateway."""
    try:
        network = ip_network(part.network)
    except ValueError as error:
        raise invalid(place, f"expected a network such as 198.51.100.0/24, got {part.network!r}") from error
    if network.num_addresses < 4:
        raise invalid(place, f"expected a network of at least 4 addresses, got {part.network}")
    body: dict[str, Any] = {"gateway": part.gateway or str(network[1])}
    if isinstance(network, IPv4Network):
        span = {"from": str(network[2]), "to": str(network[-2])}
        return {**body, "type": "IPv4", "netmask": str(network.netmask), **span}
    return {**body, "type": "IPv6", "range": str(network), "subnet": max(64, network.prefixlen)}


def add_locations(builder: Builder, world: WorldPart) -> None:
    """Create the locations of a world."""
    for index, part in enumerate(world.locations):
        place = f"locations[{index}]"
        hosts = _ids(builder, COMPUTE_RESOURCES, part.compute_resources, f"{place}.compute_resources")
        body = {"name": part.name, "compute_resources": hosts, **_icon(builder, part, "flags", place)}
        with placed(place):
            made = locations.create(builder.store, request("createLocation", body, part.more))
        builder.note("locations", made)


def add_os_images(builder: Builder, world: WorldPart) -> None:
    """Create the operating systems of a world, with their versions."""
    for index, part in enumerate(world.os_images):
        place = f"os_images[{index}]"
        body = {"name": part.name, **_icon(builder, part, "os", place)}
        with placed(place):
            image = os_images.create(builder.store, request("createOsImage", body, part.more))
        builder.note("os_images", image)
        for at, version in enumerate(part.versions):
            with placed(f"{place}.versions[{at}]"):
                body = {
                    "version": version.version,
                    "virtualization_type": version.virtualization_type,
                    "url": version.url or f"{_IMAGES}/{image.id}/{at + 1}.qcow2",
                }
                whole = request("createOsImageVersion", body, version.more)
                builder.note("os_image_versions", os_images.create_version(builder.store, image, whole))


def add_applications(builder: Builder, world: WorldPart) -> None:
    """Create the applications of a world."""
    for index, part in enumerate(world.applications):
        place = f"applications[{index}]"
        body = {
            "name": part.name,
            "url": part.url or f"{_IMAGES}/applications/{index + 1}.qcow2",
            **_icon(builder, part, "application", place),
        }
        with placed(place):
            made = applications.create(builder.store, request("createApplication", body, part.more))
        builder.note("applications", made)


def _ids(builder: Builder, kind: Kind[Any], names: Sequence[Reference] | None, place: str) -> list[int]:
    """Return the ids of records; None refers to all of the kind."""
    if names is None:
        return [record.id for record in builder.store[kind].find()]
    return [builder.find(kind, name, f"{place}[{at}]").id for at, name in enumerate(names)]


def _icon(
    builder: Builder, part: LocationPart | OsImagePart | ApplicationPart, kind: str, place: str
) -> dict[str, int]:
    """Return the icon of a part: the one it names, one with its name, or the first of the kind."""
    if part.icon is not None:
        return {"icon_id": builder.find(ICONS, part.icon, f"{place}.icon").id}
    table = builder.store[ICONS]
    icon = table.first(name=part.name, type=kind) or table.first(type=kind)
    return {} if icon is None or "icon_id" in part.more else {"icon_id": icon.id}
