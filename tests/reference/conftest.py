"""A real server for the reference endpoint, shared by the tests that only read from it."""

from collections.abc import Iterator

import pytest

from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.store import Store, seed_demo

TOKEN = "s3cret Tökén+&="


@pytest.fixture(scope="session")
def token() -> str:
    """Return an authorization token with everything that needs escaping in a form."""
    return TOKEN


@pytest.fixture(scope="session")
def demo_store() -> Iterator[Store]:
    with Store.in_memory() as store:
        seed_demo(store)
        yield store


@pytest.fixture(scope="session")
def open_url(demo_store: Store) -> Iterator[str]:
    """Serve the endpoint without an authorization token."""
    with running(create_app(demo_store, token=None)) as url:
        yield url


@pytest.fixture(scope="session")
def guarded_url(demo_store: Store) -> Iterator[str]:
    """Serve the endpoint that wants the authorization token."""
    with running(create_app(demo_store, token=TOKEN)) as url:
        yield url
