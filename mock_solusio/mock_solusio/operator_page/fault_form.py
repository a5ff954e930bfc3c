"""The form that injects a fault: its kinds and fields come from the document of the control API."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from mock_solusio.control.operations import document
from mock_solusio.operator_page.control_calls import value_of

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

FieldControl = Literal["number", "text", "area", "choice", "choices", "switch"]

_WHICH: Final = ("method", "path", "operation", "event", "skip", "times")
"""Members that say which requests, and how many; they come last."""

_SUGGESTED: Final = {
    ("status", "status"): "500",
    ("slow", "delay"): "2",
    ("random", "probability"): "0.1",
}
"""What a form shows at first where the document has no default that makes a fault."""

_HINTS: Final = {
    "times": "How many requests to affect; empty for all.",
    "mishaps": "Possible faults, equally likely.",
}
"""Where the document speaks of JSON."""


@dataclass(frozen=True, slots=True)
class FaultField:
    """A field of the form."""

    name: str
    control: FieldControl
    hint: str
    required: bool
    default: str
    """What the field shows at first; choices are separated by spaces."""
    options: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    """Whether a number is an integer."""

    @property
    def label(self) -> str:
        """What stands beside it."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault."""

    name: str
    about: str
    fields: tuple[FaultField, ...]

    def body(self, entered: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return the entered fields as the body of POST /_mock/faults, which checks it."""
        members: dict[str, Any] = {"kind": self.name}
        for field in self.fields:
            texts = entered.get(field.name, [])
            if field.control == "choices":
                members[field.name] = texts
            elif field.control == "switch":
                members[field.name] = bool(texts)
            elif text := texts[-1].strip() if texts else "":
                members[field.name] = value_of(text) if field.control in ("number", "area") else text
            elif field.name == "times":
                members[field.name] = None
        return members

    def defaults(self) -> dict[str, list[str]]:
        """Return what the form shows at first."""
        return {
            field.name: field.default.split() if field.control == "choices" else [field.default]
            for field in self.fields
            if field.default
        }


@functools.cache
def fault_kinds() -> tuple[FaultKind, ...]:
    """Return all kinds of faults, in the order of the document."""
    schemas = document()["components"]["schemas"]
    kinds = []
    for kind, reference in schemas["Fault"]["discriminator"]["mapping"].items():
        schema = schemas[reference.rpartition("/")[2]]
        kinds.append(FaultKind(kind, _plain(schema["description"]), tuple(_fields(kind, schema))))
    return tuple(kinds)


def fault_kind(name: str) -> FaultKind:
    """Return the kind of this name, or the first one."""
    return next((kind for kind in fault_kinds() if kind.name == name), fault_kinds()[0])


def _fields(kind: str, schema: Mapping[str, Any]) -> Iterator[FaultField]:
    parts = [_resolved(part) for part in schema.get("allOf", (schema,))]
    required = {name for part in parts for name in part.get("required", ())}
    members = {name: _resolved(one) for part in parts for name, one in part["properties"].items()}
    del members["kind"]
    order = [name for name in members if name not in _WHICH]
    for name in (*order, *(name for name in _WHICH if name in members)):
        yield _field(kind, name, members[name], required=name in required)


def _field(kind: str, name: str, schema: Mapping[str, Any], *, required: bool) -> FaultField:
    default = _SUGGESTED.get((kind, name), schema.get("default", ""))
    if name == "times":
        default = "" if kind == "random" else "1"
    control = _control(name, schema)
    if control == "switch":
        default = ""
    return FaultField(
        name,
        control,
        _HINTS.get(name, _plain(schema.get("description", ""))),
        required,
        " ".join(default) if isinstance(default, list) else str(default),
        METHODS if name == "method" else tuple(schema.get("items", schema).get("enum", ())),
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum"),
        whole="integer" in schema.get("type", ()),
    )


def _control(name: str, schema: Mapping[str, Any]) -> FieldControl:
    types = schema.get("type", ())
    if "array" in types:
        return "choices"
    if "enum" in schema or name == "method":
        return "choice"
    if "boolean" in types:
        return "switch"
    if "integer" in types or "number" in types:
        return "number"
    return "text" if types else "area"


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, Any] = document()["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _plain(description: str) -> str:
    return " ".join(description.replace("`", "").split())
