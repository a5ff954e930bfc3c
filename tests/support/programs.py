"""Programs besides Python that tests run."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test; where everything must run (CI), fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need(program: str) -> str:
    """Return the path of a program; without it, skip the test or fail it."""
    return shutil.which(program) or missing(f"{program} is not installed")
