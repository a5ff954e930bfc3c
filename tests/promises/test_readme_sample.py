"""The finding that the README shows is what the command prints."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
PRICE = {
    "base_token_unit_cost": 1,
    "user_token_unit_cost": 0.95,
    "currency": {
        "code": "GBP",
        "display_prefix": "£",
        "display_suffix": "",
        "thousands_separator": ",",
        "decimals_separator": ".",
    },
    "discounts": [{"name": "Special", "description": "5% off", "multiplier": 0.95}],
    "taxes": {"compound": False, "rates": []},
}


class _Misspelt(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(PRICE).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def misspelt() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Misspelt)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_sample_is_what_is_printed(misspelt: str) -> None:
    sample = re.search(r"<!-- sample -->\n```text\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert sample is not None
    command = [
        sys.executable,
        "-m",
        "mock_solusio",
        "check",
        misspelt,
        "--user-id",
        "1",
        "--only",
        "discount-key",
    ]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    printed = "\n".join(line.rstrip() for line in run.stdout.splitlines())
    assert run.returncode == 1
    assert sample[1].rstrip() in printed
