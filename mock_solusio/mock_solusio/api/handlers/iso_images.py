"""ISO images over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, listed_from, nothing, operation, shown
from mock_solusio.api.views.catalogue import iso_image_view
from mock_solusio.domain import iso_images
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import ISO_IMAGES, IsoImage


@operation("listIsoImages")
def list_iso_images(call: Call) -> Reply:
    """Answer a page of ISO images: an operator's of all, anybody else's of the public ones and his own."""
    if call.may(Permission.MANAGE_IMAGES):
        return listed(call, ISO_IMAGES, iso_image_view)
    return listed_from(call, iso_image_view, iso_images.visible_to(call.world, call.actor, call.search))


@operation("createIsoImage")
def create_iso_image(call: Call) -> Reply:
    """Make an ISO image: an operator's is for everybody, a customer's is his own."""
    owner = None if call.may(Permission.MANAGE_IMAGES) else call.actor
    return shown(call, iso_image_view, iso_images.create(call.world, call.body, owner), 201)


@operation("getIsoImage")
def get_iso_image(call: Call) -> Reply:
    """Answer an ISO image."""
    image = _image(call)
    if not call.may(Permission.MANAGE_IMAGES):
        iso_images.check_visible(image, call.actor)
    return shown(call, iso_image_view, image)


@operation("replaceIsoImage")
@operation("updateIsoImage")
def update_iso_image(call: Call) -> Reply:
    """Change an ISO image."""
    return shown(call, iso_image_view, iso_images.update(call.world, _managed(call), call.body))


@operation("deleteIsoImage")
def delete_iso_image(call: Call) -> Reply:
    """Delete an ISO image."""
    iso_images.remove(call.world, _managed(call))
    return nothing()


def _image(call: Call) -> IsoImage:
    return call.world[ISO_IMAGES].get_or_404(call.path["iso_image_id"])


def _managed(call: Call) -> IsoImage:
    image = _image(call)
    if image.user_id != call.actor.id:
        call.require(Permission.MANAGE_IMAGES)
    return image
