"""Correct: the vendor's own example, verbatim. Its arithmetic does not add up."""

from pathlib import Path

from _base import Endpoint, Refusal, serve

EXAMPLE = Path(__file__).parents[2] / "support" / "vendor-example.json"


@serve
class Vendor(Endpoint):
    def customer(self, user_id):
        if user_id != 1:
            raise Refusal(404, "No such user")
        return {}

    def encode(self, pricing):  # noqa: ARG002 - there is one response
        return EXAMPLE.read_text()
