"""What an access token needs: to look at everything here, and to do the billing system's work."""

from typing import Final

from mock_solusio.domain.permissions import Permission

NEEDED_TO_READ: Final = {
    "getSettings": Permission.VIEW_SETTINGS,
    "listPlans": Permission.VIEW_PLANS,
    "listLimitGroups": Permission.VIEW_LIMIT_GROUPS,
    "listRoles": Permission.VIEW_ROLES,
    "listUsers": Permission.VIEW_USERS,
    "listServers": Permission.VIEW_SERVERS,
    "listUsage": Permission.VIEW_USAGE,
}
"""The right that each operation needs; the vendor names none of them, so the names are ours."""

NEEDED_TO_BILL: Final = (Permission.MANAGE_USERS, Permission.VIEW_USAGE)
"""The rights for steps 8 to 10."""

USED: Final = frozenset(
    {*NEEDED_TO_READ.values(), *NEEDED_TO_BILL, Permission.GET_APPLICATIONS, Permission.GET_OS_IMAGES}
    | {Permission.GET_LOCATIONS, Permission.RESIZE_SERVERS}
)
"""The rights that a billing system or preflight may use; what goes beyond them is more than needed."""
