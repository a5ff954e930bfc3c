"""What a run leaves for those who learn from it: exchanges, members and clauses."""

from __future__ import annotations

import pytest

from mock_solusio.preflight.client import Access, Reader
from mock_solusio.preflight.installation import Installation, Questions
from mock_solusio.preflight.judgement import all_judgements
from mock_solusio.preflight.run import run
from mock_solusio.preflight.survey import Survey, survey
from solusio_contracts.contract.clauses import Provenance
from solusio_contracts.contract.documents import document
from solusio_contracts.contract.evidence import Verdict
from support.bent_solusio import BentSolusio, bent_solusio


@pytest.fixture(scope="module")
def front():
    with bent_solusio() as made:
        yield made


def surveyed(front: BentSolusio) -> Survey:
    site = Installation(Reader(Access.of(front.url, front.solusio.admin_token)), Questions())
    run(site, all_judgements())
    return survey(site)


def test_the_mock_confirms_what_it_was_made_from(front):
    front.straighten()
    found = surveyed(front)
    assert len(found.exchanges) > len(found.answers) > 5
    assert {one.verdict for one in found.members} <= {Verdict.CONFIRMED, Verdict.UNSEEN}
    seen = {one.clause: one for one in found.witnesses}
    assert {"US-002", "US-006", "US-007", "US-010", "US-011", "US-012", "US-020", "US-030", "US-031"} <= set(
        seen
    )
    assert all(one.confirms for one in found.witnesses)
    # Every line of this world has both prices, so nothing shows what another costs.
    assert not {"US-021", "US-022", "US-023"} & set(seen)
    assert len(found.settled) > 20


def test_every_element_that_is_named_is_in_the_document(front):
    front.straighten()
    for one in surveyed(front).members:
        place = document("solusio-api")
        for part in one.element.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            place = place[int(name)] if isinstance(place, list) else place[name]
        assert place["x-provenance"]["kind"] == one.provenance


def test_a_contradiction_names_its_element(front):
    front.straighten()

    def bend(value):
        for line in value["data"]:
            line["hours"] = f"{line['hours']}.0"
            line.pop("charge")

    front.bends["usage"] = bend
    wrong = {
        one.member: one
        for one in surveyed(front).settled
        if getattr(one, "verdict", "") not in ("", "confirmed")
    }
    assert set(wrong) == {"data[].hours", "data[].charge"}
    assert wrong["data[].hours"].element == "/components/schemas/UsageLine/properties/hours"
    assert wrong["data[].hours"].verdict is Verdict.CONTRADICTED
    assert (wrong["data[].hours"].expected, wrong["data[].hours"].found) == ("integer", "string")
    assert wrong["data[].charge"].verdict is Verdict.MISSING
    assert wrong["data[].charge"].provenance is Provenance.ASSUMED


def test_a_member_whose_name_may_be_a_customers_is_hidden(front):
    front.straighten()
    front.bends["plans"] = lambda value: value["data"][0].update({"Ann Example": 1, "new_member": 1})
    names = {one.member for one in surveyed(front).members if one.verdict is Verdict.UNKNOWN}
    assert "data[].new_member" in names
    assert "Ann Example" not in str(names)
    assert len(names) == 2
