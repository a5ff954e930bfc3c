"""Turns the events of a timeline into usage spans, without a mock; only existing servers are in memory."""

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from msgspec.structs import asdict, replace

from mock_solusio.domain import lifecycle, plans, spans
from mock_solusio.domain.records.plans import Plan, PlanParams
from mock_solusio.domain.spans import Span
from mock_solusio.domain.units import GIB
from mock_solusio.fleet.spans import OpenSpans
from mock_solusio.moment import Micros, micros
from solusio_contracts import timeline

_Found = TypeVar("_Found")

_BACKUP = ("backup", "")
_ISO_IMAGE = ("iso image", "")


class SpanPlayer:
    """Plays the events of a timeline; its state is what exists at that moment."""

    def __init__(self) -> None:
        self.customers = 0
        self._count = 0
        self._plans = {plan.name: plan for plan in plans.default_plans()}
        self._users: dict[str, int] = {}
        self._last_user = ""
        self._lives: dict[str, tuple[OpenSpans, str]] = {}
        self._owners: dict[str, str] = {}
        """The server that has an address or a backup, by the name of that."""
        self._backups: Counter[str] = Counter()
        self._images: dict[str, str] = {}
        """The ISO image of a server, if it boots from one."""
        self._image_numbers: dict[str, int] = {}
        self._nameless = 0

    def play(self, event: timeline.AnyEvent) -> list[Span] | None:
        """Play an event; return the spans of a server that is deleted.

        Raises:
            KeyError: the event names something that the timeline never created.
        """
        at = micros(event.at)
        match event:
            case timeline.PlanCreate():
                self._plans[event.as_] = _plan(event, len(self._plans) + 1)
            case timeline.PlanUpdate():
                given = {
                    name: value for name in timeline.PRICES if (value := getattr(event, name)) is not None
                }
                self._plans[event.on] = replace(self._find(self._plans, "plan", event.on), **given)
            case timeline.UserCreate():
                self.customers += 1
                self._users[event.as_] = self.customers
                self._last_user = event.as_
            case timeline.ServerCreate():
                self._create(event, at)
            case timeline.ServerDelete():
                life, _ = self._find(self._lives, "server", event.on)
                del self._lives[event.on]
                self._backups.pop(event.on, None)
                self._images.pop(event.on, None)
                return life.end(at)
            case timeline.ServerResize():
                life, _ = self._find(self._lives, "server", event.on)
                plan = self._find(self._plans, "plan", event.plan)
                self._lives[event.on] = life, event.plan
                life.change(at, lambda span: asdict(lifecycle.metered_price(plan, span.resource)))
            case _:
                self._equip(event, at)
        return None

    def _equip(self, event: timeline.AnyEvent, at: Micros) -> None:
        """Play an event about what servers have; others change no usage."""
        match event:
            case timeline.IpAdd():
                life, plan_name = self._find(self._lives, "server", event.on)
                self._nameless += 1
                name = event.as_ or f"nameless {self._nameless}"
                self._owners[f"ip {name}"] = event.on
                life.open(("ip", name), self._span(life, spans.ADDITIONAL_IP, plan_name, at))
            case timeline.IpRemove():
                life, _ = self._life_of(f"ip {event.on}")
                life.close(("ip", event.on), at)
            case timeline.ServerUpdate(boot_mode=mode) if mode is not None:
                self._boot(event.on, None, at)
            case timeline.ServerBoot():
                self._boot(event.on, event.iso_image if event.mode == "iso" else None, at)
            case timeline.BackupCreate():
                self._backup(event, at)
            case timeline.BackupDelete():
                life, owner = self._life_of(f"backup {event.on}")
                self._backups[owner] -= 1
                if not self._backups[owner]:
                    life.close(_BACKUP, at)
            case _:
                pass

    def remaining(self) -> Iterator[list[Span]]:
        """Yield the spans of the servers that exist."""
        for life, _ in self._lives.values():
            yield life.end(None)

    def _life_of(self, item: str) -> tuple[OpenSpans, str]:
        """Return the spans and the name of the server that has an address or a backup."""
        kind, _, name = item.partition(" ")
        owner = self._find(self._owners, kind, name, item)
        del self._owners[item]
        return self._find(self._lives, "server", owner)[0], owner

    def _create(self, event: timeline.ServerCreate, at: Micros) -> None:
        self._count += 1
        user = self._users.get(event.user or self._last_user, 0)
        terms = lifecycle.metered_price(self._find(self._plans, "plan", event.plan), spans.SERVER)
        span = Span(
            resource=spans.SERVER,
            resource_id=self._count,
            server_id=self._count,
            server_name=event.name or event.as_,
            user_id=user,
            anchor=at,
            started_at=at,
            **asdict(terms),
        )
        life = OpenSpans(span)
        for number in range(event.additional_ips):
            life.open(("first ip", number), self._span(life, spans.ADDITIONAL_IP, event.plan, at))
        self._lives[event.as_] = life, event.plan

    def _backup(self, event: timeline.BackupCreate, at: Micros) -> None:
        life, plan_name = self._find(self._lives, "server", event.on)
        if event.as_ is not None:
            self._owners[f"backup {event.as_}"] = event.on
        self._backups[event.on] += 1
        if self._backups[event.on] == 1:
            life.open(_BACKUP, self._span(life, spans.BACKUP, plan_name, at))

    def _boot(self, server: str, image: str | None, at: Micros) -> None:
        """Boot a server from an ISO image or from something else."""
        life, plan_name = self._find(self._lives, "server", server)
        if self._images.get(server) == image:
            return
        if self._images.pop(server, None) is not None:
            life.close(_ISO_IMAGE, at)
        if image is not None:
            self._images[server] = image
            number = self._image_numbers.setdefault(image, len(self._image_numbers) + 1)
            span = self._span(life, spans.ISO_IMAGE, plan_name, at)
            life.open(_ISO_IMAGE, replace(span, resource_id=number))

    def _span(self, life: OpenSpans, resource: str, plan_name: str, at: Micros) -> Span:
        terms = lifecycle.metered_price(self._plans[plan_name], resource, life.server)
        self._count += resource == spans.ADDITIONAL_IP
        key = self._count if resource == spans.ADDITIONAL_IP else life.first.server_id
        return replace(
            life.first,
            resource=resource,
            resource_id=key,
            anchor=at,
            started_at=at,
            ended_at=None,
            **asdict(terms),
        )

    @staticmethod
    def _find(table: dict[str, _Found], kind: str, name: str, key: str | None = None) -> _Found:
        found = table.get(name if key is None else key)
        if found is None:
            raise KeyError(f"{kind} {name!r}")
        return found


def _plan(event: timeline.PlanCreate, number: int) -> Plan:
    params = PlanParams(disk=event.disk_gib, ram=event.ram_mib * GIB // 1024, vcpu=event.vcpu)
    prices = {name: getattr(event, name) for name in timeline.PRICES}
    return Plan(id=number, name=event.name or event.as_, params=params, disk=event.disk_gib, **prices)
