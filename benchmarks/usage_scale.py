"""Measure reading all pages of /usage for growing fleets: lines per second, memory, time per page, stops.

For each size, one process fills a state file and a new one reads the month from it, so its peak memory is
that of serving. Requests go through the whole request chain of the mock, without a socket. A stop is a time
for which the event loop answers nobody else. Writes `results/usage_scale.json`, `docs/usage-scale.md` and
`docs/images/usage-scale.svg`.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from usage_scale_page import draw, render

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "usage_scale.json"
PAGE = ROOT / "docs" / "usage-scale.md"
PLOT = ROOT / "docs" / "images" / "usage-scale.svg"

SIZES = (10_000, 100_000, 1_000_000, 2_000_000)
HISTORY = (100_000, 1_000_000)
"""One more measurement: servers in the month, and in the month before."""

USERS = 6_000
SHORTEST, LONGEST, TAIL = 0.42, 900.0, 0.45
"""Hours that servers live, and the exponent of their distribution (Pareto): half of them live for less than
two hours, and the mean is about 52, as in the Azure trace of 2017."""

PER_PAGE = 1000
TOKEN = "benchmarks-own-access-token"  # noqa: S105 - of a short-lived mock
MONTH = "from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"
PART = "from=2026-03-01T00:00:00Z&to=2026-03-31T00:00:00Z"
"""Has nearly all lines of the month; the sums of a part of a month are not kept in the state file."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all sizes and write the page, or with --page only write it from the last numbers."""
    options = parse(arguments)
    if options.child == "fill":
        fill(options.state, options.spans, options.history)
        return
    if options.child == "walk":
        print(json.dumps(asyncio.run(walk(options.state, options.spans))))
        return
    if not options.page:
        measure(options.sizes, options.results)
    if options.results == RESULTS:
        numbers = json.loads(RESULTS.read_text(encoding="utf-8"))
        PAGE.write_text(render(numbers), encoding="utf-8")
        draw(numbers, PLOT)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=list(SIZES),
        help="servers in the month; other sizes keep theirs",
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="where the numbers go; elsewhere, no page"
    )
    parser.add_argument("--page", action="store_true", help="write only the page, from the last numbers")
    parser.add_argument("--child", choices=("fill", "walk"), help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--spans", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--history", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def measure(sizes: Sequence[int], results: Path) -> None:
    """Measure each size in separate processes; other sizes keep their numbers."""
    earlier = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    known = {row["spans"]: row for row in earlier.get("rows", ())}
    known |= {size: measured(size, 0) for size in sizes}
    rows = [known[size] for size in sorted(known)]
    history = measured(*HISTORY) if tuple(sizes) == SIZES else earlier.get("history")
    document = {
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "per_page": PER_PAGE,
        "users": USERS,
        "rows": rows,
        "history": history,
    }
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def measured(spans: int, history: int) -> dict[str, Any]:
    """Fill a state file and read it."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.db"
        began = time.monotonic()
        filled = child("fill", state, spans, history)
        seconds = time.monotonic() - began
        row = {
            "spans": spans,
            "history": history,
            "fill_seconds": round(seconds, 1),
            "fill_peak_mib": filled["peak_mib"],
            "state_mib": round(state.stat().st_size / 2**20),
            **child("walk", state, spans, history),
        }
    print(row, file=sys.stderr)
    return row


def child(what: str, state: Path, spans: int, history: int) -> dict[str, Any]:
    """Run a part in a fresh process."""
    command = [sys.executable, __file__, "--child", what, "--state", str(state), "--spans", str(spans)]
    done = subprocess.run(
        [*command, "--history", str(history)], check=True, stdout=subprocess.PIPE, timeout=1800
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def peak_mib() -> float:
    """Return the largest resident memory of this process so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def resident_mib() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


def opened(state: Path) -> Any:
    """Return a mock on a state file, with its clock frozen in the middle of April."""
    from mock_solusio.app import Mock
    from mock_solusio.clock import Clock
    from mock_solusio.moment import parse_moment
    from mock_solusio.options import Options

    clock = Clock(parse_moment("2026-04-15T00:00:00Z"), speed=0)
    return Mock(Options(clock=clock, file=state, seed="usage", admin_token=TOKEN))


def fill(state: Path, count: int, history: int) -> None:
    """Store users and the lifetimes of servers, with the sums of the months, as `fleet generate` does."""
    from mock_solusio.domain import usage
    from mock_solusio.domain.records.user import USERS as KIND
    from mock_solusio.domain.records.user import User

    mock = opened(state)
    with mock.transaction() as world:
        for number in range(1, USERS + 1):
            email = f"customer-{number}@example.com"
            world[KIND].add(User(email=email, email_key=email, billing_user_id=number))
        if history:
            world.spans.load(lives(history, "2026-02-01T00:00:00Z", 0))
        world.spans.load(lives(count, "2026-03-01T00:00:00Z", history))
    with mock.transaction() as world:
        whole = usage.UsageQuery(since=usage.EARLIEST, until=world.now, as_of=world.now)
        for _ in usage.preparation(world, whole):
            pass
    mock.close()
    print(json.dumps({"peak_mib": peak_mib()}))


def lives(count: int, month: str, before: int) -> Iterator[Any]:
    """Yield the servers of a month in order of creation: most live for minutes, a few for weeks."""
    from mock_solusio.domain.spans import SERVER, Span
    from mock_solusio.moment import DAY, HOUR, parse_moment

    draw_ = random.Random(count)  # noqa: S311 - repeatable on purpose
    start, length = parse_moment(month), 28 * DAY
    for number in range(1, count + 1):
        key = before + number
        at = start + number * length // (count + 1)
        life = int(min(draw_.paretovariate(TAIL) * SHORTEST, LONGEST) * HOUR)
        plan = draw_.randint(1, 4)
        yield Span(
            resource=SERVER,
            resource_id=key,
            server_id=key,
            server_name=f"vm-{key}",
            user_id=2 + draw_.randrange(USERS),
            plan_id=plan,
            plan_name=f"plan {plan}",
            tokens_per_hour=7 * plan,
            tokens_per_month=5000 * plan,
            anchor=at,
            started_at=at,
            ended_at=at + life,
        )


async def walk(state: Path, expected: int) -> dict[str, Any]:
    """Read March by links, then a part of it and one customer's lines; return the times."""
    mock = opened(state)
    await ask(mock, "usage?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")
    before = resident_mib()
    first, stop = await watched(mock, f"usage?{MONTH}&per_page={PER_PAGE}")
    whole = await pages(mock, f"usage?{MONTH}&per_page={PER_PAGE}")
    part, stop_of_part = await watched(mock, f"usage?{PART}&per_page={PER_PAGE}")
    one = await pages(mock, f"usage?{MONTH}&per_page=100&filter[billing_user_id]=7")
    mock.close()
    if whole["lines"] < expected:
        raise SystemExit(f"{whole['lines']} lines of {expected} servers")
    return {
        "lines": whole["lines"],
        "lines_per_second": round(whole["lines"] / whole["seconds"]),
        "seconds": round(whole["seconds"], 2),
        "first_page_ms": round(first * 1000, 1),
        "first_page_of_part_ms": round(part * 1000, 1),
        "longest_stop_ms": round(max(stop, stop_of_part) * 1000, 1),
        "page_ms": round(statistics.median(whole["times"][1:]) * 1000, 2),
        "last_page_ms": round(whole["times"][-1] * 1000, 2),
        "customer_lines": one["lines"],
        "customer_ms": round(one["seconds"] * 1000, 1),
        "resident_before_mib": before,
        "peak_mib": peak_mib(),
    }


async def watched(mock: Any, path: str) -> tuple[float, float]:
    """Send a request; return how long it took, and the longest stop meanwhile, in seconds."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    began = time.perf_counter()
    await ask(mock, path)
    took = time.perf_counter() - began
    await asyncio.sleep(0)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return took, longest


async def pages(mock: Any, path: str) -> dict[str, Any]:
    """Follow `links.next` to the end and check the totals."""
    times, lines, hours, tokens = [], 0, 0, 0
    while path:
        began = time.perf_counter()
        body = await ask(mock, path)
        times.append(time.perf_counter() - began)
        answer = json.loads(body)
        lines += len(answer["data"])
        hours += sum(line["hours"] for line in answer["data"])
        tokens += sum(line["tokens"] for line in answer["data"])
        totals = answer["meta"]["totals"]
        path = (answer["links"]["next"] or "").partition("/api/v1/")[2]
    if totals != {"lines": lines, "hours": hours, "tokens": tokens}:
        raise SystemExit(f"{lines} lines, {hours} hours, {tokens} tokens were read of {totals}")
    return {"lines": lines, "seconds": sum(times), "times": times}


async def ask(mock: Any, path: str) -> bytes:
    """Send a request to the mock as a client would."""
    from mock_solusio.server.asgi import answered_by
    from mock_solusio.server.messages import Request

    target, _, query = path.partition("?")
    headers = [(b"host", b"mock.test"), (b"authorization", f"Bearer {TOKEN}".encode())]
    request = Request("GET", f"/api/v1/{target}", query.encode(), headers, b"", "http", "127.0.0.1")
    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": request.query,
        "headers": headers,
        "scheme": request.scheme,
    }
    response = await answered_by(mock, scope, request)
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {response.body!r}")
    body: bytes = response.body
    return body


if __name__ == "__main__":
    main()
