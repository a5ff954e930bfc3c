"""The permissions of SolusIO.

The vendor names four, those of the role CLIENT (page User Access Control). The other names are assumed.
"""

from enum import StrEnum


class Permission(StrEnum):
    """A permission of an operator. Each "manage" includes the "view" of the same thing."""

    VIEW_USERS = "view users"
    MANAGE_USERS = "manage users"
    VIEW_ROLES = "view roles"
    MANAGE_ROLES = "manage roles"
    VIEW_LIMIT_GROUPS = "view limit groups"
    MANAGE_LIMIT_GROUPS = "manage limit groups"
    VIEW_PLANS = "view plans"
    MANAGE_PLANS = "manage plans"
    VIEW_PROJECTS = "view projects"
    MANAGE_PROJECTS = "manage projects"
    VIEW_SERVERS = "view servers"
    MANAGE_SERVERS = "manage servers"
    VIEW_TASKS = "view tasks"
    VIEW_LOCATIONS = "view locations"
    MANAGE_LOCATIONS = "manage locations"
    MANAGE_IMAGES = "manage images"
    MANAGE_SSH_KEYS = "manage ssh keys"
    VIEW_COMPUTE_RESOURCES = "view compute resources"
    MANAGE_COMPUTE_RESOURCES = "manage compute resources"
    VIEW_IP_BLOCKS = "view ip blocks"
    MANAGE_IP_BLOCKS = "manage ip blocks"
    VIEW_SETTINGS = "view settings"
    MANAGE_SETTINGS = "manage settings"
    VIEW_LICENSE = "view license"
    MANAGE_LICENSE = "manage license"
    VIEW_ACTIVITY = "view activity"
    VIEW_USAGE = "view usage"
    VIEW_VPC_NETWORKS = "view vpc networks"
    MANAGE_VPC_NETWORKS = "manage vpc networks"
    GET_APPLICATIONS = "get applications"
    GET_OS_IMAGES = "get os images"
    GET_LOCATIONS = "get locations"
    RESIZE_SERVERS = "resize servers"


CLIENT_PERMISSIONS = (
    Permission.GET_APPLICATIONS,
    Permission.GET_OS_IMAGES,
    Permission.GET_LOCATIONS,
    Permission.RESIZE_SERVERS,
)
"""What every customer may; their own servers, projects and keys need no permission."""

INCLUDED = {
    Permission.VIEW_LOCATIONS: (Permission.GET_LOCATIONS,),
    Permission.MANAGE_LOCATIONS: (Permission.GET_LOCATIONS,),
    Permission.MANAGE_IMAGES: (Permission.GET_APPLICATIONS, Permission.GET_OS_IMAGES),
    Permission.MANAGE_SERVERS: (Permission.RESIZE_SERVERS,),
}
"""Permissions that operators have with another one, besides the "view" in each "manage" (assumed)."""
