"""Servers, their disks, backups and snapshots as the API shows them (facts, section 7)."""

import math
from typing import Any

from mock_solusio.api.call import Call
from mock_solusio.api.replies import rendered
from mock_solusio.api.views.compute_resources import capabilities, location_view, storage_view
from mock_solusio.api.views.images import iso_image_view
from mock_solusio.api.views.networks import ip_view
from mock_solusio.api.views.parts import Json, icon_or_none, moment, pick
from mock_solusio.api.views.people import ssh_key_view, user_view
from mock_solusio.api.views.plans import plan_view, priced_for
from mock_solusio.api.views.projects import project_view
from mock_solusio.domain import backup_schedule, charts, custom_plans, ip_blocks, os_images, servers
from mock_solusio.domain.compute_resources import storages_of
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import (
    BACKUP_NODES,
    COMPUTE_RESOURCES,
    LOCATIONS,
    ComputeResource,
)
from mock_solusio.domain.records.credentials import SSH_KEYS
from mock_solusio.domain.records.images import APPLICATIONS, ISO_IMAGES, OS_IMAGE_VERSIONS, OS_IMAGES
from mock_solusio.domain.records.networks import IP_BLOCKS, IPV4, IPV6, Ip
from mock_solusio.domain.records.plans import Plan
from mock_solusio.domain.records.projects import PROJECTS
from mock_solusio.domain.records.servers import SERVERS, AdditionalDisk, Backup, Server, Snapshot
from mock_solusio.domain.records.tasks import TASKS
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.server_access import has_access
from mock_solusio.domain.units import GIB
from mock_solusio.moment import rfc3339


def server_view(call: Call, server: Server) -> Json:
    """Show a server, with its plan priced for its owner."""
    world = call.world
    owner = world[USERS].get_or_404(server.user_id)
    plan = custom_plans.effective_plan(world, server)
    machine = world[COMPUTE_RESOURCES].get_or_404(server.compute_resource_id)
    addresses = ip_blocks.of_server(world, server.id)
    ips = [ip_view(call, ip) for ip in addresses]
    keys = map(world[SSH_KEYS].get, server.ssh_keys)
    upcoming = backup_schedule.next_backup_of(server, owner, call.now)
    if upcoming is not None:
        call.expires(upcoming)
    return {
        **pick(server, "id", "name", "description", "uuid", "status", "virtualization_type"),
        **pick(server, "fqdns", "boot_mode", "is_suspended"),
        "real_status": _REAL.get(server.status, server.status),
        "os_type": _os_type(call, server),
        "specifications": {"disk": server.disk, "ram": plan.params.ram, "vcpu": plan.params.vcpu},
        "plan": _plan(call, server, plan, owner),
        "location": rendered(call, location_view, world[LOCATIONS].get_or_404(server.location_id)),
        "project": rendered(call, project_view, world[PROJECTS].get_or_404(server.project_id)),
        "user": rendered(call, user_view, owner),
        "ips": ips,
        "ip_addresses": {
            "ipv4": [view for ip, view in zip(addresses, ips, strict=True) if ip.type == IPV4],
            "ipv6": [
                {**view, "primary_ip": ip.address, "range": _range(call, ip)}
                for ip, view in zip(addresses, ips, strict=True)
                if ip.type == IPV6
            ],
        },
        "is_processing": servers.is_busy(server, call.now),
        "progress": _progress(call, server),
        "usage": _usage(call, server),
        "backup_settings": _backup_settings(server, plan),
        "next_scheduled_backup_at": moment(upcoming),
        "ssh_keys": [ssh_key_view(call, key) for key in keys if key is not None],
        "created_at": rfc3339(server.created_at),
        "has_incremental_backups": plan.backup_settings.is_incremental_backup_enabled,
        "vnc_url": _console_url(server, machine),
        "compute_resource": {**pick(machine, "id", "name", "host"), "capabilities": capabilities(machine)},
        "settings": _settings(call, server),
        **_boots_from(call, server),
    }


def _plan(call: Call, server: Server, plan: Plan, owner: User) -> Any:
    if server.custom_plan:
        return plan_view(call, plan, owner.billing_user_id)
    return rendered(call, priced_for(owner.billing_user_id), plan)


_REAL = {"processing": "not exist", "reinstalling": "stopped"}
"""What the hypervisor reports about servers that it has not created or does not run."""


def _os_type(call: Call, server: Server) -> str:
    key = server.os_image_version_id
    version = None if key is None else call.world[OS_IMAGE_VERSIONS].get(key)
    return "Linux" if version is None else os_images.os_type(version)


def _range(call: Call, ip: Ip) -> str:
    block = call.world[IP_BLOCKS].get_or_404(ip.ip_block_id)
    network = ip.address.removesuffix("::1") + "::" if ip.address.endswith("::1") else ip.address
    return f"{network}/{block.subnet}"


def _progress(call: Call, server: Server) -> int:
    if not servers.is_busy(server, call.now):
        return 0
    call.uncached()
    mine = call.world[TASKS].find(server_id=server.id)
    return next((task.progress(call.now) for task in mine if task.status == "running"), 0)


def _usage(call: Call, server: Server) -> Json:
    # As of the last point of the charts, so that the response can be cached until the next one.
    at = charts.slot(call.now)
    call.expires(at + charts.SLOT)
    curves = charts.curves_while_running(call.world, server)
    received, sent = charts.traffic(server, curves, at)
    used = charts.disk_used(call.world, server, server.disk, at)
    return {
        "cpu": 0.0 if curves is None else charts.load(server, curves, at),
        "network": {"incoming": {"value": received}, "outgoing": {"value": sent}},
        "disk": {"actual_size": int(used * GIB)},
    }


def _backup_settings(server: Server, plan: Plan) -> Json:
    schedule = server.backup_settings.schedule
    return {
        "enabled": server.backup_settings.enabled,
        "schedule": {"time": pick(schedule, "hour", "minutes"), **pick(schedule, "type", "days")},
        "limit": plan.limits["backups_number"],
    }


def _may_use_console(call: Call, server: Server) -> bool:
    return call.may(Permission.MANAGE_SERVERS) or has_access(call.world, call.actor, server)


def _settings(call: Call, server: Server) -> Json:
    return {
        "vnc_enabled": True,
        "vnc_password": server.vnc_password if _may_use_console(call, server) else "",
        **pick(server, "disk_cache_mode", "disk_driver", "firmware", "mac_address"),
        "guest_agent_available": server.guest_tools,
        "guest_tools_installed": server.guest_tools,
        "user": "Administrator" if _os_type(call, server) == "Windows" else "root",
        "os_image": _installed(call, server),
        "application_login_link": _login_links(call, server),
    }


def _installed(call: Call, server: Server) -> Json:
    world = call.world
    if server.application_id is not None:
        application = world[APPLICATIONS].get_or_404(server.application_id)
        return {
            "type": "application",
            "icon": _icon(call, application.icon_id),
            **pick(application, "name", "url", "cloud_init_version"),
        }
    version = world[OS_IMAGE_VERSIONS].get_or_404(server.os_image_version_id or 0)
    image = world[OS_IMAGES].get_or_404(version.os_image_id)
    return {
        "name": os_images.title(world, version),
        "type": "os",
        "icon": _icon(call, image.icon_id),
        **pick(version, "url", "cloud_init_version"),
    }


def _boots_from(call: Call, server: Server) -> Json:
    # Absent, since null breaks a client (facts, section 14).
    image = None if server.iso_image_id is None else call.world[ISO_IMAGES].get(server.iso_image_id)
    return {} if image is None else {"iso_image": iso_image_view(call, image)}


def _icon(call: Call, key: int | None) -> str:
    icon = icon_or_none(call, key)
    return "" if icon is None else icon["url"]


def _login_links(call: Call, server: Server) -> list[Json]:
    if server.application_id is None:
        return []
    link = call.world[APPLICATIONS].get_or_404(server.application_id).login_link
    return [] if link.type == "none" else [pick(link, "type", "content")]


def disk_views(call: Call, server: Server) -> list[Json]:
    """Show the disks of a server, the primary one first.

    Their ids are derived from the server's: clients only display them.
    """
    world = call.world
    machine = world[COMPUTE_RESOURCES].get_or_404(server.compute_resource_id)
    storage = storages_of(world, machine)[0]
    at = charts.slot(call.now)
    call.expires(at + charts.SLOT)
    primary = AdditionalDisk(name="Primary disk", size=server.disk, offer_id=server.primary_disk_offer)
    suffix = custom_plans.effective_plan(world, server).image_format
    shown = []
    for number, disk in enumerate((primary, *server.additional_disks)):
        file = f"{server.uuid}.{suffix}" if number == 0 else f"{server.uuid}-{number}.{suffix}"
        offer = disk.offer_id
        shown.append(
            {
                "id": server.id * 100 + number,
                "is_primary": number == 0,
                **pick(disk, "name", "size"),
                "actual_size": math.ceil(charts.disk_used(world, server, disk.size, at)),
                "path": file,
                "full_path": f"{storage.path}/{file}",
                "storage": storage_view(call, storage),
                "offer": None if offer is None else {"id": offer, "name": f"Offer {offer}"},
            }
        )
    return shown


def boot_view(_call: Call, server: Server) -> Json:
    """Show what a server boots from."""
    return {"mode": server.boot_mode, "iso_image_id": server.iso_image_id}


def console_view(call: Call, server: Server) -> Json:
    """Show the address of a server's console; there is no `data` around it (facts, 0.6)."""
    machine = call.world[COMPUTE_RESOURCES].get_or_404(server.compute_resource_id)
    return {
        "url": _console_url(server, machine),
        "host": machine.host,
        "port": _console_port(server),
        "vm": {**pick(server, "id", "uuid"), "settings": pick(server, "vnc_password")},
    }


def _console_url(server: Server, machine: ComputeResource) -> str:
    # NodeAtlas builds the same for the panel's console, wss://panel/vnc?url=...
    return f"{machine.host}:{_console_port(server)}/{server.uuid}"


def _console_port(server: Server) -> int:
    return 5900 + server.id % 10_000


def backup_view(call: Call, backup: Backup) -> Json:
    """Show a backup; its creator is null once that user is deleted."""
    server = call.world[SERVERS].get_or_404(backup.server_id)
    creator = call.world[USERS].get(backup.creator_id)
    node = None if backup.backup_node_id is None else call.world[BACKUP_NODES].get(backup.backup_node_id)
    status, progress = backup.status, 100
    if status == "pending":
        task = call.world[TASKS].get_or_404(backup.task_id)
        call.uncached()
        status = "in_progress" if task.status == "running" else "pending"
        progress = task.progress(call.now)
    return {
        "id": backup.id,
        "type": "manual",
        "status": status,
        "size": backup.size,
        "compute_resource_vm": pick(server, "id", "name", "uuid"),
        "backup_node": None if node is None else pick(node, "id", "name", "type"),
        "creator": None if creator is None else rendered(call, user_view, creator),
        "created_at": rfc3339(backup.created_at),
        "backup_progress": progress,
        "backup_fail_reason": "",
        "disk": backup.disk,
    }


def snapshot_view(_call: Call, snapshot: Snapshot) -> Json:
    """Show a snapshot."""
    return {
        **pick(snapshot, "id", "name", "size", "status"),
        "created_at": rfc3339(snapshot.created_at),
    }
