"""Compute resources, their settings and storages over HTTP (facts: Go SDK, runetech0/solusvm-api-async)."""

from collections.abc import Callable
from typing import Any

from mock_solusio.api.call import Call, Reply, listed, listed_plain, nothing, operation, shown
from mock_solusio.api.views import machines
from mock_solusio.domain import compute_resources
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, STORAGES, ComputeResource

VIEW = Permission.VIEW_COMPUTE_RESOURCES
MANAGE = Permission.MANAGE_COMPUTE_RESOURCES


@operation("listComputeResources", permission=VIEW)
def list_compute_resources(call: Call) -> Reply:
    """Answer a page of compute resources."""
    return listed(call, COMPUTE_RESOURCES, machines.compute_resource_view)


@operation("createComputeResource", permission=MANAGE)
def create_compute_resource(call: Call) -> Reply:
    """Add a compute resource."""
    machine = compute_resources.create(call.world, call.body)
    return shown(call, machines.compute_resource_view, machine, 201)


@operation("getComputeResource", permission=VIEW)
def get_compute_resource(call: Call) -> Reply:
    """Answer a compute resource."""
    return shown(call, machines.compute_resource_view, _machine(call))


@operation("replaceComputeResource", permission=MANAGE)
@operation("updateComputeResource", permission=MANAGE)
def update_compute_resource(call: Call) -> Reply:
    """Change a compute resource."""
    machine = compute_resources.update(call.world, _machine(call), call.body)
    return shown(call, machines.compute_resource_view, machine)


@operation("deleteComputeResource", permission=MANAGE)
def delete_compute_resource(call: Call) -> Reply:
    """Remove a compute resource. `force` is for machines that cannot be reached, of which we have none."""
    compute_resources.remove(call.world, _machine(call))
    return nothing()


@operation("listComputeResourceNetworks", permission=VIEW)
def list_networks(call: Call) -> Reply:
    """Answer the networks of a compute resource."""
    return _rows(machines.network_views, _machine(call))


@operation("setUpComputeResourceNetwork", permission=MANAGE)
def set_up_network(call: Call) -> Reply:
    """Choose the network of a compute resource."""
    network, kind = call.body["id"], call.body["type"]
    machine = compute_resources.set_up_network(call.world, _machine(call), network, kind)
    return shown(call, machines.compute_resource_view, machine)


@operation("listComputeResourcePhysicalVolumes", permission=VIEW)
def list_physical_volumes(call: Call) -> Reply:
    """Answer the LVM volume groups of a compute resource."""
    return _rows(machines.volume_views, _machine(call))


@operation("listComputeResourceThinPools", permission=VIEW)
def list_thin_pools(call: Call) -> Reply:
    """Answer the thin pools of a compute resource."""
    return _rows(machines.thin_pool_views, _machine(call))


@operation("listComputeResourceInstallSteps", permission=VIEW)
def list_install_steps(call: Call) -> Reply:
    """Answer the steps of the installation."""
    return _rows(machines.install_step_views, _machine(call))


@operation("getComputeResourceSettings", permission=VIEW)
def get_settings(call: Call) -> Reply:
    """Answer the settings of a compute resource."""
    return shown(call, machines.settings_view, _machine(call))


@operation("replaceComputeResourceSettings", permission=MANAGE)
@operation("updateComputeResourceSettings", permission=MANAGE)
def update_settings(call: Call) -> Reply:
    """Change the settings of a compute resource."""
    machine = compute_resources.update_settings(call.world, _machine(call), call.body)
    return shown(call, machines.settings_view, machine)


@operation("getComputeResourceUsage", permission=VIEW)
def get_usage(call: Call) -> Reply:
    """Answer what servers take of a compute resource."""
    return shown(call, machines.usage_view, _machine(call))


@operation("listComputeResourceStorages", permission=VIEW)
def list_storages(call: Call) -> Reply:
    """Answer the storages of a compute resource."""
    storages = compute_resources.storages_of(call.world, _machine(call))
    return listed_plain(call, machines.storage_view, storages)


@operation("createComputeResourceStorage", permission=MANAGE)
def create_storage(call: Call) -> Reply:
    """Add a storage to a compute resource."""
    storage = compute_resources.add_storage(call.world, _machine(call), call.body)
    return shown(call, machines.storage_view, storage, 201)


@operation("getStorage", permission=VIEW)
def get_storage(call: Call) -> Reply:
    """Answer a storage."""
    return shown(call, machines.storage_view, call.world[STORAGES].get_or_404(call.path["storage_id"]))


@operation("deleteStorage", permission=MANAGE)
def delete_storage(call: Call) -> Reply:
    """Remove a storage."""
    compute_resources.remove_storage(call.world, call.world[STORAGES].get_or_404(call.path["storage_id"]))
    return nothing()


def _machine(call: Call) -> ComputeResource:
    return call.world[COMPUTE_RESOURCES].get_or_404(call.path["compute_resource_id"])


def _rows(view: Callable[[ComputeResource], list[dict[str, Any]]], machine: ComputeResource) -> Reply:
    return Reply(200, lambda: {"data": view(machine)})
