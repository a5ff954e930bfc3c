"""Fault: one request is answered per connection, but the connection is neither closed nor said
to be: the second request on it waits for ever.
"""

from _base import Endpoint, serve


class OneShot(Endpoint):
    def handle(self) -> None:
        self.handle_one_request()
        while not self.close_connection and self.connection.recv(1 << 16):
            pass


serve(OneShot)
