"""A temporary certificate, for clients that insist on https."""

import ipaddress
import ssl
import tempfile
from pathlib import Path

import trustme


def certificate(*hosts: str) -> tuple[ssl.SSLContext, Path]:
    """Create a server certificate for this machine; return it with the file of the authority that signed it.

    It names localhost, 127.0.0.1, ::1 and the hosts to listen on. Both private keys stay in memory, so nobody
    can sign anything else with the authority; the file holds only what clients need.
    """
    names = {"localhost", "127.0.0.1", "::1"}
    names.update(host for host in hosts if not _any_address(host))
    authority = trustme.CA(organization_name="mock-solusio")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*sorted(names)).configure_cert(context)
    with tempfile.NamedTemporaryFile(prefix="mock-solusio-", suffix=".pem", delete=False) as file:
        file.write(authority.cert_pem.bytes())
    return context, Path(file.name)


def _any_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host
