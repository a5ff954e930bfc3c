"""Operating systems and their versions. A server is installed with a version (observed)."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import icons, plans
from mock_solusio.domain.records.images import OS_IMAGE_VERSIONS, OS_IMAGES, OsImage, OsImageVersion
from mock_solusio.domain.references import (
    ensure_single_default,
    next_position,
    pick,
    refuse_in_use,
    remove_each,
)
from mock_solusio.domain.world import World

WINDOWS_CLOUD_INIT = "cloudbase"
"""The cloud-init dialect of Windows (Go SDK)."""


def create(world: World, body: Mapping[str, Any]) -> OsImage:
    """Create an operating system without versions.

    Raises:
        Invalid: the icon does not exist.
    """
    image = OsImage(name=body["name"], position=next_position(world, OS_IMAGES))
    image = world[OS_IMAGES].add(_changed(world, image, body))
    ensure_single_default(world, OS_IMAGES, image)
    return image


def update(world: World, image: OsImage, body: Mapping[str, Any]) -> OsImage:
    """Change the members that a request names.

    Raises:
        Invalid: the icon does not exist.
    """
    image = world[OS_IMAGES].update(_changed(world, image, body))
    ensure_single_default(world, OS_IMAGES, image)
    return image


def remove(world: World, image: OsImage) -> None:
    """Delete an operating system with its versions.

    Raises:
        Conflict: servers use one of them.
    """
    for version in versions_of(world, image):
        remove_version(world, version)
    world[OS_IMAGES].remove(image.id)


def remove_all(world: World, ids: Sequence[int]) -> list[int]:
    """Delete several operating systems, all or none; return their ids.

    Raises:
        Invalid: one does not exist.
        Conflict: servers use one.
    """
    return remove_each(world, OS_IMAGES, ids, remove)


def versions_of(world: World, image: OsImage, *, visible_only: bool = False) -> list[OsImageVersion]:
    """Return the versions of an operating system."""
    if visible_only:
        return world[OS_IMAGE_VERSIONS].find(os_image_id=image.id, is_visible=True)
    return world[OS_IMAGE_VERSIONS].find(os_image_id=image.id)


def create_version(world: World, image: OsImage, body: Mapping[str, Any]) -> OsImageVersion:
    """Add a version to an operating system.

    Raises:
        Invalid: a plan in the request does not exist.
    """
    version = OsImageVersion(
        os_image_id=image.id,
        version=body["version"],
        url=body["url"],
        position=float(len(versions_of(world, image)) + 1),
    )
    version = world[OS_IMAGE_VERSIONS].add(_version_changed(version, body))
    plans.make_available(world, "available_os_image_versions", version.id, body)
    return version


def update_version(world: World, version: OsImageVersion, body: Mapping[str, Any]) -> OsImageVersion:
    """Change the members that a request names.

    Raises:
        Invalid: a plan in the request does not exist.
    """
    version = world[OS_IMAGE_VERSIONS].update(_version_changed(version, body))
    plans.make_available(world, "available_os_image_versions", version.id, body)
    return version


def remove_version(world: World, version: OsImageVersion) -> None:
    """Delete a version, also from the lists of plans.

    Raises:
        Conflict: servers use it.
    """
    refuse_in_use(world, "OS image version", os_image_version_id=version.id)
    plans.make_unavailable(world, "available_os_image_versions", version.id)
    world[OS_IMAGE_VERSIONS].remove(version.id)


def title(world: World, version: OsImageVersion) -> str:
    """Return the full name of a version, such as "Debian 13"."""
    return f"{world[OS_IMAGES].get_or_404(version.os_image_id).name} {version.version}"


def os_type(version: OsImageVersion) -> str:
    """Return `Windows` or `Linux`."""
    return "Windows" if version.cloud_init_version == WINDOWS_CLOUD_INIT else "Linux"


def _changed(world: World, image: OsImage, body: Mapping[str, Any]) -> OsImage:
    changes = pick(body, "name", "is_default", "is_visible") | icons.icon_change(world, body)
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    return replace(image, **changes)


def _version_changed(version: OsImageVersion, body: Mapping[str, Any]) -> OsImageVersion:
    changes = pick(
        body,
        "version",
        "url",
        "virtualization_type",
        "cloud_init_version",
        "is_visible",
        "is_ssh_keys_supported",
    )
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    return replace(version, **changes)


_FRESH = (
    ("Debian", "v2", ("12", "13")),
    ("Ubuntu", "v2", ("22.04", "24.04")),
    ("AlmaLinux", "v2-centos", ("9", "10")),
    ("Windows", WINDOWS_CLOUD_INIT, ("Server 2022", "Server 2025")),
)


def seed(world: World) -> None:
    """Create what a fresh installation has."""
    for number, (name, cloud_init, versions) in enumerate(_FRESH, 1):
        image = world[OS_IMAGES].add(
            OsImage(
                name=name,
                icon_id=icons.named(world, name),
                is_default=number == 1,
                position=float(number),
            )
        )
        for place, version in enumerate(versions, 1):
            file = f"{name}-{version}".lower().replace(" ", "-")
            world[OS_IMAGE_VERSIONS].add(
                OsImageVersion(
                    os_image_id=image.id,
                    version=version,
                    url=f"https://images.example/{file}.qcow2",
                    cloud_init_version=cloud_init,
                    is_ssh_keys_supported=cloud_init != WINDOWS_CLOUD_INIT,
                    position=float(place),
                )
            )
