"""Fault: an unknown user causes an uncaught exception: the connection closes without a response."""

from typing import Any

from _base import CUSTOMERS, Endpoint, serve


class Silent(Endpoint):
    def customer(self, user_id: int) -> dict[str, Any]:
        return CUSTOMERS[user_id]

    def failed(self) -> None:
        self.close_connection = True


serve(Silent)
