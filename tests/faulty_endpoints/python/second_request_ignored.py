"""Fault: only one request per connection gets a response, and the connection stays open.

The client does not know that, so a second request on it waits forever.
"""

from _base import Endpoint, serve


@serve
class OneShot(Endpoint):
    def handle(self):
        self.handle_one_request()
        while not self.close_connection and self.connection.recv(1 << 16):
            pass
