"""ISO images: disks that a server can boot from."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import icons, limits
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.records.images import ISO_IMAGES, IsoImage
from mock_solusio.domain.records.user import User
from mock_solusio.domain.references import pick, refuse_in_use
from mock_solusio.domain.units import MIB
from mock_solusio.domain.world import World


def create(world: World, body: Mapping[str, Any], owner: User | None) -> IsoImage:
    """Create an ISO image; without an owner it belongs to the operator.

    A customer's image is private and counts towards their limit group (assumed).

    Raises:
        Invalid: the icon does not exist, or a limit of the owner is reached.
    """
    image = IsoImage(
        name=body["name"],
        iso_url=body["iso_url"],
        user_id=None if owner is None else owner.id,
    )
    image = world[ISO_IMAGES].add(_owned(_changed(world, image, body)))
    # The mock downloads nothing, so the size is generated.
    size = world.random("iso image size", image.id).randrange(300, 4000) * MIB
    image = world[ISO_IMAGES].update(replace(image, size=size))
    if owner is not None:
        limits.check_iso_images(world, owner)
    return image


def update(world: World, image: IsoImage, body: Mapping[str, Any]) -> IsoImage:
    """Change the members that a request names.

    Raises:
        Invalid: the icon does not exist.
    """
    return world[ISO_IMAGES].update(_owned(_changed(world, image, body)))


def remove(world: World, image: IsoImage) -> None:
    """Delete an ISO image.

    Raises:
        Conflict: a server boots from it.
    """
    refuse_in_use(world, "ISO image", iso_image_id=image.id)
    world[ISO_IMAGES].remove(image.id)


def check_visible(image: IsoImage, user: User) -> None:
    """Raise Forbidden unless a customer may use an ISO image: a public one, or one of their own."""
    if image.visibility != "public" and image.user_id != user.id:
        raise Forbidden


def visible_to(world: World, user: User, search: str = "") -> list[IsoImage]:
    """Return the ISO images that a customer may use: public ones and their own; exact hits first."""
    public = world[ISO_IMAGES].find(visibility="public")
    own = world[ISO_IMAGES].find(user_id=user.id, visibility="private")
    found = [image for image in (*public, *own) if search.lower() in image.name.lower()]
    return sorted(found, key=lambda image: (image.name.lower() != search.lower(), image.id))


def _changed(world: World, image: IsoImage, body: Mapping[str, Any]) -> IsoImage:
    changes = pick(
        body, "name", "iso_url", "visibility", "os_type", "use_tls", "show_url_and_checksum", "show_tls"
    )
    changes |= icons.icon_change(world, body)
    for name in ("checksum_method", "checksum"):
        # The Go SDK sends iso_checksum_method and iso_checksum.
        for spelling in (f"iso_{name}", name):
            if spelling in body:
                changes[name] = body[spelling]
    return replace(image, **changes)


def _owned(image: IsoImage) -> IsoImage:
    return image if image.user_id is None else replace(image, visibility="private")


def forget_user(world: World, user: User) -> None:
    """Delete the ISO images of a user who is about to be deleted.

    Raises:
        Conflict: a server boots from one of them.
    """
    for image in world[ISO_IMAGES].find(user_id=user.id):
        remove(world, image)


def seed(world: World) -> None:
    """Create what a fresh installation has."""
    world[ISO_IMAGES].add(
        IsoImage(
            name="Debian 13 netinst",
            iso_url="https://images.example/debian-13-amd64-netinst.iso",
            icon_id=icons.named(world, "Debian"),
            checksum_method="sha256",
            checksum=world.random("iso image checksum", 1).randbytes(32).hex(),
            size=783 * MIB,
        )
    )
