"""An HTTP server of a few lines, for whatever a program under test asks."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Response = tuple[int, Mapping[str, str], bytes]
"""Status, headers, body. A Content-Length is added unless the headers have one."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names in any case find their value."""
    body: bytes


@dataclass
class Endpoint:
    """A running server and what it was asked."""

    url: str
    answer: Callable[[Asked], Response | None]
    """May be exchanged at any time."""
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Set at the end: an answer that should never come waits for it."""
    stop: Callable[[], None] = lambda: None
    """Listen no more. An answer may do that, too."""


class CrowdedServer(ThreadingHTTPServer):
    """Lets a crowd wait in the queue; a client whose connection does not fit tries again after a second."""

    request_queue_size = 128


@contextmanager
def endpoint(answer: Callable[[Asked], Response | None]) -> Iterator[Endpoint]:
    """Serve on a free port, each connection in its own thread. No response: the connection closes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave in one segment

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            asked = Asked(self.command, self.path, self.headers, body)
            made.asked.append(asked)
            response = made.answer(asked)
            if response is None:
                self.close_connection = True
                return
            status, headers, content = response
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keep the output of tests clean."""

    with CrowdedServer(("127.0.0.1", 0), Handler) as server:
        # A client that keeps its connection must not keep the test from ending.
        server.daemon_threads, server.block_on_close = True, False

        def stop() -> None:
            server.shutdown()
            server.server_close()

        made = Endpoint(f"http://127.0.0.1:{server.server_port}", answer, stop=stop)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.released.set()
            stop()
            thread.join()
