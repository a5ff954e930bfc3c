"""Fuzz: requests generated from the OpenAPI document."""

from collections.abc import Iterator

from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.fuzzing import campaign
from solusio_contracts.fuzzing.oracle import CLAUSES


@rule(
    *CLAUSES,
    title="generated requests that match the contract get a proper response",
    needs_price=False,
    broad=True,
    prepare=campaign.prepare,
)
def fuzz_valid_data(target: Target) -> Iterator[Expect]:
    """Any user id, any additional parameter: no request that matches the contract may break the endpoint."""
    return campaign.expectations(target, campaign.VALID)


@rule(
    *CLAUSES,
    title="generated requests that violate the contract get no price and break nothing",
    needs_price=False,
    broad=True,
    prepare=campaign.prepare,
)
def fuzz_invalid_data(target: Target) -> Iterator[Expect]:
    """Odd strings, numbers and lists in each parameter: input that no rule thought of."""
    return campaign.expectations(target, campaign.INVALID)
