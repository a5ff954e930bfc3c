"""A fault that SolusIO has while a billing system takes a step, as scenarios write it."""

from typing import Annotated, Literal

from msgspec import Meta

from solusio_contracts.adapter.customers import Strict
from solusio_contracts.timeline import Name


class Fault(Strict, frozen=True, kw_only=True):
    """A fault that the mock injects while one step runs, and that ends with it."""

    kind: Literal["cut", "cut-body", "timeout", "status", "slow", "html", "gzip", "duplicate-page"]
    operation: Name | None = None
    """operationId of the API; None: any."""
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    """For the kinds status and html."""
    message: str | None = None
    """Of an error in JSON; None: that of the status."""
    retry_after: Annotated[int, Meta(ge=0, le=60)] | None = None
    after: Literal["handled"] | None = None
    """The request is carried out, and only the response is wrong."""
    skip: Annotated[int, Meta(ge=0)] = 0
    times: Annotated[int, Meta(ge=1)] | Literal["all"] = 1
