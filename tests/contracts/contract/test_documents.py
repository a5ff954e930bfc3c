"""The OpenAPI documents: how they are found, and that they are well formed."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest
import yaml

from solusio_contracts.contract import documents
from solusio_contracts.contract.documents import (
    DocumentError,
    document,
    document_names,
    document_text,
    operation,
    operations,
    request_schema,
    resolve,
    response_schema,
)


class TestFinding:
    def test_the_operation(self):
        found = operation("GetTokenPricing")
        assert (found.path, found.method, found.document) == ("/", "post", "billing-endpoint")
        assert found.node is document("billing-endpoint")["paths"]["/"]["post"]
        assert found.pointer == "/paths/~1/post"

    def test_an_unknown_operation_is_named_with_those_there_are(self):
        with pytest.raises(DocumentError, match=r"'GetPrices'.*GetTokenPricing"):
            operation("GetPrices")

    def test_an_unknown_document_is_named_with_those_there_are(self):
        with pytest.raises(DocumentError, match=r"'billing'.*billing-endpoint"):
            document("billing")

    @pytest.mark.parametrize("name", ["../clauses", "", "billing-endpoint.yaml"])
    def test_a_name_is_not_a_path(self, name):
        with pytest.raises(DocumentError):
            document_text(name)

    def test_all_documents_of_the_folder_are_known(self):
        folder = resources.files("solusio_contracts").joinpath("openapi")
        assert {f"{name}.yaml" for name in document_names()} == {
            file.name for file in folder.iterdir() if file.is_file()
        }

    def test_operation_ids_are_unique_over_all_documents(self):
        ids = Counter(found.id for found in operations())
        assert ids["GetTokenPricing"] == 1
        assert set(ids.values()) == {1}

    def test_a_document_is_loaded_once(self):
        assert document("billing-endpoint") is document("billing-endpoint")

    def test_nothing_is_loaded_at_import(self):
        program = (
            "from solusio_contracts.contract import documents as d; print(d.document.cache_info().currsize)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "0\n"


class TestSchemas:
    @pytest.mark.parametrize("status", [400, 401, 404, 405, 411, 413, 415, 422, 429])
    def test_a_refusal_may_have_any_body(self, status):
        refusal = jsonschema_rs.Draft202012Validator(response_schema("GetTokenPricing", status))
        assert all(refusal.is_valid(body) for body in (None, "", [], {"error": "no"}))

    @pytest.mark.parametrize("status", [201, 204, 302, 500, 503])
    def test_other_statuses_are_not_described(self, status):
        with pytest.raises(DocumentError, match=f"GetTokenPricing.*{status}"):
            response_schema("GetTokenPricing", status)

    def test_other_media_types_are_not_described(self):
        with pytest.raises(DocumentError, match="text/html"):
            response_schema("GetTokenPricing", 200, "text/html")
        with pytest.raises(DocumentError, match="application/json"):
            request_schema("GetTokenPricing", "application/json")

    @pytest.mark.parametrize(
        ("responses", "schema"),
        [
            ({"201": "exact", "2XX": "range", "default": "rest"}, "exact"),
            ({"2XX": "range", "default": "rest"}, "range"),
            ({"4XX": "range", "default": "rest"}, "rest"),
        ],
    )
    def test_the_closest_description_of_a_status_counts(self, monkeypatch, responses, schema):
        described = {
            status: {"content": {"application/json": {"schema": {"title": title}}}}
            for status, title in responses.items()
        }
        whole = {"paths": {"/": {"get": {"operationId": "Get", "responses": described}}}}

        def load(_name):
            return whole

        monkeypatch.setattr(documents, "operation", lambda _id: next(operations("made-up", load=load)))
        assert response_schema("Get", 201, load=load)["title"] == schema

    def test_a_schema_brings_the_components_it_needs_and_no_other(self, monkeypatch):
        folder = {"properties": {"up": {"$ref": "#/components/schemas/Folder"}, "$ref": {"type": "string"}}}
        schemas = {
            "Folder": folder,
            "Tree": {"anyOf": [{"$ref": "#/components/schemas/Folder/properties/up"}, {"enum": ["$ref"]}]},
            "Unused": {"$ref": "#/components/schemas/Folder"},
        }
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}
        get = {"operationId": "Get", "responses": {"200": {"content": content}}}
        whole = {"paths": {"/": {"get": get}}, "components": {"schemas": schemas}}

        def load(_name):
            return whole

        monkeypatch.setattr(documents, "operation", lambda _id: next(operations("made-up", load=load)))
        needed = {"schemas": {"Folder": folder, "Tree": schemas["Tree"]}}
        assert response_schema("Get", 200, load=load)["components"] == needed
        tree = jsonschema_rs.Draft202012Validator(response_schema("Get", 200, load=load))
        assert tree.is_valid({"up": {}})


WHOLE = {
    "components": {
        "a/b~c": {"type": "string", "description": "far"},
        "first": {"$ref": "#/components/second"},
        "second": {"$ref": "#/components/first"},
        "far": {"$ref": "#/components/a~1b~0c"},
    }
}


class TestReferences:
    def test_are_followed_to_the_end(self):
        found = resolve(WHOLE, {"$ref": "#/components/far"})
        assert found == {"type": "string", "description": "far"}

    def test_keys_beside_a_reference_take_precedence(self):
        found = resolve(WHOLE, {"$ref": "#/components/far", "description": "near"})
        assert found == {"type": "string", "description": "near"}

    def test_a_node_without_one_stays(self):
        assert resolve(WHOLE, {"type": "object"}) == {"type": "object"}

    @pytest.mark.parametrize(
        ("reference", "message"),
        [
            ("#/components/first", "circular"),
            ("#/components/third", "no target"),
            ("other.yaml#/components/first", "leaves the document"),
        ],
    )
    def test_that_lead_nowhere_are_errors(self, reference, message):
        with pytest.raises(DocumentError, match=message):
            resolve(WHOLE, {"$ref": reference})


@pytest.mark.parametrize("name", document_names())
class TestYaml:
    """What a lenient YAML parser accepts, and other tools do not."""

    def test_keys_are_unique_strings(self, name):
        keys = list(self.keys("", yaml.compose(document_text(name), Loader=yaml.SafeLoader)))
        assert {tag for _, tag in keys} == {"tag:yaml.org,2002:str"}
        assert [key for key, count in Counter(key for key, _ in keys).items() if count > 1] == []

    def keys(self, path: str, node: yaml.Node | None) -> Iterator[tuple[str, str]]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield f"{path}/{key.value}", key.tag
                yield from self.keys(f"{path}/{key.value}", value)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                yield from self.keys(f"{path}/{index}", value)

    def test_it_is_json(self, name):
        """No dates, no infinities: the document means the same as JSON."""
        assert json.loads(json.dumps(document(name), allow_nan=False)) == document(name)

    def test_it_is_openapi_3_1_with_complete_references(self, name):
        assert document(name)["openapi"].startswith("3.1.")
        references = [node["$ref"] for node in self.mappings(document(name)) if "$ref" in node]
        assert references
        for reference in references:
            resolve(document(name), {"$ref": reference})

    def mappings(self, node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            yield node
            for value in node.values():
                yield from self.mappings(value)
        elif isinstance(node, list):
            for value in node:
                yield from self.mappings(value)
