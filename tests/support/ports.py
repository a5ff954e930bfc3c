"""Free ports for programs that must be told one."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BELOW_EPHEMERAL = range(10_000, 32_000)
"""Ports that the system does not give away by itself: it begins at 32768 (Linux) or above."""


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a TCP port of 127.0.0.1 that no other test takes while the context is open.

    A program binds its port some time after its start, and another test that looks for a free port
    meanwhile would find the same one. So the UDP port of the same number is held as well: a TCP server
    does not notice it, and the other test does.
    """
    with socket.socket(type=socket.SOCK_DGRAM) as held:
        for port in random.SystemRandom().sample(BELOW_EPHEMERAL, 100):
            with suppress(OSError), socket.create_server(("127.0.0.1", port)):
                held.bind(("127.0.0.1", port))
                break
        else:
            raise AssertionError("no port is free")
        yield port
