"""A reference endpoint that is served in this process."""

from collections.abc import Iterator

import pytest

from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo


@pytest.fixture
def reference_endpoint() -> Iterator[tuple[str, str]]:
    """The URL of a billing endpoint with demo customers, and its authorization token."""
    token = "a-token-for-this-test"
    with CustomerStore.in_memory() as store, running(create_app(store, token=token)) as url:
        seed_demo(store)
        yield url, token
