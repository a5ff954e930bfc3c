"""Correct: refusals are RFC 9457 problem documents, and malformed requests get a 422."""

import json

from _base import Endpoint, serve


@serve
class Problems(Endpoint):
    def refuse(self, status, message):
        status = 422 if status == 400 else status
        problem = {"type": "about:blank", "title": message, "status": status}
        headers = {"Content-Type": "application/problem+json"}
        self.send(status, headers, json.dumps(problem).encode())
