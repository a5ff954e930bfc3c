"""Billing systems with pages, empty and with the demo customers."""

import pytest

from solusio_reference.storage.customers import seed_demo
from support.billing_pages import billing_system


@pytest.fixture
def billing(usage_server):
    with billing_system(usage_server.url) as made:
        yield made


@pytest.fixture(scope="module")
def shop():
    """A billing system with the demo customers, which tests only read."""
    with billing_system("http://solusio.invalid") as made:
        seed_demo(made.service.store)
        yield made
