"""IP blocks, VPC networks and addresses as the API shows them (facts, sections 7 and 9).

No client reads VPC networks: their fields are those of the requests (assumed).
"""

import functools
from ipaddress import IPv4Network

from mock_solusio.api.call import Call
from mock_solusio.api.views.parts import Json, brief, compute_resource_short, pick, user_short
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, LOCATIONS
from mock_solusio.domain.records.networks import (
    IP_BLOCKS,
    IPS,
    IPV4,
    VPC_IPS,
    VPC_NETWORKS,
    Ip,
    IpBlock,
    VpcIp,
    VpcNetwork,
)
from mock_solusio.domain.records.servers import SERVERS


def ip_block_short(block: IpBlock) -> Json:
    """Show a block without its parts; fields that only the other IP version has are null."""
    four = block.type == IPV4
    return {
        **pick(block, "id", "name", "type", "gateway", "ns_1", "ns_2"),
        "list_type": "range",
        "netmask": block.netmask if four else None,
        "from": block.first if four else None,
        "to": block.last if four else None,
        "range": None if four else block.range,
        "subnet": None if four else block.subnet,
        "reverse_dns": {"zone": block.reverse_dns_zone, "enabled": block.reverse_dns_enabled},
    }


def ip_block_view(call: Call, block: IpBlock) -> Json:
    """Show a block with its compute resources."""
    machines = map(call.world[COMPUTE_RESOURCES].get_or_404, block.compute_resource_ids)
    return {
        **ip_block_short(block),
        "reserved_ips_count": call.world[IPS].count(ip_block_id=block.id),
        # Two weak sources read a text here (assumed).
        "total_ips_count": f"{block.address(0)} - {block.address(block.size - 1)}",
        "compute_resources": [compute_resource_short(machine) for machine in machines],
    }


@functools.lru_cache(64)
def _prefix_length(netmask: str) -> int:
    return IPv4Network(f"0.0.0.0/{netmask}").prefixlen


def ip_view(call: Call, ip: Ip) -> Json:
    """Show a registered address; all of them are reserved (facts, section 7)."""
    block = call.world[IP_BLOCKS].get_or_404(ip.ip_block_id)
    length = _prefix_length(block.netmask) if block.type == IPV4 else block.subnet
    return {
        **pick(ip, "id", "is_primary", "comment"),
        "ip": ip.address,
        "is_reserved": True,
        "is_reverse_dns_enabled": block.reverse_dns_enabled,
        "reverse_dns": [],
        "issued_for": "vm",
        "gateway": block.gateway,
        "netmask": block.netmask or None,
        "cidr": f"{ip.address}/{length}",
        "server": _server(call, ip.server_id),
        "user": user_short(call, ip.user_id),
        "ip_block": ip_block_short(block),
    }


def vpc_network_view(call: Call, network: VpcNetwork) -> Json:
    """Show a network with the servers that are attached to it."""
    ips = call.world[VPC_IPS].find(vpc_network_id=network.id)
    return {
        **pick(network, "id", "name", "list_type", "netmask"),
        "from": network.first or None,
        "to": network.last or None,
        "location": brief(call.world[LOCATIONS].get_or_404(network.location_id)),
        "user": user_short(call, network.user_id),
        "servers": [_server(call, ip.server_id) for ip in ips if ip.server_id is not None],
        "reserved_ips_count": sum(ip.server_id is not None for ip in ips),
        "total_ips_count": network.size + sum(ip.is_added for ip in ips),
    }


def vpc_ip_view(call: Call, ip: VpcIp) -> Json:
    """Show an address of a network."""
    network = call.world[VPC_NETWORKS].get_or_404(ip.vpc_network_id)
    return {
        "id": ip.id,
        "ip": ip.address,
        "netmask": network.netmask,
        "server": _server(call, ip.server_id),
        "vpc_network": brief(network),
    }


def _server(call: Call, server_id: int | None) -> Json | None:
    server = None if server_id is None else call.world[SERVERS].get(server_id)
    return None if server is None else brief(server)
