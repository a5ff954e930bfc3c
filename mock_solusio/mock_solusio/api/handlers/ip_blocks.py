"""IP blocks and their addresses over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.machines import ip_block_view, ip_view
from mock_solusio.domain import ip_blocks
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, IpBlock


@operation("listIpBlocks", permission=Permission.VIEW_IP_BLOCKS)
def list_ip_blocks(call: Call) -> Reply:
    """Answer a page of IP blocks."""
    return listed(call, IP_BLOCKS, ip_block_view)


@operation("createIpBlock", permission=Permission.MANAGE_IP_BLOCKS)
def create_ip_block(call: Call) -> Reply:
    """Make an IP block."""
    return shown(call, ip_block_view, ip_blocks.create(call.world, call.body), 201)


@operation("getIpBlock", permission=Permission.VIEW_IP_BLOCKS)
def get_ip_block(call: Call) -> Reply:
    """Answer an IP block."""
    return shown(call, ip_block_view, _block(call))


@operation("replaceIpBlock", permission=Permission.MANAGE_IP_BLOCKS)
def replace_ip_block(call: Call) -> Reply:
    """Change an IP block."""
    return shown(call, ip_block_view, ip_blocks.update(call.world, _block(call), call.body))


@operation("deleteIpBlock", permission=Permission.MANAGE_IP_BLOCKS)
def delete_ip_block(call: Call) -> Reply:
    """Delete an IP block."""
    ip_blocks.remove(call.world, _block(call))
    return nothing()


@operation("listIpBlockIps", permission=Permission.VIEW_IP_BLOCKS)
def list_ips(call: Call) -> Reply:
    """Answer a page of the registered addresses of a block."""
    where = {"ip_block_id": _block(call).id}
    return listed(call, IPS, ip_view, where)


@operation("createIpBlockIp", permission=Permission.MANAGE_IP_BLOCKS)
def create_ip(call: Call) -> Reply:
    """Reserve an address: the one that is asked for, or the next free one."""
    address, comment = call.body.get("ip") or None, call.body.get("comment")
    return shown(call, ip_view, ip_blocks.reserve(call.world, _block(call), address, comment), 201)


@operation("deleteIp", permission=Permission.MANAGE_IP_BLOCKS)
def delete_ip(call: Call) -> Reply:
    """Give up a reserved address."""
    ip_blocks.unreserve(call.world, call.world[IPS].get_or_404(call.path["ip_id"]))
    return nothing()


def _block(call: Call) -> IpBlock:
    return call.world[IP_BLOCKS].get_or_404(call.path["ip_block_id"])
