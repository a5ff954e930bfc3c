"""Makes `tests/support` readable in failures, and its fixtures known to all tests."""

import pytest

pytest.register_assert_rewrite("support")
pytest_plugins = ["support.browser", "support.scripted", "support.tls"]


@pytest.fixture(scope="session")
def anyio_backend():
    """Coroutines run on asyncio, as the programs do."""
    return "asyncio"
