"""All that the vendor's document says of an operation which nobody knows: the usage that is billed."""

from solusio_contracts.contract.documents import Node
from solusio_contracts.diff.findings import Part, Wanted
from solusio_contracts.diff.operations import Described, Source

MOST = 400
"""Parameters and members of one operation that are listed."""

_DEEPEST = 6


def wanted(source: Source, operation: Described) -> Wanted:
    """Return the parameters, and the members of request and success, of an operation that ours lacks."""
    parts = [
        _part(source, one.where, one.name, one.schema, one.required, one.node)
        for one in (*operation.path_parameters, *operation.parameters.values())
    ]
    if operation.request:
        parts += _parts(source, "request", "", operation.request.schema, frozenset())
    for status, response in operation.responses.items():
        if response.body and (status.startswith("2") or status == "default"):
            parts += _parts(source, f"response {status}", "", response.body.schema, frozenset())
    return Wanted(str(operation), operation.summary, tuple(parts[:MOST]))


def is_billing(operation: Described) -> bool:
    """Whether an operation is about the usage that is billed, which no public client shows."""
    parts = [part for part in operation.key[1].split("/") if part]
    return parts[:1] == ["usage"] or any("billing" in part for part in parts)


def _parts(source: Source, where: str, prefix: str, schema: Node, above: frozenset[int]) -> list[Part]:
    """Return the members below a schema; one that contains itself is not followed again."""
    parts: list[Part] = []
    schemas = source.schemas
    own = id(schemas.canonical(schema))
    if own in above or len(above) >= _DEEPEST:
        return parts
    shape = schemas.shape(schema)
    above |= {own}
    if shape.items is not None:
        parts += _parts(source, where, f"{prefix}[]", shape.items, above)
    for name, member in shape.members.items():
        if len(parts) >= MOST:
            break
        place = f"{prefix}.{name}".removeprefix(".")
        parts.append(_part(source, where, place, member.node, member.required, member.node))
        parts += _parts(source, where, place, member.node, above)
    return parts


def _part(source: Source, where: str, name: str, schema: Node, required: bool, node: Node) -> Part:
    said = node.get("description") or source.schemas.resolved(schema).get("description") or ""
    return Part(where, name, source.schemas.describe(schema), required, " ".join(str(said).split()))
