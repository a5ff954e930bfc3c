"""Writes files into a folder, and never over one that exists."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Outcome:
    """The paths that were written, and those that existed."""

    written: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def write_new(folder: Path, files: Iterable[tuple[str, str]]) -> Outcome:
    """Write each file that does not exist; missing folders are created.

    Raises:
        OSError: a file cannot be written.
    """
    outcome = Outcome()
    for path, text in files:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        except FileExistsError:
            outcome.left.append(path)
        else:
            outcome.written.append(path)
    return outcome
