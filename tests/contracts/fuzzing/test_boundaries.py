"""What is sent in every run, beside what schemathesis' coverage phase makes of the same document."""

import urllib.parse
from copy import deepcopy

import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from solusio_contracts.checking.target import TargetSettings
from solusio_contracts.contract import documents
from solusio_contracts.fuzzing.generator import Generator

Form = tuple[tuple[str, str], ...]

# The values of the document's example, which schemathesis takes for all parameters but one.
EXAMPLE = TargetSettings(url="http://127.0.0.1/", users=(1,), token="xxxxxxx")


def coverage(mode: GenerationMode) -> set[Form]:
    """Return the forms of schemathesis' coverage phase that are POSTed as forms."""
    document = deepcopy(dict(documents.document("billing-endpoint")))
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    cases = schema.iter_coverage_cases(
        schema["/"]["POST"], generation_modes=[mode], generation_config=schema.config.generation
    )
    sent = [case.as_transport_kwargs(base_url="http://127.0.0.1") for case in cases]
    return {
        tuple(sorted((name, str(value)) for name, value in one["data"].items()))
        for one in sent
        if one["method"] == "POST" and one["headers"].get("Content-Type") == documents.FORM
    }


@pytest.mark.parametrize(
    ("mode", "valid"), [(GenerationMode.POSITIVE, True), (GenerationMode.NEGATIVE, False)]
)
def test_every_form_of_the_coverage_phase_is_sent(mode, valid):
    ours = {
        tuple(sorted(urllib.parse.parse_qsl(form.body.decode(), keep_blank_values=True)))
        for form in Generator(EXAMPLE).boundaries(valid=valid)
    }
    expected = coverage(mode)
    assert len(expected) >= 5
    assert expected <= ours
