"""Fault: one thread serves one connection after the other and keeps each alive.

A client that holds its connection keeps all others waiting.
"""

from http.server import HTTPServer

from _base import Endpoint, Server, serve


class OneAtATime(Server):
    process_request = HTTPServer.process_request


serve(Endpoint, OneAtATime)
