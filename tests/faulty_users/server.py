"""Serves all variants of the billing system: POST /<variant>/<event>, as docs/users.md describes.

Each class of its modules is a variant. Its name in the URL is the class name in lower case with hyphens:
FirstPage is /first-page/. catalogue.toml says which scenarios must catch a mistake.

It prints its URL when it listens, and ends when its standard input does: no test leaves one behind.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import access_mistakes
import conduct_mistakes
import finding_mistakes
import styles
from users import Refused, Users

MODULES = (finding_mistakes, access_mistakes, conduct_mistakes, styles)


def name_of(variant: type[Users]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", variant.__name__).lower()


VARIANTS = {
    name_of(one): one
    for module in MODULES
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, Users) and one is not Users
}
RUNNING: dict[str, Users] = {name: variant() for name, variant in VARIANTS.items()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, variant, event = self.path.split("/")
        users = RUNNING[variant]
        try:
            if event == "prepare":
                users.prepare(body)
                self.answer(200, {})
            else:
                self.answer(200, self.done(users, event, body))
        except Refused as error:
            self.answer(409 if error.status < 500 else 502, {"error": str(error)})
        except (ArithmeticError, AttributeError, LookupError, TypeError, OSError) as error:
            # As in any framework, a crash of a variant becomes a response, not a broken connection.
            self.answer(500, {"error": repr(error)})

    def done(self, users: Users, event: str, body: Any) -> Any:
        solusio = users.connect(body["solusio_url"], body["access_token"], body.get("ca_file"))
        if event == "login":
            return {"url": users.login(solusio, body["customer"])}
        getattr(users, event)(solusio, body["customer"])
        return {}

    def answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Do not log requests."""


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
