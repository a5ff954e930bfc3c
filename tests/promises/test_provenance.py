"""Promise: every statement of the contract says who makes it (documented, observed or assumed)."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from solusio_contracts.contract.clauses import ClauseError, Provenance, clauses, parse_clauses
from solusio_contracts.contract.documents import METHODS, DocumentError, document, document_names
from solusio_contracts.contract.elements import Element, elements
from solusio_contracts.rules import all_rules

DOCUMENT = "billing-endpoint"


def test_there_is_something_to_look_at():
    assert DOCUMENT in document_names()
    assert len(clauses()) > 50


@pytest.mark.parametrize("name", document_names())
def test_every_element_has_provenance(name):
    for element in elements(document(name)):
        assert element.provenance.kind in Provenance, element.pointer


@pytest.mark.parametrize("name", document_names())
def test_every_citation_of_a_clause_resolves(name):
    cited = [clause for element in elements(document(name)) for clause in element.clauses]
    assert cited


def test_every_clause_has_provenance_and_its_source_or_reason():
    for clause in clauses().values():
        origin = clause.reason if clause.provenance is Provenance.ASSUMED else clause.source
        assert origin.strip(), clause.id


def test_every_rule_cites_clauses_that_exist():
    assert all_rules()
    for rule in all_rules():
        assert rule.clauses, rule.name
        assert {clause.id for clause in rule.clauses} <= set(clauses()), rule.name


# The walk that finds the elements must miss none. This one finds them another way: by the name of the key
# that holds them, wherever it stands, except in the data of examples.

LISTS = {"parameters"}
SINGLE = {"requestBody", *METHODS}
MAPPINGS = {"properties", "patternProperties", "responses", "headers", "parameters", "requestBodies"}
DATA = {"example", "examples", "default", "const", "enum", "variables"}


def needs_provenance(node: Any, pointer: str = "", *, names: bool = False) -> Iterator[str]:
    """Yield pointers; `names` says that the keys of this mapping are names somebody chose."""
    if isinstance(node, list):
        for index, value in enumerate(node):
            yield from needs_provenance(value, f"{pointer}/{index}")
        return
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        at = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if not names and (key in DATA or key.startswith("x-")):
            continue
        holds_names = (
            not names and isinstance(value, dict) and (key in MAPPINGS or key in {"paths", "schemas"})
        )
        if not names and key in SINGLE:
            yield at
        if holds_names and key in MAPPINGS:
            yield from (f"{at}/{name.replace('~', '~0').replace('/', '~1')}" for name in value)
        if not names and key in LISTS and isinstance(value, list):
            yield from (f"{at}/{index}" for index in range(len(value)))
        yield from needs_provenance(value, at, names=holds_names)


@pytest.mark.parametrize("name", document_names())
def test_the_walk_misses_no_element(name):
    walked = {element.pointer for element in elements(document(name)) if element.kind != "schema"}
    found = {
        pointer
        for pointer in needs_provenance(document(name))
        if set(at(document(name), pointer)) != {"$ref"} or "/properties/" in pointer
    }
    assert walked == found
    assert len(walked) > 20


# And the promise can be broken: documents with a fault are found out.


def at(whole: Any, pointer: str) -> Any:
    place = whole
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        place = place[int(name)] if isinstance(place, list) else place[name]
    return place


@pytest.fixture
def doctored() -> dict[str, Any]:
    """The document of the billing endpoint, free to be spoiled."""
    return copy.deepcopy(dict(document(DOCUMENT)))


def broken(whole: dict[str, Any]) -> list[str]:
    """Return what is wrong with the provenance of a document."""
    found = []
    for element in elements(whole):
        try:
            _ = element.provenance
        except DocumentError as error:
            found.append(str(error))
    return found


def test_the_document_as_it_is_has_no_fault(doctored):
    assert broken(doctored) == []


@pytest.mark.parametrize(
    "pointer",
    [element.pointer for element in elements(document(DOCUMENT)) if element.kind != "schema"],
)
def test_each_element_is_missed_without_its_provenance(doctored, pointer):
    del at(doctored, pointer)["x-provenance"]
    (message,) = broken(doctored)
    assert f"{pointer} has no x-provenance" in message


MEMBERS = "/components/schemas/Currency/properties"
ADDED: list[tuple[str, str, Any, str]] = [
    (MEMBERS, "symbol", {"type": "string"}, f"property {MEMBERS}/symbol"),
    (MEMBERS, "symbol", True, f"property {MEMBERS}/symbol"),
    (MEMBERS, "symbol", {"$ref": "#/components/schemas/Taxes"}, f"property {MEMBERS}/symbol"),
    ("/paths/~1", "get", {"responses": {}}, "operation /paths/~1/get"),
    ("/paths/~1", "parameters", [{"name": "a", "in": "query"}], "parameter /paths/~1/parameters/0"),
    (
        "/paths/~1/post",
        "parameters",
        [{"name": "a", "in": "query"}],
        "parameter /paths/~1/post/parameters/0",
    ),
    (
        "/paths/~1/post/responses",
        "default",
        {"description": "no"},
        "response /paths/~1/post/responses/default",
    ),
    (
        "/paths/~1/post/responses/200",
        "headers",
        {"X-Rate": {}},
        "header /paths/~1/post/responses/200/headers/X-Rate",
    ),
    ("/components", "headers", {"X-Rate": {}}, "header /components/headers/X-Rate"),
    (
        "/components/schemas/Taxes",
        "oneOf",
        [{"items": {"properties": {"deep": {}}}}],
        "property /components/schemas/Taxes/oneOf/0/items/properties/deep",
    ),
]


@pytest.mark.parametrize(("place", "key", "value", "what"), ADDED)
def test_a_new_element_needs_provenance(doctored, place, key, value, what):
    at(doctored, place)[key] = value
    (message,) = broken(doctored)
    assert message == f"{what} has no x-provenance"


def test_a_mere_reference_is_an_element_where_it_is_defined(doctored):
    responses = at(doctored, "/paths/~1/post/responses")
    doctored["components"]["responses"] = {"Refusal": responses["4XX"]}
    responses["4XX"] = {"$ref": "#/components/responses/Refusal"}
    assert broken(doctored) == []
    del doctored["components"]["responses"]["Refusal"]["x-provenance"]
    assert broken(doctored) == ["response /components/responses/Refusal has no x-provenance"]


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ({"kind": "guessed", "reason": "why not"}, "guessed"),
        ({"kind": "assumed"}, "assumed, but has no reason"),
        ({"kind": "assumed", "source": "step 6"}, "assumed, but has no reason"),
        ({"kind": "documented"}, "documented, but has no source"),
        ({"kind": "documented", "source": " "}, "documented, but has no source"),
        ({"kind": "observed", "reason": "we saw it"}, "observed, but has no source"),
        ({"source": "step 6"}, "kind"),
        ({"kind": "documented", "source": "step 6", "sources": "step 7"}, "sources"),
        ({"kind": "documented", "source": 6}, "str"),
        ("documented", "object"),
        ([], "object"),
    ],
)
def test_malformed_provenance_is_found(doctored, provenance, message):
    at(doctored, f"{MEMBERS}/code")["x-provenance"] = provenance
    (found,) = broken(doctored)
    assert f"{MEMBERS}/code" in found
    assert message in found


def test_provenance_where_none_is_needed_must_be_right_too(doctored):
    doctored["components"]["schemas"]["Currency"]["x-provenance"] = {"kind": "documented"}
    assert len(broken(doctored)) == 1


def test_a_citation_of_no_clause_is_found():
    element = Element("property", "/made/up", {"x-clauses": ["TP-001", "TP-999"]})
    with pytest.raises(ClauseError, match="TP-999"):
        _ = element.clauses


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('provenance = "assumed"', "reason"),
        ('provenance = "documented"', "source"),
        ('provenance = "observed"\nreason = "seen"', "source"),
        ('provenance = "guessed"\nreason = "seen"', "guessed"),
        ('reason = "no provenance"', "provenance"),
    ],
)
def test_a_clause_without_provenance_is_found(fields, message):
    text = f'[[clause]]\nid = "TP-001"\nlevel = "must"\ntext = "t"\nwhy = "w"\nfix = "f"\n{fields}\n'
    with pytest.raises(ClauseError, match=message):
        parse_clauses(text)
