"""Checks requests and responses against the OpenAPI document, and returns requests as typed values.

A request that differs is answered with an error in Laravel's words (facts, section 1).
"""

import functools
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from mock_solusio.api.routes import DOCUMENT
from mock_solusio.decoding import refusing
from mock_solusio.domain.errors import BadRequest, Invalid
from mock_solusio.server.messages import Response
from solusio_contracts.contract import documents
from solusio_contracts.contract.overlay import NO_OVERLAY, Overlay
from solusio_contracts.contract.signatures import Signature, body_schemas
from solusio_contracts.decoding import parse_json

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator as Validator
    from jsonschema_rs import ValidationError

JSON = documents.JSON

_EMPTY = frozenset({b"", b"{}", b"[]", b"null"})

BODY_LIMIT = 1_048_576
"""Largest request body in bytes (assumed; clients send far less)."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_FRACTION = re.compile(rb"[0-9][.eE]")
"""What a JSON text with a fraction or an exponent contains; others may contain it, too."""
_JSON_TYPE = re.compile("[/+]json", re.IGNORECASE)
_BOOLEANS = {"0": False, "1": True, "false": False, "true": True}

_NOUNS = {
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_FORMATS = {"email": "email address", "uri": "URL"}
_PROBLEMS = {
    "required": "field is required.",
    "type": "must be {types}.",
    "enum": "must be one of {options}.",
    "minimum": "must be at least {limit}.",
    "exclusiveMinimum": "must be greater than {limit}.",
    "maximum": "must not be greater than {limit}.",
    "exclusiveMaximum": "must be less than {limit}.",
    "minLength": "must have at least {limit} {unit}.",
    "minItems": "must have at least {limit} {unit}.",
    "maxLength": "must not have more than {limit} {unit}.",
    "maxItems": "must not have more than {limit} {unit}.",
    "uniqueItems": "field has a duplicate value.",
    "format": "must be a valid {format}.",
    "pattern": "format is invalid.",
}
"""What Laravel says about the keyword of a schema that a value fails."""


def read_query(route: Signature, query: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the parameters of the document as typed values, and every parameter as it was sent.

    The typed values include the document's defaults. Empty parameters count as absent.

    Raises:
        Invalid: a parameter has another type, is out of bounds, or is missing.
    """
    if not query and not route.query:
        return {}, {}
    encoded = query.decode("latin-1")
    if "%" in encoded or "+" in encoded:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="replace")
    else:
        # The same result, faster: nothing needs decoding.
        parts = [part.partition("=") for part in encoded.split("&")]
        pairs = [(name, value) for name, _, value in parts]
    sent = {name: value for name, value in pairs if value}
    typed: dict[str, Any] = {}
    for name, schema in route.query.items():
        text = sent.get(name)
        if text is not None:
            typed[name] = _from_text(text, schema.get("type"))
        elif "default" in schema:
            typed[name] = schema["default"]
    if sent or route.required:
        _check(_query_schema(route), typed)
    return typed, sent


def _from_text(text: str, kind: object) -> Any:
    # Text that does not have the type of its schema stays text, and the schema refuses it.
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) else text
    return _BOOLEANS.get(text.lower(), text) if kind == "boolean" else text


class UnreadBody(Invalid):
    """The fields of a body are not read, because its Content-Type is not that of JSON."""


def read_body(operation_id: str, raw: bytes, content_type: str | None) -> dict[str, Any]:
    """Return the JSON object of a body. No body, `null` and `[]` count as an empty object.

    PHP clients write an empty object as `[]` (facts, 0.10).

    Raises:
        BadRequest: the body is too large, not JSON, or not an object.
        UnreadBody: it is not empty, and its Content-Type is not that of JSON.
        Invalid: it differs from the document.
    """
    if len(raw) > BODY_LIMIT:
        raise BadRequest(f"The body has more than {BODY_LIMIT} bytes.")
    if raw.strip() not in _EMPTY and not is_json(content_type):
        raise _unread(operation_id, content_type)
    with refusing():
        value = parse_json(raw, "The body") if raw.strip() else {}
    if value is None or value == []:
        value = {}
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.")
    body: dict[str, Any] = value
    if _FRACTION.search(raw):
        body = _with_integers(body)
    check_body(operation_id, body)
    return body


def is_json(content_type: str | None) -> bool:
    """Tell whether Laravel would take a body of this type for JSON."""
    return content_type is not None and _JSON_TYPE.search(content_type) is not None


def _unread(operation_id: str, content_type: str | None) -> UnreadBody:
    sent = (
        "The request has no Content-Type" if content_type is None else f"The Content-Type is {content_type}"
    )
    text = f"{sent}, so the fields of the body are not read. Send JSON with Content-Type: {JSON}."
    try:
        check_body(operation_id, {})
    except Invalid as error:
        return UnreadBody({**(error.errors or {}), "body": [text]}, text)
    return UnreadBody({"body": [text]}, text)


def _with_integers(value: Any) -> Any:
    # JSON and its schemas take 7.0 for an integer; the domain needs an int.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _with_integers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_integers(one) for one in value]
    return value


def check_body(operation_id: str, body: object) -> None:
    """Check a decoded request body against the document.

    Raises:
        Invalid: it differs; `errors` has a text for each field, named with dots as Laravel does.
    """
    _check(_request_schema(operation_id), body)


def _check(schema: "Validator", value: object) -> None:
    if schema.is_valid(value):
        return
    errors: dict[str, list[str]] = {}
    for error in schema.iter_errors(value):
        path = list(error.instance_path)
        kind: Any = error.kind
        if kind.name == "required":
            path.append(kind.property)
        name = ".".join(map(str, path)) or "body"
        text = f"The {_label(name)} {_problem(error)}"
        texts = errors.setdefault(name, [])
        if text not in texts:
            texts.append(text)
    raise Invalid(errors)


def response_problem(operation_id: str, response: Response, overlay: Overlay = NO_OVERLAY) -> str | None:
    """Describe the first difference between a response and the document; None if there is none."""
    try:
        schema = _response_schema(operation_id, response.status, overlay)
    except documents.DocumentError as error:
        return f"The response is not documented: {error}"
    if not response.body:
        return None
    difference = next(schema.iter_errors(_FRACTIONS.decode(response.body)), None)
    if difference is None:
        return None
    place = "/".join(map(str, difference.instance_path))
    return f"The response of {operation_id} differs from the document at /{place}: {difference.message}"


def _fraction(text: str) -> float:
    # JSON Schema takes 1.0 for an integer, but clients that decode into one do not. The nearest fraction
    # towards zero is within the same bounds, and not an integer.
    value = float(text)
    return math.nextafter(value, 0.5) if value.is_integer() else value


_FRACTIONS = msgspec.json.Decoder(float_hook=_fraction)


@functools.cache
def _query_schema(route: Signature) -> "Validator":
    return _compile({"properties": route.query, "required": route.required})


@functools.cache
def _request_schema(operation_id: str) -> "Validator":
    return _compiled(bytes(body_schemas(DOCUMENT)[operation_id]))


@functools.cache
def _response_schema(operation_id: str, status: int, overlay: Overlay) -> "Validator":
    return _compile(documents.response_schema(operation_id, status, load=overlay.document))


def _compile(schema: Mapping[str, Any]) -> "Validator":
    # Most operations share their error responses, and many their resource: one validator serves them all.
    return _compiled(msgspec.json.encode(schema, order="sorted"))


@functools.cache
def _compiled(schema: bytes) -> "Validator":
    # Five megabytes of memory, which a mock that only answers reads does not need.
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(msgspec.json.decode(schema), validate_formats=True)


def _label(name: str) -> str:
    # Laravel's messages name the field `billing_user_id` as `billing user id`.
    return name if "." in name else name.replace("_", " ")


def _problem(error: "ValidationError") -> str:
    kind: Any = error.kind
    return _PROBLEMS.get(kind.name, "is invalid.").format(
        limit=_number(getattr(kind, "limit", None)),
        unit="characters" if isinstance(error.instance, str) else "items",
        types=" or ".join(_NOUNS[one] for one in getattr(kind, "types", ()) if one != "null"),
        # Neither null nor "" is worth a suggestion: both mean that nothing is chosen.
        options=", ".join(str(one) for one in getattr(kind, "options", ()) if one not in (None, "")),
        format=_FORMATS.get(getattr(kind, "format", ""), getattr(kind, "format", "")),
    )


def _number(limit: Any) -> str:
    return f"{limit:g}" if isinstance(limit, float) and limit < 1e15 else str(limit)
