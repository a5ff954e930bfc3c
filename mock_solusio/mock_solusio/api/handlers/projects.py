"""Projects, their members, SSH keys and plans (facts, section 6). Operators see all, customers their own."""

from typing import Any

from mock_solusio.api.access import Access, permitted
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_page, no_content, show
from mock_solusio.api.views.people import ssh_key_view
from mock_solusio.api.views.plans import priced_for
from mock_solusio.api.views.projects import member_view, project_view
from mock_solusio.domain import authority, projects, ssh_keys
from mock_solusio.domain.errors import Forbidden, Invalid, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import SSH_KEYS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.projects import MEMBERSHIPS, PROJECTS, Membership, Project
from mock_solusio.domain.records.user import USERS


def _visible_where(call: Call) -> dict[str, Any]:
    return {} if call.may(Permission.VIEW_PROJECTS) else projects.visible_to(call.actor)


def _visible(call: Call) -> Project:
    project = call.record(PROJECTS)
    if call.actor.id not in project.people and not call.may(Permission.VIEW_PROJECTS):
        raise Forbidden
    return project


def _managed(call: Call) -> Project:
    project = _visible(call)
    if project.owner_id != call.actor.id:
        call.require(Permission.MANAGE_PROJECTS)
    return project


RESOURCE = Resource(
    project_view, sees=Access(PROJECTS, _visible, _visible_where), manages=Access(PROJECTS, _managed)
)
RESOURCE.list("listProjects")
RESOURCE.show("getProject")
RESOURCE.update("replaceProject", by=projects.update)
RESOURCE.delete("deleteProject", by=projects.remove)

MEMBERS = Resource(member_view, sees=permitted(MEMBERSHIPS))
MEMBERS.list("listProjectMembers", where=lambda call: {"project_id": _visible(call).id})
KEYS = Resource(ssh_key_view, sees=permitted(SSH_KEYS))
KEYS.list("listProjectSshKeys", where=lambda call: {"user_id": _visible(call).people})


@operation("createProject")
def create_project(call: Call) -> Reply:
    """Create a project that the actor owns."""
    authority.check_may_create(call.actor, "projects")
    return show(call, project_view, projects.create(call.world, call.actor, call.body), 201)


@operation("addProjectMember")
def add_member(call: Call) -> Reply:
    """Add a member. Members act on the project's servers, so operators need that permission too."""
    project = _managed(call)
    authority.check_may_create(call.actor, "project member invitations")
    if project.owner_id != call.actor.id:
        call.require(Permission.MANAGE_SERVERS)
    return show(call, member_view, projects.add_member(call.world, project, call.body["email"]), 201)


@operation("removeProjectMember")
def remove_member(call: Call) -> Reply:
    """Remove a member; members may leave a project themselves."""
    project = _visible(call)
    membership = _membership(call, project)
    if membership.user_id != call.actor.id:
        _managed(call)
    projects.remove_member(call.world, project, membership)
    return no_content()


@operation("resendProjectInvite")
def resend_invite(call: Call) -> Reply:
    """Reply with the invitation; the mock sends no email."""
    membership = projects.invite_again(call.world, _membership(call, _managed(call)))
    return show(call, member_view, membership)


@operation("createProjectSshKey")
def create_ssh_key(call: Call) -> Reply:
    """Create an SSH key for the actor or another member; an operator's default is the project's owner."""
    project = _visible(call)
    any_user = call.may(Permission.MANAGE_SSH_KEYS)
    if any_user and not call.body.get("user_id") and call.actor.id not in project.people:
        owner = call.world[USERS].get_or_404(project.owner_id)
    else:
        owner = ssh_keys.owner(call.world, call.actor, call.body, any_user=any_user)
    if owner.id not in project.people:
        raise Invalid.field("user_id", "The user is not in the project.")
    return show(call, ssh_key_view, ssh_keys.create(call.world, owner, call.body), 201)


@operation("listProjectPlans")
def list_plans(call: Call) -> Reply:
    """Reply with a page of the plans that can be ordered, priced for the project's owner."""
    owner = call.world[USERS].get_or_404(_visible(call).owner_id)
    return list_page(call, PLANS, priced_for(owner.billing_user_id), {"is_visible": True})


def _membership(call: Call, project: Project) -> Membership:
    membership = call.world[MEMBERSHIPS].get_or_404(call.path["member_id"])
    if membership.project_id != project.id:
        raise NotFound(MEMBERSHIPS.called, membership.id)
    return membership
