"""Copied servers are like those that were ordered one by one."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec
import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.invoices import bulk_player
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.server.uvicorn_server import running
from mock_solusio.timeline import player
from solusio_contracts import timeline
from solusio_contracts.timeline import TimelineError

AT = "2026-03-01T00:20:00Z"
COUNT = 300
"""More than a block has addresses."""
TOKEN = "administrator-of-the-crowd"


def events(*more: dict[str, Any]) -> list[timeline.AnyEvent]:
    wanted: list[dict[str, Any]] = [
        {"at": AT, "do": "plan.create", "as": "small", "tokens_per_hour": 7, "tokens_per_month": 5000},
        {"at": AT, "do": "user.create", "as": "ann", "billing_user_id": 7},
        {"at": AT, "do": "server.create", "as": "before", "plan": "small", "additional_ips": 1},
        *({"at": AT, "do": "server.create", "as": f"web-{n}", "plan": "small"} for n in range(COUNT)),
        {"at": AT, "do": "server.create", "as": "after", "plan": "small"},
        *more,
    ]
    return msgspec.convert(wanted, list[timeline.AnyEvent])


def state(play: Callable[[Any, Sequence[timeline.AnyEvent]], object], *more: dict[str, Any]) -> Any:
    """What the API says of servers, usage and tasks after a timeline."""
    mock = Mock(Options(clock=Clock(parse_moment(AT), speed=0), seed="crowd", admin_token=TOKEN))
    try:
        with mock.transaction() as world:
            play(world, events(*more))
        mock.clock.set(parse_moment("2026-04-01T01:00:00Z"))
        with running(mock) as url, httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            asked = [f"servers?per_page=100&page={number}" for number in range(1, 5)]
            asked.append("usage?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z&per_page=1000")
            texts = [client.get(f"{url}/api/v1/{one}").raise_for_status().text for one in asked]
            return [json.loads(text.replace(url, "http://solusio")) for text in texts]
    finally:
        mock.close()


@pytest.mark.parametrize(
    "more",
    [
        (),
        ({"at": "2026-03-02T00:00:00Z", "do": "server.delete", "on": "web-3"},),
        ({"at": AT, "do": "server.stop", "on": "web-9"}, {"at": AT, "do": "ip.add", "on": "web-299"}),
    ],
    ids=["alone", "one deleted", "at the same moment"],
)
def test_the_servers_and_their_usage_are_the_same(more):
    copied = state(bulk_player.play, *more)
    assert copied[0]["meta"]["total"] == COUNT + 2 - ("delete" in str(more))
    assert copied == state(player.play, *more)


def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(TimelineError, match="there is already a server 'web-0'"):
        state(lambda world, found: bulk_player.play(world, [*found[:-1], found[3], *found[4:]]))
