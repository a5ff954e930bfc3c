"""Fault: the response repeats the request "for debugging", including the authorization token."""

from typing import Any

from _base import Endpoint, serve


class Echoing(Endpoint):
    def parameters(self, body: bytes) -> dict[str, str]:
        self.form = super().parameters(body)
        return self.form

    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        return {**customer, "request": self.form}


serve(Echoing)
