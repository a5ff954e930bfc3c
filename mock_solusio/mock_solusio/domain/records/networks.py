"""IP blocks, VPC networks, and the addresses of both."""

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network, ip_address

import msgspec

from mock_solusio.domain.world import Kind, Record

IPV4 = "IPv4"
IPV6 = "IPv6"


# A few addresses begin all the others. To parse one takes longer than to count from it.
@lru_cache(maxsize=256)
def _number(address: str) -> int:
    return int(ip_address(address))


@lru_cache(maxsize=256)
def _start(network: str) -> int:
    return int(IPv6Network(network).network_address)


class FreeAddresses(msgspec.Struct, frozen=True, eq=False):
    """Where a block may have free addresses, which makes it fast to find one.

    All of these are equal: blocks that differ only in this are shown alike, so what shows one stays valid.
    """

    hint: int = 0
    """Number of the first address that may be free: all before it are taken, except those in `released`."""
    released: list[int] = msgspec.field(default_factory=list)
    """Numbers of released addresses before `hint`, ascending."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FreeAddresses)

    def __hash__(self) -> int:
        return 0


class IpBlock(Record, frozen=True, kw_only=True):
    """Addresses for servers. Members of the other IP version are empty or 0."""

    name: str
    type: str = IPV4
    gateway: str
    ns_1: str = ""
    ns_2: str = ""
    netmask: str = ""
    first: str = ""
    last: str = ""
    range: str = ""
    subnet: int = 0
    """Length of the IPv6 prefix for one server."""
    reverse_dns_zone: str = ""
    reverse_dns_enabled: bool = False
    compute_resource_ids: list[int] = msgspec.field(default_factory=list)
    free: FreeAddresses = FreeAddresses()

    @property
    def size(self) -> int:
        """The number of addresses, or of IPv6 prefixes; includes the gateway."""
        if self.type == IPV4:
            return _number(self.last) - _number(self.first) + 1
        _, _, prefix_length = self.range.partition("/")
        return int(2 ** (self.subnet - int(prefix_length)))

    def address(self, index: int) -> str:
        """Return an address by its number, counted from 0."""
        if self.type == IPV4:
            return str(IPv4Address(_number(self.first) + index))
        spare = 128 - self.subnet
        return str(IPv6Address(_start(self.range) + (index << spare) + (1 if spare else 0)))

    def index(self, address: str) -> int | None:
        """Return the number of an address, or None if servers cannot get it from this block."""
        try:
            if self.type == IPV4:
                index = int(IPv4Address(address)) - _number(self.first)
            else:
                index = (int(IPv6Address(address)) - _start(self.range)) >> (128 - self.subnet)
        except AddressValueError:
            return None
        if "%" in address:  # a scope (fe80::1%eth0) means something on one machine only
            return None
        if not 0 <= index < self.size or self.is_gateway(index):
            return None
        return index if self.address(index) == self.normal(address) else None

    def normal(self, address: str) -> str:
        """Return an address in the form in which it is stored."""
        return str(IPv4Address(address) if self.type == IPV4 else IPv6Address(address))

    def is_gateway(self, index: int) -> bool:
        """Return whether this address is the gateway, or this prefix contains it."""
        if self.type == IPV4:
            return _number(self.first) + index == _number(self.gateway)
        spare = 128 - self.subnet
        return (_start(self.range) >> spare) + index == _number(self.gateway) >> spare


class Ip(Record, frozen=True, kw_only=True):
    """A registered address. Without a server it is reserved: a server gets it only by explicit request."""

    ip_block_id: int
    address: str
    type: str
    compute_resource_id: int | None = None
    server_id: int | None = None
    user_id: int | None = None
    """The owner of the server."""
    is_primary: bool = False
    comment: str | None = None


IP_BLOCKS: Kind[IpBlock] = Kind(
    "ip_blocks", IpBlock, noun="IP block", index=("name", "type"), search=("name",)
)
IPS: Kind[Ip] = Kind(
    "ips",
    Ip,
    noun="IP address",
    index=("address", "server_id", "user_id", "ip_block_id", "type", "is_primary"),
    search=("address",),
)


RANGE_LIST = "range"
SET_LIST = "set"


class VpcNetwork(Record, frozen=True, kw_only=True):
    """A private network. `first` and `last` are empty for a set."""

    name: str
    user_id: int
    location_id: int
    list_type: str = RANGE_LIST
    netmask: str
    first: str = ""
    last: str = ""

    @property
    def size(self) -> int:
        """The number of addresses in the range; 0 for a set."""
        if not self.first:
            return 0
        return int(IPv4Address(self.last)) - int(IPv4Address(self.first)) + 1

    def spans(self, address: IPv4Address) -> bool:
        """Return whether an address is in the range."""
        return bool(self.first) and IPv4Address(self.first) <= address <= IPv4Address(self.last)


class VpcIp(Record, frozen=True, kw_only=True):
    """An address of a server, or one that was added to the network."""

    vpc_network_id: int
    address: str
    server_id: int | None = None
    is_added: bool = False
    """Whether it was added to the network, outside its range; it stays without a server."""


VPC_NETWORKS: Kind[VpcNetwork] = Kind(
    "vpc_networks", VpcNetwork, noun="VPC network", index=("name", "user_id", "location_id"), search=("name",)
)
VPC_IPS: Kind[VpcIp] = Kind(
    "vpc_ips",
    VpcIp,
    noun="VPC IP address",
    index=("address", "vpc_network_id", "server_id"),
    search=("address",),
)
