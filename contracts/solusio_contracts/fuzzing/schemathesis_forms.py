"""Forms that schemathesis generates from the OpenAPI document.

Its import alone takes longer than a whole short search, so only a long one asks it. A short search has the
forms of its coverage phase, too: see `boundaries`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from solusio_contracts.contract import documents
from solusio_contracts.fuzzing.generator import OPERATION, GeneratedForm, encode

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from schemathesis import Case

_ANYWHERE = "http://endpoint.invalid"
"""A base URL, because schemathesis needs one; nothing is sent there."""


def strategies(right: Mapping[str, str], *, valid: bool) -> list[SearchStrategy[GeneratedForm]]:
    """Return strategies for whole forms, and for each parameter alone with the right values in the others."""
    from hypothesis import strategies as st
    from schemathesis import GenerationMode, openapi
    from schemathesis.config import SchemathesisConfig

    document = copy.deepcopy(dict(documents.document(documents.operation(OPERATION).document)))
    # Without a configuration of our own, a schemathesis.toml in the current folder would apply.
    config = SchemathesisConfig()
    # All of Unicode except surrogates; for a codec, each character would be tried out.
    config.projects.default.generation.codec = None
    schema = openapi.from_dict(document, config=config)
    mode = GenerationMode.POSITIVE if valid else GenerationMode.NEGATIVE
    forms = schema["/"]["POST"].as_strategy(generation_mode=mode).map(_fields)

    @st.composite
    def draw(draw: DrawFn, kept: Mapping[str, str]) -> GeneratedForm:
        return GeneratedForm(encode({**draw(forms), **kept}), "a request that schemathesis generated")

    alone = [{name: value for name, value in right.items() if name != altered} for altered in right]
    return [draw(kept) for kept in ({}, *alone)]


def _fields(case: Case[Any]) -> dict[str, Any]:
    """Return the form of a case before it is encoded; empty for the few bodies without one."""
    data = case.as_transport_kwargs(base_url=_ANYWHERE).get("data")
    return dict(data) if isinstance(data, Mapping) else {}
