"""Upstreams to record, a recorder in front of them, and a search for what must not be on the disk."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from mock_solusio.record.anonymising import Anonymiser
from mock_solusio.record.archive import RecordedExchange, RecordingReader, RecordingWriter
from mock_solusio.record.proxy import Recorder, Upstream
from mock_solusio.record.pseudonyms import Pseudonyms
from mock_solusio.server.uvicorn_server import running

SEED = "a long secret of the tests"


def forms_of(secret: str) -> Iterator[bytes]:
    """Give all forms in which a text might have been written."""
    raw = secret.encode()
    yield raw
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()
    yield quote(secret, safe="").encode()
    yield quote(secret, safe="").lower().encode()
    yield quote_plus(secret).encode()
    yield raw.hex().encode()
    for before in range(3):
        # Base64 of the text in the middle of another, without the characters that neighbours have a part in.
        coded = base64.b64encode(b"\0" * before + raw)
        yield coded[(0, 2, 3)[before] : (len(raw) + before) // 3 * 4]
        yield base64.urlsafe_b64encode(b"\0" * before + raw)[(0, 2, 3)[before] : (len(raw) + before) // 3 * 4]


def leaks_in(text: bytes, secrets: Iterable[str]) -> list[str]:
    """Return the secrets that are in a text, in capitals or not."""
    small = text.lower()
    return [
        secret
        for secret in secrets
        if any(len(form) > 2 and form.lower() in small for form in forms_of(secret))
    ]


@dataclass
class Canned:
    """A small installation that answers what it is told, and remembers what it was asked."""

    answers: dict[str, tuple[int, list[tuple[bytes, bytes]], bytes]] = field(default_factory=dict)
    """`GET /path` -> status, headers, body. Also an ASGI application may stand there."""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, what: str, value: Any, status: int = 200, **headers: str) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        lines = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
        lines = [line for line in lines if line[0] not in named]
        self.answers[what] = (status, [*lines, *named.items()], body)

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.asked.append(
            {
                "method": scope["method"],
                "target": scope["raw_path"]
                + (b"?" + scope["query_string"] if scope["query_string"] else b""),
                "headers": [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]],
                "body": body,
            }
        )
        answer = self.answers[f"{scope['method']} {scope['path']}"]
        if callable(answer):
            await answer(scope, receive, send)
            return
        status, headers, text = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})


@dataclass
class Session:
    """A recorder that listens."""

    url: str
    recorder: Recorder
    folder: Path
    said: list[str]
    client: httpx.Client

    def exchanges(self) -> list[RecordedExchange]:
        return list(RecordingReader(self.folder))

    def everything(self) -> bytes:
        return everything_in(self.folder)


def everything_in(folder: Path) -> bytes:
    """Return names and contents of all files of a folder."""
    return b"\n".join(
        str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


Recording = Callable[..., AbstractContextManager[Session]]


@pytest.fixture(scope="session")
def leaks() -> Callable[[bytes, Iterable[str]], list[str]]:
    """Finds secrets in a text, however they are written."""
    return leaks_in


@pytest.fixture
def everything() -> Callable[[Path], bytes]:
    """All bytes of a folder."""
    return everything_in


@pytest.fixture
def canned() -> Iterator[tuple[Canned, str]]:
    """A small installation, and its URL."""
    app = Canned()
    with running(app) as url:
        yield app, url


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Puts a recorder in front of an upstream, to be used by `with`."""

    @contextmanager
    def made(
        url: str, *, seed: str | None = SEED, folder: Path | None = None, **more: Any
    ) -> Iterator[Session]:
        folder = folder or tmp_path / "recorded"
        pseudonyms = Pseudonyms(seed)
        said: list[str] = []
        writer = RecordingWriter(folder, pseudonyms.fingerprint)
        recorder = Recorder(Upstream(url), writer, Anonymiser(pseudonyms), report=said.append, **more)
        with (
            running(recorder, date=False) as own,
            httpx.Client(base_url=f"{own}/api/v1/", timeout=30, trust_env=False) as client,
        ):
            yield Session(own, recorder, folder, said, client)

    return made
