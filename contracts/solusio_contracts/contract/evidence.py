"""What was seen of one SolusIO, anonymised: which elements and clauses of the contract it confirms.

`preflight --evidence` writes this document and `contract learn` reads it. The models are the only definition;
`evidence.schema.json` beside this module is derived from them, for people and other tools.
"""

import enum
from typing import Any, Final, Literal

import msgspec

from solusio_contracts.contract.clauses import clauses
from solusio_contracts.contract.documents import contract_digest, document_names, operations
from solusio_contracts.decoding import MisfitError, from_json

FORMAT: Final = "mock-solusio evidence"
FORMAT_VERSION: Final = "1.0"


class Verdict(enum.StrEnum):
    """What was seen says this of an element of the contract."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    MISSING = "missing"
    """The contract says that it is always there, and it was not."""
    UNKNOWN = "unknown"
    """The contract has no such member."""
    UNSEEN = "unseen"
    """It is optional, and never came: nothing is known."""


JsonType = Literal["array", "boolean", "integer", "null", "number", "object", "string"]


class ElementEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was seen of one element in the responses of one operation."""

    document: str
    element: str
    """A JSON pointer into the document; of an unknown member, where it would be described."""
    operation: str
    """The operationId."""
    member: str
    """Such as `data[].plan.name`, `parameter from` or `status 200`."""
    verdict: Verdict
    types: dict[JsonType, int]
    """How often each JSON type came."""
    words: tuple[str, ...]
    """Values that came where the contract lists others, as far as they are common words."""
    seen: int
    """In how many objects or responses it was."""
    of: int
    """In how many it could have been."""


class ClauseEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often something was as a clause says, of how often it could have been."""

    clause: str
    fits: int
    of: int


class StatusEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The statuses with which an operation was answered."""

    operation: str
    statuses: dict[str, int]
    """How many responses had each status."""


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was seen of one SolusIO. It has no values, hosts or dates: the same SolusIO, the same bytes."""

    format: Literal["mock-solusio evidence"] = FORMAT
    format_version: Literal["1.0"] = FORMAT_VERSION
    tool_version: str
    contract: str
    """The digest of the contract that it was compared with; see `documents.contract_digest`."""
    operations: tuple[StatusEvidence, ...]
    elements: tuple[ElementEvidence, ...]
    clauses: tuple[ClauseEvidence, ...]


def read_evidence(text: str | bytes, source: str = "") -> Evidence:
    """Read evidence.

    Raises:
        DecodingError: it is not valid JSON.
        MisfitError: it is not evidence, was made with another contract, or names what is not in this one.
    """
    found = from_json(text, Evidence, source)
    if found.contract != contract_digest():
        raise MisfitError(
            "contract",
            f"made by mock-solusio {found.tool_version} with another version of the contract; "
            "run `preflight --evidence` again",
            source=source,
        )
    known = {one.id for one in operations()}
    for place, names, allowed in (
        ("clauses[].clause", [one.clause for one in found.clauses], clauses().keys()),
        ("elements[].operation", [one.operation for one in found.elements], known),
        ("elements[].document", [one.document for one in found.elements], {*document_names()}),
    ):
        for name in names:
            if name not in allowed:
                raise MisfitError(place, expected="a name in the contract", actual=repr(name), source=source)
    for one in found.clauses:
        if not 0 <= one.fits <= one.of or not one.of:
            counts = f"{one.fits} of {one.of}"
            raise MisfitError(one.clause, expected="fits of at least one case", actual=counts, source=source)
    return found


def to_json(found: Evidence) -> str:
    """Return the document as it is written to a file."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def evidence_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document: the content of `evidence.schema.json`."""
    (root,), definitions = msgspec.json.schema_components([Evidence], ref_template="#/$defs/{name}")
    top = definitions.pop(root["$ref"].rpartition("/")[2])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "Evidence about one SolusIO",
        "$defs": dict(sorted(definitions.items())),
    }
