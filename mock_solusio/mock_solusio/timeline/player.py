"""Lets events of timelines happen: each at its moment, through the same functions as the API's requests."""

from collections.abc import Callable, Iterable
from typing import Any

from mock_solusio.domain import (
    additional_ips,
    backups,
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
    PlanCreate,
    PlanDelete,
    PlanUpdate,
    ServerCreate,
    ServerDelete,
    ServerResize,
    ServerRestart,
    ServerResume,
    ServerStart,
    ServerStop,
    ServerSuspend,
    TimelineError,
    UserCreate,
    UserDelete,
    UserUpdate,
)

REFUSED = 0
"""What the name of something stands for that was to be made, and was refused."""

_ALL = frozenset(Permission)


def play(world: World, events: Iterable[AnyEvent]) -> int:
    """Let events happen one after the other, within a transaction; return how many.

    What has fallen due before an event happens before it. Events are not before the present state.

    Raises:
        TimelineError: an event names what the timeline never made.
        DomainError: the world refuses one, as the API would.
    """
    player = Player()
    count = 0
    for event in events:
        player.play(world, event)
        count += 1
    return count


def settle(world: World, until: Micros) -> None:
    """Do what falls due until a moment, within a transaction: each at its own moment, whenever this is."""
    while (due := tasks.next_due(world)) is not None and due <= until:
        task_runner.run_due(MovedWorld(world, due))


class Player:
    """Lets events happen; what their names stand for is in the state."""

    def __init__(self) -> None:
        self._operator = 0

    def play(self, world: World, event: AnyEvent) -> None:
        """Let an event happen at its moment, within a transaction.

        Raises:
            TimelineError: it names what the timeline never made, or names something a second time.
            DomainError: the world refuses it, as the API would.
        """
        moment = micros(event.at)
        settle(world, moment)
        then = MovedWorld(world, moment)
        _VERBS[type(event)](_Stage(then, self._administrator(world)), event)

    def _administrator(self, world: World) -> User:
        # Whatever happens is done by the first active administrator: there always is one.
        known = world[USERS].get(self._operator)
        if known is None or known.status != ACTIVE or ADMINISTRATOR_ROLE not in known.roles:
            active = world[USERS].find(status=ACTIVE)
            known = next(user for user in active if ADMINISTRATOR_ROLE in user.roles)
            self._operator = known.id
        return known


class _Stage:
    """The world at the moment of an event, and who acts."""

    def __init__(self, world: World, actor: User) -> None:
        self.world = world
        self.actor = actor

    def call(self, kind: str, name: str, key: int) -> None:
        """Remember what a name stands for from now on."""
        table = self.world[PLAYED_NAMES]
        known = table.first(name=f"{kind} {name}")
        if known is None:
            table.add(PlayedName(name=f"{kind} {name}", key=key))
        else:
            raise TimelineError(f"there is a {kind} {name!r} already")

    def find(self, kind: str, name: str) -> int | None:
        """Return what a name stands for, if the timeline made it; 0 if that was refused."""
        known = self.world[PLAYED_NAMES].first(name=f"{kind} {name}")
        return None if known is None else known.key

    def key(self, kind: str, name: str) -> int:
        """Return what a name stands for."""
        key = self.find(kind, name)
        if key is None:
            raise TimelineError(f"there is no {kind} {name!r}: no line before this one makes it")
        if key == REFUSED:
            raise Conflict(f"The {kind} {name} was refused before.")
        return key

    def forget(self, kind: str, name: str) -> None:
        """Let a name be free again."""
        known = self.world[PLAYED_NAMES].first(name=f"{kind} {name}")
        if known is not None:
            self.world[PLAYED_NAMES].remove(known.id)

    def server(self, name: str, *, suspended: bool = True) -> Server:
        """Return the server of a name, if it may be acted on."""
        key = self.key("server", name)
        return server_access.get_for_action(self.world, self.actor, _ALL, key, suspended=suspended)

    def plan(self, name: str) -> int:
        """Return the id of a plan: one that the timeline made, or one that was there."""
        if self.find("plan", name) is not None:
            return self.key("plan", name)
        found = self.world[PLANS].first(name=name)
        if found is None:
            raise TimelineError(
                f"there is no plan {name!r}: no line before this one makes it, nor was it there"
            )
        return found.id

    def user(self, name: str | None) -> int:
        """Return the id of a user: one that the timeline made, the last of them, or one with this address."""
        if name is None:
            if self.find("user", "") is None:
                raise TimelineError("it names no user, and no line before this one makes one")
            return self.key("user", "")
        if self.find("user", name) is not None:
            return self.key("user", name)
        found = users.by_email(self.world, name)
        if found is None:
            raise TimelineError(
                f"there is no user {name!r}: no line before this one makes him, nor was he there"
            )
        return found.id


# Plans


def _plan_create(stage: _Stage, event: PlanCreate) -> None:
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
    stage.call("plan", event.as_, plans.create(stage.world, body).id)


def _plan_update(stage: _Stage, event: PlanUpdate) -> None:
    plan = stage.world[PLANS].get_or_404(stage.plan(event.on))
    plans.update(stage.world, plan, _given(event, "name", *PRICES))


def _plan_delete(stage: _Stage, event: PlanDelete) -> None:
    plans.remove(stage.world, stage.world[PLANS].get_or_404(stage.plan(event.on)))
    stage.forget("plan", event.on)


# Users


def _user_create(stage: _Stage, event: UserCreate) -> None:
    email = event.email or f"{event.as_}@example.com"
    user = users.create(stage.world, email=email, **_given(event, "billing_user_id"))
    stage.call("user", event.as_, user.id)
    stage.forget("user", "")
    stage.call("user", "", user.id)


def _user_update(stage: _Stage, event: UserUpdate) -> None:
    user = stage.world[USERS].get_or_404(stage.user(event.on))
    users.update(stage.world, user, **_given(event, "email", "billing_user_id", "status"))


def _user_delete(stage: _Stage, event: UserDelete) -> None:
    users.remove(stage.world, stage.world[USERS].get_or_404(stage.user(event.on)))
    stage.forget("user", event.on)


# Servers


def _server_create(stage: _Stage, event: ServerCreate) -> None:
    wanted: dict[str, Any] = {
        "name": event.name or event.as_,
        "user": stage.user(event.user),
        "plan": stage.plan(event.plan),
    }
    if event.additional_ips:
        wanted["additional_ip_count"] = event.additional_ips
    stage.call("server", event.as_, servers.create(stage.world, stage.actor, _ALL, **wanted).id)


def _server_resize(stage: _Stage, event: ServerResize) -> None:
    body = {"plan_id": stage.plan(event.plan)}
    server = stage.server(event.on)
    plan = stage.world[PLANS].get(body["plan_id"])
    keep = plan is not None and plan.params.disk < server.disk
    server_actions.resize(stage.world, stage.actor, server, {**body, "preserve_disk": keep})


def _server_delete(stage: _Stage, event: ServerDelete) -> None:
    servers.remove(stage.world, stage.actor, _ALL, stage.key("server", event.on))
    stage.forget("server", event.on)


def _server_start(stage: _Stage, event: ServerStart) -> None:
    server_actions.start(stage.world, stage.actor, stage.server(event.on, suspended=False))


def _server_stop(stage: _Stage, event: ServerStop) -> None:
    server_actions.stop(stage.world, stage.actor, stage.server(event.on, suspended=False))


def _server_restart(stage: _Stage, event: ServerRestart) -> None:
    server_actions.restart(stage.world, stage.actor, stage.server(event.on, suspended=False))


def _server_suspend(stage: _Stage, event: ServerSuspend) -> None:
    server_actions.suspend(stage.world, stage.actor, stage.server(event.on))


def _server_resume(stage: _Stage, event: ServerResume) -> None:
    server_actions.resume(stage.world, stage.actor, stage.server(event.on))


# What servers have


def _ip_add(stage: _Stage, event: IpAdd) -> None:
    server = stage.server(event.on)
    before = {ip.id for ip in stage.world[IPS].find(server_id=server.id)}
    additional_ips.add(stage.world, stage.actor, server, number=1, version=event.version, address=None)
    if event.as_ is not None:
        (made,) = {ip.id for ip in stage.world[IPS].find(server_id=server.id)} - before
        stage.call("ip", event.as_, made)


def _ip_remove(stage: _Stage, event: IpRemove) -> None:
    ip = stage.world[IPS].get_or_404(stage.key("ip", event.on))
    if ip.server_id is None:
        raise Invalid.field("ip", "The address belongs to no server any more.")
    server = server_access.get_for_action(stage.world, stage.actor, _ALL, ip.server_id, suspended=True)
    additional_ips.remove(stage.world, stage.actor, server, [ip.id])
    stage.forget("ip", event.on)


def _backup_create(stage: _Stage, event: BackupCreate) -> None:
    made = backups.create(stage.world, stage.actor, stage.server(event.on))
    if event.as_ is not None:
        stage.call("backup", event.as_, made.id)


def _backup_delete(stage: _Stage, event: BackupDelete) -> None:
    backups.remove(stage.world, stage.actor, stage.world[BACKUPS].get_or_404(stage.key("backup", event.on)))
    stage.forget("backup", event.on)


def _given(event: Event, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(event, name)) is not None}


_VERBS: dict[type[Event], Callable[[_Stage, Any], None]] = {
    PlanCreate: _plan_create,
    PlanUpdate: _plan_update,
    PlanDelete: _plan_delete,
    UserCreate: _user_create,
    UserUpdate: _user_update,
    UserDelete: _user_delete,
    ServerCreate: _server_create,
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
}


def refuse(world: World, event: AnyEvent) -> None:
    """Note that an event was refused: what it makes is missing, and what it removes has no name any more."""
    table = world[PLAYED_NAMES]
    kind, _, verb = event.verb.partition(".")
    made = getattr(event, "as_", None)
    if made is not None and table.first(name=f"{kind} {made}") is None:
        table.add(PlayedName(name=f"{kind} {made}", key=REFUSED))
    if verb in ("delete", "remove"):
        gone = table.first(name=f"{kind} {event.on}")  # type: ignore[union-attr]  # all of these have one
        if gone is not None:
            table.remove(gone.id)
