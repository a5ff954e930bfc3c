"""Operations, parameters, bodies and statuses of two documents: which correspond to each other."""

from collections.abc import Callable
from typing import Any

import pytest

from solusio_contracts.diff.compare import compare
from solusio_contracts.diff.findings import Aspect, DiffVerdict, DocumentDiff, ElementFinding

Places = Callable[..., set[tuple[str, str, str]]]
Find = Callable[..., ElementFinding]
OneBody = Callable[..., dict[str, Any]]
Document = dict[str, Any]


def with_path(path: str, server: Any = None, **operation: Any) -> Document:
    document: Document = {
        "openapi": "3.0.3",
        "info": {},
        "paths": {path: {"get": {"responses": {}, **operation}}},
    }
    if server is not None:
        document["servers"] = [{"url": server}]
    return document


def answering(*statuses: str, **bodies: Any) -> Document:
    return with_path("/x", responses={status: {"description": "x"} for status in statuses} | bodies)


def asking(*parameters: Document) -> Document:
    return with_path("/x", parameters=list(parameters))


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "server"),
        [
            ("/users/{id}", "https://panel.example.com/api/v1"),
            ("/users/{id}", "https://panel.example.com/api/v1/"),
            ("/users/{id}", "/api/v1"),
            ("/users/{id}", "{scheme}://{host}:{port}/api/v1"),
            ("/users/{id}", "L5_SWAGGER_CONST_HOST"),
            ("/users/{id}", "https://panel.example.com/mounted/api/v2"),
            ("/users/{id}", None),
            ("/users/{id}", 7),
            ("/users/{id}", "http://[broken"),
            ("/api/v1/users/{user}", "https://panel.example.com"),
            ("/api/v1/users/{user}", "https://panel.example.com/api/v1"),
            ("/v1/users/{user}/", "https://panel.example.com/api"),
            ("api/users/{user}", None),
            ("//users/{user?}//", None),
        ],
    )
    def test_the_same_operation(self, path, server):
        ours = with_path("/users/{user_id}", "{host}/api/v1")
        theirs = with_path(path, server)
        assert compare(ours, theirs).matched == 1
        assert compare(theirs, ours).matched == 1

    @pytest.mark.parametrize(
        ("path", "server"),
        [
            ("/user/{id}", None),
            ("/users/me", None),
            ("/users/{id}/x", None),
            ("/apiary/users/{id}", None),
            ("/users/{id}", "https://panel.example.com/api/v1/admin"),
        ],
    )
    def test_another_operation(self, path, server):
        assert compare(with_path("/users/{user_id}", "{host}/api/v1"), with_path(path, server)).matched == 0

    def test_path_parameters_meet_by_position(self, finding):
        def path(first: tuple[str, str], second: tuple[str, str]) -> Document:
            parameters = [
                {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
                for name, kind in (second, first)
            ]
            return with_path(f"/a/{{{first[0]}}}/b/{{{second[0]}}}", parameters=parameters)

        comparison = compare(
            path(("a_id", "integer"), ("b_id", "string")), path(("id", "integer"), ("other", "integer"))
        )
        operation = "GET /a/{a_id}/b/{b_id}"
        assert finding(comparison, operation, "path", "a_id").result.notes == ("the vendor writes `id`",)
        assert finding(comparison, operation, "path", "b_id").result.aspects == (
            Aspect("type", "string", "integer"),
        )

    def test_a_path_twice_but_for_a_slash_is_remarked(self):
        theirs = with_path("/x")
        theirs["paths"]["/x/"] = theirs["paths"]["/x"]
        comparison = compare(with_path("/x"), theirs)
        assert any("GET /x/" in remark for remark in comparison.remarks)

    @pytest.mark.parametrize("operation_id", [None, "9f86d081884c7d659a2feaa0c55ad015"])
    def test_operation_ids_do_not_matter(self, operation_id):
        extra = {"operationId": operation_id} if operation_id else {}
        assert compare(with_path("/x", operationId="getX"), with_path("/x", **extra)).matched == 1


class TestParameters:
    def query(self, name: str, where: str = "query", **more: Any) -> Document:
        return {"name": name, "in": where, "schema": {"type": "string"}, **more}

    def test_required(self, finding):
        comparison = compare(asking(self.query("a")), asking(self.query("a", required=True)))
        assert finding(comparison, "GET /x", "query", "a").result.aspects == (
            Aspect("required", "optional", "required"),
        )

    def test_elsewhere(self):
        comparison = compare(asking(self.query("a")), asking(self.query("a", "header")))
        (one,) = comparison.having(DiffVerdict.CONTRADICTED)
        assert one.result.aspects == (Aspect("location", "query", "header"),)
        assert not comparison.having(DiffVerdict.MISSING)

    def test_in_the_body_there(self, one_body, finding):
        theirs = one_body({"type": "object", "properties": {"a": {}, "b": {}}}, "request")
        ours = one_body({"type": "object", "properties": {"b": {}}}, "request")
        ours["paths"]["/do"]["post"]["parameters"] = [self.query("a")]
        there = compare(ours, theirs)
        assert finding(there, "POST /do", "query", "a").result.aspects == (
            Aspect("location", "query", "request"),
        )
        here = compare(theirs, ours)
        assert finding(here, "POST /do", "request", "a").result.aspects == (
            Aspect("location", "request", "query"),
        )
        assert not there.having(DiffVerdict.MISSING) + here.having(DiffVerdict.MISSING)

    def test_an_operations_own_takes_precedence_over_the_paths(self):
        theirs = asking(self.query("a", required=True))
        theirs["paths"]["/x"]["parameters"] = [self.query("a"), self.query("b")]
        ours = asking(self.query("a", required=True), self.query("b"))
        assert {one.verdict for one in compare(ours, theirs).findings} == {DiffVerdict.CONFIRMED}

    def test_spellings(self, finding):
        comparison = compare(
            asking(
                {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                self.query("X-Trace", "header"),
            ),
            asking(
                {"name": "ids[]", "in": "query", "schema": {"type": "integer"}},
                self.query("x-trace", "header"),
                self.query("Accept", "header"),
            ),
        )
        assert {one.verdict for one in comparison.findings} == {DiffVerdict.CONFIRMED}
        assert finding(comparison, "GET /x", "query", "ids").result.notes == ("the vendor writes `ids[]`",)

    def test_a_schema_under_content(self, finding):
        theirs = {
            "name": "a",
            "in": "query",
            "content": {"application/json": {"schema": {"type": "integer"}}},
        }
        comparison = compare(asking(self.query("a")), asking(theirs))
        assert finding(comparison, "GET /x", "query", "a").verdict is DiffVerdict.CONTRADICTED


class TestStatuses:
    def seen(self, comparison: DocumentDiff) -> set[tuple[str, str]]:
        return {
            (one.result.missing_in or one.verdict.value, one.where)
            for one in comparison.findings
            if one.result.element == "response"
        }

    @pytest.mark.parametrize(
        ("ours", "theirs", "seen"),
        [
            (["200"], ["200"], {("confirmed", "response 200")}),
            (["200"], ["201"], {("contradicted", "response 200")}),
            (["200"], ["200", "202"], {("confirmed", "response 200"), ("ours", "response 202")}),
            (["200", "204"], ["200"], {("confirmed", "response 200"), ("vendor", "response 204")}),
            (["200"], ["default"], {("confirmed", "response 200")}),
            (["200"], ["2XX"], {("confirmed", "response 200")}),
            (["200", "404"], ["200", "4xx"], {("confirmed", "response 200"), ("confirmed", "response 404")}),
            (["4XX"], ["401", "404"], {("confirmed", "response 4XX")}),
            (["401"], ["403"], {("vendor", "response 401"), ("ours", "response 403")}),
        ],
    )
    def test_which_stand_for_each_other(self, ours, theirs, seen):
        assert self.seen(compare(answering(*ours), answering(*theirs))) == seen

    def test_numbers_as_keys_are_for_yaml_and_extensions_are_no_statuses(self):
        comparison = compare(answering("200"), answering(**{"200": {"description": ""}, "x-note": {}}))
        assert self.seen(comparison) == {("confirmed", "response 200")}


USER = {"type": "object", "properties": {"id": {"type": "integer"}}}


class TestBodies:
    @pytest.mark.parametrize(
        "media", ["application/json; charset=utf-8", "Application/JSON", "application/hal+json", "*/*"]
    )
    def test_json_is_json(self, media, one_body):
        comparison = compare(one_body(USER), one_body(USER, media=media))
        assert {one.verdict for one in comparison.findings} == {DiffVerdict.CONFIRMED}

    def test_another_media_type(self, one_body, finding):
        theirs = one_body(USER, "request", media="multipart/form-data")
        comparison = compare(one_body(USER, "request"), theirs)
        assert finding(comparison, "POST /do", "request").result.aspects == (
            Aspect("media type", "application/json", "multipart/form-data"),
        )
        assert finding(comparison, "POST /do", "request", "id").verdict is DiffVerdict.CONFIRMED

    def test_json_is_taken_where_there_are_several(self, one_body):
        theirs = one_body(USER, "request", media="text/plain")
        theirs["paths"]["/do"]["post"]["requestBody"]["content"]["application/json"] = {"schema": USER}
        comparison = compare(one_body(USER, "request"), theirs)
        assert {one.verdict for one in comparison.findings} == {DiffVerdict.CONFIRMED}

    @pytest.mark.parametrize("bare", [USER, {"type": "array", "items": USER}])
    def test_an_envelope_on_one_side(self, bare, one_body, finding):
        wrapped = {"type": "object", "properties": {"data": bare}}
        here = compare(one_body(wrapped), one_body(bare))
        assert finding(here, "POST /do", "response 200").result.aspects == (
            Aspect("envelope", "{data: ...}", "none"),
        )
        there = compare(one_body(bare), one_body(wrapped))
        assert finding(there, "POST /do", "response 200").result.aspects == (
            Aspect("envelope", "none", "{data: ...}"),
        )
        inside = "[].id" if bare["type"] == "array" else ".id"
        assert finding(here, "POST /do", "response 200", f"data{inside}").verdict is DiffVerdict.CONFIRMED
        assert (
            finding(there, "POST /do", "response 200", inside.removeprefix(".")).verdict
            is DiffVerdict.CONFIRMED
        )

    def test_something_else_is_not_a_envelope(self, one_body, places):
        wrapped = {"type": "object", "properties": {"data": USER}}
        comparison = compare(one_body(wrapped), one_body({"type": "object", "properties": {"task": {}}}))
        assert not places(comparison, "contradicted")
        assert places(comparison, "missing", "vendor") == {("POST /do", "response 200", "data")}
        assert places(comparison, "missing", "ours") == {("POST /do", "response 200", "task")}

    def test_a_body_on_one_side(self, one_body, finding):
        one, none = one_body(USER, "request"), one_body(USER, "request")
        del none["paths"]["/do"]["post"]["requestBody"]
        assert finding(compare(one, none), "POST /do", "request").result.missing_in == "vendor"
        added = finding(compare(none, one), "POST /do", "request").result
        assert (added.missing_in, added.theirs) == ("ours", "object {id}")
        bare = one_body(USER, "request")
        note = finding(compare(bare, one_body(USER)), "POST /do", "response 200").result.notes
        assert note == ("the vendor describes a body: object {id}",)


@pytest.mark.parametrize(
    "paths",
    [
        {"/x": []},
        {"/x": None},
        {"/x": {"get": []}},
        {"/x": {"get": {"parameters": {}, "responses": [], "requestBody": []}}},
        {"/x": {"get": {"parameters": [None, {"in": 7}, {"name": "a"}], "responses": {"200": None}}}},
        {
            "/x": {
                "get": {"parameters": [{"in": "query", "name": "a", "schema": []}], "responses": {"200": []}}
            }
        },
        {"/x": {"get": {"responses": {"200": {"content": []}}}}},
        {"/x": {"get": {"responses": {"200": {"content": {"application/json": []}}}}}},
        {"/x": {"get": {"responses": {"200": {"content": {"application/json": {"schema": [1]}}}}}}},
        *(
            {"/x": {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}}
            for schema in (
                {"type": 7, "properties": [], "required": "a", "items": True, "enum": {}, "allOf": {}},
                {"type": [[]], "properties": {"a": None, "b": [], "c": True}, "required": [[], 1]},
                {"enum": [{"a": []}, [1], None], "minimum": "1", "oneOf": [None, {}], "$ref": 7},
                {"properties": {"[]": {}, "a[]": None}, "format": [], "additionalProperties": True},
            )
        ),
    ],
)
def test_malformed_details_break_nothing(paths, ours):
    document = {"openapi": "3.0.0", "info": [], "servers": {}, "paths": paths, "components": []}
    normal = with_path(
        "/x", responses={"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}
    )
    assert compare(normal, document).matched in (0, 1)
    assert compare(ours, document).matched == 0
