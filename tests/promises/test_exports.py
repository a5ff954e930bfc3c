"""What `__all__` names exists, and type information ships."""

import importlib
from importlib import resources
from pathlib import Path

import pytest

PACKAGES = ("solusio_contracts", "mock_solusio", "solusio_reference")


@pytest.mark.parametrize("name", PACKAGES)
def test_everything_exported_can_be_imported(name):
    package = importlib.import_module(name)
    assert isinstance(package.__all__, list)
    assert package.__all__ == sorted(set(package.__all__))
    for exported in package.__all__:
        # A name of a module, or of something in the package itself.
        if not hasattr(package, exported):
            importlib.import_module(f"{name}.{exported}")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_module_can_be_imported(name):
    folder = Path(str(resources.files(name)))
    modules = [file.relative_to(folder.parent).with_suffix("") for file in folder.rglob("*.py")]
    assert modules
    for module in modules:
        parts = [part for part in module.parts if part != "__init__"]
        if parts[-1] != "__main__":  # that one runs the command
            importlib.import_module(".".join(parts))


@pytest.mark.parametrize("name", PACKAGES)
def test_type_information_ships(name):
    assert resources.files(name).joinpath("py.typed").is_file()
