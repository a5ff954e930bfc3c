"""The keys from which all randomness of a store follows.

Ids, sizes and curves follow from a key in the state. Credentials follow from another one, which is not there:
a state file has digests of access tokens and passwords, and its reader must not be able to derive these.
With a state file, that key is in a file of its own beside it, so that the next start shows the same
credentials; a copy of the state does not need it.
"""

import functools
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from mock_solusio.store.table import StateError


class Keys(NamedTuple):
    """Both keys."""

    values: bytes
    credentials: bytes


@functools.lru_cache(maxsize=64)
def of_seed(seed: str) -> Keys:
    """Return the keys that follow from a seed; slowly, since somebody may guess at a short one."""
    salt = b"mock-solusio"
    root = hashlib.scrypt(seed.encode("utf-8", "surrogatepass"), salt=salt, n=2**12, r=8, p=1)
    return _derived(root)


def random() -> Keys:
    """Return keys that nobody can know."""
    return _derived(secrets.token_bytes(32))


def _derived(root: bytes) -> Keys:
    return Keys(*(hmac.digest(root, purpose, hashlib.sha256) for purpose in (b"values", b"credentials")))


def file_of(state: Path) -> Path:
    """Return the file of the key of credentials beside a state file."""
    return state.with_name(f"{state.name}-key")


def write(state: Path, credentials: bytes) -> None:
    """Write the key of credentials into a file that nobody else can read.

    Raises:
        StateError: that cannot be written.
    """
    file = file_of(state)
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(f"{credentials.hex()}\n")
    except OSError as error:
        raise StateError(f"cannot write {file}: {error.strerror}") from error


def read(state: Path) -> bytes | None:
    """Return the key of credentials of a state file; None if it is not there."""
    try:
        text = file_of(state).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return bytes.fromhex(text) if re.fullmatch("[0-9a-f]{64}", text) else None
