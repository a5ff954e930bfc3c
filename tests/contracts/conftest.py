"""Reports built by hand, and servers that do what a script says."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pytest

from solusio_contracts.reporting.report import ClauseText, Fact, Finding, Outcome, Report, Result

MakeFinding = Callable[..., Finding]
MakeResult = Callable[..., Result]
MakeReport = Callable[..., Report]

if TYPE_CHECKING:
    import trustme


@pytest.fixture
def make_finding() -> MakeFinding:
    """Return a factory of findings: a misspelt discount key, changed by keyword."""

    def make(**changes: Any) -> Finding:
        members: dict[str, Any] = {
            "clause": "TP-041",
            "level": "must",
            "subject": "discounts[0]",
            "expected": "the key `multipler`",
            "actual": "`multiplier` instead",
            "hint": "rename `multiplier` to `multipler`",
            "question": "a valid request for user 1",
            "curl": (
                "curl -sS -i http://127.0.0.1:8000/solusio/api/ -H 'Accept: application/json' "
                "-H 'Content-Type: application/x-www-form-urlencoded' "
                '--data-binary "token=${MOCK_SOLUSIO_TOKEN}&action=GetTokenPricing&userid=1"'
            ),
            "request": "POST /solusio/api/ HTTP/1.1\nHost: 127.0.0.1:8000\n\naction=GetTokenPricing",
            "response": 'HTTP 200 OK\nContent-Type: application/json\n\n{"discounts": []}',
        }
        return Finding(**(members | changes))

    return make


@pytest.fixture
def make_result() -> MakeResult:
    """Return a factory of results: a rule that passed, changed by keyword."""

    def make(**changes: Any) -> Result:
        members: dict[str, Any] = {
            "rule": "discount-key",
            "area": "fields",
            "title": "discounts use the key SolusIO reads",
            "outcome": Outcome.PASS,
            "clauses": ("TP-041",),
            "checks": 1,
        }
        return Result(**(members | changes))

    return make


@pytest.fixture
def make_report() -> MakeReport:
    """Return a factory of reports without results, changed by keyword."""

    def make(**changes: Any) -> Report:
        members: dict[str, Any] = {
            "tool_version": "0.1.0",
            "target": "http://127.0.0.1:8000/solusio/api/",
            "started": "2026-03-01T12:00:00Z",
            "seconds": 1.4,
            "seed": 7,
            "requests": 62,
            "users": (1, 2),
            "clauses": (
                ClauseText(
                    id="TP-041",
                    level="must",
                    provenance="documented",
                    source="step 6",
                    text="Each discount carries its factor under the key `multipler` (sic).",
                    why=(
                        "SolusIO reads `multipler` (sic). Any other spelling drops the discount "
                        "without a word, and your customer sees a price that is too high."
                    ),
                    fix="Send the factor as `multipler`, exactly as the vendor's example spells it.",
                ),
                ClauseText(
                    id="TP-060",
                    level="should",
                    provenance="assumed",
                    source="The vendor's own example does not add up, so it cannot be a must.",
                    text="The user's price follows from base price, discounts and taxes.",
                    why="Customers recalculate the price from the discounts and taxes shown.",
                    fix="Multiply the base price by every multipler, then apply the taxes.",
                ),
                ClauseText(
                    id="TP-091",
                    level="must",
                    provenance="assumed",
                    source="No sane service gives prices for a wrong token.",
                    text="A wrong authorization token is refused.",
                    why="Anybody who finds the URL can read the prices of all your customers.",
                    fix="Compare the whole token with hash_equals() and answer 403.",
                ),
            ),
        }
        return Report(**(members | changes))

    return make


@pytest.fixture
def mixed_report(make_report: MakeReport, make_result: MakeResult, make_finding: MakeFinding) -> Report:
    """Return a whole run: 3 rules passed, 1 warns, 2 failed, 1 undecided, 2 skipped."""
    discount = make_finding()
    second = make_finding(subject="discounts[1]")
    prefix = make_finding(
        clause="TP-091",
        subject="the token's first half",
        expected="a refusal (4xx) without a price",
        actual="status 200 with a price",
        hint="",
        question="a valid request with the first half of the token",
        curl="curl -sS -i http://127.0.0.1:8000/solusio/api/ --data-binary 'token=hal&userid=1'",
    )
    sums = make_finding(
        clause="TP-060",
        level="should",
        subject="user_token_unit_cost",
        expected="1.37637 (1.34 × 0.95, then + 6 %, then + 2 %)",
        actual="1.0812",
        hint="1.0812 is what the taxes alone give",
    )
    no_token = "no authorization token is configured (--token)"
    return make_report(
        facts=(Fact(name="authorization token", text="required: without one, the answer is 403"),),
        results=(
            make_result(rule="answers-200", area="http", title="a valid request returns 200"),
            make_result(
                rule="in-time",
                area="http",
                title="answers come in time",
                checks=62,
                notes=("the slowest answer: 0.31 s",),
            ),
            make_result(rule="is-json", area="body", title="the body is JSON"),
            make_result(outcome=Outcome.FAIL, checks=3, findings=(discount, second)),
            make_result(
                rule="arithmetic",
                area="values",
                title="the user's price follows from base price, discounts and taxes",
                outcome=Outcome.WARN,
                clauses=("TP-060",),
                findings=(sums,),
            ),
            make_result(
                rule="token-prefix",
                area="authorization",
                title="a part of the token does not open the door",
                outcome=Outcome.FAIL,
                clauses=("TP-091",),
                findings=(prefix,),
                seconds=0.25,
            ),
            make_result(
                rule="token-empty",
                area="authorization",
                outcome=Outcome.SKIP,
                clauses=("TP-091",),
                checks=0,
                reason=no_token,
            ),
            make_result(
                rule="token-array",
                area="authorization",
                outcome=Outcome.SKIP,
                clauses=("TP-091",),
                checks=0,
                reason=no_token,
            ),
            make_result(
                rule="fifty-at-once",
                area="robustness",
                title="fifty calls at once are all answered",
                outcome=Outcome.ERROR,
                clauses=("TP-091",),
                checks=0,
                reason="the rule itself failed: OSError: too many open files",
            ),
        ),
    )


class Peer:
    """The server's end of one connection, as a script sees it."""

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self.connection = connection
        self.stopped = stopped
        self.reads: list[bytes] = []
        """What was read, one entry for each read."""

    def read(self) -> bytes:
        """Read once; empty at the end or once the server stops."""
        while not self.stopped.is_set():
            try:
                data = self.connection.recv(65536)
            except TimeoutError:
                continue
            self.reads.append(data)
            return data
        return b""

    def head(self) -> bytes:
        """Read at least to the end of a request's head."""
        seen = b""
        while b"\r\n\r\n" not in seen:
            data = self.read()
            if not data:
                break
            seen += data
        return seen

    def request(self) -> bytes:
        """Read one request whole, by its Content-Length."""
        seen = self.head()
        head, _, body = seen.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        length = next((int(value) for name, _, value in lines if name.lower() == b"content-length"), 0)
        missing = length - len(body)
        while missing > 0:
            data = self.read()
            if not data:
                break
            seen += data
            missing -= len(data)
        return seen

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        self.stopped.wait(seconds)

    def drip(self, data: bytes, seconds: float) -> None:
        """Send byte by byte, `seconds` apart."""
        for place in range(len(data)):
            self.send(data[place : place + 1])
            self.pause(seconds)

    def until_closed(self) -> None:
        """Read on, without an answer, until the client goes away."""
        while self.read():
            pass

    def reset(self) -> None:
        """Close so that the client sees a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script = Callable[[Peer], None]


class ScriptedServer:
    """Listens on 127.0.0.1 and runs a script for each connection; the last one again for all further ones."""

    def __init__(self, scripts: tuple[Script, ...], tls: ssl.SSLContext | None) -> None:
        self.scripts = scripts
        self.tls = tls
        self.peers: list[Peer] = []
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/solusio/api/"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Accept nothing any more and end all connections."""
        self._stopped.set()
        # Closing alone does not wake an accept() that waits already.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self.scripts[min(len(self.peers), len(self.scripts) - 1)]
            peer = Peer(connection, self._stopped)
            self.peers.append(peer)
            self._start(self._serve, peer, script)

    def _serve(self, peer: Peer, script: Script) -> None:
        with contextlib.suppress(OSError):
            try:
                peer.connection.settimeout(10)
                if self.tls is not None:
                    peer.connection = self.tls.wrap_socket(peer.connection, server_side=True)
                # Short, so that a read notices the end of the test.
                peer.connection.settimeout(0.2)
                script(peer)
            finally:
                peer.connection.close()


MakeServer = Callable[..., ScriptedServer]


@pytest.fixture
def scripted() -> Iterator[MakeServer]:
    """Return a factory of servers: `scripted(script, script, ..., tls=context)`."""
    with contextlib.ExitStack() as stack:

        def make(*scripts: Script, tls: ssl.SSLContext | None = None) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(scripts, tls))

        yield make


@pytest.fixture(scope="session")
def authority() -> "trustme.CA":
    """Return an authority that nobody trusts, which makes certificates."""
    import trustme

    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: "trustme.CA") -> ssl.SSLContext:
    """Return the TLS of a server with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: "trustme.CA") -> ssl.SSLContext:
    """Return the TLS of a client that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """Return a port on which nothing listens, kept from others for the whole session."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
