"""What the API shows of locations, images, applications, icons and SSH keys (facts, section 9)."""

from typing import Any

import msgspec

from mock_solusio.api.call import Call
from mock_solusio.api.views.machines import compute_resource_short, icon_or_none, location_short
from mock_solusio.api.views.plans import number, short_plans
from mock_solusio.domain import compute_resources, os_images, plans
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import Location, StorageType
from mock_solusio.domain.records.credentials import SshKey
from mock_solusio.domain.records.images import Application, IsoImage, OsImage, OsImageVersion
from mock_solusio.domain.records.user import USERS


def location_view(call: Call, location: Location) -> dict[str, Any]:
    """Return a location; only operators see which machines are there."""
    machines = []
    if call.may(Permission.VIEW_COMPUTE_RESOURCES):
        machines = compute_resources.at_location(call.world, location.id)
    return {
        **location_short(call, location),
        "compute_resources": [compute_resource_short(machine) for machine in machines],
        "available_plans": _plans_naming(call, "available_locations", location.id),
    }


def os_image_view(call: Call, image: OsImage) -> dict[str, Any]:
    """Return an operating system with its versions; customers see the visible ones."""
    visible_only = not call.may(Permission.MANAGE_IMAGES)
    versions = os_images.versions_of(call.world, image, visible_only=visible_only)
    return {
        "id": image.id,
        "name": image.name,
        "icon": icon_or_none(call, image.icon_id),
        "versions": [os_image_version_view(call, version) for version in versions],
        "is_default": image.is_default,
        "is_visible": image.is_visible,
        "position": number(image.position),
    }


def os_image_version_view(call: Call, version: OsImageVersion) -> dict[str, Any]:
    """Return a version of an operating system."""
    return {
        "id": version.id,
        "os_image_id": version.os_image_id,
        "version": version.version,
        "virtualization_type": version.virtualization_type,
        "url": version.url,
        "cloud_init_version": version.cloud_init_version,
        "is_visible": version.is_visible,
        "is_ssh_keys_supported": version.is_ssh_keys_supported,
        "position": number(version.position),
        "available_plans": _plans_naming(call, "available_os_image_versions", version.id),
    }


def application_view(call: Call, application: Application) -> dict[str, Any]:
    """Return an application; `is_buildin` is spelled so (Go SDK)."""
    return {
        "id": application.id,
        "name": application.name,
        "icon": icon_or_none(call, application.icon_id),
        "url": application.url,
        "cloud_init_version": application.cloud_init_version,
        "user_data_template": application.user_data_template,
        "login_link": msgspec.to_builtins(application.login_link),
        "json_schema": application.json_schema,
        "is_default": application.is_default,
        "is_visible": application.is_visible,
        "is_buildin": application.is_builtin,
        "position": number(application.position),
        "available_plans": _plans_naming(call, "available_applications", application.id),
    }


def iso_image_view(call: Call, image: IsoImage) -> dict[str, Any]:
    """Return an ISO image; two clients call its checksum differently, so it is there under both names."""
    return {
        "id": image.id,
        "name": image.name,
        "icon": icon_or_none(call, image.icon_id),
        "user": user_short(call, image.user_id),
        "visibility": image.visibility,
        "os_type": image.os_type,
        "iso_url": image.iso_url,
        "use_tls": image.use_tls,
        "checksum_method": image.checksum_method,
        "checksum": image.checksum,
        "iso_checksum_method": image.checksum_method,
        "iso_checksum": image.checksum,
        "size": image.size,
        "show_url_and_checksum": image.show_url_and_checksum,
        "show_tls": image.show_tls,
    }


def ssh_key_view(call: Call, key: SshKey) -> dict[str, Any]:  # noqa: ARG001 - a view
    """Return an SSH key."""
    return {"id": key.id, "name": key.name, "body": key.body, "user_id": key.user_id}


def storage_type_view(call: Call, one: StorageType) -> dict[str, Any]:  # noqa: ARG001 - a view
    """Return a storage type."""
    return {"id": one.id, "name": one.name, "formats": list(one.formats)}


def user_short(call: Call, user_id: int | None) -> dict[str, Any] | None:
    """Return a user by id and address; None for nobody."""
    user = None if user_id is None else call.world[USERS].get(user_id)
    return None if user is None else {"id": user.id, "email": user.email}


def _plans_naming(call: Call, relation: str, key: int) -> list[dict[str, Any]]:
    named = plans.listing(call.world, relation, key)
    if not call.may(Permission.VIEW_PLANS):
        named = [plan for plan in named if plan.is_visible]
    return short_plans(named)
