"""Two documents compared: what is contradicted, missing and confirmed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from solusio_contracts.contract.documents import document as contract_document
from solusio_contracts.diff.compare import compare
from solusio_contracts.diff.findings import BUNDLE, Aspect, DiffVerdict, ElementFinding

Places = Callable[..., set[tuple[str, str, str]]]
Find = Callable[..., ElementFinding]
OneBody = Callable[..., dict[str, Any]]
Document = dict[str, Any]


def object_of(required: list[str] | None = None, **members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, **({"required": required} if required else {})}


class TestMadeUpDocuments:
    """ours.yaml and vendor.json, compared by hand."""

    def test_contradicted(self, comparison, places):
        assert places(comparison, "contradicted") == {
            ("GET /users", "query", "per_page"),
            ("GET /users", "response 200", "data[].billing_user_id"),
            ("POST /users", "request", "status"),
            ("POST /users", "response 201", ""),
            ("GET /users/{user_id}", "response 200", ""),
        }

    def test_missing_in_ours(self, comparison, places):
        assert places(comparison, "missing", "ours") == {
            ("GET /users", "query", "filter[status]"),
            ("GET /users", "response 200", "data[].billing_tokn"),
            ("POST /users", "request", "password"),
            ("GET /usage", "", ""),
            ("GET /storages", "", ""),
        }

    def test_missing_in_theirs(self, comparison, places):
        assert places(comparison, "missing", "vendor") == {
            ("GET /users", "query", "sort"),
            ("GET /users", "response 200", "data[].billing_token"),
            ("GET /users", "response 200", "data[].color"),
            ("GET /license", "", ""),
        }

    def test_confirmed(self, comparison, places):
        assert places(comparison, "confirmed") == {
            ("GET /users", "", ""),
            ("GET /users", "query", "page"),
            ("GET /users", "query", "filter[search]"),
            ("GET /users", "response 200", ""),
            ("GET /users", "response 200", "data"),
            ("GET /users", "response 200", "data[].id"),
            ("GET /users", "response 200", "data[].email"),
            ("GET /users", "response 200", "data[].created_at"),
            ("GET /users", "response 200", "data[].credit"),
            ("GET /users", "response 200", "data[].manager"),
            ("GET /users", "response 401", ""),
            ("POST /users", "", ""),
            ("POST /users", "request", ""),
            ("POST /users", "request", "email"),
            ("POST /users", "request", "roles"),
            ("POST /users", "request", "billing_user_id"),
            ("POST /users", "response 201", "data"),
            ("GET /users/{user_id}", "", ""),
            ("GET /users/{user_id}", "path", "user_id"),
            ("POST /users/{user_id}/tokens", "", ""),
            ("POST /users/{user_id}/tokens", "path", "user_id"),
            ("POST /users/{user_id}/tokens", "response 201", ""),
        }

    def test_what_was_assumed(self, comparison):
        def names(verdict: DiffVerdict) -> list[str]:
            return [one.name or one.where for one in comparison.having(verdict, assumed=True)]

        assert names(DiffVerdict.CONTRADICTED) == ["per_page", "status"]
        assert set(names(DiffVerdict.CONFIRMED)) == {
            "response 401",
            "data[].created_at",
            "data[].credit",
            "data[].manager",
            "response 201",
        }

    def test_an_element_that_operations_share_is_found_once(self, comparison, finding):
        one = finding(comparison, "GET /users", "response 200", "data[].billing_user_id")
        assert one.also_in == ("POST /users", "GET /users/{user_id}")
        assert one.result.pointer == "/components/schemas/User/properties/billing_user_id"

    def test_the_billing_usage_comes_whole(self, comparison):
        (wanted,) = comparison.wanted
        assert (wanted.operation, wanted.summary) == ("GET /usage", "Returns usage to be billed")
        assert [(part.where, part.name, part.type, part.required) for part in wanted.parts] == [
            ("query", "from", "string (date)", True),
            ("response 200", "data", "array of object {tokens}", False),
            ("response 200", "data[].tokens", "integer", False),
        ]
        assert wanted.parts[2].description == "Tokens spent."

    def test_other_spellings_are_noted(self, comparison, finding):
        assert finding(comparison, "GET /users/{user_id}", "path", "user_id").result.notes[-1] == (
            "the vendor writes `id`"
        )
        assert (
            "the vendor writes `roles[]`"
            in finding(comparison, "POST /users", "request", "roles").result.notes
        )
        assert finding(comparison, "GET /users", "response 200", "data[].billing_token").result.notes == (
            "the vendor has `billing_tokn`, which ours lacks: the same?",
        )

    def test_the_documents_are_left_as_they_are(self, ours, vendor):
        before = copy.deepcopy((ours, vendor))
        compare(ours, vendor)
        assert (ours, vendor) == before

    def test_each_against_itself(self, ours, vendor):
        for document in (ours, vendor):
            assert {one.verdict for one in compare(document, copy.deepcopy(document)).findings} == {
                DiffVerdict.CONFIRMED
            }


@pytest.mark.parametrize(
    ("ours", "theirs", "aspects"),
    [
        ({"type": "string"}, {"type": "integer"}, [("type", "string", "integer")]),
        ({"type": "string"}, {"type": ["string", "integer"]}, [("type", "string", "integer or string")]),
        ({"type": "object"}, {"type": "array"}, [("type", "object", "array")]),
        ({"type": "integer"}, {"type": "number"}, []),
        ({"type": "number"}, {"type": "integer", "format": "int64"}, []),
        ({"type": ["string", "integer"]}, {"type": "string"}, []),
        ({"type": "string"}, {}, []),
        ({}, {"type": "string"}, []),
        ({"type": "string"}, {"type": "string", "nullable": True}, [("nullable", "never null", "nullable")]),
        ({"type": ["string", "null"]}, {"type": "string"}, [("nullable", "nullable", "never null")]),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}, []),
        ({"type": ["string", "null"]}, {"oneOf": [{"type": "string"}, {"type": "null"}]}, []),
        ({"type": ["string", "null"]}, {"nullable": True, "allOf": [{"type": "string"}]}, []),
        ({"type": ["string", "null"]}, {"enum": ["a", None], "type": ["string", None]}, []),
        (
            {"type": "string", "format": "date"},
            {"type": "string", "format": "date-time"},
            [("format", "date", "date-time")],
        ),
        ({"type": "string"}, {"type": "string", "format": "date-time"}, []),
        ({"type": "string", "format": "date-time"}, {"type": "string"}, []),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, []),
        ({"const": "a"}, {"type": "string", "enum": ["a"]}, []),
        ({"enum": ["a", "b"]}, {"enum": ["a", "c"]}, [("values", "also b", "also c")]),
        ({"enum": ["a"]}, {"enum": ["a", "c"]}, [("values", "lacks c", "also c")]),
        ({"enum": ["a", "b"]}, {"type": "string"}, []),
        (
            {"type": "array", "items": {"type": "integer"}},
            {"type": "array", "items": {"type": "string"}},
            [("items: type", "integer", "string")],
        ),
        (
            {"type": "string"},
            {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
            [("type", "string", "boolean or string")],
        ),
        ({"type": "string"}, {"allOf": [{"type": "string"}, {"description": "x"}]}, []),
        ({"type": "integer"}, {"$ref": "#/components/schemas/Number"}, []),
        ({"type": "string"}, {"$ref": "#/components/schemas/Number"}, [("type", "string", "integer")]),
        ({"type": "string"}, {"$ref": "#/components/schemas/Nowhere"}, []),
        ({"type": "string"}, {"$ref": "other.yaml#/Number"}, []),
        ({"type": "string"}, {"$ref": "#/components/schemas/Round"}, []),
    ],
)
def test_a_value(ours, theirs, aspects, one_body, finding):
    components = {
        "Number": {"type": "integer"},
        "Round": {"$ref": "#/components/schemas/Round"},
        # Something nullable, so that the absence of null elsewhere is significant.
        "Null": {"type": "string", "nullable": True},
    }
    comparison = compare(
        one_body(object_of(value=ours)), one_body(object_of(value=theirs), components=components)
    )
    result = finding(comparison, "POST /do", "response 200", "value").result
    assert list(result.aspects) == [Aspect(*aspect) for aspect in aspects]
    assert result.verdict is (DiffVerdict.CONTRADICTED if aspects else DiffVerdict.CONFIRMED)


@pytest.mark.parametrize(
    ("ours", "theirs", "note"),
    [
        ({"type": "integer"}, {"type": "number"}, "vendor's type: number; ours: integer"),
        ({"type": "string"}, {}, "the vendor gives no type"),
        ({}, {"type": "string"}, "vendor's type: string"),
        ({"type": "string"}, {"type": "string", "format": "uuid"}, "vendor's format: uuid"),
        ({"type": "string"}, {"enum": ["b", "a"]}, "the vendor allows one of a, b"),
        ({"enum": ["a", "b"]}, {"type": "string"}, "the vendor allows any value, ours one of a, b"),
        (
            {"type": "integer", "minimum": 1},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            "vendor's limits: > 0",
        ),
        (
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "number", "minimum": 0.0, "exclusiveMinimum": False},
            "vendor's limits: ≥ 0",
        ),
        (object_of(a={"type": "string"}), {"type": "object"}, "the vendor does not describe its members"),
    ],
)
def test_what_contradicts_nothing_is_noted(ours, theirs, note, one_body, finding):
    comparison = compare(one_body(object_of(value=ours)), one_body(object_of(value=theirs)))
    result = finding(comparison, "POST /do", "response 200", "value").result
    assert (result.verdict, result.notes) == (DiffVerdict.CONFIRMED, (note,))


def test_equal_limits_in_both_dialects_are_no_note(one_body, finding):
    comparison = compare(
        one_body(object_of(value={"type": "number", "exclusiveMinimum": 0, "maximum": 5})),
        one_body(object_of(value={"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 5.0})),
    )
    assert finding(comparison, "POST /do", "response 200", "value").result.notes == ()


class TestSilence:
    """What the vendor's document never mentions contradicts nothing."""

    def test_null(self, one_body, places):
        comparison = compare(
            one_body(object_of(value={"type": ["string", "null"]})),
            one_body(object_of(value={"type": "string"})),
        )
        assert not places(comparison, "contradicted")
        assert any("null" in remark for remark in comparison.remarks)

    def test_required(self, one_body, places):
        ours = one_body(object_of(["value"], value={"type": "string"}))
        comparison = compare(ours, one_body(object_of(value={"type": "string"})))
        assert not places(comparison, "contradicted")
        assert any("required" in remark for remark in comparison.remarks)

    @pytest.mark.parametrize("direction", ["request", "response"])
    def test_a_schema_that_requires_something_is_not_silent(self, direction, one_body, finding):
        members = {"one": {"type": "string"}, "two": {"type": "string"}}
        comparison = compare(
            one_body(object_of(["one"], **members), direction),
            one_body(object_of(["two"], **members), direction),
        )
        where = "request" if direction == "request" else "response 200"
        one = finding(comparison, "POST /do", where, "one").result
        two = finding(comparison, "POST /do", where, "two").result
        assert one.aspects == (Aspect("required", "required", "optional"),)
        assert two.aspects == (Aspect("required", "optional", "required"),)

    def test_a_request_may_accept_null_that_they_do_not_promise(self, one_body, finding):
        theirs = object_of(value={"type": "string"}, other={"type": "string", "nullable": True})
        comparison = compare(
            one_body(object_of(value={"type": ["string", "null"]}), "request"), one_body(theirs, "request")
        )
        result = finding(comparison, "POST /do", "request", "value").result
        assert (result.verdict, result.notes) == (
            DiffVerdict.CONFIRMED,
            ("ours accepts null, the vendor's does not",),
        )


class TestMembers:
    def test_all_of_adds_up_and_one_of_gives_all_members(self, one_body, places):
        ours = object_of(a={"type": "string"}, b={"type": "string"}, c={"type": "string"})
        theirs = {
            "allOf": [
                {"$ref": "#/components/schemas/A"},
                {"oneOf": [object_of(b={"type": "string"}), object_of(c={"type": "string"})]},
            ]
        }
        components = {"A": object_of(a={"type": "string"})}
        comparison = compare(one_body(ours), one_body(theirs, components=components))
        assert {verdict.verdict for verdict in comparison.findings} == {DiffVerdict.CONFIRMED}
        assert {name for _, _, name in places(comparison, "confirmed")} == {"", "a", "b", "c"}

    def test_required_in_one_alternative_is_optional(self, one_body, finding):
        theirs = {
            "anyOf": [object_of(["a", "b"], a={}, b={}), object_of(["b"], a={}, b={})],
        }
        comparison = compare(one_body(object_of(["a", "b"], a={}, b={})), one_body(theirs))
        assert finding(comparison, "POST /do", "response 200", "a").result.aspects == (
            Aspect("required", "required", "optional"),
        )
        assert finding(comparison, "POST /do", "response 200", "b").verdict is DiffVerdict.CONFIRMED

    def test_maps(self, one_body, finding):
        ours = {"type": "object", "additionalProperties": object_of(a={"type": "string"})}
        theirs = {"type": "object", "additionalProperties": object_of(a={"type": "integer"})}
        comparison = compare(one_body(ours), one_body(theirs))
        assert finding(comparison, "POST /do", "response 200", "*.a").result.aspects == (
            Aspect("type", "string", "integer"),
        )

    def test_read_only_members_are_not_missed_in_requests(self, one_body, places):
        theirs = object_of(a={"type": "string"}, id={"type": "integer", "readOnly": True})
        ours = object_of(a={"type": "string"})
        assert not places(compare(one_body(ours, "request"), one_body(theirs, "request")), "missing", "ours")
        assert places(compare(one_body(ours), one_body(theirs)), "missing", "ours") == {
            ("POST /do", "response 200", "id")
        }

    def test_the_same_member_can_be_confirmed_here_and_contradicted_there(self, ours, vendor):
        other = copy.deepcopy(vendor["components"]["schemas"]["UserResource"])
        other["allOf"][1]["properties"]["email"]["type"] = "integer"
        vendor["components"]["schemas"]["Other"] = other
        answer = vendor["paths"]["/users/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
        answer["schema"] = object_of(data={"$ref": "#/components/schemas/Other"})
        emails = {
            one.verdict: one for one in compare(ours, vendor).findings if one.name.endswith("data[].email")
        } | {one.verdict: one for one in compare(ours, vendor).findings if one.name == "data.email"}
        assert emails[DiffVerdict.CONTRADICTED].operation == "GET /users/{user_id}"
        assert emails[DiffVerdict.CONFIRMED].result.notes == ("contradicted elsewhere",)


class TestCycles:
    def test_a_schema_within_itself(self, one_body, places):
        def tree(extra: dict[str, Any]) -> dict[str, Any]:
            node = {"$ref": "#/components/schemas/Tree"}
            children = {"type": "array", "items": node}
            return one_body(
                node,
                components={
                    "Tree": object_of(parent=node, children=children, name={"type": "string"}, **extra)
                },
            )

        comparison = compare(tree({}), tree({"size": {"type": "integer"}}))
        assert places(comparison, "missing", "ours") == {("POST /do", "response 200", "size")}
        assert len(comparison.findings) == 6

    def test_a_cycle_through_a_schema_that_ours_unrolls(self, one_body, places):
        inner = {"$ref": "#/components/schemas/Tree"}
        theirs = one_body(inner, components={"Tree": object_of(child=inner)})
        ours = one_body(object_of(child=object_of(child=object_of(child=object_of()))))
        names = {name for _, _, name in places(compare(ours, theirs), "confirmed")}
        assert {"child", "child.child", "child.child.child"} <= names

    def test_all_of_itself_ends(self, one_body, places):
        me = {"$ref": "#/components/schemas/Me"}
        theirs = one_body(
            me, components={"Me": {"allOf": [me, object_of(a={"type": "string"})], "items": me}}
        )
        assert ("POST /do", "response 200", "a") in places(
            compare(one_body(object_of(a={"type": "string"})), theirs), "confirmed"
        )

    def test_many_schemas_that_all_contain_each_other(self, one_body):
        # 30 schemas of 30 members: 30^n paths of length n, but only 900 members.
        names = [f"S{number}" for number in range(30)]
        components = {
            name: object_of(**{inner: {"$ref": f"#/components/schemas/{inner}"} for inner in names})
            for name in names
        }
        document = one_body({"$ref": "#/components/schemas/S0"}, components=components)
        assert len(compare(document, copy.deepcopy(document)).findings) == 900 + 2

    def test_what_is_wanted_is_bounded_too(self, one_body, ours):
        names = [f"S{number}" for number in range(30)]
        components = {
            name: object_of(**{inner: {"$ref": f"#/components/schemas/{inner}"} for inner in names})
            for name in names
        }
        theirs = one_body({"$ref": "#/components/schemas/S0"}, components=components)
        theirs["paths"] = {"/usage": {"get": theirs["paths"]["/do"]["post"]}, "/users": {"get": {}}}
        (wanted,) = compare(ours, theirs).wanted
        assert len(wanted.parts) == 400


def test_references_to_other_documents_are_named(ours):
    paths = {
        "/users": {"$ref": "./paths/users.yaml"},
        "/plans": {"get": {"responses": {"200": {"$ref": "responses.yaml#/plans"}}}},
        "/servers": {"$ref": "#/paths/~1nowhere"},
    }
    found = compare(ours, {"openapi": "3.1.0", "paths": paths})
    assert found.elsewhere == ("./paths/users.yaml", "responses.yaml#/plans")
    assert [remark.partition(": ")[2] for remark in found.remarks if "eferences" in remark] == [
        "#/paths/~1nowhere.",
        f"./paths/users.yaml, responses.yaml#/plans. {BUNDLE}",
    ]


def test_openapi_3_2_is_read_as_far_as_it_equals_3_1():
    ours = contract_document("solusio-api")
    listed = {"schema": {"type": "array", "items": {"type": "string"}}, "itemSchema": {"type": "string"}}
    get = {
        "parameters": [{"name": "q", "in": "querystring", "content": {}}, {"name": "page", "in": "query"}],
        "responses": {"200": {"content": {"application/json": {"$ref": "#/components/mediaTypes/list"}}}},
    }
    document = {
        "openapi": "3.2.0",
        "paths": {"/plans": {"get": get, "query": {}, "additionalOperations": {"COPY": {}}}},
        "components": {"mediaTypes": {"list": listed}},
    }
    found = compare(ours, document)
    assert found.matched == 1
    assert (
        "These parts, which OpenAPI 3.1 does not have, were not compared: QUERY /plans, COPY /plans, "
        "the querystring q, the items of application/json." in found.remarks
    )
    # The referenced media type is read like one in place.
    inline = copy.deepcopy(document)
    inline["paths"]["/plans"]["get"]["responses"]["200"]["content"]["application/json"] = listed
    assert compare(ours, inline).findings == found.findings
