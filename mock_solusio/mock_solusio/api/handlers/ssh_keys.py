"""SSH keys (facts, section 9)."""

from mock_solusio.api.access import own
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.people import ssh_key_view
from mock_solusio.domain import ssh_keys
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import SSH_KEYS

RESOURCE = Resource(ssh_key_view, sees=own(SSH_KEYS, Permission.MANAGE_SSH_KEYS))
RESOURCE.list("listSshKeys")
RESOURCE.show("getSshKey")
RESOURCE.delete("deleteSshKey", by=ssh_keys.remove)


@operation("createSshKey")
def create_ssh_key(call: Call) -> Reply:
    """Create an SSH key for the actor, or for the user that an operator names."""
    any_user = call.may(Permission.MANAGE_SSH_KEYS)
    owner = ssh_keys.owner(call.world, call.actor, call.body, any_user=any_user)
    return show(call, ssh_key_view, ssh_keys.create(call.world, owner, call.body), 201)
