"""ISO images (facts, section 9). Operators see all, customers the public ones and their own."""

from mock_solusio.api.access import Access, own
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_items, list_page, show
from mock_solusio.api.views.images import iso_image_view
from mock_solusio.domain import iso_images
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import ISO_IMAGES, IsoImage


def _find(call: Call) -> IsoImage:
    image = call.record(ISO_IMAGES)
    if not call.may(Permission.MANAGE_IMAGES):
        iso_images.check_visible(image, call.actor)
    return image


RESOURCE = Resource(
    iso_image_view, sees=Access(ISO_IMAGES, _find), manages=own(ISO_IMAGES, Permission.MANAGE_IMAGES)
)
RESOURCE.show("getIsoImage")
RESOURCE.update("replaceIsoImage", "updateIsoImage", by=iso_images.update)
RESOURCE.delete("deleteIsoImage", by=iso_images.remove)


@operation("listIsoImages")
def list_iso_images(call: Call) -> Reply:
    """Reply with a page of the ISO images that the actor sees."""
    if call.may(Permission.MANAGE_IMAGES):
        return list_page(call, ISO_IMAGES, iso_image_view)
    return list_items(call, iso_image_view, iso_images.visible_to(call.world, call.actor, call.search))


@operation("createIsoImage")
def create_iso_image(call: Call) -> Reply:
    """Create an ISO image: an operator's is for everybody, a customer's is their own."""
    owner = None if call.may(Permission.MANAGE_IMAGES) else call.actor
    return show(call, iso_image_view, iso_images.create(call.world, call.body, owner), 201)
