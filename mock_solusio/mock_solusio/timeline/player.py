"""Plays events of timelines: each at its moment, with the same functions as requests of the API."""

from collections.abc import Callable, Iterable
from typing import Any

from mock_solusio.domain import (
    additional_ips,
    backups,
    iso_images,
    plans,
    server_access,
    server_actions,
    servers,
    task_runner,
    tasks,
    users,
)
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.moved_world import MovedWorld
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import ISO_IMAGES
from mock_solusio.domain.records.networks import IPS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.playback import PLAYED_NAMES, PlayedName
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE
from mock_solusio.domain.records.servers import BACKUPS, Server
from mock_solusio.domain.records.user import ACTIVE, USERS, User
from mock_solusio.domain.units import MIB
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros, micros
from solusio_contracts.timeline import (
    PRICES,
    AnyEvent,
    BackupCreate,
    BackupDelete,
    Event,
    IpAdd,
    IpRemove,
    IsoImageCreate,
    PlanCreate,
    PlanDelete,
    PlanUpdate,
    ServerBoot,
    ServerCreate,
    ServerDelete,
    ServerResize,
    ServerRestart,
    ServerResume,
    ServerStart,
    ServerStop,
    ServerSuspend,
    ServerUpdate,
    TimelineError,
    UserCreate,
    UserDelete,
    UserUpdate,
)

REFUSED = 0
"""The key of a name whose creation was refused."""

_ALL = frozenset(Permission)


def play(world: World, events: Iterable[AnyEvent]) -> int:
    """Play events in order, within a transaction; return their number.

    Tasks that are due before an event run before it. No event is earlier than the present state.

    Raises:
        TimelineError: an event names something that the timeline never created.
        DomainError: an event is refused, as the API would refuse it.
    """
    player = Player()
    count = 0
    for event in events:
        player.play(world, event)
        count += 1
    return count


def settle(world: World, until: Micros) -> None:
    """Run all tasks that are due until a moment, each at its own moment, within a transaction."""
    while (due := tasks.next_due(world)) is not None and due <= until:
        task_runner.run_due(MovedWorld(world, due))


class Player:
    """Plays events. The state has the names that they use."""

    def __init__(self) -> None:
        self._operator = 0

    def play(self, world: World, event: AnyEvent) -> None:
        """Play an event at its moment, within a transaction.

        Raises:
            TimelineError: it names something that the timeline never created, or uses a name twice.
            DomainError: it is refused, as the API would refuse it.
        """
        moment = micros(event.at)
        settle(world, moment)
        then = MovedWorld(world, moment)
        _VERBS[type(event)](_Scene(then, self._administrator(world)), event)

    def _administrator(self, world: World) -> User:
        # The first active administrator does everything; there always is one.
        known = world[USERS].get(self._operator)
        if known is None or known.status != ACTIVE or ADMINISTRATOR_ROLE not in known.roles:
            active = world[USERS].find(status=ACTIVE)
            known = next(user for user in active if ADMINISTRATOR_ROLE in user.roles)
            self._operator = known.id
        return known


class _Scene:
    """The world at the moment of an event, and the user who acts."""

    def __init__(self, world: World, actor: User) -> None:
        self.world = world
        self.actor = actor

    def call(self, kind: str, name: str, key: int) -> None:
        """Give a record a name."""
        table = self.world[PLAYED_NAMES]
        known = table.first(name=f"{kind} {name}")
        if known is None:
            table.add(PlayedName(name=f"{kind} {name}", key=key))
        else:
            raise TimelineError(f"there is already a {kind} {name!r}")

    def find(self, kind: str, name: str) -> int | None:
        """Return the key of a name, or None; `REFUSED` if its creation was refused."""
        known = self.world[PLAYED_NAMES].first(name=f"{kind} {name}")
        return None if known is None else known.key

    def key(self, kind: str, name: str) -> int:
        """Return the key of a name."""
        key = self.find(kind, name)
        if key is None:
            raise TimelineError(f"there is no {kind} {name!r}: no earlier line creates it")
        if key == REFUSED:
            raise Conflict(f"The {kind} {name} was refused earlier.")
        return key

    def forget(self, kind: str, name: str) -> None:
        """Remove a name."""
        known = self.world[PLAYED_NAMES].first(name=f"{kind} {name}")
        if known is not None:
            self.world[PLAYED_NAMES].remove(known.id)

    def server(self, name: str, *, suspended: bool = True) -> Server:
        """Return a server by name, if it may be changed."""
        key = self.key("server", name)
        return server_access.get_for_action(self.world, self.actor, _ALL, key, suspended=suspended)

    def plan(self, name: str) -> int:
        """Return the id of a plan, which the timeline or the installation created."""
        if self.find("plan", name) is not None:
            return self.key("plan", name)
        found = self.world[PLANS].first(name=name)
        if found is None:
            raise TimelineError(
                f"there is no plan {name!r}: no earlier line creates it, and the installation lacks it"
            )
        return found.id

    def user(self, name: str | None) -> int:
        """Return the id of a user: by name, by email address, or, without a name, the one created last."""
        if name is None:
            if self.find("user", "") is None:
                raise TimelineError("it names no user, and no earlier line creates one")
            return self.key("user", "")
        if self.find("user", name) is not None:
            return self.key("user", name)
        found = users.by_email(self.world, name)
        if found is None:
            raise TimelineError(
                f"there is no user {name!r}: no earlier line creates them, and the installation lacks them"
            )
        return found.id

    def iso_image(self, name: str) -> int:
        """Return the id of an ISO image, which the timeline or the installation created."""
        if self.find("iso_image", name) is not None:
            return self.key("iso_image", name)
        found = self.world[ISO_IMAGES].first(name=name)
        if found is None:
            raise TimelineError(
                f"there is no ISO image {name!r}: no earlier line creates it, and the installation lacks it"
            )
        return found.id


# Plans


def _plan_create(scene: _Scene, event: PlanCreate) -> None:
    body: dict[str, Any] = {
        "name": event.name or event.as_,
        "params": {"ram": event.ram_mib * MIB, "disk": event.disk_gib, "vcpu": event.vcpu},
        "virtualization_type": "kvm",
        "storage_type": "fb",
        "image_format": "qcow2",
        "is_backup_available": True,
        "is_additional_ips_available": True,
        **_given(event, *PRICES),
    }
    scene.call("plan", event.as_, plans.create(scene.world, body).id)


def _plan_update(scene: _Scene, event: PlanUpdate) -> None:
    plan = scene.world[PLANS].get_or_404(scene.plan(event.on))
    plans.update(scene.world, plan, _given(event, "name", *PRICES))


def _plan_delete(scene: _Scene, event: PlanDelete) -> None:
    plans.remove(scene.world, scene.world[PLANS].get_or_404(scene.plan(event.on)))
    scene.forget("plan", event.on)


# Users


def _user_create(scene: _Scene, event: UserCreate) -> None:
    email = event.email or f"{event.as_}@example.com"
    user = users.create(scene.world, email=email, **_given(event, "billing_user_id"))
    scene.call("user", event.as_, user.id)
    scene.forget("user", "")
    scene.call("user", "", user.id)


def _user_update(scene: _Scene, event: UserUpdate) -> None:
    user = scene.world[USERS].get_or_404(scene.user(event.on))
    users.update(scene.world, user, **_given(event, "email", "billing_user_id", "status"))


def _user_delete(scene: _Scene, event: UserDelete) -> None:
    users.remove(scene.world, scene.world[USERS].get_or_404(scene.user(event.on)))
    scene.forget("user", event.on)


# Servers


def _server_create(scene: _Scene, event: ServerCreate) -> None:
    wanted: dict[str, Any] = {
        "name": event.name or event.as_,
        "user": scene.user(event.user),
        "plan": scene.plan(event.plan),
    }
    if event.additional_ips:
        wanted["additional_ip_count"] = event.additional_ips
    scene.call("server", event.as_, servers.create(scene.world, scene.actor, _ALL, **wanted).id)


def _server_update(scene: _Scene, event: ServerUpdate) -> None:
    servers.update(scene.world, scene.server(event.on), _given(event, "name", "boot_mode"))


def _server_boot(scene: _Scene, event: ServerBoot) -> None:
    image = None if event.iso_image is None else scene.iso_image(event.iso_image)
    server_actions.set_boot(scene.world, scene.actor, scene.server(event.on), event.mode, image)


def _server_resize(scene: _Scene, event: ServerResize) -> None:
    body = {"plan_id": scene.plan(event.plan)}
    server = scene.server(event.on)
    plan = scene.world[PLANS].get(body["plan_id"])
    keep = plan is not None and plan.params.disk < server.disk
    server_actions.resize(scene.world, scene.actor, server, {**body, "preserve_disk": keep})


def _server_delete(scene: _Scene, event: ServerDelete) -> None:
    servers.remove(scene.world, scene.actor, _ALL, scene.key("server", event.on))
    scene.forget("server", event.on)


def _server_start(scene: _Scene, event: ServerStart) -> None:
    server_actions.start(scene.world, scene.actor, scene.server(event.on, suspended=False))


def _server_stop(scene: _Scene, event: ServerStop) -> None:
    server_actions.stop(scene.world, scene.actor, scene.server(event.on, suspended=False))


def _server_restart(scene: _Scene, event: ServerRestart) -> None:
    server_actions.restart(scene.world, scene.actor, scene.server(event.on, suspended=False))


def _server_suspend(scene: _Scene, event: ServerSuspend) -> None:
    server_actions.suspend(scene.world, scene.actor, scene.server(event.on))


def _server_resume(scene: _Scene, event: ServerResume) -> None:
    server_actions.resume(scene.world, scene.actor, scene.server(event.on))


# What servers have


def _ip_add(scene: _Scene, event: IpAdd) -> None:
    server = scene.server(event.on)
    before = {ip.id for ip in scene.world[IPS].find(server_id=server.id)}
    additional_ips.add(scene.world, scene.actor, server, number=1, version=event.version, address=None)
    if event.as_ is not None:
        (made,) = {ip.id for ip in scene.world[IPS].find(server_id=server.id)} - before
        scene.call("ip", event.as_, made)


def _ip_remove(scene: _Scene, event: IpRemove) -> None:
    ip = scene.world[IPS].get_or_404(scene.key("ip", event.on))
    if ip.server_id is None:
        raise Invalid.field("ip", "The address no longer belongs to a server.")
    server = server_access.get_for_action(scene.world, scene.actor, _ALL, ip.server_id, suspended=True)
    additional_ips.remove(scene.world, scene.actor, server, [ip.id])
    scene.forget("ip", event.on)


def _backup_create(scene: _Scene, event: BackupCreate) -> None:
    made = backups.create(scene.world, scene.actor, scene.server(event.on))
    if event.as_ is not None:
        scene.call("backup", event.as_, made.id)


def _backup_delete(scene: _Scene, event: BackupDelete) -> None:
    backups.remove(scene.world, scene.actor, scene.world[BACKUPS].get_or_404(scene.key("backup", event.on)))
    scene.forget("backup", event.on)


def _iso_image_create(scene: _Scene, event: IsoImageCreate) -> None:
    body = {"name": event.as_, "iso_url": "https://images.example/image.iso"}
    scene.call("iso_image", event.as_, iso_images.create(scene.world, body, None).id)


def _given(event: Event, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(event, name)) is not None}


_VERBS: dict[type[Event], Callable[[_Scene, Any], None]] = {
    PlanCreate: _plan_create,
    PlanUpdate: _plan_update,
    PlanDelete: _plan_delete,
    UserCreate: _user_create,
    UserUpdate: _user_update,
    UserDelete: _user_delete,
    ServerCreate: _server_create,
    ServerUpdate: _server_update,
    ServerBoot: _server_boot,
    ServerResize: _server_resize,
    ServerDelete: _server_delete,
    ServerStart: _server_start,
    ServerStop: _server_stop,
    ServerRestart: _server_restart,
    ServerSuspend: _server_suspend,
    ServerResume: _server_resume,
    IpAdd: _ip_add,
    IpRemove: _ip_remove,
    BackupCreate: _backup_create,
    BackupDelete: _backup_delete,
    IsoImageCreate: _iso_image_create,
}


def refuse(world: World, event: AnyEvent) -> None:
    """Record that an event was refused: its new name is refused too, and its old name is removed."""
    table = world[PLAYED_NAMES]
    kind, _, verb = event.verb.partition(".")
    made = getattr(event, "as_", None)
    if made is not None and table.first(name=f"{kind} {made}") is None:
        table.add(PlayedName(name=f"{kind} {made}", key=REFUSED))
    if verb in ("delete", "remove"):
        gone = table.first(name=f"{kind} {event.on}")  # type: ignore[union-attr]  # all of these have one
        if gone is not None:
            table.remove(gone.id)
