"""Fault: empty strings are omitted, so customer 3's yen has no display_suffix."""

from typing import Any

from _base import Endpoint, serve


class NoSuffix(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if not customer["currency"]["display_suffix"]:
            del customer["currency"]["display_suffix"]
        return customer


serve(NoSuffix)
