"""The addresses from which a user may log in and call the API (the vendor's page User Access Control).

The address of the connection counts. A header such as `X-Forwarded-For` does not: anybody can send one.
"""

import functools
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.records.user import User

_Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as a socket for both IP versions shows them."""


class AddressNotAllowed(Forbidden):
    """The user may not log in and call the API from this address."""


def check(user: User, address: str) -> None:
    """Raise AddressNotAllowed unless the user may be used from this address; without a list, from any."""
    if user.allowed_ips and not _contains(tuple(user.allowed_ips), address):
        raise AddressNotAllowed(f"This account cannot be used from {address or 'an unknown address'}.")


def parse(entries: Sequence[str]) -> list[str]:
    """Return addresses and networks in their usual notation, each once.

    Raises:
        Invalid: some entries are neither; the error names each as Laravel does, `allowed_ips.0`.
    """
    found: list[str] = []
    errors: dict[str, list[str]] = {}
    for index, entry in enumerate(entries):
        try:
            found.append(_notation(entry.strip()))
        except ValueError as error:
            errors[f"allowed_ips.{index}"] = [str(error)]
    if errors:
        raise Invalid(errors)
    return list(dict.fromkeys(found))


def _notation(entry: str) -> str:
    address, slash, length = entry.partition("/")
    if "%" in entry or (slash and not (length.isascii() and length.isdigit())):
        raise ValueError(_expected(entry))
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        raise ValueError(_expected(entry)) from None
    if not slash:
        return str(ip_address(address))
    if network.network_address != ip_address(address):
        raise ValueError(f"{entry!r} is not a network; did you mean {network}?")
    return str(network)


def _expected(entry: str) -> str:
    return f"Expected an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32, got {entry!r}."


@functools.lru_cache(maxsize=1000)
def _networks(entries: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(_plain(ip_network(entry)) for entry in entries)


def _plain(network: _Network) -> _Network:
    """Return a network of mapped IPv4 addresses as the IPv4 network that it means."""
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _contains(entries: tuple[str, ...], address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:  # a connection without an address, such as a UNIX socket
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in _networks(entries))
