"""Fuzz: questions that schemathesis makes up from the OpenAPI document."""

from collections.abc import Iterator

from solusio_contracts import fuzz
from solusio_contracts.fuzz_judge import CLAUSES
from solusio_contracts.rule import Expect, rule
from solusio_contracts.target import Target


@rule(
    *CLAUSES,
    title="generated questions that fit the contract are answered properly",
    needs_price=False,
    broad=True,
)
def fuzz_valid_data(target: Target) -> Iterator[Expect]:
    """Any user id, any additional parameter: nothing that fits the contract may break the endpoint."""
    return fuzz.expectations(target, fuzz.VALID)


@rule(
    *CLAUSES,
    title="generated questions that break the contract get no price and break nothing",
    needs_price=False,
    broad=True,
)
def fuzz_invalid_data(target: Target) -> Iterator[Expect]:
    """Odd texts, numbers and lists in each parameter: what nobody thought of when he wrote the rules."""
    return fuzz.expectations(target, fuzz.INVALID)
