"""Plans: what a customer can order, and what it costs in tokens."""

import msgspec

from mock_solusio.domain.world import Kind, Record


class PlanParams(msgspec.Struct, frozen=True, kw_only=True):
    """What a server has: `disk` in GiB, `ram` and `swap` in bytes (observed)."""

    disk: int
    ram: int
    vcpu: int
    swap: int = 0
    vcpu_units: int = 0
    vcpu_limit: int = 0
    """Percent of one processor."""
    io_priority: int = 0


class PlanLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of a server; it applies only while it is enabled."""

    unit: str
    is_enabled: bool = False
    limit: int = 0


class PlanBackupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How servers of a plan are backed up."""

    is_incremental_backup_enabled: bool = False
    incremental_backups_limit: int = 0


class Netfilter(msgspec.Struct, frozen=True, kw_only=True):
    """The firewall modules of a container."""

    value: str = "disabled"
    is_editable: bool = False


class KernelFeature(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel feature of a container."""

    value: bool = False
    is_editable: bool = False


LIMIT_UNITS = {
    "disk_bandwidth": "Bps",
    "disk_iops": "iops",
    "network_incoming_bandwidth": "Mbps",
    "network_outgoing_bandwidth": "Mbps",
    "network_incoming_traffic": "GiB",
    "network_outgoing_traffic": "GiB",
    "network_total_traffic": "GiB",
    "network_reduce_bandwidth": "Mbps",
    "backups_number": "units",
}
"""All limits with their default units."""

LEGACY_UNITS = {"KB": "KiB", "MB": "MiB", "GB": "GiB", "TB": "TiB", "PB": "PiB"}
"""Names of units in old SDKs, and the current ones (observed)."""


def _no_limits() -> dict[str, PlanLimit]:
    return {name: PlanLimit(unit=unit) for name, unit in LIMIT_UNITS.items()}


class Plan(Record, frozen=True, kw_only=True):
    """A plan. Tokens are integers.

    0 tokens per month mean hourly billing only; 0 per hour mean the monthly price, however short the use.
    """

    name: str
    params: PlanParams
    disk: int
    """Equal to the one in `params`; here so that plans can be found by it."""
    storage_type: str = "fb"
    image_format: str = "qcow2"
    virtualization_type: str = "kvm"
    tokens_per_hour: int = 0
    tokens_per_month: int = 0
    ip_tokens_per_hour: int = 0
    ip_tokens_per_month: int = 0
    iso_image_tokens_per_hour: int = 0
    iso_image_tokens_per_month: int = 0
    backup_price: float = 0.0
    """Percent of the server's price (assumed; see `prices.plan_price`)."""
    limits: dict[str, PlanLimit] = msgspec.field(default_factory=_no_limits)
    reset_limit_policy: str = "never"
    network_traffic_limit_type: str = "separate"
    is_default: bool = False
    is_visible: bool = True
    is_snapshots_enabled: bool = False
    is_backup_available: bool = False
    is_additional_ips_available: bool = False
    is_custom: bool = False
    is_thin_provisioned: bool = False
    backup_settings: PlanBackupSettings = PlanBackupSettings()
    position: float = 0.0
    available_locations: list[int] = msgspec.field(default_factory=list)
    """Ids of the locations where it can be ordered; an empty list means everywhere (assumed).

    The same for the next two lists.
    """
    available_os_image_versions: list[int] = msgspec.field(default_factory=list)
    available_applications: list[int] = msgspec.field(default_factory=list)
    netfilter: Netfilter = Netfilter()
    ppp: KernelFeature = KernelFeature()
    tun_tap: KernelFeature = KernelFeature()


PLANS: Kind[Plan] = Kind(
    "plans",
    Plan,
    index=("name", "storage_type", "image_format", "disk", "is_default", "is_visible"),
    search=("name",),
)
