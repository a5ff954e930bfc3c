"""Fault: each rate has its own compound, instead of the taxes as a whole."""

from typing import Any

from _base import Endpoint, serve


class PerRate(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        compound = customer["taxes"].pop("compound")
        for tax in customer["taxes"]["rates"]:
            tax["compound"] = compound
        return customer


serve(PerRate)
