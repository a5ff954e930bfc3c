"""The members of a fixture file. `fixtures.schema.json` is derived from this."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Reference: TypeAlias = Annotated[
    int | str, Meta(description="A name, which may be defined in the same file, or an id.")
]
Person: TypeAlias = Annotated[int | str, Meta(description="The email address of a user, or their id.")]
Moment: TypeAlias = Annotated[
    datetime, Meta(description="For example 2026-03-01T00:00:00Z; UTC if there is no offset.")
]
Members: TypeAlias = Annotated[
    dict[str, Any], Meta(description="Further members of the API request that creates it.")
]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a fixture file; an unknown member is an error."""


class ClockPart(_Section, frozen=True, kw_only=True):
    """The time at which the fixtures start."""

    moment: Moment
    speed: Annotated[float, Meta(ge=0, le=100_000_000, description="0 is frozen, 1 is real time.")] = 0.0


class SettingsPart(_Section, frozen=True, kw_only=True):
    """Settings of the installation; omitted members stay unchanged."""

    billing_url: (
        Annotated[
            str,
            Meta(
                pattern="^https?://",
                description="The URL of the billing endpoint, which it enables (step 7).",
            ),
        ]
        | None
    ) = None
    billing_token: Annotated[str, Meta(description="The authorization token for the billing endpoint.")] = ""
    registration: (
        Annotated[bool, Meta(description="Whether people may register in the user area (step 4).")] | None
    ) = None
    default_limit_group: (
        Annotated[Reference, Meta(description="The limit group of new users (step 5).")] | None
    ) = None
    more: Annotated[dict[str, Any], Meta(description="Further members of PATCH /settings.")] = {}


class RolePart(_Section, frozen=True, kw_only=True):
    """A role of operators."""

    name: Text
    permissions: Annotated[list[str], Meta(description="For example `view users` or `manage servers`.")]


class LimitGroupPart(_Section, frozen=True, kw_only=True):
    """Limits for its users; omitted members are unlimited."""

    name: Text
    servers: Count | None = None
    running_servers: Count | None = None
    additional_ips: Count | None = None
    additional_ipv6: Count | None = None
    iso_images: Count | None = None
    iso_images_size_gib: Count | None = None


class IconPart(_Section, frozen=True, kw_only=True):
    """A small image."""

    name: Text
    type: Literal["os", "application", "flags"]
    url: Annotated[str, Meta(description="Of the image. The default is a grey square.")] = ""


class ComputeResourcePart(_Section, frozen=True, kw_only=True):
    """A machine that servers run on."""

    name: Text
    host: Annotated[str, Meta(description="Its host name. The default follows from its name.")] = ""
    ip_blocks: (
        Annotated[
            list[Reference],
            Meta(description="Existing blocks for its servers. The default is all of a fresh installation."),
        ]
        | None
    ) = None
    more: Members = {}


class IpBlockPart(_Section, frozen=True, kw_only=True):
    """Addresses for servers."""

    name: Text
    network: Annotated[
        str, Meta(description="For example 198.51.100.0/24, or 2001:db8::/48, of which a server gets a /64.")
    ]
    gateway: Annotated[str, Meta(description="The default is the first address.")] = ""
    compute_resources: (
        Annotated[list[Reference], Meta(description="Those that use it. The default is all.")] | None
    ) = None
    more: Members = {}


class OsImageVersionPart(_Section, frozen=True, kw_only=True):
    """A version of an operating system."""

    version: Text
    virtualization_type: Literal["kvm", "vz"] = "kvm"
    url: Annotated[str, Meta(description="Of the image. It is never downloaded.")] = ""
    more: Members = {}


class OsImagePart(_Section, frozen=True, kw_only=True):
    """An operating system."""

    name: Text
    icon: Annotated[Reference, Meta(description="The default is one with this name.")] | None = None
    versions: list[OsImageVersionPart] = []
    more: Members = {}


class ApplicationPart(_Section, frozen=True, kw_only=True):
    """Software installed along with a server."""

    name: Text
    icon: Annotated[Reference, Meta(description="The default is one with this name.")] | None = None
    url: Annotated[str, Meta(description="Of the image. It is never downloaded.")] = ""
    more: Members = {}


class LocationPart(_Section, frozen=True, kw_only=True):
    """A place where servers can run."""

    name: Text
    icon: (
        Annotated[Reference, Meta(description="The default is one with this name, else any flag.")] | None
    ) = None
    compute_resources: (
        Annotated[list[Reference], Meta(description="Those at this location. The default is all.")] | None
    ) = None
    more: Members = {}


class PlanPart(_Section, frozen=True, kw_only=True):
    """What customers can order, and its price in tokens."""

    name: Text
    vcpu: Annotated[int, Meta(ge=1, le=1024)] = 1
    ram_mib: Annotated[int, Meta(ge=1, le=16_777_216)] = 1024
    disk_gib: Annotated[int, Meta(ge=1, le=1_048_576)] = 20
    virtualization_type: Literal["kvm", "vz"] = "kvm"
    storage_type: Literal["fb", "lvm", "thinlvm", "nfs", "vz"] | None = None
    image_format: Literal["qcow2", "raw", "ploop"] | None = None
    tokens_per_hour: Annotated[Count, Meta(description="0 means no hourly billing.")] = 0
    tokens_per_month: Annotated[Count, Meta(description="0 means hourly billing only.")] = 0
    ip_tokens_per_hour: Count = 0
    ip_tokens_per_month: Count = 0
    iso_image_tokens_per_hour: Count = 0
    iso_image_tokens_per_month: Count = 0
    backup_price: Annotated[float, Meta(ge=0, description="Percent of the server's price.")] = 0.0
    more: Members = {}


class AccessTokenPart(_Section, frozen=True, kw_only=True):
    """An access token with a given secret."""

    secret: Annotated[str, Meta(pattern="^[!-~]{8,200}$")]
    name: Annotated[str, Meta(max_length=255)] = ""
    one_time: bool = False


class SshKeyPart(_Section, frozen=True, kw_only=True):
    """An SSH public key of a user."""

    name: Text
    public_key: Annotated[str, Meta(min_length=1, max_length=10_000)]


class UserPart(_Section, frozen=True, kw_only=True):
    """A customer or an operator."""

    email: Text
    password: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    billing_user_id: Annotated[int, Meta(ge=1, description="The user's id in the billing system.")] | None = (
        None
    )
    billing_token: str | None = None
    status: Literal["active", "locked", "suspended"] = "active"
    roles: Annotated[list[Reference], Meta(description="The default is the role of clients.")] = []
    limit_group: Reference | None = None
    allowed_ips: Annotated[
        list[str],
        Meta(description="Addresses and networks from which the user may act; default: any."),
    ] = []
    created_at: Moment | None = None
    access_tokens: list[AccessTokenPart] = []
    ssh_keys: list[SshKeyPart] = []


class ProjectPart(_Section, frozen=True, kw_only=True):
    """A project in addition to the user's default project."""

    name: Text
    owner: Person
    description: str = ""
    members: Annotated[list[str], Meta(description="Email addresses of other users.")] = []


class ServerPart(_Section, frozen=True, kw_only=True):
    """A virtual server. Its owner is the user, or the owner of the project."""

    name: Text
    user: Person | None = None
    project: Reference | None = None
    plan: Reference | None = None
    location: Reference | None = None
    os: (
        Annotated[
            int | str, Meta(description="For example `Ubuntu 24.04` or `Ubuntu`, or the id of a version.")
        ]
        | None
    ) = None
    application: Reference | None = None
    status: Annotated[
        Literal["started", "stopped", "suspended", "processing"],
        Meta(description="`processing` means it is being built, and starts soon after."),
    ] = "started"
    created_at: Moment | None = None
    additional_ips: Annotated[int, Meta(ge=0, le=1000)] = 0
    ssh_keys: Annotated[list[str], Meta(description="Names of its owner's SSH keys.")] = []
    more: Members = {}


class EventHandlerPart(_Section, frozen=True, kw_only=True):
    """A webhook. Making the fixtures triggers none."""

    name: Text
    url: Annotated[str, Meta(pattern="^https?://", description="Gets a POST at each of the events.")]
    events: Annotated[list[str], Meta(description="For example `server_created`.")]
    parameters: Annotated[dict[str, Any], Meta(description="Additional parameters, sent in the URL.")] = {}
    enabled: bool = True


class WorldPart(_Section, frozen=True, kw_only=True, rename={"schema": "$schema"}):
    """Fixtures: added to a fresh installation, all of them or nothing."""

    schema: Annotated[str, Meta(description="The URL of this schema, for editors.")] = ""
    clock: ClockPart | None = None
    settings: SettingsPart = SettingsPart()
    roles: list[RolePart] = []
    limit_groups: list[LimitGroupPart] = []
    icons: list[IconPart] = []
    compute_resources: list[ComputeResourcePart] = []
    ip_blocks: list[IpBlockPart] = []
    locations: list[LocationPart] = []
    os_images: list[OsImagePart] = []
    applications: list[ApplicationPart] = []
    plans: list[PlanPart] = []
    users: list[UserPart] = []
    projects: list[ProjectPart] = []
    servers: list[ServerPart] = []
    event_handlers: list[EventHandlerPart] = []
