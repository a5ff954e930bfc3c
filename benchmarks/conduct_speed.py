"""What the referee costs a request in which it finds nothing: microseconds of processor time, by kind.

Each kind is judged a few thousand times by one referee, with different users and pages; the fastest of the
rounds counts, since other programs only make it slower.

Usage: python benchmarks/conduct_speed.py [--rounds N]
"""

import argparse
import json
import time
from collections.abc import Callable

from mock_solusio.server.messages import Request, Response
from mock_solusio.traffic.referee import Referee

ROUND = 600
"""Requests of one kind in a round."""
HEADERS = [
    (b"host", b"127.0.0.1:8008"),
    (b"user-agent", b"billing/1.0"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
    (b"authorization", b"Bearer abcdefghijklmnopqrstuvwxyz0123456789"),
]
USER = {"id": 1, "email": "ann@example.com", "billing_user_id": 7, "roles": [{"id": 2, "name": "CLIENT"}]}
ROW = {**USER, "filler": "x" * 900}


def page(last: int) -> bytes:
    """Return a response with fifteen rows."""
    return json.dumps(
        {"data": [ROW] * 15, "links": {}, "meta": {"current_page": 1, "last_page": last}}
    ).encode()


ONE, SINGLE, THREE = json.dumps({"data": ROW}).encode(), page(1), page(3)


def asked(path: str, answer: bytes, operation: str, query: str = "") -> tuple[Request, Response]:
    """Return a request that reads, with its response."""
    request = Request("GET", f"/api/v1{path}", query.encode(), HEADERS, b"", "http", "127.0.0.1")
    return request, Response(200, [], answer, operation)


def sent(method: str, path: str, body: object, answer: bytes, operation: str) -> tuple[Request, Response]:
    """Return a request that writes, with its response."""
    data = json.dumps(body).encode()
    headers = [*HEADERS, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(data))]
    request = Request(method, f"/api/v1{path}", b"", headers, data, "http", "127.0.0.1")
    return request, Response(201 if method == "POST" else 200, [], answer, operation)


def new_user(number: int) -> dict[str, object]:
    """Return the body of a new user."""
    return {
        "email": f"user{number}@example.com",
        "password": f"secret {number}",
        "billing_user_id": number + 1,
        "roles": [2],
    }


def token(number: int) -> bytes:
    """Return the response with a new access token."""
    return json.dumps({"data": {"access_token": f"{number:064}", "expires_at": None}}).encode()


KINDS: dict[str, Callable[[int], tuple[Request, Response]]] = {
    "plan by id": lambda number: asked(f"/plans/{number}", ONE, "getPlan"),
    "a list of one page": lambda number: asked(
        "/servers", SINGLE, "listServers", f"filter%5Buser_id%5D={number}"
    ),
    "a list of three pages": lambda number: asked("/users", THREE, "listUsers", f"page={number % 3 + 1}"),
    "user by billing_user_id": lambda number: asked(
        "/users", SINGLE, "listUsers", f"filter%5Bbilling_user_id%5D={number}"
    ),
    "create a user": lambda number: sent("POST", "/users", new_user(number), ONE, "createUser"),
    "change a user": lambda number: sent("PUT", f"/users/{number}", {"status": "locked"}, ONE, "replaceUser"),
    "access token": lambda number: sent(
        "POST", f"/users/{number}/tokens", {"is_one_time": True}, token(number), "createUserToken"
    ),
    "create a server": lambda number: sent(
        "POST",
        "/servers",
        {"name": "web", "plan": 1, "os": 2, "location": 1, "user": number},
        ONE,
        "createServer",
    ),
}


def main() -> None:
    """Measure, and print a line for each kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    rounds: int = parser.parse_args().rounds
    referee = Referee()
    number = 0
    for name, make in KINDS.items():
        best = float("inf")
        for round_ in range(rounds):
            exchanges = [make(round_ * ROUND + place) for place in range(ROUND)]
            began = time.thread_time()
            for request, response in exchanges:
                number += 1
                # Ten seconds apart, so that nothing looks like a loop.
                referee.judge(
                    "api", request, response, number=number, arrived=number * 10.0, answered=number * 10.0
                )
            best = min(best, (time.thread_time() - began) / ROUND * 1e6)
        print(f"{name:24} {best:5.1f} us")
    found = [str(one) for one in referee.findings()]
    assert not found, found


if __name__ == "__main__":
    main()
