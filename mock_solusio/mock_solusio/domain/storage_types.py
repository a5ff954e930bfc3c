"""Storage types and the image formats that they can hold. They are fixed."""

from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.compute_resources import STORAGE_TYPES, StorageType


def storage_type(name: str) -> StorageType:
    """Return the storage type with this name.

    Raises:
        KeyError: it does not exist.
    """
    for one in STORAGE_TYPES:
        if one.name == name:
            return one
    raise KeyError(name)


def check_format(name: str, image_format: str) -> None:
    """Raise Invalid if a storage type cannot hold an image format.

    According to the Terraform provider, which does not check it, SolusIO does.
    """
    formats = storage_type(name).formats
    if image_format not in formats:
        raise Invalid.field(
            "image_format", f"The image format must be one of {', '.join(formats)} with storage type {name}."
        )


def has_snapshots(name: str, image_format: str) -> bool:
    """Return whether disks of this storage type and format can have snapshots (assumed)."""
    return name == "thinlvm" or image_format in {"qcow2", "ploop"}
