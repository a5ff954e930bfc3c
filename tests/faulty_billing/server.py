"""Serves all variants of the billing system: /<variant>/customers, /<variant>/bill, /<variant>/invoices.

It prints its URL when it listens, and ends when its standard input does: no test leaves one behind.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections import defaultdict
from fractions import Fraction
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import mistakes
from billing import Billing, OpenMonthError


def name_of(variant: type[Billing]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", variant.__name__).lower()


VARIANTS = {
    name_of(one): one
    for one in vars(mistakes).values()
    if isinstance(one, type) and issubclass(one, Billing) and one not in {Billing, mistakes.FromItsParts}
}


RUNNING: dict[str, Billing] = {name: variant() for name, variant in VARIANTS.items()}
LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Handler(BaseHTTPRequestHandler):
    """Serves all variants; each gets one request at a time."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        document = json.loads(body, parse_float=Fraction)
        variant, action = self.place()
        try:
            with LOCKS[variant]:
                billing = RUNNING[variant]
                if action == "customers":
                    billing.prepare(document, self.period())
                else:
                    billing.bill(document)
        except OpenMonthError as error:
            self.send_error(409, explain=f"{error} is not over")
        except (OSError, HTTPException) as error:
            self.send_error(503, explain=f"SolusIO: {error!r}")
        else:
            self.answer({})

    def do_GET(self) -> None:
        variant, _ = self.place()
        with LOCKS[variant]:
            self.answer(RUNNING[variant].invoices(self.period()))

    def period(self) -> str:
        (period,) = parse_qs(urlsplit(self.path).query)["period"]
        return period

    def place(self) -> tuple[str, str]:
        _, variant, action = urlsplit(self.path).path.split("/")
        return variant, action

    def answer(self, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one_request(self) -> None:
        # As in any framework, a crash of a variant becomes a response, not a broken connection.
        try:
            super().handle_one_request()
        except (ArithmeticError, LookupError) as error:
            sys.stderr.write(f"{self.path}: {error!r}\n")
            self.close_connection = True
            self.send_error(500)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Do not log successful requests."""


def main() -> None:
    if sys.argv[1:] == ["--list"]:
        print(*VARIANTS)  # noqa: T201
        return
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201 - the caller reads the URL
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
