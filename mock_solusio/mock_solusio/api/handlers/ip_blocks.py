"""IP blocks and their addresses (facts, section 9)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.networks import ip_block_view, ip_view
from mock_solusio.domain import ip_blocks
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS

VIEW, MANAGE = Permission.VIEW_IP_BLOCKS, Permission.MANAGE_IP_BLOCKS

BLOCKS = Resource(ip_block_view, sees=permitted(IP_BLOCKS, VIEW), manages=permitted(IP_BLOCKS, MANAGE))
BLOCKS.list("listIpBlocks")
BLOCKS.create("createIpBlock", by=ip_blocks.create)
BLOCKS.show("getIpBlock")
BLOCKS.update("replaceIpBlock", by=ip_blocks.update)
BLOCKS.delete("deleteIpBlock", by=ip_blocks.remove)

ADDRESSES = Resource(ip_view, sees=permitted(IPS, VIEW), manages=permitted(IPS, MANAGE))
ADDRESSES.list("listIpBlockIps", where=lambda call: {"ip_block_id": call.record(IP_BLOCKS).id})
ADDRESSES.delete("deleteIp", by=ip_blocks.unreserve)


@operation("createIpBlockIp", permission=MANAGE)
def create_ip(call: Call) -> Reply:
    """Reserve the requested address, or the next free one."""
    address, comment = call.body.get("ip") or None, call.body.get("comment")
    return show(call, ip_view, ip_blocks.reserve(call.world, call.record(IP_BLOCKS), address, comment), 201)
