"""Fault: the chunked response lacks the empty chunk that ends it."""

from _base import Endpoint, serve


@serve
class Unfinished(Endpoint):
    def respond(self, status, body):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.close_connection = True
