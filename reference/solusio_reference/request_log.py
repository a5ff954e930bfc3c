"""One JSON object for each request, for a program that started this one and shows them."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = re.compile(r"((?:^|&)token=)[^&]*")
"""The authorization token, if somebody sends it in the query."""


def logging_requests(app: ASGIApp, write: Callable[[str], object]) -> ASGIApp:
    """Return the application with a line of JSON written after each response; the members never change."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began, start = time.time(), time.perf_counter()
        try:
            await app(scope, receive, noting)
        finally:
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "source": "billing",
                "number": None,
                "moment": None,
                "kind": "ui" if scope["path"].startswith("/billing") else "api",
                "method": scope["method"],
                "path": scope["path"],
                "query": TOKEN.sub(r"\1***", scope["query_string"].decode("latin-1")),
                "operation": None,
                "status": status,
                "milliseconds": round((time.perf_counter() - start) * 1000, 3),
                # In seconds since 1970, for a program that shows only what begins after a moment.
                "began": began,
            }
            write(json.dumps(line, separators=(",", ":")) + "\n")

    return answer
