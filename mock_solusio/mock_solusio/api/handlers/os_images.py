"""Operating systems and their versions over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, listed_plain, nothing, operation, shown
from mock_solusio.api.views.catalogue import os_image_version_view, os_image_view
from mock_solusio.api.visibility import visible, visible_where
from mock_solusio.domain import os_images
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import OS_IMAGE_VERSIONS, OS_IMAGES, OsImage, OsImageVersion


@operation("listOsImages")
def list_os_images(call: Call) -> Reply:
    """Answer a page of operating systems with their versions."""
    where = visible_where(call, Permission.MANAGE_IMAGES)
    return listed(call, OS_IMAGES, os_image_view, where)


@operation("createOsImage", permission=Permission.MANAGE_IMAGES)
def create_os_image(call: Call) -> Reply:
    """Make an operating system."""
    return shown(call, os_image_view, os_images.create(call.world, call.body), 201)


@operation("deleteOsImages", permission=Permission.MANAGE_IMAGES)
def delete_os_images(call: Call) -> Reply:
    """Delete several operating systems, all or none."""
    deleted = os_images.remove_all(call.world, call.body["ids"])
    return Reply(200, lambda: {"data": deleted})


@operation("getOsImage")
def get_os_image(call: Call) -> Reply:
    """Answer an operating system."""
    return shown(call, os_image_view, _seen_image(call))


@operation("replaceOsImage", permission=Permission.MANAGE_IMAGES)
@operation("updateOsImage", permission=Permission.MANAGE_IMAGES)
def update_os_image(call: Call) -> Reply:
    """Change an operating system."""
    return shown(call, os_image_view, os_images.update(call.world, _image(call), call.body))


@operation("deleteOsImage", permission=Permission.MANAGE_IMAGES)
def delete_os_image(call: Call) -> Reply:
    """Delete an operating system with its versions."""
    os_images.remove(call.world, _image(call))
    return nothing()


@operation("listOsImageVersions")
def list_versions(call: Call) -> Reply:
    """Answer the versions of an operating system, without pages."""
    visible_only = not call.may(Permission.MANAGE_IMAGES)
    versions = os_images.versions_of(call.world, _seen_image(call), visible_only=visible_only)
    return listed_plain(call, os_image_version_view, versions)


@operation("createOsImageVersion", permission=Permission.MANAGE_IMAGES)
def create_version(call: Call) -> Reply:
    """Add a version to an operating system."""
    version = os_images.create_version(call.world, _image(call), call.body)
    return shown(call, os_image_version_view, version, 201)


@operation("getOsImageVersion")
def get_version(call: Call) -> Reply:
    """Answer a version."""
    key = call.path["os_image_version_id"]
    version = visible(call, OS_IMAGE_VERSIONS, key, Permission.MANAGE_IMAGES)
    visible(call, OS_IMAGES, version.os_image_id, Permission.MANAGE_IMAGES)
    return shown(call, os_image_version_view, version)


@operation("replaceOsImageVersion", permission=Permission.MANAGE_IMAGES)
@operation("updateOsImageVersion", permission=Permission.MANAGE_IMAGES)
def update_version(call: Call) -> Reply:
    """Change a version."""
    version = os_images.update_version(call.world, _version(call), call.body)
    return shown(call, os_image_version_view, version)


@operation("deleteOsImageVersion", permission=Permission.MANAGE_IMAGES)
def delete_version(call: Call) -> Reply:
    """Delete a version."""
    os_images.remove_version(call.world, _version(call))
    return nothing()


def _seen_image(call: Call) -> OsImage:
    return visible(call, OS_IMAGES, call.path["os_image_id"], Permission.MANAGE_IMAGES)


def _image(call: Call) -> OsImage:
    return call.world[OS_IMAGES].get_or_404(call.path["os_image_id"])


def _version(call: Call) -> OsImageVersion:
    return call.world[OS_IMAGE_VERSIONS].get_or_404(call.path["os_image_version_id"])
