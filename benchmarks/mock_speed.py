"""Requests per second of the mock, bare Starlette, granian, Prism and Mockoon, as ratios in one run.

wrk sends all servers the same requests; each server has one core, wrk another. In each round all servers
start again, and each kind of request goes to one after another, so that compared runs meet the same load.
The mock has 7,500 users and 40 servers, created through its API; the others repeat its responses. A response
other than 2xx or a broken connection stops the benchmark.

Also measured for the mock: start to the first 200, memory after 1,000,000 requests, TCP segments per
response, and what a request of each kind spends its time on.

Needs two cores, Linux, wrk (Debian: apt-get install wrk), node with npm, and granian for its columns.
Writes results/mock_speed.json and docs/speed.md.

Usage: python benchmarks/mock_speed.py [--rounds N] [--seconds S] [--work FOLDER] [--page]
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from mock_speed_load import CONNECTIONS, KINDS, REPEATED, Load, SpoiltRunError, load
from mock_speed_page import render
from mock_speed_profile import profile
from mock_speed_servers import (
    GRANIAN_MOCK,
    MOCK,
    PACKAGES,
    SERVERS,
    STARLETTE,
    Place,
    Running,
    Server,
    available,
    started,
)
from mock_speed_world import SERVERS as MADE_SERVERS
from mock_speed_world import USERS, World, populate, record

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "mock_speed.json"
PAGE = ROOT / "docs" / "speed.md"
TOKEN = "speed"  # noqa: S105 - of a short-lived server

STARTS = 15
REQUESTS = 1_000_000
ANSWERS = 500
"""How many responses are examined for their segments."""
LARGEST_SEGMENT = 65_483
"""Bytes of data per packet on the loopback."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the page, or with --page only write it from the last numbers."""
    parser = argparse.ArgumentParser(description="Compare the speed of the mock with that of other servers.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each run of wrk")
    parser.add_argument("--only", nargs="+", choices=[server.name for server in SERVERS])
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--work", type=Path, help="folder to install npm packages into, kept for next time")
    parser.add_argument("--note", default="", help="remark about this measurement, for the page")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", action="store_true", help="only write the page from the results")
    options = parser.parse_args(arguments)
    if not options.page:
        with tempfile.TemporaryDirectory() as folder:
            place = Place((options.work or Path(folder)).resolve(), TOKEN)
            place.work.mkdir(parents=True, exist_ok=True)
            result = measure(options, place)
        options.results.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.results == RESULTS:
        PAGE.write_text(render(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")


def measure(options: argparse.Namespace, place: Place) -> dict[str, Any]:
    """Run all measurements."""
    servers = [
        server for server in available(place) if not options.only or server.name in {MOCK, *options.only}
    ]
    with started(SERVERS[0], place) as running:
        world = populate(running, TOKEN)
        record(running, world, place)
    sizes = {path.stem: path.stat().st_size for path in place.answers.glob("*.json")}
    rounds = []
    for number in range(options.rounds):
        order = servers if number % 2 == 0 else servers[::-1]
        rounds.append(one_round(order, place, world, options))
        show(rounds[-1])
    mock = next(server for server in servers if server.name == MOCK)
    return {
        "measured": {
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "versions": versions(),
            "note": options.note,
            "rounds": options.rounds,
            "seconds": options.seconds,
            "warm_up": {server.name: server.warm_up for server in servers},
            "connections": CONNECTIONS,
            "users": USERS,
            "servers": MADE_SERVERS,
            "sizes": sizes,
        },
        "rounds": rounds,
        "alone": alone(mock, place),
        "profile": profile(),
    }


def one_round(
    servers: Sequence[Server], place: Place, world: World, options: argparse.Namespace
) -> dict[str, Any]:
    """Start all servers, send each kind of request to all of them, and return the counts."""
    result: dict[str, Any] = {"started": {}, "memory": {}, "loads": {kind: {} for kind in options.kinds}}
    with ExitStack() as stack:
        all_running: list[tuple[Server, Running]] = []
        for server in servers:
            running = stack.enter_context(started(server, place))
            result["started"][server.name] = running.started
            result["memory"][server.name] = running.memory()
            if server.name in {MOCK, GRANIAN_MOCK} and populate(running, TOKEN) != world:
                raise SystemExit("the mock made another world than before")
            all_running.append((server, running))
        for kind in options.kinds:
            for server, running in all_running:
                if kind in server.kinds:
                    load(kind, running, world, server.warm_up)
                    counted = counted_load(kind, running, world, options.seconds)
                    result["loads"][kind][server.name] = {
                        **asdict(counted),
                        "rate": counted.rate,
                        "cpu_rate": counted.cpu_rate,
                    }
    return result


def counted_load(kind: str, running: Running, world: World, seconds: float) -> Load:
    """Measure, and longer if no response came: some servers need more than a second for the first one.

    Raises:
        SpoiltRunError: no response came within eight times as long.
    """
    for factor in (1, 2, 4, 8):
        counted = load(kind, running, world, seconds * factor)
        if counted.requests:
            return counted
    raise SpoiltRunError(f"{kind} at {running.name}: no answers")


def show(result: dict[str, Any]) -> None:
    """Print a round while the next one runs."""
    for kind, loads in result["loads"].items():
        base = loads.get(STARLETTE)
        print(KINDS[kind])
        for name, each in loads.items():
            ratios = (
                "".join(f" {each[rate] / base[rate]:5.2f}" for rate in ("rate", "cpu_rate")) if base else ""
            )
            print(f"  {name:<20} {each['rate']:7.0f}/s{ratios}  p99 {each['p99']} us, {each['bytes']} bytes")
    print(flush=True)


def versions() -> dict[str, str]:
    """Return the versions of all programs involved."""
    found = {name: metadata.version(name) for name in ("starlette", "uvicorn", "uvloop", "httptools")}
    with suppress(metadata.PackageNotFoundError):
        found["granian"] = metadata.version("granian")
    for package in PACKAGES:
        name, _, version = package.rpartition("@")
        found[name] = version
    for name, command in {"node": ["node", "--version"], "wrk": ["wrk", "--version"]}.items():
        words = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
        found[name] = words[0].removeprefix("v") if name == "node" else words[1]
    return found


# Only the mock


def alone(mock: Server, place: Place) -> dict[str, Any]:
    """Measure start, memory and segments."""
    starts = []
    for _ in range(STARTS):
        with started(mock, place) as running:
            starts.append(running.started)
    with started(mock, place) as running:
        result = {"starts": starts, "memory_before": running.memory()}
        world = populate(running, TOKEN, REPEATED)
        result["segments"] = {name: segments(running, path) for name, path in _paths(world).items()}
        requests = 0
        while requests < REQUESTS:
            for kind in ("get_user", "list_users", "list_servers", "filter_servers"):
                requests += load(kind, running, world, 5.0).requests
        return {**result, "memory_after": running.memory(), "requests": requests}


def _paths(world: World) -> dict[str, Callable[[int], str]]:
    return {
        "get_user": lambda number: f"/users/{world.users[number % len(world.users)]}",
        "list_users": lambda number: f"/users?page={1 + number % 12}",
        "list_servers": lambda _: "/servers",
    }


def segments(running: Running, path: Callable[[int], str]) -> dict[str, int]:
    """Ask on one raw connection; count the answers, the `recv` that they took, and their TCP segments.

    `least`: how many segments it takes at least.
    """
    counted = {"answers": 0, "receives": 0, "bytes": 0, "least": 0}
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        for number in range(ANSWERS):
            connection.sendall(
                f"GET /api/v1{path(number)} HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
            )
            received = b""
            while not complete(received):
                part = connection.recv(1 << 20)
                if not part:
                    raise SystemExit("the mock closed the connection")
                received += part
                counted["receives"] += 1
            if not received.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"expected 200, got {received[:200]!r}")
            counted["answers"] += 1
            counted["bytes"] += len(received)
            counted["least"] += math.ceil(len(received) / LARGEST_SEGMENT)
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    # tcpi_data_segs_in of struct tcp_info (linux/tcp.h).
    counted["segments"] = struct.unpack_from("=I", info, 152)[0]
    return counted


def complete(received: bytes) -> bool:
    """Whether a response with a Content-Length is complete."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    length = next(
        int(value)
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        if name.lower() == b"content-length"
    )
    return len(body) >= length


if __name__ == "__main__":
    main()
