"""Renders `docs/speed.md` from the numbers in `results/mock_speed.json`."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from mock_speed_load import FOUR, KINDS, READS
from mock_speed_servers import (
    GRANIAN_MOCK,
    GRANIAN_STARLETTE,
    MOCK,
    MOCKOON,
    PRISM,
    PRISM_WHOLE,
    STARLETTE,
    UVICORN,
)

Rounds = Sequence[dict[str, Any]]

PAGE = """\
# How fast the mock is

```sh
nox -s mock_speed      # measure again; takes seven minutes, and more if npm is slow
```

This compares `mock-solusio serve` with bare Starlette (only routes and prebuilt bytes) and with an
application that only answers, on the same server with the same settings; with granian instead of uvicorn; and
with Prism and Mockoon, which answer from an OpenAPI document. Measured on {date} with Python {python} on
{cpus} cores; `benchmarks/results/mock_speed.json` has every round. Measuring needs Linux, two cores, node
with npm, and wrk (`apt-get install wrk`).

## Requests per second

{rates}

## Ratios to bare Starlette

In the same round, on uvicorn. *Per second of work* counts only the time the server had the core, which
other programs on the machine disturb less.

{ratios}

## Ratios to servers that answer from a document

Prism answers with examples of the document, and refuses requests that it does not allow. Mockoon answers with
texts that somebody writes; it can keep lists, but here it does not, and no list would know of another.
Neither has an owner for a token, a task that ends later, or a user who is gone after a DELETE. The stateful
mockd, emulate and Mock Anything are neither on npm nor on PyPI, so they are not compared.

Prism slows down with the size of the document, so it runs once with the four operations only, as Mockoon
does, and once with the whole document.

{documents}

## Goals

{goals}

## Where the time goes

A request inside the mock, without uvicorn and without a socket: microseconds of processor time, and how a
profile shares them out. SQL is part of the other columns, mostly of *records*. The profiler makes functions
in Python look slower than SQLite.

{profile}

No part stands out: what is left is hundreds of function calls, each of a fraction of a microsecond. What the
goals that were missed leave for the mock, once uvicorn has had its share, and what it takes:

{room}

Where the last column is several times the one before it, no single part would do: most of them would have to
take half as long, or less. That Python allows no more is likely for new users and for reads, and not proven.
The mock runs in one process, without C of its own and without a cache that may be stale.

## uvicorn and granian

{granian}

## Start, memory and segments

{alone}

*Start*: from the command to the first 200 for an authenticated request, {starts} times, with Python's
bytecode cached. *Memory*: resident, of the whole process; the journal is bounded. *Segments*: TCP segments
with data on one connection, counted by the kernel, and the minimum: head and body of a response leave
together.

## How it is measured

Each server has one core and wrk the other: {connections} open connections, {seconds:g} s per run after a
warm-up. In each of {rounds} rounds, all servers start again and receive each kind of request one after
another. Numbers are medians over the rounds, followed by the lowest and highest ratio. Any response other
than 2xx stops the benchmark.

The mock starts with {users} users and {servers} servers in memory, looks up every access token and journals
every request. Kinds come in the order of the table, so those after the creates meet thousands of users. The
others repeat its responses; they have no state and check no token. {sizes}

The mock keeps what it rendered until something changes that it shows. The kinds that ask for *all users*,
*all pages* and *96 queries* in turn send more different requests than the mock keeps responses of, so every
response is built again: all users by id; all pages of `GET /users?page=N`; and `GET /servers` with two pages,
a `per_page` of 14 to 16 and every combination of `filter[status]`, `filter[virtualization_type]`,
`filter[user_id]` and `filter[compute_resource_id]` that all servers match. Starlette answers with the
recorded user or page of 15. With *ten reads, then one change* of a user, what shows that user is built again.
Billing systems create users with a password and the customer's number.

{versions}.{note}
"""


REPEATING = ("get_user", "list_users", "list_servers")

GOALS: Sequence[tuple[str, float, tuple[str, ...]]] = (
    ("cached reads", 0.8, REPEATING),
    ("reads that are not kept", 0.8, ("each_user", "each_users_page", "filter_servers")),
    ("ten reads and one change", 0.75, ("mixed",)),
    ("users created with a password", 0.3, ("create_customer",)),
    ("users created without one", 0.3, ("create_user",)),
    *(
        (KINDS[kind], 0.2, (kind,))
        for kind in ("create_server", "change_user", "suspend_user", "create_token")
    ),
)
"""What must be reached, how many times the rate of bare Starlette, and by which kinds of requests."""


def render(data: dict[str, Any]) -> str:
    """Return the page."""
    rounds, measured = data["rounds"], data["measured"]
    return PAGE.format(
        **{key: measured[key] for key in ("date", "python", "cpus", "connections", "seconds", "rounds")},
        users=measured["users"],
        servers=measured["servers"],
        sizes=_sizes(measured["sizes"]),
        versions=_versions(measured["versions"]),
        note=f"\n\n{measured['note']}" if measured["note"] else "",
        rates=_rates(rounds),
        ratios=_ratios(rounds),
        documents=_documents(rounds),
        goals=_goals(data),
        profile=_profile(data["profile"]),
        room=_room(data),
        granian=_granian(rounds),
        alone=_alone(data["alone"]),
        starts=len(data["alone"]["starts"]),
    )


def ratios(rounds: Rounds, kind: str, name: str, base: str, rate: str = "rate") -> list[float]:
    """Return one server's rate divided by another's for each round in which both ran."""
    return [
        each["loads"][kind][name][rate] / each["loads"][kind][base][rate]
        for each in rounds
        if {name, base} <= each["loads"].get(kind, {}).keys()
    ]


def median_ratio(rounds: Rounds, kind: str, name: str, base: str, rate: str = "rate") -> float:
    """Return the median of the ratios."""
    return statistics.median(ratios(rounds, kind, name, base, rate))


def _sizes(sizes: dict[str, int]) -> str:
    names = {"get_user": "a user", "list_users": "15 users", "list_servers": "15 servers"}
    parts = [f"{words} {sizes[name]:,} bytes" for name, words in names.items()]
    return f"Bodies: {', '.join(parts)}."


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _kinds(rounds: Rounds) -> list[str]:
    return [kind for kind in KINDS if rounds[0]["loads"].get(kind)]


def _spread(values: Sequence[float], digits: int = 2) -> str:
    if not values:
        return ""
    middle = f"**{statistics.median(values):.{digits}f}**"
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _rates(rounds: Rounds) -> str:
    names = (MOCK, STARLETTE, UVICORN, GRANIAN_MOCK, GRANIAN_STARLETTE, PRISM, PRISM_WHOLE, MOCKOON)
    rows = []
    for kind in _kinds(rounds):
        row = [KINDS[kind]]
        for name in names:
            found = [each["loads"][kind][name]["rate"] for each in rounds if name in each["loads"][kind]]
            row.append(f"{statistics.median(found):,.0f}" if found else "")
        rows.append(row)
    return _table(["", *names], rows)


def _ratios(rounds: Rounds) -> str:
    return _table(
        ["", MOCK, "per second of work", GRANIAN_MOCK, GRANIAN_STARLETTE],
        [
            [
                KINDS[kind],
                _spread(ratios(rounds, kind, MOCK, STARLETTE)),
                _spread(ratios(rounds, kind, MOCK, STARLETTE, "cpu_rate")),
                _spread(ratios(rounds, kind, GRANIAN_MOCK, STARLETTE)),
                _spread(ratios(rounds, kind, GRANIAN_STARLETTE, STARLETTE)),
            ]
            for kind in _kinds(rounds)
        ],
    )


def _documents(rounds: Rounds) -> str:
    names = (PRISM, PRISM_WHOLE, MOCKOON)
    return _table(
        ["times as fast as", *names],
        [
            [KINDS[kind], *(_spread(ratios(rounds, kind, MOCK, name), 1) for name in names)]
            for kind in _kinds(rounds)
            if kind in FOUR
        ],
    )


def _lowest(rounds: Rounds, kinds: Iterable[str], base: str) -> float | None:
    measured = [median_ratio(rounds, kind, MOCK, base) for kind in kinds if kind in _kinds(rounds)]
    return min(measured, default=None)


def _goals(data: dict[str, Any]) -> str:
    rounds, alone = data["rounds"], data["alone"]
    start = statistics.median(alone["starts"])
    segments = sum(one["segments"] for one in alone["segments"].values())
    least = sum(one["least"] for one in alone["segments"].values())

    rows = [
        (f"{what}, of bare Starlette", wanted, _lowest(rounds, kinds, STARLETTE))
        for what, wanted, kinds in GOALS
    ]
    rows.append(("cached reads, times as fast as Prism", 5.0, _lowest(rounds, REPEATING, PRISM)))
    table = [
        [goal, f"{wanted:g}", f"{value:.2f}", "met" if value >= wanted else "MISSED"]
        for goal, wanted, value in rows
        if value is not None
    ]
    table.append(
        ["start to the first 200, s", "at most 0.2", f"{start:.2f}", "met" if start <= 0.2 else "MISSED"]
    )
    for words, name, most in (
        ("memory after the start, MiB", "memory_before", 40),
        (f"memory after {alone['requests']:,} requests, MiB", "memory_after", 80),
    ):
        found = alone[name]
        table.append([words, f"at most {most}", f"{found:.0f}", "met" if found <= most else "MISSED"])
    share = segments / least
    table.append(["segments, of the minimum", "1", f"{share:.2f}", "met" if share < 1.01 else "MISSED"])
    return "The worst kind of request counts.\n\n" + _table(["goal", "target", "measured", ""], table)


def _profile(profile: dict[str, Any]) -> str:
    rows = []
    for kind, one in profile.items():
        whole = one["microseconds"]
        parts = [f"{share * whole:.0f}" for share in one["parts"].values()]
        sql = f"{one['sql'] * whole:.0f} in {one['statements']:.0f}" if one["statements"] >= 0.5 else ""
        rows.append([KINDS[kind], f"**{whole:.0f}**", f"{one['calls']:,.0f}", *parts, sql])
    names = next(iter(profile.values()))["parts"]
    return _table(["", "all", "calls", *names, "SQL statements"], rows)


def _room(data: dict[str, Any]) -> str:
    rounds = data["rounds"]
    rows = []
    for _, wanted, kinds in GOALS:
        for kind in kinds:
            if kind not in _kinds(rounds) or median_ratio(rounds, kind, MOCK, STARLETTE) >= wanted:
                continue
            mock, starlette, uvicorn = (
                _microseconds(rounds, kind, name) for name in (MOCK, STARLETTE, UVICORN)
            )
            room, taken = starlette / wanted - uvicorn, mock - uvicorn
            rows.append([KINDS[kind], *(f"{one:.0f}" for one in (starlette, uvicorn, room, taken))])
    head = ["microseconds a request", "bare Starlette", "uvicorn", "left for the mock", "taken by it"]
    return _table(head, rows)


def _microseconds(rounds: Rounds, kind: str, name: str) -> float:
    return statistics.median(1e6 / each["loads"][kind][name]["rate"] for each in rounds)


def _granian(rounds: Rounds) -> str:
    names = {
        "the mock": (GRANIAN_MOCK, MOCK),
        "bare Starlette": (GRANIAN_STARLETTE, STARLETTE),
    }
    parts = []
    for words, (name, base) in names.items():
        reads = [median_ratio(rounds, kind, name, base) for kind in _kinds(rounds) if kind in READS]
        create = median_ratio(rounds, "create_user", name, base)
        parts.append(f"{words} answers reads {min(reads):.2f} to {max(reads):.2f} times as fast on granian "
                     f"as on uvicorn, and creates {create:.2f} times as fast")  # fmt: skip
    memory = {
        name: statistics.median(each["memory"][name] for each in rounds) for name in (GRANIAN_MOCK, MOCK)
    }
    return (
        f"{'; '.join(parts)[0].upper()}{'; '.join(parts)[1:]}. After the start, the mock uses "
        f"{memory[MOCK]:.0f} MiB on uvicorn and {memory[GRANIAN_MOCK]:.0f} MiB on granian, which runs two "
        "processes."
    )


def _alone(alone: dict[str, Any]) -> str:
    starts = alone["starts"]
    rows = [
        ["start, s, median (lowest to highest)", _spread(starts)],
        ["memory after the start, MiB", f"{alone['memory_before']:.0f}"],
        [f"memory after {alone['requests']:,} requests, MiB", f"{alone['memory_after']:.0f}"],
    ]
    for kind, one in alone["segments"].items():
        each = one["bytes"] / one["answers"]
        name = f"segments of {one['answers']} answers, {KINDS[kind]}, {each:,.0f} bytes each"
        rows.append([name, f"{one['segments']}, at least {one['least']}"])
    return _table(["", ""], rows)
