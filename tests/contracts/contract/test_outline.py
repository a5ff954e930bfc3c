"""What an outline shows that our own documents lack: circles, shared parts, headers of a response."""

import json
from typing import Any

import pytest

from solusio_contracts.catalogue import citations
from solusio_contracts.contract.documents import Operation
from solusio_contracts.contract.outline import Outline, outline

WHOLE: Any = {
    "components": {
        "schemas": {
            "Folder": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": ["string", "null"], "maxLength": 9, "x-provenance": "{}"},
                    "kind": {"enum": ["a", "b", 3], "x-provenance": "{}"},
                    "inner": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/Folder"},
                        "x-provenance": "{}",
                    },
                },
            }
        },
        "responses": {"Shared": {"description": "shared", "x-provenance": "{}"}},
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}},
    },
    "paths": {
        "/folders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "x-provenance": "{}"}],
            "get": {
                "operationId": "GetFolder",
                "x-provenance": "{}",
                "x-clauses": ["TP-001"],
                "parameters": [{"$ref": "#/components/parameters/Page"}],
                "responses": {
                    "200": {
                        "headers": {"X-Left": {"schema": {"type": "integer"}, "x-provenance": "{}"}},
                        "content": {
                            "application/json": {
                                "schema": {"allOf": [{"$ref": "#/components/schemas/Folder"}]},
                                "example": {"name": None},
                            }
                        },
                        "x-provenance": "{}",
                    },
                    "404": {"$ref": "#/components/responses/Shared"},
                },
            },
        }
    },
}


@pytest.fixture
def shown() -> Outline:
    provenance = {"kind": "assumed", "reason": "made up"}
    whole = json.loads(json.dumps(WHOLE).replace('"{}"', json.dumps(provenance)))
    whole["components"]["parameters"]["Page"]["x-provenance"] = provenance
    path = "/folders/{id}"
    node = whole["paths"][path]["get"]
    operation = Operation("GetFolder", path, "get", "made-up", "/paths/~1folders~1{id}/get", node)
    return outline(operation, lambda _name: whole)


def test_sections(shown):
    assert [(section.title, section.note) for section in shown.sections] == [
        ("Parameters", ""),
        ("Response 200", "application/json"),
        ("Response 404", "any body, or none"),
    ]


def test_parameters_of_the_path_and_of_the_operation(shown):
    rows = [(row.path, row.type, row.limits, row.presence) for row in shown.sections[0].rows]
    assert rows == [
        ("id (path)", "anything", "", "required"),
        ("page (query)", "integer", "≥ 1", "optional"),
    ]


def test_headers_and_members_down_to_where_a_circle_closes(shown):
    rows = [(row.path, row.type, row.limits, row.presence) for row in shown.sections[1].rows]
    assert rows == [
        ("X-Left (header)", "integer", "", "optional"),
        ("name", "string or null", "at most 9 characters", "required"),
        ("kind", '"a", "b" or 3', "", "optional"),
        ("inner", "list of objects", "", "optional"),
    ]


def test_a_shared_response_is_described_where_it_is_used(shown):
    assert shown.sections[2].description == "shared"


def test_a_single_example(shown):
    (example,) = shown.sections[1].examples
    assert json.loads(example.text) == {"name": None}


def test_places_of_a_clause(shown):
    places = citations.places_by_clause([shown])
    assert places == {"TP-001": (citations.Place("made-up", "GetFolder", "GetFolder", "GetFolder"),)}
