"""People of all sorts, each with a way to act as they would."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def person(api) -> Callable[..., Any]:
    """Make a user who acts: `person("ada")` is a customer, `person("eve", "manage users")` an operator.

    The returned caller has `id`, `email` and `password`.
    """
    numbers = {row["name"]: row["id"] for row in api.get("permissions?per_page=100").data}

    def make(name: str, *permissions: str, **fields: Any):
        email, password = f"{name}@example.com", f"password of {name}"
        body = {"email": email, "password": password, **fields}
        if permissions:
            wanted = [numbers[one] for one in permissions]
            role = api.post("roles", {"name": f"role of {name}", "permissions": wanted})
            assert role.status == 201, role
            body["roles"] = [role.data["id"]]
        made = api.post("users", body)
        assert made.status == 201, made
        caller = api.as_user(made.data["id"])
        caller.id, caller.email, caller.password = made.data["id"], email, password
        return caller

    return make
