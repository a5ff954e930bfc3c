"""Correct: indented, keys sorted, raw UTF-8, and a no-break space between thousands of euros."""

import json
from typing import Any

from _base import Endpoint, serve


class Pretty(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if customer["currency"]["code"] == "EUR":
            customer["currency"]["thousands_separator"] = "\u00a0"
        return customer

    def encode(self, pricing: Any) -> str:
        return json.dumps(pricing, indent=4, ensure_ascii=False, sort_keys=True)


serve(Pretty)
