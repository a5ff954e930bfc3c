"""What schemathesis adds to a long search."""

import itertools
import urllib.parse
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from solusio_contracts.fuzzing import campaign
from solusio_contracts.fuzzing.campaign import INVALID, VALID
from solusio_contracts.fuzzing.generator import GeneratedForm, quiet_hypothesis
from solusio_contracts.fuzzing.schemathesis_forms import strategies
from solusio_contracts.fuzzing.values import CHARACTERS
from support.fuzzing import Form, Reply, correct, run

RIGHT = {"token": "s3cr3t", "action": "GetTokenPricing", "userid": "7"}
MANY = settings(max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def drawn(number: int, *, valid: bool) -> Iterator[dict[str, list[str]]]:
    """Yield forms of one of the strategies."""
    found: list[GeneratedForm] = []

    def keep(form: GeneratedForm) -> None:
        found.append(form)

    with quiet_hypothesis():
        MANY(given(strategies(RIGHT, valid=valid)[number])(keep))()
    yield from (urllib.parse.parse_qs(form.body.decode(), keep_blank_values=True) for form in found)


@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize(("number", "altered"), [*enumerate(RIGHT, start=1)])
def test_the_other_parameters_are_right(number, altered, valid):
    forms = list(drawn(number, valid=valid))
    assert all(form[name] == [RIGHT[name]] for form in forms for name in RIGHT if name != altered)
    if altered != "action" or not valid:
        assert any(form.get(altered) != [RIGHT[altered]] for form in forms)


def test_valid_forms_match_the_schema_and_wrong_ones_do_not_always():
    def matches(form: dict[str, list[str]]) -> bool:
        user = form.get("userid", [""])[0]
        return form.get("action") == ["GetTokenPricing"] and user.isdigit() and 1 <= int(user) < 2**31

    assert all(matches(form) for form in drawn(0, valid=True))
    assert not all(matches(form) for form in drawn(0, valid=False))


def breaks_at_rare_characters(form: Form) -> Reply:
    """Break at a character that only schemathesis generates."""
    text = "".join(itertools.chain(form, *form.values()))
    return correct(form) if set(text) <= set(CHARACTERS) else (500, {"error": "encoding"})


@pytest.mark.parametrize(("family", "examples"), [(VALID, 120), (INVALID, 300)])
def test_a_long_search_alone_finds_what_schemathesis_finds(family, examples, serve, monkeypatch):
    def found(examples: int) -> set[str]:
        judged = serve(breaks_at_rare_characters)
        (result,) = run(judged.target(), examples=examples, families=(family,)).values()
        return {finding.clause for finding in result.findings}

    monkeypatch.setattr(campaign, "LONG", round(examples / family.share))
    assert found(examples - 1) == set()
    assert found(examples) == {"TP-401"}
