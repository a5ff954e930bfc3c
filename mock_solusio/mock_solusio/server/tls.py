"""Temporary certificates, for clients that insist on https."""

import atexit
import ipaddress
import ssl
import tempfile
from pathlib import Path
from typing import Final

import trustme

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine."""


class Authority:
    """An authority that signs certificates of servers. Its private key stays in memory."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="mock-solusio")

    @property
    def pem(self) -> bytes:
        """Its own certificate, which is all that clients need."""
        return self._authority.cert_pem.bytes()

    def server(self, *names: str) -> ssl.SSLContext:
        """Return a context for a server with these names and addresses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*sorted(names)).configure_cert(context)
        return context


def names_of(*hosts: str) -> frozenset[str]:
    """Return the names under which a server on this machine is reached that listens on these hosts."""
    return LOCAL | {host for host in hosts if not _any_address(host)}


def certificate(*hosts: str) -> tuple[ssl.SSLContext, Path]:
    """Create a server certificate for this machine; return it with the file of the authority that signed it.

    It names localhost, 127.0.0.1, ::1 and the hosts to listen on. Nobody can sign anything else with the
    authority. The file is deleted when the process ends.
    """
    authority = Authority()
    with tempfile.NamedTemporaryFile(prefix="mock-solusio-", suffix=".pem", delete=False) as file:
        file.write(authority.pem)
    made = Path(file.name)
    atexit.register(made.unlink, missing_ok=True)
    return authority.server(*names_of(*hosts)), made


def _any_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host
