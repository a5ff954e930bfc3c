"""Projects and their members as the API shows them (facts, section 6)."""

from mock_solusio.api.call import Call
from mock_solusio.api.replies import rendered
from mock_solusio.api.views.parts import Json, moment, pick, user_short
from mock_solusio.api.views.people import user_view
from mock_solusio.domain.prices import token_pricing
from mock_solusio.domain.records.projects import MEMBERSHIPS, PROJECTS, Membership, Project
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.references import count_servers
from mock_solusio.moment import rfc3339


def project_view(call: Call, project: Project) -> Json:
    """Show a project, with the price of a token for its owner.

    Without a price (no billing integration, no billing user id, or no answer) `token_pricing` is absent: null
    breaks a client (facts, section 14).
    """
    owner = call.world[USERS].get_or_404(project.owner_id)
    view = {
        **pick(project, "id", "name", "description"),
        "members": call.world[MEMBERSHIPS].count(project_id=project.id),
        "is_owner": project.owner_id == call.actor.id,
        "is_default": project.is_default,
        "owner": rendered(call, user_view, owner),
        "servers": count_servers(call.world, project_id=project.id),
        "created_at": rfc3339(project.created_at),
        "updated_at": rfc3339(project.updated_at),
    }
    pricing = call.price(owner.billing_user_id)
    if pricing is not None:
        view["token_pricing"] = token_pricing(pricing)
    return view


def member_view(call: Call, membership: Membership) -> Json:
    """Show a member of a project, or an invitation (Raycast extension types.ts)."""
    user = user_short(call, membership.user_id)
    project = call.world[PROJECTS].get_or_404(membership.project_id)
    return {
        "id": membership.id,
        "email": membership.email if user is None else user["email"],
        "is_owner": membership.user_id == project.owner_id,
        "status": "invited" if user is None else "active",
        "user_id": membership.user_id,
        "user": user,
        "invite_sent_at": moment(membership.invited_at),
        "created_at": rfc3339(membership.created_at),
    }
