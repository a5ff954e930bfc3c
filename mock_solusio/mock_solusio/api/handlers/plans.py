"""Plans over HTTP (facts, section 5)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.plans import priced_for
from mock_solusio.domain import plans
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.plans import PLANS, Plan


@operation("listPlans", permission=Permission.VIEW_PLANS)
def list_plans(call: Call) -> Reply:
    """Answer a page of plans, priced for whoever asks."""
    return listed(call, PLANS, priced_for(call.actor.billing_user_id), call.filters)


@operation("createPlan", permission=Permission.MANAGE_PLANS)
def create_plan(call: Call) -> Reply:
    """Make a plan."""
    return _shown(call, plans.create(call.world, call.body), 201)


@operation("deletePlans", permission=Permission.MANAGE_PLANS)
def delete_plans(call: Call) -> Reply:
    """Delete several plans, all or none."""
    deleted = plans.remove_all(call.world, call.body["ids"])
    return Reply(200, lambda: {"data": deleted})


@operation("getPlan", permission=Permission.VIEW_PLANS)
def get_plan(call: Call) -> Reply:
    """Answer a plan."""
    return _shown(call, _plan(call))


@operation("replacePlan", permission=Permission.MANAGE_PLANS)
@operation("updatePlan", permission=Permission.MANAGE_PLANS)
def update_plan(call: Call) -> Reply:
    """Change a plan."""
    return _shown(call, plans.update(call.world, _plan(call), call.body))


@operation("deletePlan", permission=Permission.MANAGE_PLANS)
def delete_plan(call: Call) -> Reply:
    """Delete a plan."""
    plans.remove(call.world, _plan(call))
    return nothing()


def _plan(call: Call) -> Plan:
    return call.world[PLANS].get_or_404(call.path["plan_id"])


def _shown(call: Call, plan: Plan, status: int = 200) -> Reply:
    return shown(call, priced_for(call.actor.billing_user_id), plan, status)
