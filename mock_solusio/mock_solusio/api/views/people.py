"""Users, roles, limit groups, languages and access tokens, as the API shows them (facts, sections 3, 4)."""

from typing import Any

from mock_solusio.api.call import Call
from mock_solusio.api.replies import rendered
from mock_solusio.domain import limits, role_permissions
from mock_solusio.domain.limit_groups import LIMITS
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import AccessToken
from mock_solusio.domain.records.images import ICONS, ISO_IMAGES
from mock_solusio.domain.records.installation import DEFAULT_LANGUAGE, LANGUAGES, ActivityLog, Language
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS, LimitGroup
from mock_solusio.domain.records.roles import ROLES, Role
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.role_permissions import PERMISSIONS
from mock_solusio.moment import rfc3339

Json = dict[str, Any]

TOKEN_TYPE = "Bearer"  # noqa: S105 - the scheme, not a credential
"""The scheme that clients take over into their `Authorization` header (facts, section 1)."""


def user_view(call: Call, user: User) -> Json:
    """Show a user. What is counted of his limits is null where he has no limit.

    His billing token is a credential: it is null for other customers, such as members of his projects
    (assumed).
    """
    world = call.world
    group = None if user.limit_group_id is None else world[LIMIT_GROUPS].get(user.limit_group_id)
    held = (world[ROLES].get(key) for key in user.roles)
    verified = user.email_verified_at
    trusted = call.actor_id == user.id or call.may(Permission.VIEW_USERS)
    return {
        "id": user.id,
        "email": user.email,
        "status": user.status,
        "created_at": rfc3339(user.created_at),
        "roles": [role_brief(role) for role in held if role is not None],
        "billing_user_id": user.billing_user_id,
        "billing_token": user.billing_token if trusted else None,
        "email_verified_at": None if verified is None else rfc3339(verified),
        "has_verified_email": verified is not None,
        "limit_group": None if group is None else rendered(call, limit_group_view, group),
        "limit_usage": _limit_usage(call, user, group),
        "language": rendered(
            call, language_view, world[LANGUAGES].get_or_404(user.language_id or DEFAULT_LANGUAGE)
        ),
        "allowed_ips": [],
        "is_two_factor_auth_enabled": False,
        "two_factor_auth_recovery_code_count": 0,
    }


def _limit_usage(call: Call, user: User, group: LimitGroup | None) -> Json:
    shown: Json = dict.fromkeys(
        ("servers", "running_servers", "additional_ips", "iso_images", "iso_images_size")
    )
    if group is None or not any(getattr(group, name).is_enabled for name in LIMITS):
        return shown
    used = limits.usage_of(call.world, user.id)
    images = call.world[ISO_IMAGES].find(user_id=user.id)
    for name, limit, count in (
        ("servers", group.vms, used.servers),
        ("running_servers", group.running_vms, used.running_servers),
        ("additional_ips", group.additional_ips, used.additional_ips),
        ("iso_images", group.iso_images, len(images)),
        ("iso_images_size", group.iso_images_size, sum(image.size for image in images)),
    ):
        if limit.is_enabled:
            shown[name] = count
    return shown


def role_brief(role: Role) -> Json:
    """Show a role as a user has it."""
    return {"id": role.id, "name": role.name, "is_default": role.built_in, "users_count": role.users_count}


def role_view(_call: Call, role: Role) -> Json:
    """Show a role with what it permits."""
    return {
        **role_brief(role),
        "permissions": [permission_view(number) for number in role_permissions.permission_ids(role)],
    }


def permission_view(number: int) -> Json:
    """Show the permission with this id."""
    return {"id": number, "name": PERMISSIONS[number].value}


def limit_group_view(_call: Call, group: LimitGroup) -> Json:
    """Show a limit group."""
    bounds = {name: getattr(group, name) for name in LIMITS}
    return {
        "id": group.id,
        "name": group.name,
        "created_at": rfc3339(group.created_at),
        "updated_at": rfc3339(group.updated_at),
        **{name: {"limit": one.limit, "is_enabled": one.is_enabled} for name, one in bounds.items()},
        "users_count": group.users_count,
    }


def language_view(call: Call, language: Language) -> Json:
    """Show a language."""
    icon = None if language.icon_id is None else call.world[ICONS].get(language.icon_id)
    return {
        "id": language.id,
        "name": language.name,
        "locale": language.locale,
        "country": language.country,
        "icon": None
        if icon is None
        else {"id": icon.id, "name": icon.name, "url": icon.url, "type": icon.type},
        "is_default": language.is_default,
        "is_visible": language.is_visible,
        "users_count": language.users_count,
    }


def access_token_view(_call: Call, token: AccessToken) -> Json:
    """Show an access token, without its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "is_one_time": token.one_time,
        "created_at": rfc3339(token.created_at),
        "expires_at": None if token.expires_at is None else rfc3339(token.expires_at),
    }


def api_token_view(call: Call, token: AccessToken) -> Json:
    """Show an access token as `/api_tokens` does (newer versions of the Go SDK)."""
    return {
        "id": token.uuid,
        "name": token.name,
        "user": user_view(call, call.world[USERS].get_or_404(token.user_id)),
        "created_at": rfc3339(token.created_at),
    }


def activity_log_view(_call: Call, entry: ActivityLog) -> Json:
    """Show an entry of the activity log."""
    return {
        "id": entry.id,
        "event": entry.event,
        "user_email": entry.user_email,
        "created_at": rfc3339(entry.created_at),
        "data": entry.data,
    }
