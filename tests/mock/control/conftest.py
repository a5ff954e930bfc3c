"""A server for the control API to act on."""

import pytest


@pytest.fixture
def server(api) -> int:
    """The id of a server that is being made."""
    return api.create("servers", name="web", plan=1, location=1, os=1)["id"]
