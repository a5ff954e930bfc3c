"""What the API shows of compute resources, storages, IP blocks and addresses (facts, sections 7 and 9)."""

import functools
from ipaddress import IPv4Network
from typing import Any

import msgspec

from mock_solusio.api.call import Call
from mock_solusio.api.views.plans import number
from mock_solusio.domain import compute_resources
from mock_solusio.domain.compute_resources import CAPACITY, NETWORK_ID
from mock_solusio.domain.ip_blocks import blocks_of
from mock_solusio.domain.records.compute_resources import (
    COMPUTE_RESOURCES,
    LOCATIONS,
    ComputeResource,
    ComputeResourceSettings,
    Location,
    Storage,
)
from mock_solusio.domain.records.images import ICONS, Icon
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, IPV4, IPV6, Ip, IpBlock
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.references import count_servers
from mock_solusio.domain.storage_types import storage_type


def location_short(call: Call, location: Location) -> dict[str, Any]:
    """Return a location, without what belongs to it."""
    return {
        "id": location.id,
        "name": location.name,
        "icon": icon_or_none(call, location.icon_id),
        "description": location.description,
        "is_default": location.is_default,
        "is_visible": location.is_visible,
        "position": number(location.position),
    }


def icon_or_none(call: Call, icon_id: int | None) -> dict[str, Any] | None:
    """Return an icon; None for none."""
    icon = None if icon_id is None else call.world[ICONS].get(icon_id)
    return None if icon is None else icon_view(call, icon)


def icon_view(call: Call, icon: Icon) -> dict[str, Any]:  # noqa: ARG001 - a view
    """Return an icon."""
    return {"id": icon.id, "name": icon.name, "url": icon.url, "type": icon.type}


def compute_resource_short(machine: ComputeResource) -> dict[str, Any]:
    """Return a machine, without what belongs to it."""
    return {
        "id": machine.id,
        "name": machine.name,
        "host": machine.host,
        "agent_port": machine.agent_port,
        "status": machine.status,
        "version": machine.version,
    }


def compute_resource_view(call: Call, machine: ComputeResource) -> dict[str, Any]:
    """Return a machine with what belongs to it."""
    world = call.world
    blocks = blocks_of(world, machine.id)
    return {
        **compute_resource_short(machine),
        "is_locked": machine.is_locked,
        "locations": [
            location_short(call, location)
            for location in map(world[LOCATIONS].get_or_404, machine.location_ids)
        ],
        "ip_blocks": [ip_block_short(block) for block in blocks],
        "storages": [storage_view(call, one) for one in compute_resources.storages_of(world, machine)],
        "capabilities": capabilities(machine),
        "settings": settings_view(call, machine),
        "metrics": {"network": {"ipv6_enabled": any(block.type == IPV6 for block in blocks)}},
        "vms_count": count_servers(world, compute_resource_id=machine.id),
    }


def capabilities(machine: ComputeResource) -> dict[str, bool]:
    """Return what a machine can do."""
    return {
        "kvm": "kvm" in machine.settings.virtualization_types,
        "vz": "vz" in machine.settings.virtualization_types,
        "is_management_node": False,
        "is_mem_balloon_free_page_reporting_supported": True,
        "is_virtio_discard_supported": True,
    }


def settings_view(call: Call, machine: ComputeResource) -> dict[str, Any]:
    """Return the settings of a machine, with what servers take of each limit."""
    settings: ComputeResourceSettings = machine.settings
    taken = compute_resources.used_capacity(call.world, machine)
    used = {"vm": taken.vms, "hdd": taken.hdd, "ram": taken.ram, "vcpu": taken.vcpu}
    return {
        "cache_path": settings.cache_path,
        "iso_path": settings.iso_path,
        "backup_tmp_path": settings.backup_tmp_path,
        "vnc_proxy_port": settings.vnc_proxy_port,
        "limits": {
            name: {"unlimited": limit.unlimited, "total": number(limit.total), "used": used[name]}
            for name, limit in settings.limits.items()
        },
        "network": {
            "type": settings.network_type,
            "bridges": [msgspec.to_builtins(bridge) for bridge in settings.bridges],
            "ip_for_vpc_network": settings.ip_for_vpc_network,
        },
        "balance_strategy": settings.balance_strategy,
        "arch": "x86_64",
        "virtualization_types": settings.virtualization_types,
        "vs_disk_cache_mode": settings.vs_disk_cache_mode,
        "concurrent_backups": {"limit": settings.concurrent_backups},
    }


def usage_view(call: Call, machine: ComputeResource) -> dict[str, Any]:
    """Return what servers take of a machine (the shape is assumed)."""
    taken = compute_resources.used_capacity(call.world, machine)
    return {
        "vms": taken.vms,
        "vcpu": {"total": CAPACITY.vcpu, "used": taken.vcpu},
        "ram": {"total": CAPACITY.ram, "used": taken.ram},
        "hdd": {"total": CAPACITY.hdd, "used": taken.hdd},
    }


def storage_view(call: Call, storage: Storage) -> dict[str, Any]:
    """Return a storage. Servers of a machine with several storages are on the first (assumed)."""
    machine = call.world[COMPUTE_RESOURCES].get_or_404(storage.compute_resource_id)
    first = compute_resources.storages_of(call.world, machine)[0]
    holds = storage.id == first.id
    taken = compute_resources.used_capacity(call.world, machine)
    kind = storage_type(storage.type)
    return {
        "id": storage.id,
        "name": storage.name,
        "type": {"id": kind.id, "name": kind.name, "formats": list(kind.formats)},
        "path": storage.path,
        "mount": storage.path,
        "thin_pool": storage.thin_pool,
        "is_available_for_balancing": storage.is_available_for_balancing,
        "servers_count": taken.vms if holds else 0,
        "compute_resources_count": 1,
        "free_space": max(0, storage.size - (taken.hdd if holds else 0)),
        "credentials": {},
    }


def network_views(_call: Call, machine: ComputeResource) -> list[dict[str, Any]]:
    """Return the one network of a machine."""
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


def volume_views(_call: Call, machine: ComputeResource) -> list[dict[str, Any]]:
    """Return the one LVM volume group of a machine; its name is that of the machine."""
    return [{"vg_free": "3.91t", "vg_name": f"vg-{machine.name}", "vg_size": "3.91t", "pv_used": "0 "}]


def thin_pool_views(_call: Call, machine: ComputeResource) -> list[dict[str, Any]]:
    """Return the one thin pool of a machine, with the columns that `lvs` prints."""
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


def install_step_views(_call: Call, machine: ComputeResource) -> list[dict[str, Any]]:
    """Return the steps of the installation, which are done."""
    titles = ("Check the operating system", "Install packages", "Install the agent")
    return [
        {
            "id": number,
            "compute_resource_id": machine.id,
            "title": title,
            "status": "done",
            "status_text": "",
            "progress": 100,
        }
        for number, title in enumerate(titles, 1)
    ]


def ip_block_short(block: IpBlock) -> dict[str, Any]:
    """Return a block, without what belongs to it; what only the other version has is null."""
    four = block.type == IPV4
    return {
        "id": block.id,
        "name": block.name,
        "type": block.type,
        "list_type": "range",
        "gateway": block.gateway,
        "netmask": block.netmask if four else None,
        "ns_1": block.ns_1,
        "ns_2": block.ns_2,
        "from": block.first if four else None,
        "to": block.last if four else None,
        "range": None if four else block.range,
        "subnet": None if four else block.subnet,
        "reverse_dns": {"zone": block.reverse_dns_zone, "enabled": block.reverse_dns_enabled},
    }


def ip_block_view(call: Call, block: IpBlock) -> dict[str, Any]:
    """Return a block with what belongs to it."""
    machines = map(call.world[COMPUTE_RESOURCES].get_or_404, block.compute_resource_ids)
    return {
        **ip_block_short(block),
        "reserved_ips_count": call.world[IPS].count(ip_block_id=block.id),
        "total_ips_count": str(block.size),
        "compute_resources": [compute_resource_short(machine) for machine in machines],
    }


@functools.lru_cache(64)
def _prefix_length(netmask: str) -> int:
    return IPv4Network(f"0.0.0.0/{netmask}").prefixlen


def ip_view(call: Call, ip: Ip) -> dict[str, Any]:
    """Return a registered address; `is_reserved` is true of all of them (facts, section 7)."""
    from mock_solusio.domain.records.servers import SERVERS

    world = call.world
    block = world[IP_BLOCKS].get_or_404(ip.ip_block_id)
    server = None if ip.server_id is None else world[SERVERS].get(ip.server_id)
    user = None if ip.user_id is None else world[USERS].get(ip.user_id)
    length = _prefix_length(block.netmask) if block.type == IPV4 else block.subnet
    return {
        "id": ip.id,
        "ip": ip.address,
        "is_primary": ip.is_primary,
        "is_reserved": True,
        "is_reverse_dns_enabled": block.reverse_dns_enabled,
        "reverse_dns": [],
        "issued_for": "vm",
        "comment": ip.comment,
        "gateway": block.gateway,
        "netmask": block.netmask or None,
        "cidr": f"{ip.address}/{length}",
        "server": None if server is None else {"id": server.id, "name": server.name},
        "user": None if user is None else {"id": user.id, "email": user.email},
        "ip_block": ip_block_short(block),
    }
