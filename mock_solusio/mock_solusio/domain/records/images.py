"""What a server is installed with or boots from: OS images, applications, ISO images, and icons."""

import msgspec

from mock_solusio.domain.world import Kind, Record


class Icon(Record, frozen=True, kw_only=True):
    """A small picture."""

    name: str
    type: str
    """`os`, `application` or `flags`."""
    url: str


ICONS: Kind[Icon] = Kind("icons", Icon, index=("name", "type"), search=("name",))


class OsImage(Record, frozen=True, kw_only=True):
    """An operating system."""

    name: str
    icon_id: int | None = None
    is_default: bool = False
    is_visible: bool = True
    position: float = 0.0


class OsImageVersion(Record, frozen=True, kw_only=True):
    """A version of an operating system; its id is the `os` of a server."""

    os_image_id: int
    version: str
    url: str
    virtualization_type: str = "kvm"
    cloud_init_version: str = "v2"
    is_visible: bool = True
    is_ssh_keys_supported: bool = True
    position: float = 0.0


OS_IMAGES: Kind[OsImage] = Kind(
    "os_images", OsImage, noun="OS image", index=("name", "is_default", "is_visible"), search=("name",)
)
OS_IMAGE_VERSIONS: Kind[OsImageVersion] = Kind(
    "os_image_versions", OsImageVersion, noun="OS image version", index=("os_image_id", "is_visible")
)


NO_QUESTIONS = '{"required": [], "properties": {}}'
"""The JSON Schema of an application without questions. Clients read both members (observed)."""


class LoginLink(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer logs in to the application: `none`, `url`, `js_code` or `info`."""

    type: str = "none"
    content: str = ""


class Application(Record, frozen=True, kw_only=True):
    """Software that is installed together with a server."""

    name: str
    icon_id: int | None = None
    url: str = ""
    cloud_init_version: str = "v2"
    user_data_template: str = ""
    login_link: LoginLink = LoginLink()
    json_schema: str = NO_QUESTIONS
    """What to ask before installation, as the text of a JSON Schema."""
    is_default: bool = False
    is_visible: bool = True
    is_builtin: bool = False
    position: float = 0.0


APPLICATIONS: Kind[Application] = Kind(
    "applications", Application, index=("name", "is_default", "is_visible"), search=("name",)
)


class IsoImage(Record, frozen=True, kw_only=True):
    """An ISO image."""

    name: str
    iso_url: str
    icon_id: int | None = None
    user_id: int | None = None
    """The owner; None: the operator."""
    visibility: str = "public"
    os_type: str = "Linux"
    use_tls: bool = True
    checksum_method: str | None = None
    checksum: str | None = None
    size: int = 0
    """Bytes."""
    show_url_and_checksum: bool = True
    show_tls: bool = True


ISO_IMAGES: Kind[IsoImage] = Kind(
    "iso_images", IsoImage, noun="ISO image", index=("name", "user_id", "visibility"), search=("name",)
)
