"""The names of SolusIO's operations, as journal and faults select by them."""

from mock_solusio.decoding import invalid
from solusio_contracts.contract import documents
from solusio_contracts.suggestions import did_you_mean


def check_operation(name: str) -> None:
    """Refuse a name that the API does not have; a misspelt one would select nothing, without a word.

    Raises:
        Invalid: there is no operation with this id; the message names similar ones.
    """
    known = [operation.id for operation in documents.operations("solusio-api")]
    if name not in known:
        raise invalid("operation", f"the API has no operation {name!r}.{did_you_mean(name, known)}")
