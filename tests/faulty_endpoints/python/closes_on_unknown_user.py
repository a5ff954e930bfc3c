"""Fault: an unknown user causes an uncaught exception: the connection closes without a response."""

from _base import CUSTOMERS, Endpoint, serve


@serve
class Silent(Endpoint):
    def customer(self, user_id):
        return CUSTOMERS[user_id]

    def failed(self):
        self.close_connection = True
