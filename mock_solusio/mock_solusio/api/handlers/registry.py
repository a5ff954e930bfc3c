"""Every module beside this one: importing this fills `api.call.OPERATIONS` with all handlers."""

import importlib
import pkgutil

from mock_solusio.api import handlers

MODULES = tuple(
    importlib.import_module(f"{handlers.__name__}.{found.name}")
    for found in pkgutil.iter_modules(handlers.__path__)
    if found.name != "registry"
)
"""The modules with handlers."""
