"""Fuzz: questions that schemathesis makes up from the OpenAPI document."""

from collections.abc import Iterator

from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.fuzzing import campaign
from solusio_contracts.fuzzing.oracle import CLAUSES


@rule(
    *CLAUSES,
    title="generated questions that fit the contract are answered properly",
    needs_price=False,
    broad=True,
)
def fuzz_valid_data(target: Target) -> Iterator[Expect]:
    """Any user id, any additional parameter: nothing that fits the contract may break the endpoint."""
    return campaign.expectations(target, campaign.VALID)


@rule(
    *CLAUSES,
    title="generated questions that break the contract get no price and break nothing",
    needs_price=False,
    broad=True,
)
def fuzz_invalid_data(target: Target) -> Iterator[Expect]:
    """Odd texts, numbers and lists in each parameter: what nobody thought of when he wrote the rules."""
    return campaign.expectations(target, campaign.INVALID)
