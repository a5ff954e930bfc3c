"""Every module beside this one: importing this fills `api.call.OPERATIONS` with all handlers."""

import importlib
import pkgutil

from mock_solusio import api

MODULES = tuple(
    importlib.import_module(f"{api.__name__}.{found.name}")
    for found in pkgutil.iter_modules(api.__path__)
    if found.name != "handlers"
)
"""The modules with handlers, and those that the handlers need."""
