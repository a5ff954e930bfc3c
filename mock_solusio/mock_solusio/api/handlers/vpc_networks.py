"""VPC networks (evotic SDK SolusVPCNetworks.php). Operators see all, customers their own."""

from mock_solusio.api.access import own, permitted
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import no_content, show
from mock_solusio.api.views.networks import vpc_ip_view, vpc_network_view
from mock_solusio.domain import vpc_networks
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.networks import VPC_IPS, VPC_NETWORKS
from mock_solusio.domain.references import invalid_reference

VISIBLE = own(VPC_NETWORKS, Permission.VIEW_VPC_NETWORKS)
MANAGED = own(VPC_NETWORKS, Permission.MANAGE_VPC_NETWORKS)

RESOURCE = Resource(vpc_network_view, sees=VISIBLE, manages=MANAGED)
RESOURCE.list("listVpcNetworks")
RESOURCE.show("getVpcNetwork")
RESOURCE.delete("deleteVpcNetwork", by=vpc_networks.remove)

ADDRESSES = Resource(vpc_ip_view, sees=permitted(VPC_IPS))
ADDRESSES.list("listVpcNetworkIps", where=lambda call: {"vpc_network_id": VISIBLE.find(call).id})


@operation("createVpcNetwork")
def create_vpc_network(call: Call) -> Reply:
    """Create a VPC network for the actor, or for the user that an operator names."""
    owner_id = call.body.get("user_id") or call.actor.id
    _check_owner(call, owner_id)
    _check_location(call)
    return show(call, vpc_network_view, vpc_networks.create(call.world, owner_id, call.body), 201)


@operation("replaceVpcNetwork")
def replace_vpc_network(call: Call) -> Reply:
    """Change a VPC network; only operators can give it to another user."""
    network = MANAGED.find(call)
    _check_owner(call, call.body.get("user_id") or network.user_id)
    _check_location(call)
    return show(call, vpc_network_view, vpc_networks.update(call.world, network, call.body))


@operation("attachVpcNetworkServers")
def attach_servers(call: Call) -> Reply:
    """Attach servers to a VPC network; reply with the network."""
    network = MANAGED.find(call)
    vpc_networks.attach(call.world, call.actor, call.permissions, network, call.body["server_ids"])
    return show(call, vpc_network_view, network)


@operation("detachVpcNetworkServers")
def detach_servers(call: Call) -> Reply:
    """Detach servers from a VPC network; reply with the network."""
    network = MANAGED.find(call)
    vpc_networks.detach(call.world, call.actor, call.permissions, network, call.body["server_ids"])
    return show(call, vpc_network_view, network)


@operation("addVpcNetworkIp")
def add_ip(call: Call) -> Reply:
    """Add an address to a VPC network."""
    (ip,) = vpc_networks.add_ips(call.world, MANAGED.find(call), [call.body["ip"]], "ip")
    return show(call, vpc_ip_view, ip, 201)


@operation("addVpcNetworkIps")
def add_ips(call: Call) -> Reply:
    """Add addresses to a VPC network."""
    ips = vpc_networks.add_ips(call.world, MANAGED.find(call), call.body["ips"])
    return Reply(201, lambda: {"data": [vpc_ip_view(call, ip) for ip in ips]})


@operation("deleteVpcNetworkIp")
def delete_ip(call: Call) -> Reply:
    """Remove an address from a VPC network."""
    network, key = MANAGED.find(call), call.path["ip_id"]
    ip = call.world[VPC_IPS].get_or_404(key)
    if ip.vpc_network_id != network.id:
        raise NotFound(VPC_IPS.called, key)
    vpc_networks.remove_ip(call.world, ip)
    return no_content()


@operation("deleteVpcNetworkIps")
def delete_ips(call: Call) -> Reply:
    """Remove several addresses from a VPC network, all or none; reply with their ids."""
    deleted = vpc_networks.remove_ips(call.world, MANAGED.find(call), call.body["ids"])
    return Reply(200, lambda: {"data": deleted})


def _check_owner(call: Call, owner_id: int) -> None:
    if owner_id != call.actor.id:
        call.require(Permission.MANAGE_VPC_NETWORKS)


def _check_location(call: Call) -> None:
    """Raise Invalid if a customer names a location that only operators see."""
    location = call.world[LOCATIONS].get(call.body.get("location_id") or 0)
    hidden = location is not None and not location.is_visible
    if hidden and not call.may(Permission.MANAGE_VPC_NETWORKS):
        raise invalid_reference("location_id")
