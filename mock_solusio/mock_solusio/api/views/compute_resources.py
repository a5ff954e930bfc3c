"""Locations, compute resources, storages, backup nodes as the API shows them (facts, section 9; Go SDK)."""

import math

from mock_solusio.api.call import Call
from mock_solusio.api.views.networks import ip_block_short
from mock_solusio.api.views.parts import Json, compute_resource_short, icon_or_none, number, pick
from mock_solusio.api.views.plans import plans_listing
from mock_solusio.domain import compute_resources
from mock_solusio.domain.compute_resources import CAPACITY, NETWORK_ID
from mock_solusio.domain.ip_blocks import blocks_of
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import (
    COMPUTE_RESOURCES,
    LOCATIONS,
    BackupNode,
    ComputeResource,
    Location,
    Storage,
    StorageType,
)
from mock_solusio.domain.records.networks import IPV6
from mock_solusio.domain.records.servers import BACKUPS
from mock_solusio.domain.references import count_servers
from mock_solusio.domain.storage_types import storage_type


def location_short(call: Call, location: Location) -> Json:
    """Show a location without its parts."""
    return {
        **pick(location, "id", "name", "description", "is_default", "is_visible"),
        "icon": icon_or_none(call, location.icon_id),
        "position": number(location.position),
    }


def location_view(call: Call, location: Location) -> Json:
    """Show a location; only operators see its compute resources."""
    machines = []
    if call.may(Permission.VIEW_COMPUTE_RESOURCES):
        machines = compute_resources.at_location(call.world, location.id)
    return {
        **location_short(call, location),
        "compute_resources": [compute_resource_short(machine) for machine in machines],
        "available_plans": plans_listing(call, "available_locations", location.id),
    }


def compute_resource_view(call: Call, machine: ComputeResource) -> Json:
    """Show a compute resource with its parts."""
    world = call.world
    locations = map(world[LOCATIONS].get_or_404, machine.location_ids)
    blocks = blocks_of(world, machine.id)
    storages = compute_resources.storages_of(world, machine)
    return {
        **compute_resource_short(machine),
        "is_locked": machine.is_locked,
        "locations": [location_short(call, location) for location in locations],
        "ip_blocks": [ip_block_short(block) for block in blocks],
        "storages": [storage_view(call, storage) for storage in storages],
        "capabilities": capabilities(machine),
        "settings": settings_view(call, machine),
        "metrics": {"network": {"ipv6_enabled": any(block.type == IPV6 for block in blocks)}},
        "vms_count": count_servers(world, compute_resource_id=machine.id),
    }


def capabilities(machine: ComputeResource) -> dict[str, bool]:
    """Show what a compute resource can do."""
    return {
        "kvm": "kvm" in machine.settings.virtualization_types,
        "vz": "vz" in machine.settings.virtualization_types,
        "is_management_node": False,
        "is_mem_balloon_free_page_reporting_supported": True,
        "is_virtio_discard_supported": True,
    }


def settings_view(call: Call, machine: ComputeResource) -> Json:
    """Show the settings of a compute resource, with what servers use of each limit."""
    settings = machine.settings
    used = compute_resources.used_capacity(call.world, machine)
    used_of = {"vm": used.vms, "hdd": used.hdd, "ram": used.ram, "vcpu": used.vcpu}
    return {
        **pick(settings, "cache_path", "iso_path", "backup_tmp_path", "vnc_proxy_port"),
        **pick(settings, "balance_strategy", "virtualization_types", "vs_disk_cache_mode"),
        "limits": {
            name: {"unlimited": limit.unlimited, "total": number(limit.total), "used": used_of[name]}
            for name, limit in settings.limits.items()
        },
        "network": {"type": settings.network_type, **pick(settings, "bridges", "ip_for_vpc_network")},
        "arch": "x86_64",
        "concurrent_backups": {"limit": settings.concurrent_backups},
    }


def usage_view(call: Call, machine: ComputeResource) -> Json:
    """Show what servers use of a compute resource (the shape is assumed)."""
    used = compute_resources.used_capacity(call.world, machine)
    return {
        "vms": used.vms,
        "vcpu": {"total": CAPACITY.vcpu, "used": used.vcpu},
        "ram": {"total": CAPACITY.ram, "used": used.ram},
        "hdd": {"total": CAPACITY.hdd, "used": used.hdd},
    }


def storage_view(call: Call, storage: Storage) -> Json:
    """Show a storage. All servers use the first storage of their compute resource (assumed)."""
    machine = call.world[COMPUTE_RESOURCES].get_or_404(storage.compute_resource_id)
    is_first = storage.id == compute_resources.storages_of(call.world, machine)[0].id
    used = compute_resources.used_capacity(call.world, machine)
    return {
        **pick(storage, "id", "name", "path", "thin_pool", "is_available_for_balancing"),
        "type": storage_type_view(call, storage_type(storage.type)),
        "mount": storage.path,
        "servers_count": used.vms if is_first else 0,
        "compute_resources_count": 1,
        "free_space": max(0, storage.size - (used.hdd if is_first else 0)),
        "credentials": {},
    }


def storage_type_view(_call: Call, kind: StorageType) -> Json:
    """Show a storage type."""
    return pick(kind, "id", "name", "formats")


def network_views(_call: Call, machine: ComputeResource) -> list[Json]:
    """Show the one network of a compute resource."""
    return [
        {
            "id": NETWORK_ID,
            "name": NETWORK_ID,
            "addr_conf_type": "static",
            "ip_version": 4,
            "ip": f"192.0.2.{machine.id % 254 + 1}",
            "mask": "255.255.255.0",
            "mask_size": 24,
        }
    ]


def volume_views(_call: Call, machine: ComputeResource) -> list[Json]:
    """Show the one LVM volume group of a compute resource, named after it."""
    return [{"vg_free": "3.91t", "vg_name": f"vg-{machine.name}", "vg_size": "3.91t", "pv_used": "0 "}]


def thin_pool_views(_call: Call, machine: ComputeResource) -> list[Json]:
    """Show the one thin pool of a compute resource, with the columns that `lvs` prints."""
    empty = ("convert_lv", "copy_percent", "mirror_log", "move_pv", "origin", "pool_lv")
    return [
        {
            **dict.fromkeys(empty, ""),
            "data_percent": "0.00",
            "lv_attr": "twi-a-tz--",
            "lv_layout": "thin,pool",
            "lv_metadata_size": "1.00g",
            "lv_name": "pool",
            "lv_size": "3.91t",
            "metadata_percent": "1.00",
            "vg_name": f"vg-{machine.name}",
        }
    ]


def install_step_views(_call: Call, machine: ComputeResource) -> list[Json]:
    """Show the steps of the installation, all done."""
    titles = ("Check the operating system", "Install packages", "Install the agent")
    done = {"status": "done", "status_text": "", "progress": 100}
    return [
        {"id": number, "compute_resource_id": machine.id, "title": title, **done}
        for number, title in enumerate(titles, 1)
    ]


def backup_node_view(call: Call, node: BackupNode) -> Json:
    """Show a backup node; sizes are whole GiB (the unit is assumed), credentials without secrets."""
    backups = call.world[BACKUPS].find(backup_node_id=node.id)
    machines = map(call.world[COMPUTE_RESOURCES].get_or_404, node.compute_resource_ids)
    return {
        **pick(node, "id", "name", "type", "credentials"),
        "compute_resources_count": len(node.compute_resource_ids),
        "backups_count": len(backups),
        "total_backups_size": math.ceil(sum(backup.size for backup in backups)),
        "compute_resources": [compute_resource_short(machine) for machine in machines],
    }
