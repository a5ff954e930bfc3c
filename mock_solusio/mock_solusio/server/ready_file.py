"""The file by which a script learns that the mock answers, and how to call it."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def prepare(file: Path) -> None:
    """Delete the file of an earlier start, and make sure that a new one can be written. Raises OSError."""
    _write(file, b"")
    file.unlink()


def write(file: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object to a file that nobody else can read, and that is never there in part."""
    _write(file, json.dumps(value, indent=2).encode() + b"\n")


def _write(file: Path, data: bytes) -> None:
    # A temporary file has mode 0600.
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise
