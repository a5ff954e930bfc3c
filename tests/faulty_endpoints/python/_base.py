"""A billing endpoint that does everything right. Each of the other files here replaces one method.

Run: PORT=8000 BILLING_TOKEN=secret python FILE.py
"""

import contextlib
import copy
import hmac
import json
import os
import re
import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

LARGEST_BODY = 1 << 20
TOKEN = os.environ.get("BILLING_TOKEN", "")

CUSTOMERS = {
    1: {
        "base_token_unit_cost": 1.34,
        "user_token_unit_cost": 1.3763676,  # 1.34 x 0.95 x 1.06 x 1.02
        "currency": {
            "code": "GBP",
            "display_prefix": "£",
            "display_suffix": " GBP",
            "thousands_separator": ",",
            "decimals_separator": ".",
        },
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
        "base_token_unit_cost": 0.00091,
        "user_token_unit_cost": 0.00091,  # no discounts, no taxes
        "currency": {
            "code": "EUR",
            "display_prefix": "",
            "display_suffix": " €",
            "thousands_separator": ".",
            "decimals_separator": ",",
        },
        "discounts": [],
        "taxes": {"compound": False, "rates": []},
    },
    3: {
        "base_token_unit_cost": 0.15,
        "user_token_unit_cost": 0.1188,  # 0.15 x 0.9 x 0.8 x (1 + 0.08 + 0.02)
        "currency": {
            "code": "JPY",
            "display_prefix": "¥",
            "display_suffix": "",
            "thousands_separator": ",",
            "decimals_separator": ".",
        },
        "discounts": [
            {"name": "Loyalty", "description": "Third year", "multipler": 0.9},
            {"name": "Volume", "description": "Ten servers", "multipler": 0.8},
        ],
        "taxes": {
            "compound": False,
            "rates": [
                {"label": "Consumption Tax", "rate": 8},
                {"label": "Regional Levy", "rate": 2},
            ],
        },
    },
}


class Refusal(Exception):  # noqa: N818 - a refusal is a response, not an error
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


class Endpoint(BaseHTTPRequestHandler):
    """One object per connection, so an attribute set here lives as long as the connection."""

    protocol_version = "HTTP/1.1"
    server_version = "billing"
    sys_version = ""
    timeout = 30
    wbufsize = -1  # headers and body leave in one segment

    def do_POST(self):
        try:
            body = self.read_body()
            if self.command != "POST":
                raise Refusal(405, "Only POST is answered")
            pricing = self.price(self.parameters(body))
            self.respond(200, self.encode(pricing))
        except Refusal as refusal:
            self.refuse(refusal.status, refusal.message)
        except ConnectionError:
            self.close_connection = True
        except Exception:
            traceback.print_exc()
            self.failed()

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST  # noqa: N815

    def read_body(self):
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise Refusal(411, "Send a Content-Length")
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch("[0-9]{1,12}", length):
            self.close_connection = True
            raise Refusal(400, "The Content-Length is not a number")
        body, left = b"", int(length)
        # Read the rest past the limit too; otherwise the server would read it as the next request.
        while left:
            piece = self.rfile.read(min(left, 1 << 16))
            if not piece:
                raise ConnectionError("the client went away")
            left -= len(piece)
            if len(body) <= LARGEST_BODY:
                body += piece
        if len(body) > LARGEST_BODY:
            raise Refusal(413, "The body is too large")
        return body

    def parameters(self, body):
        """Return the first value of each parameter."""
        text = body.decode("utf-8", "replace")
        return {name: values[0] for name, values in parse_qs(text, True).items()}

    def price(self, form):
        if not self.authorised(form.get("token")):
            raise Refusal(401, "The authorization token is wrong")
        self.check_action(form.get("action"))
        return self.pricing(self.customer(self.user_id(form.get("userid"))))

    def authorised(self, token):
        if not TOKEN:
            return True
        return token is not None and hmac.compare_digest(token.encode(), TOKEN.encode())

    def check_action(self, action):
        if action != "GetTokenPricing":
            raise Refusal(400, "Unknown action")

    def user_id(self, text):
        if not re.fullmatch("[1-9][0-9]{0,17}", text or ""):
            raise Refusal(400, "No valid user id")
        return int(text or "")

    def customer(self, user_id):
        if user_id not in CUSTOMERS:
            raise Refusal(404, "No such user")
        return copy.deepcopy(CUSTOMERS[user_id])

    def pricing(self, customer):
        return customer

    def encode(self, pricing):
        return json.dumps(pricing)

    def respond(self, status, body):
        self.send(status, {"Content-Type": "application/json"}, body.encode())

    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, message):
        body = json.dumps({"error": message}).encode()
        self.send(status, {"Content-Type": "application/json"}, body)

    def failed(self):
        """Return 500 after an unexpected error: faults cause this, the base never does."""
        self.refuse(500, "Internal error")

    def log_message(self, *_):
        """Log nothing: stderr is for errors."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128

    def shutdown_request(self, request):
        """Close after the client has closed.

        Closing with unread bytes resets the connection, and the client may lose the response.
        """
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(1)
            while request.recv(1 << 16):
                pass
        self.close_request(request)

    def handle_error(self, *_):
        """Report errors, unless a client merely disconnected."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


def serve(endpoint=Endpoint, server=Server):
    """Run an endpoint until it is killed; it may be the decorator of its class."""
    server(("127.0.0.1", int(os.environ["PORT"])), endpoint).serve_forever()
