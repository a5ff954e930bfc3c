"""Correct: indented, keys sorted, raw UTF-8, and a no-break space between thousands of euros."""

import json

from _base import Endpoint, serve


@serve
class Pretty(Endpoint):
    def pricing(self, customer):
        if customer["currency"]["code"] == "EUR":
            customer["currency"]["thousands_separator"] = "\u00a0"
        return customer

    def encode(self, pricing):
        return json.dumps(pricing, indent=4, ensure_ascii=False, sort_keys=True)
