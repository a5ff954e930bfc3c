"""Correct: no Content-Length; the end of the connection ends the response."""

from _base import Endpoint, serve


@serve
class Delimited(Endpoint):
    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True
