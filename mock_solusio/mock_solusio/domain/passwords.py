"""Passwords, stored as salted SHA-256.

Fast on purpose: every test that creates a user waits for the hash, and a mock's passwords protect nothing.
Do not copy it for real passwords: those need a slow hash (OWASP recommends scrypt with N = 2**17).
"""

import hashlib
import hmac


def hashed(password: str, salt: str) -> str:
    """Return the hash of a password for storage; `salt` must be different each time."""
    return f"sha256${salt}${_digest(password, salt)}"


def matches(password: str, stored: str | None) -> bool:
    """Return whether this is the password. Takes as long for a user without one."""
    kind, salt, digest = (stored or "sha256$-$-").split("$")
    given = _scrypt(password, salt) if kind == "scrypt" else _digest(password, salt)
    return hmac.compare_digest(given, digest)


def _digest(password: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}${password}".encode("utf-8", _LONE_SURROGATES)).hexdigest()


def _scrypt(password: str, salt: str) -> str:
    """Return the hash as the first state files have it."""
    raw = password.encode("utf-8", _LONE_SURROGATES)
    return hashlib.scrypt(raw, salt=salt.encode(), n=2**10, r=8, p=1).hex()


_LONE_SURROGATES = "surrogatepass"
"""JSON may contain them, and they must not make a wrong password an error."""
