"""The lines of /usage in a mock, with data that a billing system might use by mistake."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

from mock_solusio.app import Mock
from mock_solusio.domain import usage
from mock_solusio.domain.lifecycle import MeteredPrice, metered_price
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.spans import MeteredLine
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.domain.world import World
from mock_solusio.moment import HOUR, Micros, micros, utc
from solusio_contracts.invoices.scenario import Scenario
from solusio_contracts.invoices.usage import UsageLine
from solusio_contracts.timeline import (
    ServerCreate,
    ServerResume,
    ServerStart,
    ServerStop,
    ServerSuspend,
    ServerUpdate,
)

_ALL = 1_000_000
"""More lines than a scenario has."""

Interval = tuple[Micros, Micros]
Prices = Callable[[int, str], MeteredPrice | None]
"""What a resource costs now with a plan, by the plan's id; None if the plan is gone."""


def lines(mock: Mock, scenario: Scenario, since: Micros, until: Micros) -> Sequence[UsageLine]:
    """Return all lines of a period, as of now."""
    with mock.transaction() as world:
        world.spans.enter(world.now, since, until)
        query = UsageQuery(since=since, until=until, as_of=world.now)
        found = usage.read(world, query, 0, _ALL)
        idle = _idle(scenario, world.now)
        prices = cache(partial(_price, world))  # thousands of lines have the same plan
        return [_fact(world, line, found.customers[line.user_id], idle, prices) for line in found.lines]


def _price(world: World, plan_id: int, resource: str) -> MeteredPrice | None:
    plan = world[PLANS].get(plan_id)
    return None if plan is None else metered_price(plan, resource)


def _fact(
    world: World,
    line: MeteredLine,
    billing_user_id: int | None,
    idle: Mapping[str, Sequence[Interval]],
    prices: Prices,
) -> UsageLine:
    server = world[SERVERS].get(line.server_id)
    now = prices(line.plan_id, line.resource)
    within = [min(end, line.until) - max(begin, line.since) for begin, end in idle.get(line.server_name, ())]
    return UsageLine(
        user_id=line.user_id,
        billing_user_id=billing_user_id,
        server=line.server_name,
        server_id=line.server_id,
        resource=line.resource,
        resource_id=line.resource_id,
        plan=line.plan_name,
        since=utc(line.since),
        until=utc(line.until),
        hours=line.hours,
        tokens_per_hour=line.tokens_per_hour,
        tokens_per_month=line.tokens_per_month,
        tokens=line.tokens,
        charge=line.charge,
        server_gone=server is None or server.is_deleting,
        user_gone=world[USERS].get(line.user_id) is None,
        status="running" if server is None else _status(server),
        idle_hours=sum(max(0, length) for length in within) // HOUR,
        now_per_hour=None if now is None else now.tokens_per_hour,
        now_per_month=None if now is None else now.tokens_per_month,
    )


def _status(server: Server) -> str:
    if server.is_suspended:
        return "suspended"
    return "running" if server.runs else "stopped"


def _idle(scenario: Scenario, now: Micros) -> dict[str, list[Interval]]:
    """Return when each server, by name, was stopped or suspended."""
    names = {one.as_: one.name or one.as_ for one in scenario.timeline if isinstance(one, ServerCreate)}
    for one in scenario.timeline:
        if isinstance(one, ServerUpdate) and one.name is not None and micros(one.at) <= now:
            names[one.on] = one.name
    since: dict[str, Micros] = {}
    found: dict[str, list[Interval]] = {}
    for event in scenario.timeline:
        at = micros(event.at)
        if not isinstance(event, ServerStop | ServerStart | ServerSuspend | ServerResume) or at > now:
            continue
        begins = isinstance(event, ServerStop | ServerSuspend)
        name = names.get(event.on, event.on)
        if begins:
            since.setdefault(name, at)
        elif name in since:
            found.setdefault(name, []).append((since.pop(name), at))
    for name, at in since.items():
        found.setdefault(name, []).append((at, now))
    return found
