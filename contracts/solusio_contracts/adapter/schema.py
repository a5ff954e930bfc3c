"""JSON Schemas of the documents that a billing system and the check exchange, derived from their models."""

from typing import Any

import msgspec


def document_schema(kind: type[msgspec.Struct], title: str, number: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a document; `number` stands for each decimal in it."""
    (root,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    top = definitions.pop(root["$ref"].rpartition("/")[2])
    schema: dict[str, Any] = _with_numbers(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            **{key: value for key, value in top.items() if key != "title"},
            "$defs": dict(sorted(definitions.items())),
        },
        number,
    )
    return schema


def _with_numbers(value: Any, number: dict[str, Any]) -> Any:
    """Replace msgspec's form of a number, a decimal string, by ours."""
    if isinstance(value, dict):
        if value.get("format") == "decimal":
            rest = {key: member for key, member in value.items() if key not in ("type", "format")}
            return {**rest, **number}
        return {key: _with_numbers(member, number) for key, member in value.items()}
    return [_with_numbers(member, number) for member in value] if isinstance(value, list) else value
