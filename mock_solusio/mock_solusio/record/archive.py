"""A recording: a folder of anonymised exchanges as readable JSON files.

    recording.json                name and version of the format
    exchanges/000001.json         one exchange per file, in the order in which the requests came in

Files are written under another name and then renamed, so they are complete or absent, whenever the program
ends. docs/record.md describes the format; `VERSION` rises when older programs could misread it.
"""

import os
import re
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no such locks
    fcntl = None  # type: ignore[assignment]

from mock_solusio.record.pseudonyms import OWN_HOST
from solusio_contracts.decoding import DecodingError, from_json, read_text

FORMAT: Final = "mock-solusio recording"
VERSION: Final = 1
ORIGIN: Final = f"https://{OWN_HOST}"
"""The installation's address in bodies and headers."""

_HEAD: Final = "recording.json"
_FOLDER: Final = "exchanges"
_FILE: Final = re.compile(r"(\d{6,12})\.json")


class RecordingError(Exception):
    """A folder is not a recording, or cannot be used as one; the text says why."""


class NoBody(msgspec.Struct, frozen=True, tag="none", tag_field="kind"):
    """No body."""


class JsonBody(msgspec.Struct, frozen=True, tag="json", tag_field="kind"):
    """A JSON text, with numbers as they were written."""

    value: msgspec.Raw


class FormBody(msgspec.Struct, frozen=True, tag="form", tag_field="kind"):
    """A form: decoded names and values, in order."""

    fields: list[tuple[str, str]]


class HiddenBody(msgspec.Struct, frozen=True, tag="hidden", tag_field="kind"):
    """A body that was not kept because it could not be anonymised; `reason` says why."""

    bytes: int
    reason: str


Body = NoBody | JsonBody | FormBody | HiddenBody


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request, with path and query decoded."""

    method: str
    path: str
    query: list[tuple[str, str]] = []
    headers: list[tuple[str, str]] = []
    body: Body = NoBody()


class RecordedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response, with its body decompressed."""

    status: int
    headers: list[tuple[str, str]] = []
    body: Body = NoBody()


class RecordedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange, the content of a file."""

    number: int
    moment: str
    """When the request came in, by the clock of the recorder (RFC 3339)."""
    milliseconds: float
    request: RecordedRequest
    response: RecordedResponse
    replaced: dict[str, dict[str, int]] = {}
    """Replaced values: place -> kind of value -> count. `*` stands for any index of a list."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: str
    version: int
    origin: str = ORIGIN
    fingerprint: str = ""


class RecordingWriter:
    """Adds exchanges to a folder: a new one, or one with a recording.

    Raises:
        RecordingError: the folder cannot be written, has other content, has a recording made with another
            secret, or is being written to by another program.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self._exchanges = folder / _FOLDER
        try:
            self._begin(fingerprint)
            self._unlock = weakref.finalize(self, os.close, _locked(folder))
        except OSError as error:
            raise RecordingError(f"{folder} cannot be written: {error.strerror}") from error
        for left in [*folder.glob(".*.part"), *self._exchanges.glob(".*.part")]:
            left.unlink(missing_ok=True)  # left by a program that was killed
        self._last = max(self.numbers(), default=0)

    def close(self) -> None:
        """Release the folder for other programs."""
        self._unlock()

    def _begin(self, fingerprint: str) -> None:
        if (self.folder / _HEAD).exists():
            if _head(self.folder).fingerprint != fingerprint:
                raise RecordingError(
                    f"{self.folder} has a recording made with another secret already. Continue it with "
                    "the --seed it was made with, or choose another folder"
                )
        elif self.folder.is_dir() and any(not one.match(".*.part") for one in self.folder.iterdir()):
            raise RecordingError(f"{self.folder} is not empty and has no recording")
        self._exchanges.mkdir(parents=True, exist_ok=True)
        if not (self.folder / _HEAD).exists():
            head = _Head(format=FORMAT, version=VERSION, fingerprint=fingerprint)
            _write(self.folder / _HEAD, head)

    def numbers(self) -> list[int]:
        """Return the numbers of the exchanges."""
        return [number for number, _ in _files(self.folder)]

    def next_number(self) -> int:
        """Return the number of the next exchange."""
        self._last += 1
        return self._last

    def add(self, exchange: RecordedExchange) -> None:
        """Write an exchange to disk.

        Raises:
            OSError: it cannot be written.
        """
        _write(self._exchanges / f"{exchange.number:06}.json", exchange)


class RecordingReader:
    """Reads a recording.

    Raises:
        RecordingError: the folder has no recording, or one in another version of the format.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        head = _head(folder)
        self.origin = head.origin
        self.fingerprint = head.fingerprint

    def __iter__(self) -> Iterator[RecordedExchange]:
        for _, path in _files(self.folder):
            yield self._read(path)

    def read(self, number: int) -> RecordedExchange:
        """Return one exchange."""
        return self._read(self.folder / _FOLDER / f"{number:06}.json")

    def _read(self, path: Path) -> RecordedExchange:
        try:
            return from_json(read_text(path), RecordedExchange, str(path))
        except DecodingError as error:
            raise RecordingError(str(error)) from error


def _head(folder: Path) -> _Head:
    path = folder / _HEAD
    try:
        head = from_json(read_text(path, path.name), _Head, path.name)
    except DecodingError as error:
        raise RecordingError(f"{folder} has no recording: {error}") from error
    if head.format != FORMAT:
        raise RecordingError(f"{folder} has no recording, but {head.format!r}")
    if head.version != VERSION:
        raise RecordingError(
            f"{folder} has a recording of version {head.version}; this program reads version {VERSION}"
        )
    return head


def _files(folder: Path) -> list[tuple[int, Path]]:
    try:
        names = [path.name for path in (folder / _FOLDER).iterdir()]
    except OSError as error:
        raise RecordingError(f"{folder / _FOLDER}: {error.strerror}") from error
    found = [(int(match[1]), name) for name in names if (match := _FILE.fullmatch(name))]
    return [(number, folder / _FOLDER / name) for number, name in sorted(found)]


def _locked(folder: Path) -> int:
    """Keep other programs from writing the same numbers; the lock ends with the program."""
    handle = os.open(folder / _HEAD, os.O_RDONLY)
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise RecordingError(f"{folder} is being recorded to by another program") from error
    return handle


def _write(path: Path, value: msgspec.Struct) -> None:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
