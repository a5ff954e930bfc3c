"""A mock with customers, and time that passes when it is told to."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_solusio.moment import SECOND


@pytest.fixture
def wait(mock: Any) -> Callable[[float], None]:
    """Let seconds pass."""

    def wait_for(seconds: float) -> None:
        mock.clock.advance(round(seconds * SECOND))

    return wait_for


@pytest.fixture
def limit_group(api: Any) -> Callable[..., int]:
    """Make a limit group, such as `limit_group(vms=2)`; return its id."""

    def make(**limits: int) -> int:
        body = {name: {"is_enabled": True, "limit": limit} for name, limit in limits.items()}
        answer = api.post("limit_groups", {"name": f"group of {limits}", **body})
        assert answer.status == 201, answer
        return int(answer.data["id"])

    return make


@pytest.fixture
def customer(api: Any) -> Callable[..., int]:
    """Make a customer; return his id."""
    number = 0

    def make(**fields: Any) -> int:
        nonlocal number
        number += 1
        answer = api.post(
            "users", {"email": f"customer{number}@example.com", "password": "secret-1", **fields}
        )
        assert answer.status == 201, answer
        return int(answer.data["id"])

    return make


@pytest.fixture
def server(api: Any, wait: Callable[[float], None]) -> Callable[..., int]:
    """Make a server that is started; return its id."""

    def make(**fields: Any) -> int:
        answer = api.post("servers", {"name": "web.example.com", **fields})
        assert answer.status == 201, answer
        wait(60)
        assert api.get(f"servers/{answer.data['id']}").data["status"] == "started"
        return int(answer.data["id"])

    return make
