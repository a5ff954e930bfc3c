"""VPC networks over HTTP (evotic SDK SolusVPCNetworks.php): an operator's are all, anybody else's his own."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.vpc_networks import vpc_ip_view, vpc_network_view
from mock_solusio.domain import vpc_networks
from mock_solusio.domain.errors import Forbidden, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.networks import VPC_IPS, VPC_NETWORKS, VpcNetwork
from mock_solusio.domain.references import invalid_reference


@operation("listVpcNetworks")
def list_vpc_networks(call: Call) -> Reply:
    """Answer a page of VPC networks."""
    where = {} if call.may(Permission.VIEW_VPC_NETWORKS) else {"user_id": call.actor.id}
    return listed(call, VPC_NETWORKS, vpc_network_view, where)


@operation("createVpcNetwork")
def create_vpc_network(call: Call) -> Reply:
    """Make a VPC network of whoever asks, or of another user if he may."""
    owner_id = call.body.get("user_id") or call.actor.id
    _check_owner(call, owner_id)
    _check_location(call)
    return shown(call, vpc_network_view, vpc_networks.create(call.world, owner_id, call.body), 201)


@operation("getVpcNetwork")
def get_vpc_network(call: Call) -> Reply:
    """Answer a VPC network."""
    return shown(call, vpc_network_view, _network(call, Permission.VIEW_VPC_NETWORKS))


@operation("replaceVpcNetwork")
def replace_vpc_network(call: Call) -> Reply:
    """Change a VPC network; only an operator gives it to another user."""
    network = _managed(call)
    _check_owner(call, call.body.get("user_id") or network.user_id)
    _check_location(call)
    return shown(call, vpc_network_view, vpc_networks.update(call.world, network, call.body))


@operation("deleteVpcNetwork")
def delete_vpc_network(call: Call) -> Reply:
    """Delete a VPC network without servers."""
    vpc_networks.remove(call.world, _managed(call))
    return nothing()


@operation("addVpcNetworkIp")
def add_ip(call: Call) -> Reply:
    """Add an address to a VPC network."""
    (ip,) = vpc_networks.add_ips(call.world, _managed(call), [call.body["ip"]], "ip")
    return shown(call, vpc_ip_view, ip, 201)


@operation("addVpcNetworkIps")
def add_ips(call: Call) -> Reply:
    """Add addresses to a VPC network."""
    ips = vpc_networks.add_ips(call.world, _managed(call), call.body["ips"])
    return Reply(201, lambda: {"data": [vpc_ip_view(call, ip) for ip in ips]})


@operation("attachVpcNetworkServers")
def attach_servers(call: Call) -> Reply:
    """Attach servers to a VPC network; answer the network."""
    network = _managed(call)
    vpc_networks.attach(call.world, call.actor, call.permissions, network, call.body["server_ids"])
    return shown(call, vpc_network_view, network)


@operation("detachVpcNetworkServers")
def detach_servers(call: Call) -> Reply:
    """Detach servers from a VPC network; answer the network."""
    network = _managed(call)
    vpc_networks.detach(call.world, call.actor, call.permissions, network, call.body["server_ids"])
    return shown(call, vpc_network_view, network)


@operation("listVpcNetworkIps")
def list_ips(call: Call) -> Reply:
    """Answer a page of the addresses that servers have, or that were added."""
    where = {"vpc_network_id": _network(call, Permission.VIEW_VPC_NETWORKS).id}
    return listed(call, VPC_IPS, vpc_ip_view, where)


@operation("deleteVpcNetworkIp")
def delete_ip(call: Call) -> Reply:
    """Take an address out of a VPC network."""
    network, key = _managed(call), call.path["ip_id"]
    ip = call.world[VPC_IPS].get_or_404(key)
    if ip.vpc_network_id != network.id:
        raise NotFound(VPC_IPS.noun, key)
    vpc_networks.remove_ip(call.world, ip)
    return nothing()


@operation("deleteVpcNetworkIps")
def delete_ips(call: Call) -> Reply:
    """Take addresses out of a VPC network: all, or none."""
    deleted = vpc_networks.remove_ips(call.world, _managed(call), call.body["ids"])
    return Reply(200, lambda: {"data": deleted})


def _managed(call: Call) -> VpcNetwork:
    return _network(call, Permission.MANAGE_VPC_NETWORKS)


def _network(call: Call, permission: Permission) -> VpcNetwork:
    network = call.world[VPC_NETWORKS].get_or_404(call.path["vpc_network_id"])
    if network.user_id != call.actor.id:
        call.require(permission)
    return network


def _check_owner(call: Call, owner_id: int) -> None:
    if owner_id != call.actor.id and not call.may(Permission.MANAGE_VPC_NETWORKS):
        raise Forbidden


def _check_location(call: Call) -> None:
    """Raise Invalid if a client names a location that only operators see."""
    location = call.world[LOCATIONS].get(call.body.get("location_id") or 0)
    hidden = location is not None and not location.is_visible
    if hidden and not call.may(Permission.MANAGE_VPC_NETWORKS):
        raise invalid_reference("location_id")
