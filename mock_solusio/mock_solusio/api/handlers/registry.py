"""All operations: importing this module imports every module of handlers, which register them."""

import importlib
import pkgutil

from mock_solusio.api import handlers
from mock_solusio.api.call import OPERATIONS

__all__ = ["OPERATIONS"]

for _module in pkgutil.iter_modules(handlers.__path__):
    if _module.name != "registry":
        importlib.import_module(f"{handlers.__name__}.{_module.name}")
