"""The requests are those that schemathesis sends."""

from typing import Any

from solusio_contracts.fuzzing import generator
from support.fuzzing import correct


def test_the_bytes_are_those_that_schemathesis_sends(serve):
    """Cases that schemathesis itself sends arrive in our encoding."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    endpoint = serve(correct)
    schema = generator.Generator(endpoint.target().settings)._schema
    cases = st.one_of(
        [
            schema[path]["POST"].as_strategy(generation_mode=mode)
            for path in ("/", "/userid", "/action", "/token")
            for mode in GenerationMode
        ]
    )
    compared = 0

    @seed(1)
    @settings(
        max_examples=40,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def compare(case: Any) -> None:
        nonlocal compared
        case.operation.path = "/"
        case.path = "/"
        case.call(base_url=endpoint.endpoint.url)
        assert generator.encode(generator.fields_of(case)) == endpoint.bodies[-1]
        compared += 1

    with generator.quiet_hypothesis():
        compare()
    assert compared >= 40
