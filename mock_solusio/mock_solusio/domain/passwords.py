"""Passwords, kept as scrypt hashes.

The cost is low on purpose: this is a mock, whose users are made up and whose tests log in thousands of times.
Do not copy it where real passwords are kept (OWASP asks for N = 2**17).
"""

import hashlib
import hmac

_COST, _BLOCK, _LANES = 2**10, 8, 1


def hashed(password: str, salt: str) -> str:
    """Return what to store of a password; `salt` must be another one each time."""
    return f"scrypt${salt}${_digest(password, salt).hex()}"


def matches(password: str, stored: str | None) -> bool:
    """Tell whether this is the password. Takes as long for a user who has none."""
    _, salt, digest = (stored or "scrypt$-$-").split("$")
    return hmac.compare_digest(_digest(password, salt).hex(), digest)


def _digest(password: str, salt: str) -> bytes:
    # surrogatepass: JSON may carry lone surrogates, and a wrong password is no reason to fail.
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt.encode(), n=_COST, r=_BLOCK, p=_LANES)
