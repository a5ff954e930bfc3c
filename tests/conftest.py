"""Makes `tests/support` readable in failures, and its fixtures known to all tests."""

import signal

import pytest
from hypothesis import settings

# A loaded machine may take its time over an example. In CI, the examples are always the same ones.
settings.register_profile("patient", parent=settings.default, deadline=None)
settings.load_profile("patient")

# A shell that starts the tests in the background has turned Ctrl-C off, for us and for what we start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("support")
pytest_plugins = ["support.browser", "support.scripted", "support.tls"]


@pytest.fixture(scope="session")
def anyio_backend():
    """Coroutines run on asyncio, as the programs do."""
    return "asyncio"
