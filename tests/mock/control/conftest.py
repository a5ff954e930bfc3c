"""A server for the control API to act on."""

import pytest


@pytest.fixture
def server(api) -> int:
    """The id of a server that is being made."""
    made = api.post("servers", {"name": "web", "plan": 1, "location": 1, "os": 1})
    assert made.status == 201, made
    return made.data["id"]
