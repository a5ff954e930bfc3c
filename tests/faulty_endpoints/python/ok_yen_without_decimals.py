"""Correct: the yen has no decimals, so it needs no separator before them."""

from typing import Any

from _base import Endpoint, serve


class NoDecimals(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if customer["currency"]["code"] == "JPY":
            customer["currency"] |= {"decimals_separator": "", "decimals": 0}
        return customer


serve(NoDecimals)
