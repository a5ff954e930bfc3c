"""Passwords, stored as scrypt hashes.

The cost is low on purpose: this is a mock with generated users, whose tests log in thousands of times. Do not
copy it for real passwords (OWASP recommends N = 2**17).
"""

import hashlib
import hmac

_COST, _BLOCK, _LANES = 2**10, 8, 1


def hashed(password: str, salt: str) -> str:
    """Return the hash of a password for storage; `salt` must be different each time."""
    return f"scrypt${salt}${_digest(password, salt).hex()}"


def matches(password: str, stored: str | None) -> bool:
    """Return whether this is the password. Takes as long for a user without one."""
    _, salt, digest = (stored or "scrypt$-$-").split("$")
    return hmac.compare_digest(_digest(password, salt).hex(), digest)


def _digest(password: str, salt: str) -> bytes:
    # surrogatepass: JSON may contain lone surrogates, which must not make a wrong password an error.
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt.encode(), n=_COST, r=_BLOCK, p=_LANES)
