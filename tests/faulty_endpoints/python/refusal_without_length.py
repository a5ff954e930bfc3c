"""Fault: refusals have no Content-Length on a connection that stays open, so the client waits."""

import json

from _base import Endpoint, serve


@serve
class Endless(Endpoint):
    def refuse(self, status, message):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(json.dumps({"error": message}).encode())
