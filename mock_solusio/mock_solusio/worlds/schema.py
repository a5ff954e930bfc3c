"""What a world may hold: the members of a fixture file. `fixtures.schema.json` is derived from this."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Reference: TypeAlias = Annotated[
    int | str, Meta(description="The name of something, also of something in this very world, or its id.")
]
Person: TypeAlias = Annotated[int | str, Meta(description="The e-mail address of a user, or his id.")]
Moment: TypeAlias = Annotated[
    datetime, Meta(description="Such as 2026-03-01T00:00:00Z; without an offset it is UTC.")
]
Members: TypeAlias = Annotated[
    dict[str, Any], Meta(description="Further members of the request by which the API makes it.")
]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a world: what it does not know is an error."""


class ClockPart(_Part, frozen=True, kw_only=True):
    """The time at which the world begins."""

    moment: Moment
    speed: Annotated[
        float, Meta(ge=0, le=100_000_000, description="0 stands still, 1 is as fast as real time.")
    ] = 0.0


class SettingsPart(_Part, frozen=True, kw_only=True):
    """Settings of the installation; what is absent stays."""

    billing_url: (
        Annotated[
            str, Meta(pattern="^https?://", description="The billing endpoint: switches it on (step 7).")
        ]
        | None
    ) = None
    billing_token: Annotated[
        str, Meta(description="Authorization token that the billing endpoint is sent.")
    ] = ""
    registration: (
        Annotated[bool, Meta(description="Whether users may register in the user area (step 4).")] | None
    ) = None
    default_limit_group: Annotated[Reference, Meta(description="Of new users (step 5).")] | None = None
    more: Annotated[dict[str, Any], Meta(description="Further members of PATCH /settings.")] = {}


class RolePart(_Part, frozen=True, kw_only=True):
    """A role of operators."""

    name: Text
    permissions: Annotated[list[str], Meta(description="Such as `view users` or `manage servers`.")]


class LimitGroupPart(_Part, frozen=True, kw_only=True):
    """How much its users may have; what is absent is not limited."""

    name: Text
    servers: Count | None = None
    running_servers: Count | None = None
    additional_ips: Count | None = None
    additional_ipv6: Count | None = None
    iso_images: Count | None = None
    iso_images_size_gib: Count | None = None


class LocationPart(_Part, frozen=True, kw_only=True):
    """A place where servers can be."""

    name: Text
    compute_resources: (
        Annotated[list[Reference], Meta(description="Which are there. Without them: all that there are.")]
        | None
    ) = None
    more: Members = {}


class PlanPart(_Part, frozen=True, kw_only=True):
    """What can be ordered, and its price in tokens."""

    name: Text
    vcpu: Annotated[int, Meta(ge=1, le=1024)] = 1
    ram_mib: Annotated[int, Meta(ge=1, le=16_777_216)] = 1024
    disk_gib: Annotated[int, Meta(ge=1, le=1_048_576)] = 20
    virtualization_type: Literal["kvm", "vz"] = "kvm"
    storage_type: Literal["fb", "lvm", "thinlvm", "nfs", "vz"] | None = None
    image_format: Literal["qcow2", "raw", "ploop"] | None = None
    tokens_per_hour: Annotated[Count, Meta(description="0: no hourly billing.")] = 0
    tokens_per_month: Annotated[Count, Meta(description="0: hourly billing alone.")] = 0
    ip_tokens_per_hour: Count = 0
    ip_tokens_per_month: Count = 0
    backup_price: Annotated[float, Meta(ge=0, description="Percent of the server's price.")] = 0.0
    more: Members = {}


class AccessTokenPart(_Part, frozen=True, kw_only=True):
    """An access token whose secret is known beforehand."""

    secret: Annotated[str, Meta(pattern="^[!-~]{8,200}$")]
    name: Annotated[str, Meta(max_length=255)] = ""
    one_time: bool = False


class SshKeyPart(_Part, frozen=True, kw_only=True):
    """A public key of a user."""

    name: Text
    public_key: Annotated[str, Meta(min_length=1, max_length=10_000)]


class UserPart(_Part, frozen=True, kw_only=True):
    """A customer, or an operator."""

    email: Text
    password: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    billing_user_id: Annotated[int, Meta(ge=1, description="His id in the billing system.")] | None = None
    billing_token: str | None = None
    status: Literal["active", "locked", "suspended"] = "active"
    roles: Annotated[list[Reference], Meta(description="Without any he is a client.")] = []
    limit_group: Reference | None = None
    created_at: Moment | None = None
    access_tokens: list[AccessTokenPart] = []
    ssh_keys: list[SshKeyPart] = []


class ProjectPart(_Part, frozen=True, kw_only=True):
    """A project beside the default one that every user has."""

    name: Text
    owner: Person
    description: str = ""
    members: Annotated[list[str], Meta(description="E-mail addresses of further users.")] = []


class ServerPart(_Part, frozen=True, kw_only=True):
    """A virtual server. Its owner is the user, or the owner of the project."""

    name: Text
    user: Person | None = None
    project: Reference | None = None
    plan: Reference | None = None
    location: Reference | None = None
    os: (
        Annotated[int | str, Meta(description="Such as `Ubuntu 24.04` or `Ubuntu`, or the id of a version.")]
        | None
    ) = None
    application: Reference | None = None
    status: Annotated[
        Literal["started", "stopped", "suspended", "processing"],
        Meta(description="`processing`: it is being made at this moment, and started soon after."),
    ] = "started"
    created_at: Moment | None = None
    additional_ips: Annotated[int, Meta(ge=0, le=1000)] = 0
    ssh_keys: Annotated[list[str], Meta(description="Names of keys of its owner.")] = []
    more: Members = {}


class WorldPart(_Part, frozen=True, kw_only=True, rename={"schema": "$schema"}):
    """A world: it is added to what a fresh installation has, all of it or nothing."""

    schema: Annotated[str, Meta(description="For editors.")] = ""
    clock: ClockPart | None = None
    settings: SettingsPart = SettingsPart()
    roles: list[RolePart] = []
    limit_groups: list[LimitGroupPart] = []
    locations: list[LocationPart] = []
    plans: list[PlanPart] = []
    users: list[UserPart] = []
    projects: list[ProjectPart] = []
    servers: list[ServerPart] = []
