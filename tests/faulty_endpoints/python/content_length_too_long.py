"""Fault: Content-Length is calculated before the body is stripped, so two bytes never come."""

from _base import Endpoint, serve


@serve
class TooLong(Endpoint):
    def respond(self, status, body):
        page = (body + "\r\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page.strip())
