"""Users, their roles, limits, languages, tokens and keys as the API shows them (facts, sections 3, 4)."""

from mock_solusio.api.call import Call
from mock_solusio.api.replies import rendered
from mock_solusio.api.views.parts import Json, icon_or_none, moment, pick
from mock_solusio.domain import limits, role_permissions
from mock_solusio.domain.limit_groups import LIMITS
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import AccessToken, SshKey
from mock_solusio.domain.records.images import ISO_IMAGES
from mock_solusio.domain.records.installation import DEFAULT_LANGUAGE, LANGUAGES, Language
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS, LimitGroup
from mock_solusio.domain.records.roles import ROLES, Role
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.role_permissions import PERMISSIONS
from mock_solusio.domain.world import Has
from mock_solusio.moment import rfc3339

TOKEN_TYPE = "Bearer"  # noqa: S105 - the scheme, not a credential
"""The scheme that clients copy into their `Authorization` header (facts, section 1)."""


def user_view(call: Call, user: User) -> Json:
    """Show a user. `limit_usage` is null for whatever is not limited.

    The billing token is a credential: other customers, such as members of a project, get null (assumed).
    """
    world = call.world
    group = None if user.limit_group_id is None else world[LIMIT_GROUPS].get(user.limit_group_id)
    language = world[LANGUAGES].get_or_404(user.language_id or DEFAULT_LANGUAGE)
    roles = map(world[ROLES].get, user.roles)
    trusted = call.actor_id == user.id or call.may(Permission.VIEW_USERS)
    return {
        "id": user.id,
        "email": user.email,
        "status": user.status,
        "created_at": rfc3339(user.created_at),
        "roles": [rendered(call, role_brief, role) for role in roles if role is not None],
        "billing_user_id": user.billing_user_id,
        "billing_token": user.billing_token if trusted else None,
        "email_verified_at": moment(user.email_verified_at),
        "has_verified_email": user.email_verified_at is not None,
        "limit_group": None if group is None else rendered(call, limit_group_view, group),
        "limit_usage": _limit_usage(call, user, group),
        "language": rendered(call, language_view, language),
        "allowed_ips": user.allowed_ips,
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


def role_brief(call: Call, role: Role) -> Json:
    """Show a role without its permissions."""
    return {
        "id": role.id,
        "name": role.name,
        "is_default": role.built_in,
        "users_count": call.world[USERS].count(roles=Has(role.id)),
    }


def role_view(call: Call, role: Role) -> Json:
    """Show a role with its permissions."""
    permissions = map(permission_view, role_permissions.permission_ids(role))
    return {**role_brief(call, role), "permissions": list(permissions)}


def permission_view(number: int) -> Json:
    """Show the permission with this id."""
    return {"id": number, "name": PERMISSIONS[number].value}


def limit_group_view(call: Call, group: LimitGroup) -> Json:
    """Show a limit group."""
    return {
        **pick(group, "id", "name", *LIMITS),
        "users_count": call.world[USERS].count(limit_group_id=group.id),
        "created_at": rfc3339(group.created_at),
        "updated_at": rfc3339(group.updated_at),
    }


def language_view(call: Call, language: Language) -> Json:
    """Show a language."""
    return {
        **pick(language, "id", "name", "locale", "country", "is_default", "is_visible"),
        "users_count": call.world[USERS].count(language_id=language.id),
        "icon": icon_or_none(call, language.icon_id),
    }


def access_token_view(_call: Call, token: AccessToken) -> Json:
    """Show an access token, without its secret."""
    return {
        **pick(token, "id", "name"),
        "is_one_time": token.one_time,
        "created_at": rfc3339(token.created_at),
        "expires_at": moment(token.expires_at),
    }


def api_token_view(call: Call, token: AccessToken) -> Json:
    """Show an access token as `/api_tokens` does (newer versions of the Go SDK)."""
    return {
        "id": token.uuid,
        "name": token.name,
        "user": rendered(call, user_view, call.world[USERS].get_or_404(token.user_id)),
        "created_at": rfc3339(token.created_at),
    }


def ssh_key_view(_call: Call, key: SshKey) -> Json:
    """Show an SSH key."""
    return pick(key, "id", "name", "body", "user_id")
