"""`serve --state FILE`, killed (SIGKILL) while clients write: what it acknowledged survives."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from random import Random

import httpx
import pytest

from support.programs import program

KILLS = int(os.environ.get("MOCK_SOLUSIO_KILLS", "4"))
"""For each of the seeds; `nox -s adversary` does more."""
CLIENTS = 3
USERS = 15
"""About how many users each client has: more would make the comparison slow."""
TOKEN = "administrators-own-access-token"


class Client:
    """Creates, changes and deletes users one by one, and knows which change was not acknowledged yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.randomness = Random(name)  # noqa: S311 - repeatable
        self.sent = 0
        self.users: dict[int, str] = {}
        """Mail addresses by id, as acknowledged."""
        self.pending: tuple[int | None, str | None] | None = None
        """The user of the latest request (None: a new one), and their address after it (None: deleted)."""

    def write(self, http: httpx.Client) -> None:
        """Send one request; it is acknowledged when this returns."""
        self.sent += 1
        email = f"{self.name}-{self.sent}@example.com"
        user = self.randomness.choice([*self.users, None])
        if user is None:
            self.pending = None, email
            self.users[http.post("users", json={"email": email}).raise_for_status().json()["data"]["id"]] = (
                email
            )
        elif self.randomness.randrange(USERS) < len(self.users) / 2:
            self.pending = user, None
            http.delete(f"users/{user}").raise_for_status()
            del self.users[user]
        else:
            self.pending = user, email
            http.patch(f"users/{user}", json={"email": email}).raise_for_status()
            self.users[user] = email
        self.pending = None

    def learn(self, found: dict[int, str]) -> None:
        """Learn whether a change that was not acknowledged was made; both are right."""
        if self.pending is None:
            return
        user, email = self.pending
        if user is None:
            self.users |= {number: one for number, one in found.items() if one == email}
        elif found.get(user) == email:
            del self.users[user]
            if email is not None:
                self.users[user] = email
        self.pending = None


def connection(url: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60, trust_env=False
    )


def found_at(url: str) -> dict[int, str]:
    """Return the mail addresses of all users but the administrator."""
    found: dict[int, str] = {}
    page = 1
    with connection(url) as http:
        while page:
            answer = http.get("users", params={"per_page": 100, "page": page}).raise_for_status().json()
            found |= {user["id"]: user["email"] for user in answer["data"]}
            page = page + 1 if answer["links"]["next"] else 0
    del found[1]
    return found


def check(url: str, clients: list[Client]) -> None:
    found = found_at(url)
    for client in clients:
        client.learn(found)
    assert found == {number: email for client in clients for number, email in client.users.items()}


@pytest.mark.parametrize("seed", ["14", "15"])
def test_nothing_acknowledged_is_lost(tmp_path, seed):
    randomness = Random(seed)  # noqa: S311 - repeatable
    options = ["serve", "--port", "0", "--state", str(tmp_path / "state"), "--admin-token", TOKEN]
    clients = [Client(f"{seed}-{number}") for number in range(CLIENTS)]

    def work(client: Client) -> None:
        with connection(running.url) as http, suppress(httpx.TransportError):
            while True:
                client.write(http)
                if not left.acquire(blocking=False):
                    running.process.kill()

    for _ in range(KILLS):
        if randomness.randrange(4) == 0:
            kill_at_start(options, randomness.uniform(0.01, 1))
            continue
        with program(*options) as running:
            check(running.url, clients)
            left = threading.Semaphore(randomness.randrange(100))
            threads = [threading.Thread(target=work, args=[client]) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
                assert not thread.is_alive()
            assert running.process.wait(30) == -signal.SIGKILL
    with program(*options) as running:
        check(running.url, clients)


def kill_at_start(options: list[str], seconds: float) -> None:
    """Kill it before it serves anybody, perhaps while it recovers what the last one left."""
    command = [sys.executable, "-m", "mock_solusio", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    assert process.returncode == -signal.SIGKILL
