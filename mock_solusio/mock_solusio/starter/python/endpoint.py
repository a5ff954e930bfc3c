"""A complete GetTokenPricing endpoint for SolusIO: what one token costs a customer.

    SOLUSIO_TOKEN=a-long-random-text python3 endpoint.py

`application` is a WSGI application: in production, run it with your WSGI server. The same program in PHP is
explained line by line in docs/php-endpoint.md of mock-solusio.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

CUSTOMERS: dict[int, dict[str, Any]] = {
    1: {
        "base": 1.34,
        "currency": ("GBP", "£", " GBP", ",", "."),
        "discounts": [
            {
                "name": "Special Client Group Discount",
                "description": "5% Recurring Discount",
                "multipler": 0.95,
            }
        ],
        "taxes": {
            "compound": True,
            "rates": [{"label": "City Tax", "rate": 6}, {"label": "State Tax", "rate": 2}],
        },
    },
    2: {
        "base": 0.00091,
        "currency": ("EUR", "", " €", ".", ","),
        "discounts": [],
        "taxes": {"compound": False, "rates": []},
    },
}

CURRENCY = ("code", "display_prefix", "display_suffix", "thousands_separator", "decimals_separator")
LARGEST_BODY = 64 * 1024  # bytes


class Refusal(Exception):
    """A request that gets no price."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def form(environ: dict[str, Any]) -> dict[str, str]:
    """Return the fields of the request; of one that appears several times, the last value."""
    size = environ.get("CONTENT_LENGTH") or "0"
    if not size.isdecimal():
        raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length must be a number")
    body = environ["wsgi.input"].read(min(int(size), LARGEST_BODY + 1))
    if len(body) > LARGEST_BODY:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def price(customer: dict[str, Any]) -> dict[str, Any]:
    """Return what SolusIO needs to show a customer's prices."""
    cost = customer["base"]
    for discount in customer["discounts"]:
        cost *= discount["multipler"]
    factor = 1.0
    for tax in customer["taxes"]["rates"]:
        factor += (factor if customer["taxes"]["compound"] else 1) * tax["rate"] / 100
    return {
        "base_token_unit_cost": customer["base"],
        "user_token_unit_cost": cost * factor,
        "currency": dict(zip(CURRENCY, customer["currency"], strict=True)),
        "discounts": customer["discounts"],
        "taxes": customer["taxes"],
    }


def answer(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the price that a request asks for, or raise a Refusal."""
    expected = os.environ.get("SOLUSIO_TOKEN", "")
    if not expected:
        raise RuntimeError("SOLUSIO_TOKEN is not set")
    fields = form(environ)
    if not hmac.compare_digest(fields.get("token", "").encode(), expected.encode()):
        raise Refusal(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong")
    if fields.get("action") != "GetTokenPricing":
        raise Refusal(HTTPStatus.BAD_REQUEST, "unknown action")
    user = fields.get("userid", "")
    if not re.fullmatch("[1-9][0-9]{0,17}", user):
        raise Refusal(HTTPStatus.BAD_REQUEST, "userid must be a positive integer")
    customer = CUSTOMERS.get(int(user))
    if customer is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "no such user")
    return price(customer)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request of SolusIO. An unexpected error is left to the server: a 500, and its log."""
    status, document = HTTPStatus.OK, {}
    try:
        document = answer(environ)
    except Refusal as refusal:
        status, document = refusal.status, {"error": str(refusal)}
    body = json.dumps(document).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


class Server(ThreadingMixIn, WSGIServer):
    """Serves many requests at a time, for development."""

    daemon_threads = True
    request_queue_size = 128


class Handler(WSGIRequestHandler):
    """Ends a request that is too slow."""

    timeout = 30


if __name__ == "__main__":
    if not os.environ.get("SOLUSIO_TOKEN"):
        raise SystemExit("SOLUSIO_TOKEN is not set")
    port = int(os.environ.get("PORT", "8080"))
    with make_server("127.0.0.1", port, application, Server, Handler) as server:
        print(f"listening at http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()
