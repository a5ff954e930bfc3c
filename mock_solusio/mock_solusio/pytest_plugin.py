"""pytest fixtures: a running mock SolusIO per test (`solusio`) or for all tests (`solusio_session`).

Set options with a marker: `@pytest.mark.solusio(clock="2026-03-01T00:00:00Z", seed="7", strict=True)`.
Nothing is imported or started for tests that use neither fixture.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_solusio.options import Options
    from mock_solusio.testing import Solusio

SEED = "pytest"
"""Default seed of all randomness, so that every run is the same."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "solusio(**options): options of the mock SolusIO, such as clock, seed, fixtures, billing_url",
    )


@pytest.fixture
def solusio(request: pytest.FixtureRequest) -> "Iterator[Solusio]":
    """A mock SolusIO for this test: `url`, `admin_token`, `clock`, `journal`, `create_user()` ..."""
    from mock_solusio.testing import started

    marker = request.node.get_closest_marker("solusio")
    with started(_options(dict(marker.kwargs) if marker else {})) as running:
        yield running


@pytest.fixture(scope="session")
def solusio_session() -> "Iterator[Solusio]":
    """A mock SolusIO shared by all tests of the run."""
    from mock_solusio.testing import started

    with started(_options({})) as running:
        yield running


def _options(given: dict[str, Any]) -> "Options":
    from mock_solusio.clock import Clock
    from mock_solusio.options import Options

    known = set(Options.__struct_fields__)
    if wrong := sorted(set(given) - known):
        options = ", ".join(sorted(known))
        raise pytest.UsageError(
            f"@pytest.mark.solusio has no option {', '.join(wrong)}; its options are {options}"
        )
    if isinstance(given.get("clock"), str):
        given["clock"] = Clock.parse(given["clock"])
    for name in ("file", "fixtures"):
        if isinstance(given.get(name), str):
            given[name] = Path(given[name])
    return Options(**{"seed": SEED, **given})
