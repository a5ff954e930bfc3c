"""Who may use the control API: programs on this machine, and pages that the mock itself served.

Three others are kept out: other machines (unless the operator allows them); pages of other sites in the
operator's browser, which can send requests here but carry `Origin` or `Sec-Fetch-Site`; and pages whose host
name was rebound to this machine (DNS rebinding), which differ from our own only by the name in `Host`.
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from mock_solusio.server.messages import Request

_FORWARDING: Final = (b"forwarded", b"x-forwarded-for", b"x-real-ip")


def refused(request: Request, *, anywhere: bool) -> str | None:
    """Return why a request is refused, or None. `anywhere`: other machines are allowed."""
    reason = refused_connection(request, anywhere=anywhere)
    if reason is None and not is_own_page(request):
        return "The control API does not serve pages of other sites."
    return reason


def refused_connection(request: Request, *, anywhere: bool) -> str | None:
    """Return why a request is refused for where it comes from or the host that it names, or None."""
    if not anywhere and not (_is_loopback(request.client) and not _is_forwarded(request)):
        return (
            "The control API serves this machine only. To serve other machines, start with "
            "--control-from-anywhere."
        )
    name = _host_name(request.header(b"host"))
    if name is None or not _is_own_name(name, anywhere=anywhere):
        return "Call the control API by an IP address or as localhost, not by another host name."
    return None


def is_own_page(request: Request) -> bool:
    """Return whether, as far as a browser says, no other site made it send a request."""
    site = request.header(b"sec-fetch-site")
    if site is not None and site not in (b"same-origin", b"none"):
        return False
    origin = request.header(b"origin")
    if origin is None:
        return True
    host = request.header(b"host") or b""
    return origin.lower() == f"{request.scheme}://".encode() + host.lower()


def _is_forwarded(request: Request) -> bool:
    # A proxy on this machine forwards requests from anywhere.
    return any(request.header(name) is not None for name in _FORWARDING)


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address == ""  # a Unix socket: its file has permissions
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _host_name(host: bytes | None) -> str | None:
    try:
        return urlsplit(f"//{(host or b'').decode('ascii')}").hostname
    except ValueError:
        return None


def _is_own_name(name: str, *, anywhere: bool) -> bool:
    """Return whether nobody else can have bound this name to this machine."""
    bare = name.removesuffix(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    if "." not in bare and ":" not in bare:
        # Such as `solusio` between containers: nobody can own such a name in the public DNS.
        return anywhere
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return anywhere or address.is_loopback
