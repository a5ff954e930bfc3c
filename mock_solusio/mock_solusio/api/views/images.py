"""Operating systems, applications and ISO images as the API shows them (facts, section 9)."""

from mock_solusio.api.call import Call
from mock_solusio.api.views.parts import Json, icon_or_none, number, pick, user_short
from mock_solusio.api.views.plans import plans_listing
from mock_solusio.domain import os_images
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import Application, IsoImage, OsImage, OsImageVersion


def os_image_view(call: Call, image: OsImage) -> Json:
    """Show an operating system with its versions; customers see the visible ones."""
    visible_only = not call.may(Permission.MANAGE_IMAGES)
    versions = os_images.versions_of(call.world, image, visible_only=visible_only)
    return {
        **pick(image, "id", "name", "is_default", "is_visible"),
        "icon": icon_or_none(call, image.icon_id),
        "versions": [os_image_version_view(call, version) for version in versions],
        "position": number(image.position),
    }


def os_image_version_view(call: Call, version: OsImageVersion) -> Json:
    """Show a version of an operating system."""
    return {
        **pick(version, "id", "os_image_id", "version", "virtualization_type", "url"),
        **pick(version, "cloud_init_version", "is_visible", "is_ssh_keys_supported"),
        "position": number(version.position),
        "available_plans": plans_listing(call, "available_os_image_versions", version.id),
    }


def application_view(call: Call, application: Application) -> Json:
    """Show an application; `is_buildin` is the API's own spelling (Go SDK)."""
    return {
        **pick(application, "id", "name", "url", "cloud_init_version", "user_data_template"),
        **pick(application, "login_link", "json_schema", "is_default", "is_visible"),
        "icon": icon_or_none(call, application.icon_id),
        "is_buildin": application.is_builtin,
        "position": number(application.position),
        "available_plans": plans_listing(call, "available_applications", application.id),
    }


def iso_image_view(call: Call, image: IsoImage) -> Json:
    """Show an ISO image; its checksum has two names, since two clients read different ones."""
    return {
        **pick(image, "id", "name", "visibility", "os_type", "iso_url", "use_tls", "checksum_method"),
        **pick(image, "checksum", "size", "show_url_and_checksum", "show_tls"),
        "icon": icon_or_none(call, image.icon_id),
        "user": user_short(call, image.user_id),
        "iso_checksum_method": image.checksum_method,
        "iso_checksum": image.checksum,
    }
