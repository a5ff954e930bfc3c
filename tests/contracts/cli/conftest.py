"""`mock-solusio check` as people run it, and endpoints to run it against.

Runs of all rules take seconds, so there is one per kind of endpoint, shared by the tests that look at it.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo
from support.commands import invoke

TOKEN = "s3cret+Tök&en=77"
KINDS = ("json", "junit", "html", "sarif")


@dataclasses.dataclass(frozen=True)
class Run:
    """The results of a command."""

    code: int
    output: str
    errors: str
    folder: Path

    def report(self, kind: str) -> str:
        return (self.folder / f"report.{kind}").read_text(encoding="utf-8")

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.report("json"))


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A running endpoint that records its requests."""

    url: str
    bodies: list[bytes]
    headers: list[dict[bytes, bytes]]


Serve = Callable[..., Endpoint]
Check = Callable[..., Run]


class Watched:
    """The reference endpoint, with changed prices and recorded requests."""

    def __init__(self, app: Any, change: Callable[[bytes], bytes]) -> None:
        self.app = app
        self.change = change
        self.bodies: list[bytes] = []
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked, answered = bytearray(), bytearray()
        head: dict[str, Any] = {}

        async def note() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def hold(message: Any) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
                return
            answered.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            body = self.change(bytes(answered)) if head["status"] == 200 else bytes(answered)
            others = [pair for pair in head["headers"] if pair[0] != b"content-length"]
            await send({**head, "headers": [*others, (b"content-length", str(len(body)).encode())]})
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, note, hold)
        self.bodies.append(bytes(asked))
        self.headers.append(dict(scope["headers"]))


@pytest.fixture(scope="session")
def token() -> str:
    """An authorization token with every character that a form, JSON or a shell must escape."""
    return TOKEN


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[3]


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Start the reference endpoint, optionally with changed prices; it runs until the end."""
    with ExitStack() as stack:

        def start(
            change: Callable[[bytes], bytes] = lambda body: body, token: str | None = TOKEN
        ) -> Endpoint:
            store = stack.enter_context(CustomerStore.in_memory())
            seed_demo(store)
            app = Watched(create_app(store, token=token), change)
            return Endpoint(stack.enter_context(running(app)), app.bodies, app.headers)

        yield start


@pytest.fixture(scope="session")
def good(serve: Serve) -> Endpoint:
    return serve()


@pytest.fixture(scope="session")
def misspelt(serve: Serve) -> Endpoint:
    return serve(lambda body: body.replace(b'"multipler"', b'"multiplier"'))


@pytest.fixture(scope="session")
def check() -> Check:
    """Run the command in this process, with only the token in the environment.

    With a `folder`, all reports are written there.
    """

    def run(
        *arguments: object, folder: Path | None = None, token: str | None = TOKEN, columns: int = 80
    ) -> Run:
        words = ["check", *map(str, arguments)]
        if folder is not None:
            words += [word for kind in KINDS for word in ("--report", f"{kind}={folder / f'report.{kind}'}")]
        env = {"FORCE_COLOR": None, "TTY_COMPATIBLE": None, "COLUMNS": str(columns)}
        env["MOCK_SOLUSIO_TOKEN"] = token
        result = invoke(*words, env=env)
        return Run(result.exit_code, result.stdout, result.stderr, folder or Path())

    return run


@pytest.fixture(scope="session")
def conformant(check: Check, good: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("conformant")
    return check(good.url, "--user-id", 1, "--user-id", 2, "--no-fuzz", folder=folder)


@pytest.fixture(scope="session")
def failed(check: Check, misspelt: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("failed")
    options = ["--no-fuzz", "--write-baseline", folder / "baseline.toml"]
    return check(misspelt.url, "--user-id", 1, "--user-id", 2, *options, folder=folder)
