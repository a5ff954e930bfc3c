"""The load: wrk with a script, on its own core, and its counts."""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_speed_servers import Running
    from mock_speed_world import World

SCRIPT = Path(__file__).with_name("mock_speed_load.lua")
CONNECTIONS = 16
"""Open connections, each with one request in flight."""

KINDS = {
    "get_user": "user by id, 200 users in turn",
    "list_users": "users, the first 15",
    "list_servers": "servers, the first 15",
    "create_user": "create a user, with an email address alone",
    "create_customer": "create a user, with a password and a number",
    "create_server": "create a server",
    "change_user": "change a user (PATCH)",
    "suspend_user": "suspend and reactivate a user",
    "create_token": "create a one-time access token",
    "each_user": "user by id, all users in turn",
    "each_users_page": "users, all pages in turn",
    "filter_servers": "servers, 96 queries in turn",
    "mixed": "ten reads, then one change",
}
"""The kinds of requests, in words; the wrk script has a function for each."""

FOUR = ("get_user", "list_users", "list_servers", "create_user")
"""The kinds that stateless servers get too. Creating comes last, because it grows the state."""

REPEATED = 200
"""How many users the kinds that repeat requests ask for."""

NUMBERS = 1_000_000
"""More customers than a run can create."""

READS = ("get_user", "list_users", "list_servers", "each_user", "each_users_page", "filter_servers")
"""The kinds that change nothing."""

_runs = itertools.count(1)


class SpoiltRunError(Exception):
    """An invalid run: some responses were wrong."""


@dataclass(frozen=True, slots=True)
class Load:
    """The counts of one run of wrk."""

    requests: int
    seconds: float
    cpu: float
    """Seconds that the server worked."""
    bytes: int
    """Of a response, with its head."""
    p50: int
    """Median latency in microseconds."""
    p99: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Requests per second of server work, which other programs on the machine affect less."""
        return self.requests / self.cpu


def cores() -> tuple[int, int]:
    """Return two different cores, for the server and the load.

    Raises:
        SystemExit: there is only one.
    """
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise SystemExit("Two cores are needed: one for the server, one for the load.")
    return available[0], available[-1]


def load(kind: str, running: Running, world: World, seconds: float) -> Load:
    """Run wrk against a server for some seconds.

    Raises:
        SpoiltRunError: an answer was not 2xx, or a connection broke.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    run = next(_runs)
    command = [
        # wrk accepts only whole seconds; when interrupted, it prints its counts so far.
        *("timeout", "--signal", "INT", f"{seconds:g}", "taskset", "-c", str(cores()[1])),
        *(wrk, "--threads", "1", "--connections", str(CONNECTIONS), "--timeout", "5s"),
        *("--duration", f"{math.ceil(seconds) + 1}s", "--script", str(SCRIPT), running.url, "--"),
        *(kind, world.token, str(world.users[0]), str(world.users[-1])),
        *(str(REPEATED), f"r{os.getpid()}x{run}", str(NUMBERS * run)),
    ]
    worked = running.cpu()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 30)
    worked = running.cpu() - worked
    result = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if result is None:
        raise SystemExit(f"{command} failed:\n{done.stdout}{done.stderr}")
    counted = json.loads(result.removeprefix("RESULT "))
    if counted["refused"] or counted["broken"]:
        raise SpoiltRunError(f"{kind} at {running.name}: {result}")
    return Load(
        requests=counted["requests"],
        seconds=counted["microseconds"] / 1e6,
        cpu=max(worked, 0.01),
        bytes=round(counted["bytes"] / max(counted["requests"], 1)),
        p50=counted["p50"],
        p99=counted["p99"],
    )
