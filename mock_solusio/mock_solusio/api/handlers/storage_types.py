"""Storage types (facts, section 2: without pages)."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import list_all
from mock_solusio.api.views.compute_resources import storage_type_view
from mock_solusio.domain.records.compute_resources import STORAGE_TYPES


@operation("listStorageTypes")
def list_storage_types(call: Call) -> Reply:
    """Reply with all storage types."""
    return list_all(call, storage_type_view, STORAGE_TYPES)
