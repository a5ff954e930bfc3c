"""Where servers run and are stored: locations, compute resources, storages and backup nodes."""

from typing import Any

import msgspec

from mock_solusio.domain.world import Kind, Record


class Location(Record, frozen=True, kw_only=True):
    """A place where servers can run. Each compute resource lists its own locations."""

    name: str
    description: str = ""
    icon_id: int | None = None
    is_default: bool = False
    is_visible: bool = True
    position: float = 0.0


LOCATIONS: Kind[Location] = Kind(
    "locations", Location, index=("name", "is_default", "is_visible"), search=("name",)
)


AGENT_VERSION = "1.32.5"
"""Version of the agent on the machine (assumed; clients accept any string)."""


class ResourceLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How much of something the servers of a compute resource may use."""

    unlimited: bool = True
    total: float = 0.0


def _no_limits() -> dict[str, ResourceLimit]:
    return {name: ResourceLimit() for name in ("vm", "hdd", "ram", "vcpu")}


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """A bridge of a network."""

    name: str
    type: str = "bridged"


class ComputeResourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a compute resource (Go SDK, runetech0/solusvm-api-async)."""

    cache_path: str = "/var/lib/solus/cache"
    iso_path: str = "/var/lib/solus/iso"
    backup_tmp_path: str = "/var/lib/solus/backup"
    vnc_proxy_port: int = 8082
    limits: dict[str, ResourceLimit] = msgspec.field(default_factory=_no_limits)
    network_type: str = "routed"
    bridges: list[Bridge] = []
    ip_for_vpc_network: str | None = None
    balance_strategy: str = "round-robin"
    virtualization_types: list[str] = msgspec.field(default_factory=lambda: ["kvm"])
    vs_disk_cache_mode: str | None = None
    concurrent_backups: int = 1


class ComputeResource(Record, frozen=True, kw_only=True):
    """A machine that servers run on."""

    name: str
    host: str
    agent_port: int = 8080
    status: str = "active"
    version: str = AGENT_VERSION
    is_locked: bool = False
    """Whether it accepts no new servers."""
    location_ids: list[int] = msgspec.field(default_factory=list)
    settings: ComputeResourceSettings = ComputeResourceSettings()


class Storage(Record, frozen=True, kw_only=True):
    """Where the disks of a compute resource's servers are."""

    compute_resource_id: int
    name: str
    type: str
    path: str
    thin_pool: str | None = None
    is_available_for_balancing: bool = True
    size: int = 4000
    """GiB."""


COMPUTE_RESOURCES: Kind[ComputeResource] = Kind(
    "compute_resources", ComputeResource, index=("name", "host", "status"), search=("name", "host")
)
STORAGES: Kind[Storage] = Kind("storages", Storage, index=("compute_resource_id",))


class StorageType(Record, frozen=True, kw_only=True):
    """A way to store disks, and the image formats it can hold."""

    name: str
    formats: tuple[str, ...]


STORAGE_TYPES = (
    StorageType(id=1, name="fb", formats=("qcow2", "raw")),
    StorageType(id=2, name="lvm", formats=("raw",)),
    StorageType(id=3, name="thinlvm", formats=("raw",)),
    StorageType(id=4, name="nfs", formats=("qcow2", "raw")),
    StorageType(id=5, name="vz", formats=("ploop",)),
)
"""The names are observed; the formats are what QEMU and Virtuozzo support (assumed)."""


class BackupNode(Record, frozen=True, kw_only=True):
    """A place for backups."""

    name: str
    type: str = "ssh_rsync"
    compute_resource_ids: list[int] = msgspec.field(default_factory=list)
    """The compute resources whose servers are backed up there."""
    credentials: dict[str, Any] = msgspec.field(default_factory=dict)


BACKUP_NODES: Kind[BackupNode] = Kind("backup_nodes", BackupNode, index=("name",), search=("name",))
