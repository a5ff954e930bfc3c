"""The fields of a user that can be set, and their validation."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from mock_solusio.domain import allowed_ips, passwords
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.installation import DEFAULT_LANGUAGE, LANGUAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.roles import ROLES
from mock_solusio.domain.records.user import STATUSES, USERS, User, email_key
from mock_solusio.domain.world import World

LARGEST_BILLING_USER_ID = 2**53 - 1
"""The largest integer that every JSON library reads exactly."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_DIGITS = re.compile(r"[1-9][0-9]{0,15}")


class UserChanges(TypedDict, total=False):
    """Fields of a user to set. Ids may be strings of digits; an empty `billing_user_id` means None."""

    email: str
    password: str | None
    status: str
    billing_user_id: int | str | None
    billing_token: str | None
    roles: list[int]
    limit_group_id: int | str | None
    language_id: int | str | None
    allowed_ips: list[str]


def validate(world: World, given: Mapping[str, Any], user: User | None) -> dict[str, Any]:
    """Return the fields of the record for the given fields of a user, which may be a new one (None).

    Raises:
        Invalid: with the errors of all fields at once, as Laravel reports them.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, check in _CHECKS.items():
        if name not in given:
            continue
        try:
            values |= check(world, given[name], user)
        except Invalid as error:
            errors.update({field: list(texts) for field, texts in (error.errors or {}).items()})
    if errors:
        raise Invalid(errors)
    if "password" in values:
        owner = values["email_key"] if user is None else user.id
        salt = world.secret(f"salt {owner}", world.now, 16)
        values["password_hash"] = passwords.hashed(values.pop("password"), salt)
    return values


def _email(world: World, email: str, user: User | None) -> dict[str, Any]:
    if not email:
        raise Invalid.field("email", "The email field is required.")
    if not _EMAIL.fullmatch(email):
        raise Invalid.field("email", "The email must be a valid email address.")
    _check_free(world, "email", "email_key", email_key(email), user)
    return {"email": email, "email_key": email_key(email)}


def _password(_world: World, password: str | None, _user: User | None) -> dict[str, Any]:
    return {} if password is None else {"password": password}


def _status(_world: World, status: str, _user: User | None) -> dict[str, Any]:
    if status not in STATUSES:
        raise Invalid.field("status", f"The status must be one of {', '.join(STATUSES)}.")
    return {"status": status}


def _billing_user_id(world: World, value: int | str | None, user: User | None) -> dict[str, Any]:
    if value is None or value == "":
        return {"billing_user_id": None}
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise Invalid.field("billing_user_id", "The billing user id must be an integer.")
    number = int(value)
    if not 1 <= number <= LARGEST_BILLING_USER_ID:
        bounds = f"between 1 and {LARGEST_BILLING_USER_ID}"
        raise Invalid.field("billing_user_id", f"The billing user id must be {bounds}.")
    _check_free(world, "billing_user_id", "billing_user_id", number, user)
    return {"billing_user_id": number}


def _billing_token(_world: World, value: str | None, _user: User | None) -> dict[str, Any]:
    return {"billing_token": value or None}


def _roles(world: World, given: list[int | str], _user: User | None) -> dict[str, Any]:
    keys = [int(key) for key in given]
    wrong = [place for place, key in enumerate(keys) if world[ROLES].get(key) is None]
    if wrong:
        raise Invalid({f"roles.{place}": ["The selected role is invalid."] for place in wrong})
    return {"roles": list(dict.fromkeys(keys))}


def _limit_group_id(world: World, value: int | str | None, _user: User | None) -> dict[str, Any]:
    key = None if value is None else int(value)
    if key is not None and world[LIMIT_GROUPS].get(key) is None:
        raise Invalid.field("limit_group_id", "The selected limit group is invalid.")
    return {"limit_group_id": key}


def _language_id(world: World, value: int | str | None, _user: User | None) -> dict[str, Any]:
    key = DEFAULT_LANGUAGE if value is None else int(value)
    if world[LANGUAGES].get(key) is None:
        raise Invalid.field("language_id", "The selected language is invalid.")
    return {"language_id": key}


def _allowed_ips(_world: World, given: list[str], _user: User | None) -> dict[str, Any]:
    return {"allowed_ips": allowed_ips.parse(given)}


def _check_free(world: World, name: str, column: str, value: int | str, user: User | None) -> None:
    holder = world[USERS].first(**{column: value})
    if holder is not None and (user is None or holder.id != user.id):
        raise Invalid.field(name, f"The {name.replace('_', ' ')} has already been taken.")


_CHECKS: dict[str, Callable[[World, Any, User | None], dict[str, Any]]] = {
    "email": _email,
    "password": _password,
    "status": _status,
    "billing_user_id": _billing_user_id,
    "billing_token": _billing_token,
    "roles": _roles,
    "limit_group_id": _limit_group_id,
    "language_id": _language_id,
    "allowed_ips": _allowed_ips,
}
