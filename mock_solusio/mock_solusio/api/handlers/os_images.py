"""Operating systems and their versions (facts, section 9)."""

from mock_solusio.api.access import Access, permitted, require_visible, visible
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_all, show
from mock_solusio.api.views.images import os_image_version_view, os_image_view
from mock_solusio.domain import os_images
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import OS_IMAGE_VERSIONS, OS_IMAGES, OsImageVersion

MANAGE = Permission.MANAGE_IMAGES
GET = Permission.GET_OS_IMAGES


def _find_version(call: Call) -> OsImageVersion:
    version = require_visible(call, OS_IMAGE_VERSIONS, call.record(OS_IMAGE_VERSIONS), MANAGE)
    require_visible(call, OS_IMAGES, call.world[OS_IMAGES].get_or_404(version.os_image_id), MANAGE)
    return version


IMAGES = Resource(os_image_view, sees=visible(OS_IMAGES, MANAGE, GET), manages=permitted(OS_IMAGES, MANAGE))
IMAGES.list("listOsImages")
IMAGES.create("createOsImage", by=os_images.create)
IMAGES.show("getOsImage")
IMAGES.update("replaceOsImage", "updateOsImage", by=os_images.update)
IMAGES.delete("deleteOsImage", by=os_images.remove)
IMAGES.delete_all("deleteOsImages", by=os_images.remove_all)

VERSIONS = Resource(
    os_image_version_view,
    sees=Access(OS_IMAGE_VERSIONS, _find_version, permission=GET),
    manages=permitted(OS_IMAGE_VERSIONS, MANAGE),
)
VERSIONS.show("getOsImageVersion")
VERSIONS.update("replaceOsImageVersion", "updateOsImageVersion", by=os_images.update_version)
VERSIONS.delete("deleteOsImageVersion", by=os_images.remove_version)


@operation("listOsImageVersions", permission=GET)
def list_versions(call: Call) -> Reply:
    """Reply with the versions of an operating system, without pages."""
    image = IMAGES.sees.find(call)
    versions = os_images.versions_of(call.world, image, visible_only=not call.may(MANAGE))
    return list_all(call, os_image_version_view, versions)


@operation("createOsImageVersion", permission=MANAGE)
def create_version(call: Call) -> Reply:
    """Add a version to an operating system."""
    version = os_images.create_version(call.world, call.record(OS_IMAGES), call.body)
    return show(call, os_image_version_view, version, 201)
