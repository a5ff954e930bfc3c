"""Worlds that are sent to the mock."""

import pytest


@pytest.fixture
def load(control):
    """Send a world to the mock, as JSON."""

    def send(**world):
        return control("POST", "/_mock/fixtures", world)

    return send
