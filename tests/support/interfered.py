"""A correct endpoint, and what may stand before it: limits, bans and outages that count requests."""

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from solusio_contracts.checking.target import TargetSettings
from support.endpoint import Asked, Endpoint, Response, endpoint
from support.fuzzing import PRICE, TOKEN, UNKNOWN, USERS, Form, Judge, Reply, correct

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}

Gate = Callable[[int], Response | None]
"""What answers the request of this number, from 1, in the endpoint's place; None lets it through."""


PRICE_THAT_ADDS_UP = {**PRICE, "user_token_unit_cost": 1.34938}
"""1.34 x 0.95 x 1.06."""


def sound(form: Form) -> Reply:
    """Respond as a careful integrator would, with a price that adds up."""
    status, answer = correct(form)
    return status, PRICE_THAT_ADDS_UP if status == 200 else answer


def refusing(
    status: int,
    first: int,
    last: int | None = None,
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"no",
) -> Gate:
    """Answer requests `first` to `last`, or all from `first` on."""

    def gate(number: int) -> Response | None:
        inside = number >= first and (last is None or number <= last)
        return (status, HTML if headers is None else headers, body) if inside else None

    return gate


@dataclass
class Interfered:
    """A running endpoint behind a gate."""

    endpoint: Endpoint
    passed: list[Form] = field(default_factory=list)
    """The forms that reached the program."""
    at_once: int = 0
    """The most requests that were answered at the same time."""

    def settings(self, **changes: object) -> TargetSettings:
        usual: dict[str, object] = {"users": USERS, "unknown_user": UNKNOWN, "token": TOKEN, "timeout": 20.0}
        return TargetSettings(url=f"{self.endpoint.url}/", **{**usual, **changes})  # type: ignore[arg-type]


@contextmanager
def interfered(gate: Gate, judge: Judge = sound) -> Iterator[Interfered]:
    """Serve an endpoint that responds as a judge decides, behind a gate."""
    lock = threading.Lock()
    count = open_ones = 0

    def answer(asked: Asked) -> Response | None:
        nonlocal count, open_ones
        with lock:
            count += 1
            number = count
            open_ones += 1
            made.at_once = max(made.at_once, open_ones)
        try:
            refusal = gate(number)
            if refusal is not None:
                return refusal
            form = urllib.parse.parse_qs(asked.body.decode("latin-1"), True)
            if asked.headers["Content-Type"] not in (None, "application/x-www-form-urlencoded") and (
                "form" not in asked.headers["Content-Type"]
            ):
                form = {}
            made.passed.append(form)
            reply = judge(form)
            return None if reply is None else (reply[0], JSON, json.dumps(reply[1]).encode())
        finally:
            with lock:
                open_ones -= 1

    with endpoint(answer) as running:
        made = Interfered(running)
        yield made
