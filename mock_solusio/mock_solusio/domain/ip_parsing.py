"""IP addresses, netmasks and ranges in requests, and the errors that clients get for wrong ones."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address
from typing import TypeVar

from mock_solusio.domain.errors import Invalid

V = TypeVar("V", IPv4Address, IPv6Address)


def parse_address(version: type[V], field: str, text: str) -> V:
    """Return an IP address.

    Raises:
        Invalid: it is not an address of this version, or has a scope (`fe80::1%eth0`), which means something
            on one machine only.
    """
    try:
        return version(text if "%" not in text else "")
    except AddressValueError:
        kind = version.__name__.removesuffix("Address")
        raise Invalid.field(field, f"The {field} must be a valid {kind} address.") from None


def parse_netmask(text: str) -> str:
    """Return an IPv4 netmask in dotted form.

    Raises:
        Invalid: it is not a netmask; the error is of `netmask`.
    """
    try:
        return str(IPv4Network(f"0.0.0.0/{text}").netmask)
    except ValueError:
        raise Invalid.field("netmask", "The netmask must be a netmask, such as 255.255.255.0.") from None


def parse_range(first: str, last: str) -> tuple[IPv4Address, IPv4Address]:
    """Return the first and the last address of a range.

    Raises:
        Invalid: one is missing or not an IPv4 address, or they are in the wrong order; the error is of `from`
            or `to`.
    """
    for field, text in (("from", first), ("to", last)):
        if not text:
            raise Invalid.field(field, f"The {field} field is required.")
    start, end = parse_address(IPv4Address, "from", first), parse_address(IPv4Address, "to", last)
    if start > end:
        raise Invalid.field("to", "The to must not be before from.")
    return start, end
