"""SSH keys over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.catalogue import ssh_key_view
from mock_solusio.domain import ssh_keys
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import SSH_KEYS, SshKey


@operation("listSshKeys")
def list_ssh_keys(call: Call) -> Reply:
    """Answer a page of SSH keys: an operator's of all, anybody else's of his own."""
    where = {} if call.may(Permission.MANAGE_SSH_KEYS) else {"user_id": call.actor.id}
    return listed(call, SSH_KEYS, ssh_key_view, where)


@operation("createSshKey")
def create_ssh_key(call: Call) -> Reply:
    """Make an SSH key of whoever asks, or of another user if he may."""
    any_user = call.may(Permission.MANAGE_SSH_KEYS)
    owner = ssh_keys.owner(call.world, call.actor, call.body, any_user=any_user)
    return shown(call, ssh_key_view, ssh_keys.create(call.world, owner, call.body), 201)


@operation("getSshKey")
def get_ssh_key(call: Call) -> Reply:
    """Answer an SSH key."""
    return shown(call, ssh_key_view, _key(call))


@operation("deleteSshKey")
def delete_ssh_key(call: Call) -> Reply:
    """Delete an SSH key."""
    ssh_keys.remove(call.world, _key(call))
    return nothing()


def _key(call: Call) -> SshKey:
    key = call.world[SSH_KEYS].get_or_404(call.path["ssh_key_id"])
    if key.user_id != call.actor.id:
        call.require(Permission.MANAGE_SSH_KEYS)
    return key
