"""Compute resources, their settings and storages (facts: Go SDK, runetech0/solusvm-api-async)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_all, show
from mock_solusio.api.views import compute_resources as views
from mock_solusio.domain import compute_resources
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, STORAGE_TYPES, STORAGES

VIEW, MANAGE = Permission.VIEW_COMPUTE_RESOURCES, Permission.MANAGE_COMPUTE_RESOURCES

RESOURCE = Resource(
    views.compute_resource_view,
    sees=permitted(COMPUTE_RESOURCES, VIEW),
    manages=permitted(COMPUTE_RESOURCES, MANAGE),
)
RESOURCE.list("listComputeResources")
RESOURCE.create("createComputeResource", by=compute_resources.create)
RESOURCE.show("getComputeResource")
RESOURCE.update("replaceComputeResource", "updateComputeResource", by=compute_resources.update)
# The document's `force` is for machines that cannot be reached; the mock has none.
RESOURCE.delete("deleteComputeResource", by=compute_resources.remove)

RESOURCE.show("getComputeResourceSettings", view=views.settings_view)
RESOURCE.update(
    "replaceComputeResourceSettings",
    "updateComputeResourceSettings",
    by=compute_resources.update_settings,
    view=views.settings_view,
)
RESOURCE.show("getComputeResourceUsage", view=views.usage_view)
RESOURCE.show("listComputeResourceNetworks", view=views.network_views)
RESOURCE.show("listComputeResourcePhysicalVolumes", view=views.volume_views)
RESOURCE.show("listComputeResourceThinPools", view=views.thin_pool_views)
RESOURCE.show("listComputeResourceInstallSteps", view=views.install_step_views)

STORAGE = Resource(views.storage_view, sees=permitted(STORAGES, VIEW), manages=permitted(STORAGES, MANAGE))
STORAGE.show("getStorage")
STORAGE.delete("deleteStorage", by=compute_resources.remove_storage)


@operation("listStorageTypes")
def list_storage_types(call: Call) -> Reply:
    """Reply with all storage types, without pages (facts, section 2)."""
    return list_all(call, views.storage_type_view, STORAGE_TYPES)


@operation("setUpComputeResourceNetwork", permission=MANAGE)
def set_up_network(call: Call) -> Reply:
    """Choose the network of a compute resource; reply with the compute resource."""
    machine, network, kind = call.record(COMPUTE_RESOURCES), call.body["id"], call.body["type"]
    machine = compute_resources.set_up_network(call.world, machine, network, kind)
    return show(call, views.compute_resource_view, machine)


@operation("listComputeResourceStorages", permission=VIEW)
def list_storages(call: Call) -> Reply:
    """Reply with the storages of a compute resource, without pages."""
    storages = compute_resources.storages_of(call.world, call.record(COMPUTE_RESOURCES))
    return list_all(call, views.storage_view, storages)


@operation("createComputeResourceStorage", permission=MANAGE)
def create_storage(call: Call) -> Reply:
    """Add a storage to a compute resource."""
    storage = compute_resources.add_storage(call.world, call.record(COMPUTE_RESOURCES), call.body)
    return show(call, views.storage_view, storage, 201)
