"""Projects, their members, SSH keys and plans over HTTP (facts, section 6)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.catalogue import ssh_key_view
from mock_solusio.api.views.plans import priced_for
from mock_solusio.api.views.projects import member_view, project_view
from mock_solusio.domain import projects, ssh_keys
from mock_solusio.domain.errors import Forbidden, Invalid, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import SSH_KEYS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.projects import MEMBERSHIPS, PROJECTS, Membership, Project
from mock_solusio.domain.records.user import USERS


@operation("listProjects")
def list_projects(call: Call) -> Reply:
    """Answer a page of projects: an operator's of all, anybody else's of his own."""
    where = {} if call.may(Permission.VIEW_PROJECTS) else projects.visible_to(call.actor)
    return listed(call, PROJECTS, project_view, where)


@operation("createProject")
def create_project(call: Call) -> Reply:
    """Make a project of whoever asks."""
    return shown(call, project_view, projects.create(call.world, call.actor, call.body), 201)


@operation("getProject")
def get_project(call: Call) -> Reply:
    """Answer a project."""
    return shown(call, project_view, seen(call))


@operation("replaceProject")
def replace_project(call: Call) -> Reply:
    """Change a project."""
    return shown(call, project_view, projects.update(call.world, _managed(call), call.body))


@operation("deleteProject")
def delete_project(call: Call) -> Reply:
    """Delete a project."""
    projects.remove(call.world, _managed(call))
    return nothing()


@operation("listProjectMembers")
def list_members(call: Call) -> Reply:
    """Answer a page of members and invitations."""
    return listed(call, MEMBERSHIPS, member_view, {"project_id": seen(call).id})


@operation("addProjectMember")
def add_member(call: Call) -> Reply:
    """Let somebody into a project. Members act on its servers: an operator gives no more than he has."""
    project = _managed(call)
    if project.owner_id != call.actor.id:
        call.require(Permission.MANAGE_SERVERS)
    return shown(call, member_view, projects.add_member(call.world, project, call.body["email"]), 201)


@operation("removeProjectMember")
def remove_member(call: Call) -> Reply:
    """Take somebody out of a project; a member may leave by himself."""
    project = seen(call)
    membership = _membership(call, project)
    if membership.user_id != call.actor.id:
        _managed(call)
    projects.remove_member(call.world, project, membership)
    return nothing()


@operation("resendProjectInvite")
def resend_invite(call: Call) -> Reply:
    """Answer the invitation; the mock sends no mail."""
    membership = projects.invite_again(call.world, _membership(call, _managed(call)))
    return shown(call, member_view, membership)


@operation("listProjectSshKeys")
def list_ssh_keys(call: Call) -> Reply:
    """Answer a page of the SSH keys of everybody in the project."""
    where = {"user_id": seen(call).people}
    return listed(call, SSH_KEYS, ssh_key_view, where)


@operation("createProjectSshKey")
def create_ssh_key(call: Call) -> Reply:
    """Make an SSH key of whoever asks, or of somebody in the project; an operator's is the owner's."""
    project = seen(call)
    any_user = call.may(Permission.MANAGE_SSH_KEYS)
    if any_user and not call.body.get("user_id") and call.actor.id not in project.people:
        owner = call.world[USERS].get_or_404(project.owner_id)
    else:
        owner = ssh_keys.owner(call.world, call.actor, call.body, any_user=any_user)
    if owner.id not in project.people:
        raise Invalid.field("user_id", "The user is not in the project.")
    return shown(call, ssh_key_view, ssh_keys.create(call.world, owner, call.body), 201)


@operation("listProjectPlans")
def list_plans(call: Call) -> Reply:
    """Answer a page of the plans that can be ordered, priced for the project's owner."""
    owner = call.world[USERS].get_or_404(seen(call).owner_id)
    view = priced_for(owner.billing_user_id)
    return listed(call, PLANS, view, {"is_visible": True})


def seen(call: Call) -> Project:
    """Return the project of the path.

    Raises:
        NotFound: there is none.
        Forbidden: whoever asks is not in it, and is no operator.
    """
    project = call.world[PROJECTS].get_or_404(call.path["project_id"])
    if call.actor.id not in project.people and not call.may(Permission.VIEW_PROJECTS):
        raise Forbidden
    return project


def _managed(call: Call) -> Project:
    project = seen(call)
    if project.owner_id != call.actor.id:
        call.require(Permission.MANAGE_PROJECTS)
    return project


def _membership(call: Call, project: Project) -> Membership:
    membership = call.world[MEMBERSHIPS].get_or_404(call.path["member_id"])
    if membership.project_id != project.id:
        raise NotFound(MEMBERSHIPS.called, membership.id)
    return membership
