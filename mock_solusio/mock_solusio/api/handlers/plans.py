"""Plans (facts, section 5), priced for the actor."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.plans import plan_view_for_actor
from mock_solusio.domain import plans
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.plans import PLANS

RESOURCE = Resource(
    plan_view_for_actor,
    sees=permitted(PLANS, Permission.VIEW_PLANS),
    manages=permitted(PLANS, Permission.MANAGE_PLANS),
)
RESOURCE.list("listPlans")
RESOURCE.create("createPlan", by=plans.create)
RESOURCE.show("getPlan")
RESOURCE.update("replacePlan", "updatePlan", by=plans.update)
RESOURCE.delete("deletePlan", by=plans.remove)
RESOURCE.delete_all("deletePlans", by=plans.remove_all)
