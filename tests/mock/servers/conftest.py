"""Limits and servers."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def limit_group(api: Any) -> Callable[..., int]:
    """Create a limit group, such as `limit_group(vms=2)`; return its id."""

    def make(**limits: int) -> int:
        body = {name: {"is_enabled": True, "limit": limit} for name, limit in limits.items()}
        return api.create("limit_groups", name=f"group of {limits}", **body)["id"]

    return make


@pytest.fixture
def server(api: Any, wait: Callable[[float], None]) -> Callable[..., int]:
    """Create a started server; return its id."""

    def make(**fields: Any) -> int:
        made = api.create("servers", **{"name": "web.example.com", **fields})
        wait(60)
        assert api.get(f"servers/{made['id']}").data["status"] == "started"
        return made["id"]

    return make
