"""Correct: an HTTP/1.0 server in one thread, which closes after each response."""

from http.server import HTTPServer

from _base import Endpoint, Server, serve


class Old(Endpoint):
    protocol_version = "HTTP/1.0"


class OneAtATime(Server):
    process_request = HTTPServer.process_request


serve(Old, OneAtATime)
