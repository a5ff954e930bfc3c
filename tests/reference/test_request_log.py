"""The line for each request, which the demo shows."""

import asyncio
import json
import time

import pytest
from starlette.responses import Response

from solusio_reference.request_log import logging_requests


def lines_of(path, query=b""):
    """Answer one request; return what was logged."""
    written: list[str] = []
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}

    async def receive():
        return {"type": "http.request"}

    async def send(_):
        pass

    asyncio.run(logging_requests(Response("fine", 201), written.append)(scope, receive, send))
    assert all(line.endswith("\n") for line in written)
    return [json.loads(line) for line in written]


def test_a_request_is_one_line():
    (line,) = lines_of("/billing/customers", b"page=2")
    assert (line["source"], line["kind"], line["method"]) == ("billing", "ui", "GET")
    assert (line["path"], line["query"], line["status"]) == ("/billing/customers", "page=2", 201)
    assert line["milliseconds"] >= 0
    assert line["time"].endswith("Z")


def test_a_line_says_when_its_request_began():
    before = time.time()
    (line,) = lines_of("/")
    assert before <= line["began"] <= time.time()


def test_an_authorization_token_in_the_query_is_masked():
    (line,) = lines_of("/", b"action=GetTokenPricing&token=s3cret&x=1")
    assert (line["kind"], line["query"]) == ("api", "action=GetTokenPricing&token=***&x=1")


def test_a_request_that_fails_has_a_line_too():
    async def broken(*_):
        raise RuntimeError("a bug")

    written: list[str] = []
    with pytest.raises(RuntimeError):
        asyncio.run(
            logging_requests(broken, written.append)(
                {"type": "http", "method": "POST", "path": "/", "query_string": b""}, None, None
            )
        )
    assert json.loads(written[0])["status"] is None
