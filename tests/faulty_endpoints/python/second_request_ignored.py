"""Fault: one request is answered per connection, and the connection stays open.

Nothing tells the client, so a second request on it waits for ever.
"""

from _base import Endpoint, serve


class OneShot(Endpoint):
    def handle(self) -> None:
        self.handle_one_request()
        while not self.close_connection and self.connection.recv(1 << 16):
            pass


serve(OneShot)
