"""Fault: a currency without a prefix has `display_prefix: null` (the euro of customer 2)."""

from typing import Any

from _base import Endpoint, serve


class NoPrefix(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        currency = customer["currency"]
        currency["display_prefix"] = currency["display_prefix"] or None
        return customer


serve(NoPrefix)
