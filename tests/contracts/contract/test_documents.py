"""The OpenAPI documents: what they accept, how they are found, and that their examples are correct."""

import copy
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
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
from support.pricing import VENDOR_EXAMPLE, vendor_example

# Step 6 of the vendor's page.
VENDOR_REQUEST = "token=xxxxxxx&action=GetTokenPricing&userid=1"

# Worked out by hand, as the descriptions of the examples do.
COSTS = {
    "compound": "1.3763676",  # 1.34 x 0.95 = 1.273; x 1.06 = 1.34938; x 1.02
    "not_compound": "0.0019660725",  # 0.002 x 0.9 x 0.95 = 0.00171; x 1.14975
    "eur": "0.00091",  # no discount, no tax
    "jpy": "0.165",  # 0.15 x 1.1
    "kwd": "0.000285",  # 0.0003 x 0.95
    "php_empty_taxes": "0.001",
}


def examples(holder: Any, media_type: str) -> dict[str, Any]:
    return {name: example["value"] for name, example in holder["content"][media_type]["examples"].items()}


@pytest.fixture
def answers() -> dict[str, Any]:
    """The examples of the response; each test may change them."""
    node = operation("GetTokenPricing").node["responses"]["200"]
    return copy.deepcopy(examples(node, "application/json"))


@pytest.fixture
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(response_schema("GetTokenPricing", 200))


@pytest.fixture
def question_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(request_schema("GetTokenPricing"))


class TestExamples:
    def test_the_vendors_response_is_the_text_of_the_page(self, answers: dict[str, Any]) -> None:
        assert answers["vendor"] == vendor_example()

    def test_the_vendors_response_is_in_the_document_verbatim(self) -> None:
        # Without white space, so that indentation does not matter; the escape \u00a3 does.
        wanted = "".join(VENDOR_EXAMPLE.decode().split())
        assert wanted in "".join(document_text("billing-endpoint").split())

    def test_the_vendors_request_is_the_text_of_the_page(self) -> None:
        node = operation("GetTokenPricing").node["requestBody"]
        sent = examples(node, "application/x-www-form-urlencoded")["vendor"]
        assert "&".join(f"{name}={value}" for name, value in sent.items()) == VENDOR_REQUEST

    def test_all_responses_are_valid(
        self, answers: dict[str, Any], validator: jsonschema_rs.Draft202012Validator
    ) -> None:
        assert len(answers) >= 7
        assert {name: [e.message for e in validator.iter_errors(a)] for name, a in answers.items()} == {
            name: [] for name in answers
        }

    def test_all_requests_are_valid(self, question_validator: jsonschema_rs.Draft202012Validator) -> None:
        node = operation("GetTokenPricing").node["requestBody"]
        sent = examples(node, "application/x-www-form-urlencoded")
        assert sent
        assert all(question_validator.is_valid(question) for question in sent.values())

    @pytest.mark.parametrize(("name", "cost"), COSTS.items())
    def test_the_arithmetic_is_right(self, answers: dict[str, Any], name: str, cost: str) -> None:
        answer = answers[name]
        assert Decimal(str(answer["user_token_unit_cost"])) == Decimal(cost)
        computed = Decimal(str(answer["base_token_unit_cost"]))
        for discount in answer["discounts"]:
            computed *= Decimal(str(discount["multipler"]))
        taxes = answer["taxes"] or {"compound": False, "rates": []}
        rates = [Decimal(str(rate["rate"])) / 100 for rate in taxes["rates"]]
        if taxes["compound"]:
            for rate in rates:
                computed *= 1 + rate
        else:
            computed *= 1 + sum(rates, Decimal(0))
        assert computed == Decimal(cost)

    def test_only_the_vendors_arithmetic_goes_unchecked(self, answers: dict[str, Any]) -> None:
        assert set(answers) - set(COSTS) == {"vendor"}

    def test_the_examples_of_members_are_valid(self) -> None:
        schemas = document("billing-endpoint")["components"]["schemas"]
        seen = 0
        for schema in schemas.values():
            for member in schema["properties"].values():
                for example in member.get("examples", ()):
                    seen += 1
                    assert jsonschema_rs.Draft202012Validator(member).is_valid(example), (member, example)
        assert seen > 5


REMOVED = object()


def changed(answer: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Put a value at a dotted path of an answer (or remove what is there)."""
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = answer
    for part in way:
        place = place[part]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return answer


MEMBERS = [
    "base_token_unit_cost",
    "user_token_unit_cost",
    "currency",
    "currency.code",
    "currency.display_prefix",
    "currency.display_suffix",
    "currency.thousands_separator",
    "currency.decimals_separator",
    "discounts",
    "discounts.0.name",
    "discounts.0.description",
    "discounts.0.multipler",
    "taxes",
    "taxes.compound",
    "taxes.rates",
    "taxes.rates.0.label",
    "taxes.rates.0.rate",
]


class TestAnswerSchema:
    @pytest.mark.parametrize("path", MEMBERS)
    @pytest.mark.parametrize("value", [REMOVED, None], ids=["missing", "null"])
    def test_each_member_of_the_vendors_response_is_required(
        self,
        answers: dict[str, Any],
        validator: jsonschema_rs.Draft202012Validator,
        path: str,
        value: object,
    ) -> None:
        assert not validator.is_valid(changed(answers["vendor"], path, value))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("base_token_unit_cost", "1.34"),
            ("base_token_unit_cost", 0),
            ("base_token_unit_cost", -1.34),
            ("base_token_unit_cost", True),
            ("user_token_unit_cost", "1.0812"),
            ("user_token_unit_cost", -0.01),
            ("currency", []),
            ("currency", "GBP"),
            ("currency.code", "gbp"),
            ("currency.code", "£"),
            ("currency.code", "GBP\n"),
            ("currency.code", "POUND"),
            ("currency.display_prefix", 163),
            ("currency.decimals", -1),
            ("currency.decimals", 9),
            ("currency.decimals", 2.5),
            ("currency.decimals", "2"),
            ("discounts", {}),
            ("discounts", {"0": {"name": "a", "description": "b", "multipler": 1}}),
            ("discounts.0", "5%"),
            ("discounts.0.multipler", "0.95"),
            ("discounts.0.multipler", -0.05),
            ("taxes", "none"),
            ("taxes", [{"label": "City Tax", "rate": 6}]),
            ("taxes", {"compound": True}),
            ("taxes", {"City Tax": 6}),
            ("taxes.compound", "true"),
            ("taxes.compound", 1),
            ("taxes.rates", {"City Tax": 6}),
            ("taxes.rates.0.label", 2024),
            ("taxes.rates.0.rate", "6"),
            ("taxes.rates.0.rate", -6),
        ],
    )
    def test_refuses(
        self,
        answers: dict[str, Any],
        validator: jsonschema_rs.Draft202012Validator,
        path: str,
        value: object,
    ) -> None:
        assert not validator.is_valid(changed(answers["vendor"], path, value))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("base_token_unit_cost", 1),
            ("user_token_unit_cost", 0),
            ("generated_by", "unknown members are tolerated"),
            ("currency.name", "pound"),
            ("currency.decimals", 0),
            ("currency.decimals", 8),
            ("currency.display_prefix", ""),
            ("currency.thousands_separator", ""),
            ("discounts", []),
            ("discounts.0.id", 7),
            ("discounts.0.multipler", 0),
            ("discounts.0.multipler", 1.2),
            ("taxes", []),
            ("taxes", {}),
            ("taxes", {"compound": False, "rates": []}),
            ("taxes.inclusive", False),
            ("taxes.rates.0.rate", 0),
            ("taxes.rates.0.country", "GB"),
        ],
    )
    def test_admits(
        self,
        answers: dict[str, Any],
        validator: jsonschema_rs.Draft202012Validator,
        path: str,
        value: object,
    ) -> None:
        validator.validate(changed(answers["vendor"], path, value))

    def test_the_misspelling_that_is_right_english_is_refused(
        self, answers: dict[str, Any], validator: jsonschema_rs.Draft202012Validator
    ) -> None:
        discount = answers["vendor"]["discounts"][0]
        discount["multiplier"] = discount.pop("multipler")
        assert not validator.is_valid(answers["vendor"])


class TestQuestionSchema:
    @pytest.mark.parametrize(
        "question",
        [
            {"userid": 1},
            {"action": "GetTokenPricing"},
            {"action": "gettokenpricing", "userid": 1},
            {"action": "GetUsers", "userid": 1},
            {"action": "GetTokenPricing", "userid": 0},
            {"action": "GetTokenPricing", "userid": "abc"},
            {"action": "GetTokenPricing", "userid": 1.5},
            {"action": "GetTokenPricing", "userid": 2**31},
            {"action": "GetTokenPricing", "userid": 1, "token": ["a"]},
        ],
    )
    def test_refuses(
        self, question_validator: jsonschema_rs.Draft202012Validator, question: dict[str, Any]
    ) -> None:
        assert not question_validator.is_valid(question)

    @pytest.mark.parametrize(
        "question",
        [
            {"action": "GetTokenPricing", "userid": 1},
            {"action": "GetTokenPricing", "userid": 2**31 - 1, "token": ""},
            {"action": "GetTokenPricing", "userid": 1, "locale": "en"},
        ],
    )
    def test_admits(
        self, question_validator: jsonschema_rs.Draft202012Validator, question: dict[str, Any]
    ) -> None:
        question_validator.validate(question)


class TestFinding:
    def test_the_operation(self) -> None:
        found = operation("GetTokenPricing")
        assert (found.path, found.method, found.document) == ("/", "post", "billing-endpoint")
        assert found.node is document("billing-endpoint")["paths"]["/"]["post"]
        assert found.pointer == "/paths/~1/post"

    def test_an_unknown_operation_is_named_with_those_there_are(self) -> None:
        with pytest.raises(DocumentError, match=r"'GetPrices'.*GetTokenPricing"):
            operation("GetPrices")

    def test_an_unknown_document_is_named_with_those_there_are(self) -> None:
        with pytest.raises(DocumentError, match=r"'billing'.*billing-endpoint"):
            document("billing")

    @pytest.mark.parametrize("name", ["../clauses", "", "billing-endpoint.yaml"])
    def test_a_name_is_not_a_path(self, name: str) -> None:
        with pytest.raises(DocumentError):
            document_text(name)

    def test_all_documents_of_the_folder_are_known(self) -> None:
        folder = resources.files("solusio_contracts").joinpath("openapi")
        assert {f"{name}.yaml" for name in document_names()} == {
            file.name for file in folder.iterdir() if file.is_file()
        }

    def test_operation_ids_are_unique_over_all_documents(self) -> None:
        ids = Counter(found.id for found in operations())
        assert ids["GetTokenPricing"] == 1
        assert set(ids.values()) == {1}

    def test_a_document_is_loaded_once(self) -> None:
        assert document("billing-endpoint") is document("billing-endpoint")

    def test_nothing_is_loaded_at_import(self) -> None:
        program = (
            "from solusio_contracts.contract import documents as d; print(d.document.cache_info().currsize)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "0\n"


class TestSchemas:
    @pytest.mark.parametrize("status", [400, 401, 404, 405, 411, 413, 415, 422, 429])
    def test_a_refusal_may_have_any_body(self, status: int) -> None:
        refusal = jsonschema_rs.Draft202012Validator(response_schema("GetTokenPricing", status))
        assert all(refusal.is_valid(body) for body in (None, "", [], {"error": "no"}))

    @pytest.mark.parametrize("status", [201, 204, 302, 500, 503])
    def test_other_statuses_are_not_described(self, status: int) -> None:
        with pytest.raises(DocumentError, match=f"GetTokenPricing.*{status}"):
            response_schema("GetTokenPricing", status)

    def test_other_media_types_are_not_described(self) -> None:
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
    def test_the_closest_description_of_a_status_counts(
        self, monkeypatch: pytest.MonkeyPatch, responses: dict[str, str], schema: str
    ) -> None:
        described = {
            status: {"content": {"application/json": {"schema": {"title": title}}}}
            for status, title in responses.items()
        }
        whole = {"paths": {"/": {"get": {"operationId": "Get", "responses": described}}}}
        monkeypatch.setattr(documents, "document", lambda _name: whole)
        monkeypatch.setattr(documents, "operation", lambda _id: next(operations("made-up")))
        assert response_schema("Get", 201)["title"] == schema


WHOLE = {
    "components": {
        "a/b~c": {"type": "string", "description": "far"},
        "first": {"$ref": "#/components/second"},
        "second": {"$ref": "#/components/first"},
        "far": {"$ref": "#/components/a~1b~0c"},
    }
}


class TestReferences:
    def test_are_followed_to_the_end(self) -> None:
        found = resolve(WHOLE, {"$ref": "#/components/far"})
        assert found == {"type": "string", "description": "far"}

    def test_keys_beside_a_reference_take_precedence(self) -> None:
        found = resolve(WHOLE, {"$ref": "#/components/far", "description": "near"})
        assert found == {"type": "string", "description": "near"}

    def test_a_node_without_one_stays(self) -> None:
        assert resolve(WHOLE, {"type": "object"}) == {"type": "object"}

    @pytest.mark.parametrize(
        ("reference", "message"),
        [
            ("#/components/first", "circular"),
            ("#/components/third", "no target"),
            ("other.yaml#/components/first", "leaves the document"),
        ],
    )
    def test_that_lead_nowhere_are_errors(self, reference: str, message: str) -> None:
        with pytest.raises(DocumentError, match=message):
            resolve(WHOLE, {"$ref": reference})


@pytest.mark.parametrize("name", document_names())
class TestYaml:
    """What a lenient YAML parser accepts, and other tools do not."""

    def test_keys_are_unique_strings(self, name: str) -> None:
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

    def test_it_is_json(self, name: str) -> None:
        """No dates, no infinities: the document means the same as JSON."""
        assert json.loads(json.dumps(document(name), allow_nan=False)) == document(name)

    def test_it_is_openapi_3_1_with_complete_references(self, name: str) -> None:
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
