"""Servers: what they are, who may touch them, how they come and go.

What a server shall be (suspended, running) holds from the moment it is asked for; what it is (`status`)
follows once the task is finished. Limits count what shall be, so no sequence of requests gets past them.
"""

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from mock_solusio.domain import tasks
from mock_solusio.domain.backup_schedule import BackupSettings, with_backup_settings
from mock_solusio.domain.errors import Conflict, Forbidden, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.world import Kind, Micros, Record, World

if TYPE_CHECKING:
    from mock_solusio.domain.plans import Plan
    from mock_solusio.domain.records.user import User

OPERATOR = "operator"
"""A suspension by an operator: only an operator ends it."""

USER = "user"
"""A suspension with its suspended owner: it ends when he is active again."""


class AdditionalDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk beside the primary one; `size` in GiB."""

    name: str
    size: int
    offer_id: int | None = None


class Server(Record, frozen=True, kw_only=True):
    """A virtual server (facts, section 7)."""

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
    """What differs from the plan, in the form of the request."""
    os_image_version_id: int | None = None
    application_id: int | None = None
    application_data: dict[str, Any] = msgspec.field(default_factory=dict)
    description: str = ""
    status: str = "processing"
    running_of: int | None = None
    """The owner while the server runs or is to run, so that his running servers are counted by an index."""
    suspensions: list[str] = msgspec.field(default_factory=list)
    """Who suspended it: `operator`, `user`."""
    ran: bool = False
    """Whether it ran when it was suspended."""
    is_suspended: bool = False
    is_deleting: bool = False
    busy_until: Micros = 0
    """When its last task is finished."""
    disk: int = 0
    """GiB of the primary disk; a resize may keep it."""
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
    """How many root passwords it has had."""
    vnc_password: str = ""
    mac_address: str = ""
    backup_settings: BackupSettings = BackupSettings()
    status_at: Micros = 0
    """When it took its status."""
    received: int = 0
    """Bytes of traffic counted before `traffic_from`, likewise `sent`."""
    sent: int = 0
    traffic_from: Micros = 0
    """Since when its traffic is counted by its curves (`charts`)."""

    @property
    def runs(self) -> bool:
        """Whether it is to run."""
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


def with_id(world: World, actor: "User", permissions: frozenset[str], server_id: int) -> Server:
    """Return a server that the actor may see: as an operator, or in a project of his.

    Raises:
        NotFound: there is none.
        Forbidden: it is somebody else's.
    """
    return seen(world, actor, permissions, world[SERVERS].need(server_id))


def with_uuid(world: World, actor: "User", permissions: frozenset[str], uuid: str) -> Server:
    """Return a server by its UUID; otherwise like `with_id`."""
    server = world[SERVERS].first(uuid=uuid)
    if server is None:
        raise NotFound("server", uuid)
    return seen(world, actor, permissions, server)


def seen(world: World, actor: "User", permissions: frozenset[str], server: Server) -> Server:
    """Return the server if the actor may see it.

    Raises:
        Forbidden: it is somebody else's.
    """
    if Permission.VIEW_SERVERS not in permissions and not is_his(world, actor, server):
        raise Forbidden
    return server


def touched(
    world: World, actor: "User", permissions: frozenset[str], server_id: int, *, suspended: bool = False
) -> Server:
    """Return a server that the actor may act on now; `suspended`: also a suspended one.

    Raises:
        NotFound: there is none.
        Forbidden: the actor may not act on it.
        Conflict: it is being deleted, or it is suspended.
    """
    server = world[SERVERS].need(server_id)
    if Permission.MANAGE_SERVERS not in permissions and not is_his(world, actor, server):
        raise Forbidden
    if server.is_deleting:
        raise Conflict("The server is being deleted.")
    if server.is_suspended and not suspended:
        raise Conflict("The server is suspended.")
    return server


def is_his(world: World, actor: "User", server: Server) -> bool:
    """Tell whether a server belongs to a user, or to a project that he is a member of."""
    from mock_solusio.domain.projects import PROJECTS

    if server.user_id == actor.id:
        return True
    project = world[PROJECTS].get(server.project_id)
    return project is not None and actor.id in project.people


def effective_plan(world: World, server: Server) -> "Plan":
    """Return a server's plan, with what is custom to the server."""
    from mock_solusio.domain.custom_plans import customised
    from mock_solusio.domain.plans import PLANS

    return customised(world[PLANS].need(server.plan_id), server.custom_plan)


def create(world: World, actor: "User", permissions: frozenset[str], **fields: Any) -> Server:
    """Create a server out of the members of `POST /servers`; it starts once its task is done.

    Raises:
        Forbidden: a client asks for somebody else's, or for what only an operator may say.
        Invalid: a field names what does not exist or does not fit, or a limit of the owner is reached.
    """
    from mock_solusio.domain import activity, additional_ips, lifecycle, limits, server_order, vpc_networks

    order = server_order.read(world, actor, permissions, fields)
    limits.check_server(world, order.owner)
    limits.check_running(world, order.owner)
    limits.check_additional_ips(world, order.owner, order.additional)
    server = world[SERVERS].add(
        replace(order.server, uuid="", created_at=world.now, running_of=order.owner.id)
    )
    server = _with_secrets(world, server, order.password)
    lifecycle.server_created(world, server)
    additional_ips.assign_first(world, server, order)
    for network in order.vpc_networks:
        vpc_networks.give(world, network, server, "vpc_network_ids")
    task = enqueue(world, server, "vm-create", to="started")
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_create_requested", user=actor, data=data)
    return world[SERVERS].need(server.id)


def _with_secrets(world: World, server: Server, password: str) -> Server:
    mac = server.mac_address
    if not mac:
        draw = world.random("mac address", server.id)
        # 52:54:00 is the prefix of QEMU and KVM.
        mac = "52:54:00:" + ":".join(f"{draw.randrange(256):02x}" for _ in range(3))
    return world[SERVERS].put(
        replace(
            server,
            uuid=world.uuid("server", server.id),
            mac_address=mac,
            vnc_password=world.secret("vnc password", server.id, 8),
            root_password=password or world.secret("root password 1 of server", server.id, 16),
            status_at=world.now,
            traffic_from=world.now,
        )
    )


def enqueue(
    world: World, server: Server, action: str, *, duration: Micros | None = None, **data: Any
) -> tasks.Task:
    """Add a task behind the others of the server; the record is stored with its new `busy_until`."""
    task = tasks.schedule(
        world,
        action=action,
        server_id=server.id,
        user_id=server.user_id,
        compute_resource_id=server.compute_resource_id,
        start=server.busy_until,
        duration=duration,
        data=data,
    )
    world[SERVERS].put(replace(server, busy_until=task.finished_at))
    return task


def remove(world: World, actor: "User", permissions: frozenset[str], server_id: int) -> tasks.Task:
    """Delete a server; it is gone once the task is done. A suspended one may be deleted, too.

    Raises:
        NotFound: there is none.
        Forbidden: the actor may not, or he is its client and it is suspended.
        Conflict: it is being deleted already.
    """
    from mock_solusio.domain import activity, lifecycle

    server = touched(world, actor, permissions, server_id, suspended=True)
    if server.is_suspended and Permission.MANAGE_SERVERS not in permissions:
        raise Conflict("The server is suspended.")
    lifecycle.server_deleted(world, server)
    task = enqueue(world, replace(server, is_deleting=True, running_of=None), "vm-delete")
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_delete_requested", user=actor, data=data)
    return task


def owned_by(world: World, user_id: int) -> list[Server]:
    """Return the servers of a user, also those that are being deleted."""
    return world[SERVERS].find(user_id=user_id)


def suspend(world: World, server: Server, by: str) -> tasks.Task:
    """Stop a server and keep it from starting, for one more reason; twice for the same is once."""
    if by not in server.suspensions:
        server = replace(
            server,
            suspensions=[*server.suspensions, by],
            ran=server.ran if server.is_suspended else server.runs,
            is_suspended=True,
            running_of=None,
        )
    return enqueue(world, server, "vm-suspend", to="stopped")


def resume(world: World, server: Server, by: str) -> tasks.Task:
    """End a suspension.

    A server that ran starts again, unless a limit of its owner says no: then it stays stopped (assumed), so
    that an operator is not kept from ending a suspension.

    Raises:
        Conflict: it is suspended for another reason, too.
    """
    from mock_solusio.domain import limits

    left = [reason for reason in server.suspensions if reason != by]
    if left:
        raise Conflict("The server stays suspended as long as its owner is.")
    if server.is_suspended:
        owner = world[USERS].need(server.user_id)
        runs = server.ran and limits.may_run(world, owner)
        running_of = owner.id if runs else None
        server = replace(server, suspensions=[], is_suspended=False, ran=False, running_of=running_of)
    return enqueue(world, server, "vm-resume", to="started" if server.runs else "stopped")


def user_suspended(world: World, user: "User") -> None:
    """Suspend all servers of a user who was suspended (assumed)."""
    for server in owned_by(world, user.id):
        if not server.is_deleting and USER not in server.suspensions:
            suspend(world, server, USER)


def user_reactivated(world: World, user: "User") -> None:
    """End the suspensions that came with that of their owner; an operator's own stay."""
    for server in owned_by(world, user.id):
        if server.is_deleting or USER not in server.suspensions:
            continue
        if OPERATOR in server.suspensions:
            world[SERVERS].put(replace(server, suspensions=[OPERATOR]))
        else:
            resume(world, server, USER)


def update(world: World, server: Server, changes: dict[str, Any]) -> Server:
    """Change what a server is called and how it boots, by members of `PATCH /servers/{id}`; null empties."""
    from mock_solusio.domain import lifecycle

    wanted: dict[str, Any] = {}
    for name in ("name", "boot_mode"):
        if name in changes:
            wanted[name] = changes[name]
    for name in ("description", "user_data"):
        if name in changes:
            wanted[name] = changes[name] or ""
    if "fqdns" in changes:
        wanted["fqdns"] = list(changes["fqdns"] or ())
    if changes.get("backup_settings"):
        wanted["backup_settings"] = with_backup_settings(server.backup_settings, changes["backup_settings"])
    changed = world[SERVERS].put(replace(server, **wanted))
    if changed.name != server.name:
        lifecycle.server_renamed(world, changed)
    if changed.backup_settings.enabled != server.backup_settings.enabled:
        lifecycle.backups_changed(world, changed)
    return changed


def update_settings(world: World, server: Server, changes: dict[str, Any]) -> Server:
    """Change how the hypervisor runs a server, by members of `PATCH /servers/{id}/settings`."""
    names = ("disk_cache_mode", "disk_driver", "firmware")
    return world[SERVERS].put(replace(server, **{name: changes[name] for name in names if name in changes}))


def is_busy(server: Server, now: Micros) -> bool:
    """Tell whether a task of the server is not finished."""
    return now < server.busy_until


def set_status(world: World, server: Server, status: str, at: Micros) -> Server:
    """Say what a server is since a moment; its traffic is counted while it is started."""
    from mock_solusio.domain import charts

    received, sent = charts.traffic(server, charts.rhythm(world, server), at)
    return world[SERVERS].put(
        replace(server, status=status, status_at=at, received=received, sent=sent, traffic_from=at)
    )
