"""Hosts and paths of URLs: where an endpoint listens, and whether that is this machine. Pure."""

import re
import urllib.parse
from ipaddress import ip_address

import msgspec

_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_SAFE = "/%:@!$&'()*+,;=~-._"


class Origin(msgspec.Struct, frozen=True):
    """The scheme, address and path of an endpoint, ready to be sent."""

    scheme: str
    host: str
    """As a socket takes it: names in ASCII, IPv6 addresses without brackets."""
    port: int
    path: str
    """With the query, but without the fragment, which is not sent."""
    host_header: str

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Split an http(s) URL.

        Raises:
            ValueError: it is not an http(s) URL with a host, or the port is out of range.
        """
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"expected http://HOST/PATH or https://HOST/PATH, got {url!r}")
        default = _PORTS[parts.scheme]
        port = default if parts.port is None else parts.port
        if port == 0:
            raise ValueError("expected a port from 1 to 65535, got 0")
        host = _host(parts.hostname)
        # A zone such as %eth0 means something only on this machine.
        name = host.partition("%")[0]
        bracketed = f"[{name}]" if ":" in name else name
        header = bracketed if port == default else f"{bracketed}:{port}"
        return cls(parts.scheme, host, port, _path(parts), header)

    @property
    def server_name(self) -> str:
        """The name that a certificate must have."""
        return self.host.partition("%")[0].rstrip(".")


def is_loopback(host: str) -> bool:
    """Tell whether a URL's host is certainly this machine: `localhost` or a loopback address."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _host(name: str) -> str:
    if ":" in name:
        # In a URL, the % before the zone is itself escaped.
        return urllib.parse.unquote(name)
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = ""
    if not _HOST_NAME.fullmatch(ascii_name):
        raise ValueError(f"{name!r} is not a valid host name")
    return ascii_name


def _path(parts: urllib.parse.SplitResult) -> str:
    path = urllib.parse.quote(parts.path or "/", safe=_SAFE, errors="surrogateescape")
    return f"{path}?{quoted_query(parts.query)}" if parts.query else path


def quoted_query(query: str) -> str:
    """Return a query with every character escaped that a request line must not contain."""
    return urllib.parse.quote(query, safe=_SAFE + "?", errors="surrogateescape")
