"""Is a request as the document says? If not, the error looks like Laravel's (facts, section 1)."""

import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from mock_solusio.domain.errors import Invalid

_NOUNS = {"integer": "an integer", "number": "a number", "string": "a string", "boolean": "true or false"}
_FORMATS = {"email": "email address", "uri": "URL"}
_NOUNS |= {"array": "an array", "object": "an object", "null": "null"}


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema that is complete in itself; formats are checked."""
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)


def check(schema: jsonschema_rs.Draft202012Validator, body: object) -> None:
    """Hold a body to its schema.

    Raises:
        Invalid: it differs; `errors` has a text for each field, named in dots as Laravel does.
    """
    if schema.is_valid(body):
        return
    errors: dict[str, list[str]] = {}
    for error in schema.iter_errors(body):
        name, text = _told(error)
        texts = errors.setdefault(name, [])
        if text not in texts:
            texts.append(text)
    raise Invalid(errors)


def _told(error: jsonschema_rs.ValidationError) -> tuple[str, str]:
    path = list(error.instance_path)
    kind: Any = error.kind
    if kind.name == "required":
        path.append(kind.property)
    name = ".".join(map(str, path)) or "body"
    return name, f"The {called(name)} {_says(error)}"


def called(name: str) -> str:
    """Return what Laravel calls a field in its texts: `billing_user_id` is `billing user id`."""
    return name if "." in name else name.replace("_", " ")


def _says(error: jsonschema_rs.ValidationError) -> str:
    kind: Any = error.kind
    text_or_list = _unit(error.instance)
    match kind.name:
        case "required":
            return "field is required."
        case "type":
            nouns = [_NOUNS[one] for one in kind.types if one != "null"]
            return f"must be {' or '.join(nouns)}."
        case "enum":
            return f"must be one of {', '.join(map(str, kind.options))}."
        case "const":
            return "is invalid."
        case "minimum" | "exclusiveMinimum":
            bound = "at least" if kind.name == "minimum" else "greater than"
            return f"must be {bound} {_number(kind.limit)}."
        case "maximum" | "exclusiveMaximum":
            bound = "not be greater than" if kind.name == "maximum" else "be less than"
            return f"must {bound} {_number(kind.limit)}."
        case "minLength" | "minItems":
            return f"must have at least {kind.limit}{text_or_list}."
        case "maxLength" | "maxItems":
            return f"must not have more than {kind.limit}{text_or_list}."
        case "uniqueItems":
            return "field has a duplicate value."
        case "format":
            return f"must be a valid {_FORMATS.get(kind.format, kind.format)}."
        case "pattern":
            return "format is invalid."
        case _:
            return "is invalid."


def _unit(value: object) -> str:
    return " characters" if isinstance(value, str) else " items"


def _number(limit: Any) -> str:
    return f"{limit:g}" if isinstance(limit, float) and limit < 1e15 else str(limit)


_INTEGER = re.compile(r"-?[0-9]{1,18}")


def parameter(schema: Mapping[str, Any], text: str) -> Any:
    """Return the value that stands in a parameter of this type.

    Raises:
        ValueError: it is not of this type, or out of bounds.
    """
    kind = schema.get("type")
    value: Any = text
    if kind == "integer":
        if not _INTEGER.fullmatch(text):
            raise ValueError("must be an integer.")
        value = int(text)
        if value < schema.get("minimum", value):
            raise ValueError(f"must be at least {schema['minimum']}.")
        if value > schema.get("maximum", value):
            raise ValueError(f"must not be greater than {schema['maximum']}.")
    elif kind == "boolean":
        if text.lower() not in {"0", "1", "true", "false"}:
            raise ValueError("must be true or false.")
        value = text.lower() in {"1", "true"}
    elif len(text) > schema.get("maxLength", len(text)):
        raise ValueError(f"must not have more than {schema['maxLength']} characters.")
    if value not in schema.get("enum", (value,)):
        raise ValueError(f"must be one of {', '.join(map(str, schema['enum']))}.")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        raise ValueError("format is invalid.")
    return value
