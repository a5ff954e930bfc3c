"""A fleet as a timeline: all events in order of time, as a stream.

Only the coming events of servers that exist are held in memory.
"""

import heapq
from collections.abc import Iterator
from importlib.metadata import version

from mock_solusio.domain import plans
from mock_solusio.fleet.model import Fleet, FleetServer
from mock_solusio.fleet.people import Person, faker_version, people
from mock_solusio.moment import Micros, micros, utc
from solusio_contracts import timeline
from solusio_contracts.timeline import AnyEvent

_PLANS = plans.default_plans()

_Due = tuple[Micros, int, AnyEvent]


def header(fleet: Fleet) -> timeline.TimelineHeader:
    """Return the header of a fleet's timeline, with all that is needed to make it again."""
    return timeline.TimelineHeader(
        timeline=timeline.VERSION,
        begin=utc(fleet.begin),
        end=utc(fleet.end),
        made_by=f"mock-solusio {version('mock-solusio')}",
        about={**about(fleet), "faker": faker_version()},
    )


def about(fleet: Fleet) -> dict[str, object]:
    """Return the values that a fleet follows from."""
    return {
        "profile": fleet.profile.name,
        "users": len(fleet.customers),
        "months": fleet.months,
        "seed": fleet.seed,
        "servers": fleet.count,
    }


def events(fleet: Fleet) -> Iterator[AnyEvent]:
    """Yield all events of a fleet; its plans are those of a fresh installation."""
    queue: list[_Due] = []
    for number, (moment, event) in enumerate(_beginnings(fleet)):
        # Numbers keep events of the same moment in order, so that events are never compared.
        heapq.heappush(queue, (moment, number - 10_000_000, event))
    count = 0
    for server in fleet.servers():
        while queue and queue[0][0] <= server.created_at:
            yield heapq.heappop(queue)[2]
        for event in _of_server(server):
            moment = micros(event.at)
            if moment == server.created_at:
                yield event
            else:
                count += 1
                heapq.heappush(queue, (moment, count, event))
    while queue:
        yield heapq.heappop(queue)[2]


def customer_name(number: int) -> str:
    """Return the name of a customer in a timeline."""
    return f"customer-{number}"


def _beginnings(fleet: Fleet) -> Iterator[tuple[Micros, AnyEvent]]:
    """Yield the events of the customers themselves."""
    for person in people(fleet):
        yield from ((micros(event.at), event) for event in _of_person(person, fleet.end))


def _of_person(person: Person, end: Micros) -> Iterator[AnyEvent]:
    customer = person.customer
    name = customer_name(customer.number)
    yield timeline.UserCreate(
        at=utc(customer.joined_at),
        as_=name,
        email=person.email,
        billing_user_id=customer.billing_user_id,
        customer=timeline.CustomerDetails(
            name=person.name,
            company=person.company,
            address=person.address,
            city=person.city,
            country=person.market.country,
            currency=person.market.currency,
            locale=person.market.locale,
        ),
    )
    for pause in customer.pauses:
        yield timeline.UserUpdate(at=utc(pause.begin), on=name, status=pause.status)
        if pause.end is not None and pause.end != customer.left_at:
            yield timeline.UserUpdate(at=utc(pause.end), on=name, status="active")
    if customer.left_at is not None and customer.left_at < end:
        yield timeline.UserDelete(at=utc(customer.left_at), on=name)


def _of_server(server: FleetServer) -> Iterator[AnyEvent]:
    name = server.name
    yield timeline.ServerCreate(
        at=utc(server.created_at),
        as_=name,
        user=customer_name(server.customer),
        plan=_PLANS[server.plan].name,
    )
    for change in server.changes:
        at, item = utc(change.at), f"{name} {change.do.partition('.')[0]} {change.item}"
        match change.do:
            case "server.resize":
                yield timeline.ServerResize(at=at, on=name, plan=_PLANS[change.plan].name)
            case "ip.add":
                yield timeline.IpAdd(at=at, on=name, as_=item)
            case "ip.remove":
                yield timeline.IpRemove(at=at, on=item)
            case "backup.create":
                yield timeline.BackupCreate(at=at, on=name, as_=item)
            case "backup.delete":
                yield timeline.BackupDelete(at=at, on=item)
            case _:
                yield _PLAIN[change.do](at=at, on=name)
    if server.ended_at is not None:
        yield timeline.ServerDelete(at=utc(server.ended_at), on=name)


_PLAIN: dict[
    str,
    type[timeline.ServerStart | timeline.ServerStop | timeline.ServerSuspend | timeline.ServerResume],
] = {
    "server.start": timeline.ServerStart,
    "server.stop": timeline.ServerStop,
    "server.suspend": timeline.ServerSuspend,
    "server.resume": timeline.ServerResume,
}
