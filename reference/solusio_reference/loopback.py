"""Which hosts are this machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: ``localhost``, ``127.0.0.1``, ``::1``."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
