"""The document of the billing endpoint: its examples, and what it permits."""

import copy
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from solusio_contracts.contract.documents import (
    document,
    document_text,
    operation,
    request_schema,
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
    def test_the_vendors_response_is_the_text_of_the_page(self, answers):
        assert answers["vendor"] == vendor_example()

    def test_the_vendors_response_is_in_the_document_verbatim(self):
        # Without white space, so that indentation does not matter; the escape \u00a3 does.
        wanted = "".join(VENDOR_EXAMPLE.decode().split())
        assert wanted in "".join(document_text("billing-endpoint").split())

    def test_the_vendors_request_is_the_text_of_the_page(self):
        node = operation("GetTokenPricing").node["requestBody"]
        sent = examples(node, "application/x-www-form-urlencoded")["vendor"]
        assert "&".join(f"{name}={value}" for name, value in sent.items()) == VENDOR_REQUEST

    def test_all_responses_are_valid(self, answers, validator):
        assert len(answers) >= 7
        assert {name: [e.message for e in validator.iter_errors(a)] for name, a in answers.items()} == {
            name: [] for name in answers
        }

    def test_all_requests_are_valid(self, question_validator):
        node = operation("GetTokenPricing").node["requestBody"]
        sent = examples(node, "application/x-www-form-urlencoded")
        assert sent
        assert all(question_validator.is_valid(question) for question in sent.values())

    @pytest.mark.parametrize(("name", "cost"), COSTS.items())
    def test_the_arithmetic_is_right(self, answers, name, cost):
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

    def test_only_the_vendors_arithmetic_goes_unchecked(self, answers):
        assert set(answers) - set(COSTS) == {"vendor"}

    def test_the_examples_of_members_are_valid(self):
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
    def test_each_member_of_the_vendors_response_is_required(self, answers, validator, path, value):
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
    def test_refuses(self, answers, validator, path, value):
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
    def test_admits(self, answers, validator, path, value):
        validator.validate(changed(answers["vendor"], path, value))

    def test_the_misspelling_that_is_right_english_is_refused(self, answers, validator):
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
    def test_refuses(self, question_validator, question):
        assert not question_validator.is_valid(question)

    @pytest.mark.parametrize(
        "question",
        [
            {"action": "GetTokenPricing", "userid": 1},
            {"action": "GetTokenPricing", "userid": 2**31 - 1, "token": ""},
            {"action": "GetTokenPricing", "userid": 1, "locale": "en"},
        ],
    )
    def test_admits(self, question_validator, question):
        question_validator.validate(question)
