"""Fault: one thread serves one connection after another and keeps each alive.

A client that keeps its connection open blocks all others.
"""

from http.server import HTTPServer

from _base import Endpoint, Server, serve


class OneAtATime(Server):
    process_request = HTTPServer.process_request


serve(Endpoint, OneAtATime)
