"""Storage types over HTTP (facts, section 2: not paginated)."""

from mock_solusio.api.call import Call, Reply, listed_plain, operation
from mock_solusio.api.views.catalogue import storage_type_view
from mock_solusio.domain.records.compute_resources import STORAGE_TYPES


@operation("listStorageTypes")
def list_storage_types(call: Call) -> Reply:
    """Answer all storage types."""
    return listed_plain(call, storage_type_view, STORAGE_TYPES)
