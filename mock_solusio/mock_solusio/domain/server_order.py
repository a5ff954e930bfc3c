"""Orders of servers: every id of a request looked up, every rule checked, every default chosen.

Members have the names of `POST /servers` (observed). 0 and null mean that a member is not set, since the Go
SDK sends them so.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from mock_solusio.domain import compute_resources, plans, vpc_networks
from mock_solusio.domain.backup_schedule import with_backup_settings
from mock_solusio.domain.custom_plans import custom_plan, customised
from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.os_images import versions_of
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.projects import default_of
from mock_solusio.domain.records.compute_resources import (
    COMPUTE_RESOURCES,
    LOCATIONS,
    ComputeResource,
    Location,
)
from mock_solusio.domain.records.credentials import SSH_KEYS
from mock_solusio.domain.records.images import (
    APPLICATIONS,
    OS_IMAGE_VERSIONS,
    OS_IMAGES,
    Application,
    OsImageVersion,
)
from mock_solusio.domain.records.networks import IPV4, IPV6, VpcNetwork
from mock_solusio.domain.records.plans import PLANS, Plan
from mock_solusio.domain.records.projects import PROJECTS, Project
from mock_solusio.domain.records.servers import SERVERS, AdditionalDisk, Server, ServerBackupSettings
from mock_solusio.domain.records.user import ACTIVE, USERS, User
from mock_solusio.domain.references import existing_ids, invalid_reference
from mock_solusio.domain.world import Kind, Record, World

T = TypeVar("T", bound=Record)

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class ServerOrder(msgspec.Struct, frozen=True):
    """A valid order of a server."""

    owner: User
    server: Server
    """The server to create, without id, uuid and secrets."""
    password: str
    versions: tuple[str, ...]
    """IP versions for which the server should get a primary address."""
    must_have: tuple[str, ...]
    """Those of them for which an address is required."""
    primary_ip: str | None
    additional: dict[str, int]
    """Number of additional addresses by IP version."""
    vpc_networks: tuple[VpcNetwork, ...]
    """Networks to attach the server to."""


def read(world: World, actor: User, permissions: frozenset[str], fields: Mapping[str, Any]) -> ServerOrder:
    """Return the order that a request describes.

    Raises:
        Forbidden: a client orders for another user, or sets a member reserved for operators.
        Invalid: a field names something that does not exist or does not fit.
    """
    operator = Permission.MANAGE_SERVERS in permissions
    if not operator and any(fields.get(name) for name in ("compute_resource", "custom_plan", "primary_ip")):
        raise Forbidden
    owner, project = _owner(world, actor, fields, operator=operator)
    custom = custom_plan(fields.get("custom_plan"))
    plan = _choice(world, PLANS, fields, "plan", all_of_them=operator)
    wanted = customised(plan, custom)
    location, host = _place(world, fields, wanted, operator=operator)
    plans.check_available(wanted, location_id=location.id)
    additional = {
        IPV4: fields.get("additional_ip_count") or 0,
        IPV6: fields.get("additional_ipv6_count") or 0,
    }
    if any(additional.values()) and not (operator or wanted.is_additional_ips_available):
        raise Invalid.field(
            "additional_ip_count", f"Additional addresses are not available with the plan {wanted.name}."
        )
    if fields.get("vpc_network_ids") and not operator and owner.id != actor.id:
        raise Forbidden  # the owner of a project shares servers, but not networks (assumed)
    networks = vpc_networks.networks_of_order(world, owner.id, location.id, fields.get("vpc_network_ids"))
    backups = fields.get("backup_settings") or {}  # PHP sends an empty object as a list
    mac_address = (fields.get("mac_address") or "").lower()
    if mac_address and not _MAC.fullmatch(mac_address):
        raise Invalid.field(
            "mac_address", "The mac address must be six pairs of hexadecimal digits with colons."
        )
    server = Server(
        name=fields["name"],
        uuid="",
        user_id=owner.id,
        project_id=project.id,
        plan_id=plan.id,
        custom_plan=custom,
        location_id=location.id,
        compute_resource_id=host.id,
        virtualization_type=wanted.virtualization_type,
        created_at=world.now,
        disk=wanted.params.disk,
        description=fields.get("description") or "",
        user_data=fields.get("user_data") or "",
        fqdns=list(fields.get("fqdns") or ()),
        ssh_keys=ssh_keys(world, owner, fields.get("ssh_keys")),
        boot_mode=fields.get("boot_mode") or "disk",
        firmware=fields.get("firmware", "bios"),
        mac_address=mac_address,
        additional_disks=_disks(fields.get("additional_disks")),
        primary_disk_offer=fields.get("primary_disk_offer") or None,
        backup_settings=with_backup_settings(ServerBackupSettings(), backups),
        **system(world, wanted, fields, all_of_them=operator),
    )
    if server.boot_mode == "iso":
        raise Invalid.field("boot_mode", "A new server cannot boot from an ISO image.")
    kinds = tuple(fields.get("ip_types") or ())
    return ServerOrder(
        owner=owner,
        server=server,
        password=fields.get("password") or "",
        versions=kinds or (IPV4, IPV6),
        must_have=kinds or (IPV4,),
        primary_ip=fields.get("primary_ip") or None,
        additional=additional,
        vpc_networks=networks,
    )


def _owner(world: World, actor: User, fields: Mapping[str, Any], *, operator: bool) -> tuple[User, Project]:
    """Return the future owner and the project of a server.

    In a shared project the server belongs to the project's owner, who pays, whichever member creates it
    (assumed).
    """
    user_id, project_id = fields.get("user"), fields.get("project")
    if user_id and user_id != actor.id and not operator:
        raise Forbidden
    if project_id:
        project = world[PROJECTS].get(project_id)
        if project is None:
            raise invalid_reference("project")
        if not operator and actor.id not in project.people:
            raise Forbidden
        if user_id and user_id not in project.people:
            raise Invalid.field("project", "The project does not belong to the user.")
        owner = world[USERS].get_or_404(project.owner_id)
    else:
        found = world[USERS].get(user_id) if user_id else actor
        if found is None:
            raise invalid_reference("user")
        owner, project = found, default_of(world, found)
    if owner.status != ACTIVE:
        raise Invalid.field("user", f"The user is {owner.status}.")
    return owner, project


def _choice(world: World, kind: Kind[T], fields: Mapping[str, Any], name: str, *, all_of_them: bool) -> T:
    """Return the record that a field names; without it the default, or the first that customers see."""
    if fields.get(name):
        record = world[kind].get(fields[name])
        if record is None or not (all_of_them or getattr(record, "is_visible", True)):
            raise invalid_reference(name)
        return record
    record = world[kind].first(is_default=True, is_visible=True) or world[kind].first(is_visible=True)
    if record is None:
        raise Invalid.field(name, f"The {name} field is required.")
    return record


def _place(
    world: World, fields: Mapping[str, Any], plan: Plan, *, operator: bool
) -> tuple[Location, ComputeResource]:
    """Return location and compute resource: those named, or the compute resource with the fewest servers."""
    key = fields.get("compute_resource")
    if key:
        host = world[COMPUTE_RESOURCES].get(key)
        if host is None:
            raise invalid_reference("compute_resource")
        if not _takes(world, host, plan):
            raise Invalid.field(
                "compute_resource", f"{host.name} does not accept more servers of the plan {plan.name}."
            )
        if fields.get("location"):
            location = _choice(world, LOCATIONS, fields, "location", all_of_them=operator)
            if location.id not in host.location_ids:
                raise Invalid.field("compute_resource", "The compute resource is not at the location.")
            return location, host
        if not host.location_ids:
            raise Invalid.field("compute_resource", "The compute resource has no location.")
        return world[LOCATIONS].get_or_404(host.location_ids[0]), host
    location = _choice(world, LOCATIONS, fields, "location", all_of_them=operator)
    hosts = [host for host in compute_resources.at_location(world, location.id) if _takes(world, host, plan)]
    if not hosts:
        raise Invalid.field(
            "location", f"No compute resource at {location.name} accepts a server of the plan {plan.name}."
        )
    if len(hosts) == 1:
        return location, hosts[0]
    return location, min(hosts, key=lambda host: world[SERVERS].count(compute_resource_id=host.id))


def _takes(world: World, host: ComputeResource, plan: Plan) -> bool:
    """Return whether a compute resource accepts one more server of a plan."""
    if host.is_locked or plan.virtualization_type not in host.settings.virtualization_types:
        return False
    if not compute_resources.storages_of(world, host):
        return False  # there is no place for its disk
    most = host.settings.limits["vm"]
    return most.unlimited or world[SERVERS].count(compute_resource_id=host.id) < most.total


def system(
    world: World,
    plan: Plan,
    fields: Mapping[str, Any],
    *,
    present: Server | None = None,
    all_of_them: bool = True,
) -> dict[str, Any]:
    """Return what to install, as members of `Server`: an application, or a version of an operating system.

    An application includes an operating system, so `os` is ignored beside it. Without either it is that of
    `present`, or else the default operating system.

    Raises:
        Invalid: it does not exist, is not available with the plan, or the application lacks data.
    """
    application_id, version_id = fields.get("application"), fields.get("os")
    if not application_id and not version_id and present is not None:
        application_id, version_id = present.application_id, present.os_image_version_id
    if application_id:
        application = world[APPLICATIONS].get(application_id)
        if application is None or not (all_of_them or application.is_visible):
            raise invalid_reference("application")
        plans.check_available(plan, application_id=application.id)
        data = fields.get("application_data") or fields.get("applicationData") or {}
        if not data and present is not None and present.application_id == application.id:
            data = present.application_data
        if not isinstance(data, Mapping):
            raise Invalid.field("application_data", "The application data must be an object.")
        _check_answers(application, data)
        return {
            "application_id": application.id,
            "application_data": dict(data),
            "os_image_version_id": None,
        }
    version = world[OS_IMAGE_VERSIONS].get(version_id) if version_id else _default_version(world, plan)
    if version is None or not (all_of_them or version.is_visible):
        raise invalid_reference("os") if version_id else Invalid.field("os", "The os field is required.")
    if version.virtualization_type != plan.virtualization_type:
        raise Invalid.field(
            "os",
            f"The operating system requires {version.virtualization_type}, the plan {plan.name} has"
            f" {plan.virtualization_type}.",
        )
    plans.check_available(plan, os_image_version_id=version.id)
    return {"application_id": None, "application_data": {}, "os_image_version_id": version.id}


def _default_version(world: World, plan: Plan) -> OsImageVersion | None:
    images = world[OS_IMAGES].find(is_visible=True)
    for image in sorted(images, key=lambda image: not image.is_default):
        for version in versions_of(world, image, visible_only=True):
            allowed = plan.available_os_image_versions
            if version.virtualization_type == plan.virtualization_type and (
                not allowed or version.id in allowed
            ):
                return version
    return None


def _check_answers(application: Application, data: Mapping[str, Any]) -> None:
    asked = msgspec.json.decode(application.json_schema or "{}")
    required = asked.get("required") if isinstance(asked, dict) else None
    missing = {
        f"application_data.{name}": [f"The {name} field is required."]
        for name in (required if isinstance(required, list) else ())
        if data.get(name) in (None, "")
    }
    if missing:
        raise Invalid(missing)


def ssh_keys(world: World, owner: User, keys: Sequence[int] | None) -> list[int]:
    """Return the ids of SSH keys, each once.

    Raises:
        Invalid: one does not exist or does not belong to the owner.
    """
    found = existing_ids(world, SSH_KEYS, keys, "ssh_keys")
    for index, key in enumerate(keys or ()):
        if world[SSH_KEYS].get_or_404(key).user_id != owner.id:
            raise invalid_reference(f"ssh_keys.{index}")
    return found


def _disks(asked: Sequence[Mapping[str, Any]] | None) -> list[AdditionalDisk]:
    return [
        AdditionalDisk(name=disk["name"], size=disk["size"], offer_id=disk.get("offer_id") or None)
        for disk in asked or ()
    ]
