"""Servers, their backups and their snapshots."""

from typing import Any

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class BackupSchedule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When backups are made, in UTC."""

    type: str = "daily"
    hour: int = 0
    minutes: int = 0
    days: list[int] = msgspec.field(default_factory=list)


class ServerBackupSettings(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whether and when a server is backed up automatically."""

    enabled: bool = False
    schedule: BackupSchedule = BackupSchedule()


class AdditionalDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk besides the primary one; `size` in GiB."""

    name: str
    size: int
    offer_id: int | None = None


class Server(Record, frozen=True, kw_only=True):
    """A virtual server."""

    name: str
    uuid: str
    user_id: int
    project_id: int
    plan_id: int
    location_id: int
    compute_resource_id: int
    virtualization_type: str
    created_at: Micros
    custom_plan: dict[str, Any] = msgspec.field(default_factory=dict)
    """Values in place of the plan's, in the form of the request."""
    os_image_version_id: int | None = None
    application_id: int | None = None
    application_data: dict[str, Any] = msgspec.field(default_factory=dict)
    description: str = ""
    status: str = "processing"
    running_of: int | None = None
    """The owner while the server should run, so that an index can count their running servers."""
    suspensions: list[str] = msgspec.field(default_factory=list)
    """Why it is suspended: `operator`, `user` (the owner is)."""
    ran: bool = False
    """Whether it was running when it was suspended."""
    is_suspended: bool = False
    is_deleting: bool = False
    busy_until: Micros = 0
    """When its last task finishes."""
    disk: int = 0
    """Size of the primary disk in GiB; a resize may keep it."""
    additional_disks: list[AdditionalDisk] = msgspec.field(default_factory=list)
    primary_disk_offer: int | None = None
    boot_mode: str = "disk"
    iso_image_id: int | None = None
    firmware: str = "bios"
    disk_driver: str = "virtio"
    disk_cache_mode: str = "none"
    guest_tools: bool = False
    fqdns: list[str] = msgspec.field(default_factory=list)
    ssh_keys: list[int] = msgspec.field(default_factory=list)
    user_data: str = ""
    root_password: str = ""
    passwords: int = 1
    """How many root passwords it has had so far."""
    vnc_password: str = ""
    mac_address: str = ""
    backup_settings: ServerBackupSettings = ServerBackupSettings()
    status_at: Micros = 0
    """Since when it has had its status."""
    received: int = 0
    """Bytes of traffic counted until `traffic_from`; likewise `sent`."""
    sent: int = 0
    traffic_from: Micros = 0
    """From when on its traffic follows from its curves (`charts`)."""

    @property
    def runs(self) -> bool:
        """Whether it should run."""
        return self.running_of is not None


SERVERS: Kind[Server] = Kind(
    "servers",
    Server,
    # The most selective first.
    index=(
        "running_of",
        "user_id",
        "project_id",
        "name",
        "iso_image_id",
        "application_id",
        "os_image_version_id",
        "plan_id",
        "compute_resource_id",
        "location_id",
        "status",
        "virtualization_type",
    ),
    unique=("uuid",),
    search=("name",),
)


class Backup(Record, frozen=True, kw_only=True):
    """A backup of a server's primary disk."""

    server_id: int
    creator_id: int
    created_at: Micros
    disk: int
    """Size of the disk at the time, in GiB."""
    status: str = "pending"
    """`pending` until its task finishes, then `created`."""
    size: float = 0.0
    """In GiB; 0 until it is created."""
    task_id: int = 0
    backup_node_id: int | None = None
    """Where it is kept; None: no node names the server's compute resource."""


BACKUPS: Kind[Backup] = Kind("backups", Backup, index=("server_id", "backup_node_id"))


class Snapshot(Record, frozen=True, kw_only=True):
    """The state of a server's disk at a moment."""

    server_id: int
    name: str
    created_at: Micros
    status: str = "processing"
    """`processing` while it is taken or deleted, otherwise `available`."""
    size: float = 0.0
    """In GiB; 0 until it is taken."""


SNAPSHOTS: Kind[Snapshot] = Kind("snapshots", Snapshot, index=("server_id",))
