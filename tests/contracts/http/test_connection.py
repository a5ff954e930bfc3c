"""Connecting to real sockets, with TLS and without."""

import errno
import socket
import ssl
import time
from typing import Any

import pytest

from solusio_contracts.http.connection import Connection, ExchangeError
from solusio_contracts.http.exchange import FailureKind
from solusio_contracts.http.url import Origin
from support.exchanges import BODY, GOOD, LONG, SOON, answering, ask

# Connecting


def refused(url: str, **options: Any) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        Connection(Origin.of(url), **({"tls": None, "timeout": LONG} | options))
    return caught.value


def test_a_closed_port(closed_port):
    error = refused(f"http://127.0.0.1:{closed_port}/")
    assert (error.failure, error.text, str(error)) == (
        FailureKind.UNREACHABLE,
        "Connection refused",
        "Connection refused",
    )


def test_a_name_that_does_not_exist(monkeypatch):
    def fails(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    error = refused("http://nothing.invalid/")
    assert (error.failure, error.text) == (FailureKind.UNREACHABLE, "Name or service not known")


def test_the_second_address_of_a_name_is_tried(scripted, closed_port, monkeypatch):
    """`localhost` is ::1 first, where most programs do not listen."""
    server = scripted(answering(GOOD))
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*kind, ("127.0.0.1", closed_port)), (*kind, ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert ask("http://localhost/").ok


def test_all_addresses_together_get_the_time_of_one(monkeypatch):
    times: list[float] = []

    class Slow(socket.socket):
        def connect(self, _: Any) -> None:
            times.append(self.gettimeout() or 0)
            time.sleep(0.06)
            raise TimeoutError

    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [kind] * 50)
    monkeypatch.setattr(socket, "socket", Slow)
    error = refused("http://many.example/", timeout=0.15)
    assert (error.failure, error.text) == (FailureKind.UNREACHABLE, "no connection within 0.15 s")
    assert len(times) == 3
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_what_this_machine_lacks_is_not_the_endpoints_fault(monkeypatch, number):
    def fails(*_: Any, **__: Any) -> Any:
        raise OSError(number, "Too many open files")

    monkeypatch.setattr(socket, "socket", fails)
    with pytest.raises(OSError, match="Too many open files"):
        Connection(Origin.of("http://127.0.0.1:9/"), tls=None, timeout=LONG)


def test_many_connections_at_a_time(scripted):
    """More than select() supports, where the system allows so many."""
    server = scripted(answering(GOOD, close=False))
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1100
    if hard != resource.RLIM_INFINITY and hard < wanted + 200:
        pytest.skip("the system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
    held: list[socket.socket] = []
    try:
        while not held or held[-1].fileno() < wanted:
            held.append(socket.socket())
        assert ask(server.url).ok
    finally:
        for one in held:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# TLS


def test_tls_with_a_trusted_certificate(scripted, server_tls, client_tls):
    assert ask(scripted(answering(GOOD), tls=server_tls).url, tls=client_tls).ok


def test_a_certificate_of_an_unknown_authority(scripted, server_tls):
    error = refused(scripted(answering(GOOD), tls=server_tls).url, tls=ssl.create_default_context())
    assert error.failure is FailureKind.TLS
    assert error.text == "TLS: unable to get local issuer certificate"


def test_a_certificate_for_another_name(scripted, server_tls, client_tls):
    server = scripted(answering(GOOD), tls=server_tls)
    error = refused(f"https://localhost:{server.port}/", tls=client_tls)
    assert error.failure is FailureKind.TLS
    assert error.text == "TLS: Hostname mismatch, certificate is not valid for 'localhost'."


def test_any_certificate_where_none_is_verified(scripted, server_tls):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    assert ask(scripted(answering(GOOD), tls=server_tls).url, tls=context).ok


def test_tls_to_a_port_that_speaks_plain_http(scripted, client_tls):
    def script(peer: Any) -> None:
        peer.read()
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = scripted(script)
    error = refused(f"https://127.0.0.1:{server.port}/", tls=client_tls)
    assert error.failure is FailureKind.TLS
    assert error.text.startswith("TLS: ")
    assert error.text.endswith(" (does this port speak plain HTTP?)")


def test_tls_that_ends_in_the_handshake(scripted, client_tls):
    server = scripted(lambda peer: peer.read())
    error = refused(f"https://127.0.0.1:{server.port}/", tls=client_tls)
    assert error.failure is FailureKind.TLS
    assert error.text.startswith("TLS: ")
    assert "None" not in error.text


def test_tls_without_a_handshake(scripted, client_tls):
    server = scripted(lambda peer: peer.stopped.wait(LONG))
    error = refused(f"https://127.0.0.1:{server.port}/", tls=client_tls, timeout=SOON)
    assert (error.failure, error.text) == (FailureKind.TIMEOUT, "TLS: no handshake within 0.3 s")


def test_tls_that_is_cut_without_saying_goodbye(scripted, server_tls, client_tls):
    server = scripted(answering(GOOD.replace(b"30", b"31")), tls=server_tls)
    seen = ask(server.url, tls=client_tls)
    assert (seen.failure, seen.status, seen.body) == (FailureKind.CUT, 200, BODY)


def test_plain_http_to_a_port_that_speaks_tls(scripted, server_tls):
    server = scripted(answering(GOOD), tls=server_tls)
    seen = ask(f"http://127.0.0.1:{server.port}/")
    assert seen.failure in (FailureKind.CUT, FailureKind.PROTOCOL)
    assert seen.status is None
