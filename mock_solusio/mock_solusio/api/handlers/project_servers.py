"""Servers of a project or on a compute resource, ordered with other field names (facts, sections 6 and 7)."""

from typing import Any

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.handlers.servers import created
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import list_page
from mock_solusio.api.views.servers import server_view
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES
from mock_solusio.domain.records.projects import PROJECTS, Project
from mock_solusio.domain.records.servers import SERVERS

_NAMES = {
    "plan_id": "plan",
    "location_id": "location",
    "os_image_version_id": "os",
    "application_id": "application",
    "user_id": "user",
    "project_id": "project",
}
"""Field names here, and in `POST /servers`."""

_SAME = (
    "name",
    "application_data",
    "description",
    "password",
    "user_data",
    "fqdns",
    "ssh_keys",
    "ip_types",
    "additional_disks",
    "primary_disk_offer",
    "vpc_network_ids",
    "backup_settings",
)


@operation("listProjectServers")
def list_project_servers(call: Call) -> Reply:
    """Reply with a page of a project's servers."""
    project = _project(call, Permission.VIEW_SERVERS)
    return list_page(call, SERVERS, server_view, {"project_id": project.id})


@operation("createProjectServer")
def create_project_server(call: Call) -> Reply:
    """Create a server in a project; the project's owner owns it."""
    project = _project(call, Permission.MANAGE_SERVERS)
    fields = {**_fields(call.body), "project": project.id}
    fields.pop("user", None)
    return created(call, fields)


@operation("createComputeResourceServer", permission=Permission.MANAGE_SERVERS)
def create_compute_resource_server(call: Call) -> Reply:
    """Create a server on a given compute resource."""
    machine = call.record(COMPUTE_RESOURCES)
    return created(call, {**_fields(call.body), "compute_resource": machine.id})


def _project(call: Call, permission: Permission) -> Project:
    project = call.record(PROJECTS)
    if call.actor.id not in project.people and not call.may(permission):
        raise Forbidden
    return project


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    fields = {name: body[name] for name in _SAME if name in body}
    return fields | {theirs: body[ours] for ours, theirs in _NAMES.items() if ours in body}
