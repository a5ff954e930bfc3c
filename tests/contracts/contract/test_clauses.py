"""The requirements: what is in the file, and how mistakes in it are reported."""

import pytest

from solusio_contracts.contract.clauses import (
    AREAS,
    ClauseError,
    Level,
    Provenance,
    clause,
    clauses,
    parse_clauses,
)

GOOD = """
[[clause]]
id = "TP-900"
level = "must"
provenance = "documented"
source = "step 6"
text = "a"
why = "b"
fix = "c"
"""


def changed(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_clause():
    (one,) = parse_clauses(GOOD).values()
    assert (one.id, one.level, one.provenance, one.source) == (
        "TP-900",
        Level.MUST,
        Provenance.DOCUMENTED,
        "step 6",
    )
    assert (one.text, one.why, one.fix, one.reason) == ("a", "b", "c", "")


def test_clauses_are_in_the_order_of_their_ids():
    text = changed(("TP-900", "TP-903")) + GOOD + changed(("TP-900", "INV-001"))
    assert list(parse_clauses(text)) == ["INV-001", "TP-900", "TP-903"]


def test_clauses_cannot_be_changed():
    with pytest.raises(TypeError):
        parse_clauses(GOOD)["TP-900"] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        parse_clauses(GOOD)["TP-900"].text = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(("TP-900", "TP-90")), "expected an id such as TP-041, got 'TP-90'"),
        (changed(("TP-900", "XX-900")), "got 'XX-900'"),
        (changed(("TP-900", "TP-900 ")), "got 'TP-900 '"),
        (changed(("TP-900", "TP-900\\n")), "expected an id such as TP-041"),
        (GOOD + GOOD, "TP-900 occurs twice"),
        (changed(("must", "shall")), "shall"),
        (changed(("documented", "guessed")), "guessed"),
        (changed(('source = "step 6"', "")), "TP-900 is documented but has no source"),
        (
            changed(("documented", "observed"), ('source = "step 6"', 'reason = "x"')),
            "TP-900 is observed but has no source",
        ),
        (changed(("documented", "assumed")), "TP-900 is assumed but has no reason"),
        (changed(('why = "b"', "")), "why"),
        (changed(('why = "b"', 'because = "b"')), "because|why"),
        (GOOD + "[extra]\n", "extra"),
        ("", "clause"),
        ("clause = 1", "clause"),
        ("[[clause]", "clauses.toml"),
    ],
)
def test_a_mistake_is_reported(text, message):
    with pytest.raises(ClauseError, match=message):
        parse_clauses(text)


def test_the_file_is_read_once():
    assert clauses() is clauses()
    assert len(clauses()) > 50


def test_every_clause_has_an_area_and_says_something():
    for one in clauses().values():
        assert one.id.partition("-")[0] in AREAS
        assert one.text.endswith(".")
        assert one.why.endswith((".", "?"))
        assert one.fix


def test_a_clause_by_its_id():
    assert clause("TP-041").text == "Each discount has the key `multipler` (sic)."
    with pytest.raises(ClauseError, match="has no clause TP-999"):
        clause("TP-999")


def test_levels_have_weights():
    assert Level.MUST.weight > Level.SHOULD.weight > Level.MAY.weight


GUIDES = {
    "Locking and Suspending User Accounts": {"UM-014", "UM-015", "UM-016", "UM-043", "SSO-006"},
    "Limiting Users' Resources Consumption": {"UM-022", "UM-023", "UM-024", "UM-025"},
    "User Access Control": {"UM-030", "UM-031", "UM-033", "UM-050"},
}
"""What the vendor's guides state about users, login and limits, by the title of the page."""


@pytest.mark.parametrize("title", GUIDES)
def test_what_a_guide_states_about_users_is_documented(title):
    citing = {one.id for one in clauses().values() if title in one.source}
    assert citing == GUIDES[title]
    assert {clause(one).provenance for one in citing} == {Provenance.DOCUMENTED}


def test_nothing_else_about_users_and_login_is_assumed_in_silence():
    """No guide states these; a new assumption belongs here only after a look at the guides."""
    assumed = {
        one.id
        for one in clauses().values()
        if one.id.startswith(("UM-", "SSO-")) and one.provenance is Provenance.ASSUMED
    }
    solusio = {"UM-004", "UM-013", "SSO-003", "SSO-005"}
    billing_system = {"UM-041", "UM-045", "UM-047", "UM-048", "UM-049", "UM-051", "SSO-012", "SSO-013"}
    assert assumed == solusio | billing_system
