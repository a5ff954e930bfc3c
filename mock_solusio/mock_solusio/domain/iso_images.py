"""ISO images: media that a server can boot from."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import icons
from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.records.images import ISO_IMAGES, IsoImage
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.user import User
from mock_solusio.domain.references import pick, refuse_in_use
from mock_solusio.domain.world import World

MIB = 1024 * 1024


def create(world: World, body: Mapping[str, Any], owner: User | None) -> IsoImage:
    """Make an ISO image; without an owner it is the operator's.

    A customer's is private, and is subject to his limit group (assumed).

    Raises:
        Invalid: the icon does not exist, or a limit of the owner is reached.
    """
    image = IsoImage(
        name=body["name"],
        iso_url=body["iso_url"],
        user_id=None if owner is None else owner.id,
    )
    image = world[ISO_IMAGES].add(_owned(_changed(world, image, body)))
    # What the mock says a download of it has; it downloads nothing.
    size = world.random("iso image size", image.id).randrange(300, 4000) * MIB
    image = world[ISO_IMAGES].update(replace(image, size=size))
    if owner is not None:
        _check_limits(world, owner)
    return image


def update(world: World, image: IsoImage, body: Mapping[str, Any]) -> IsoImage:
    """Change what a request names.

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
    """Raise Forbidden unless a customer may use an ISO image: a public one, or his own."""
    if image.visibility != "public" and image.user_id != user.id:
        raise Forbidden


def visible_to(world: World, user: User, search: str = "") -> list[IsoImage]:
    """Return the ISO images that a customer may use: the public ones and his own, by id."""
    public = world[ISO_IMAGES].find(visibility="public")
    own = world[ISO_IMAGES].find(user_id=user.id, visibility="private")
    found = [image for image in (*public, *own) if search.lower() in image.name.lower()]
    return sorted(found, key=lambda image: (image.name.lower() != search.lower(), image.id))


def _check_limits(world: World, owner: User) -> None:
    group = None if owner.limit_group_id is None else world[LIMIT_GROUPS].get(owner.limit_group_id)
    if group is None:
        return
    images = world[ISO_IMAGES].find(user_id=owner.id)
    for field, most, has, words in (
        ("iso_images", group.iso_images.bound, len(images), "ISO images"),
        (
            "iso_images_size",
            group.iso_images_size.bound,
            sum(one.size for one in images),
            "bytes of ISO images",
        ),
    ):
        if most is not None and has > most:
            text = f"The limit of {most} {words} is reached."
            raise Invalid({field: [text]}, text)


def _changed(world: World, image: IsoImage, body: Mapping[str, Any]) -> IsoImage:
    changes = pick(
        body, "name", "iso_url", "visibility", "os_type", "use_tls", "show_url_and_checksum", "show_tls"
    )
    if "icon_id" in body:
        changes["icon_id"] = icons.icon_id(world, body["icon_id"])
    for name in ("checksum_method", "checksum"):
        # The Go SDK calls them iso_checksum_method and iso_checksum.
        for spelling in (f"iso_{name}", name):
            if spelling in body:
                changes[name] = body[spelling]
    return replace(image, **changes)


def _owned(image: IsoImage) -> IsoImage:
    return image if image.user_id is None else replace(image, visibility="private")


def forget_user(world: World, user: User) -> None:
    """Delete the ISO images of a user who is going to be deleted.

    Raises:
        Conflict: a server boots from one of them.
    """
    for image in world[ISO_IMAGES].find(user_id=user.id):
        remove(world, image)


def seed(world: World) -> None:
    """Make what a fresh install has."""
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
