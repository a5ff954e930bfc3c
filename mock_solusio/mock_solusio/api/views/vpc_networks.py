"""What the API shows of VPC networks. No client reads it: the members are those of requests (assumed)."""

from typing import Any

from mock_solusio.api.call import Call
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.networks import VPC_IPS, VPC_NETWORKS, VpcIp, VpcNetwork
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.user import USERS


def vpc_network_view(call: Call, network: VpcNetwork) -> dict[str, Any]:
    """Return a network with the servers that are attached to it."""
    world = call.world
    user, location = (
        world[USERS].get_or_404(network.user_id),
        world[LOCATIONS].get_or_404(network.location_id),
    )
    ips = world[VPC_IPS].find(vpc_network_id=network.id)
    return {
        "id": network.id,
        "name": network.name,
        "list_type": network.list_type,
        "from": network.first or None,
        "to": network.last or None,
        "netmask": network.netmask,
        "location": {"id": location.id, "name": location.name},
        "user": {"id": user.id, "email": user.email},
        "servers": [_server(call, ip.server_id) for ip in ips if ip.server_id is not None],
        "reserved_ips_count": sum(ip.server_id is not None for ip in ips),
        "total_ips_count": network.size + sum(ip.is_added for ip in ips),
    }


def vpc_ip_view(call: Call, ip: VpcIp) -> dict[str, Any]:
    """Return an address of a network."""
    network = call.world[VPC_NETWORKS].get_or_404(ip.vpc_network_id)
    return {
        "id": ip.id,
        "ip": ip.address,
        "netmask": network.netmask,
        "server": None if ip.server_id is None else _server(call, ip.server_id),
        "vpc_network": {"id": network.id, "name": network.name},
    }


def _server(call: Call, server_id: int) -> dict[str, Any]:
    server = call.world[SERVERS].get_or_404(server_id)
    return {"id": server.id, "name": server.name}
