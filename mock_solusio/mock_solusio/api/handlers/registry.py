"""The complete table of handlers: importing this module imports every other module of the package."""

import importlib
import pkgutil

from mock_solusio.api import handlers
from mock_solusio.api.operations import HANDLERS

__all__ = ["HANDLERS"]

for _module in pkgutil.iter_modules(handlers.__path__):
    if _module.name != "registry":
        importlib.import_module(f"{handlers.__name__}.{_module.name}")
