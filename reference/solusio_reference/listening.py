"""Listening sockets, and their URLs. Imports only the standard library, so that a port can be open early."""

import errno
import socket

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def resolve(host: str) -> str:
    """Return the IP address of a host, the one that ``listen`` would take. Raises OSError."""
    try:
        *_, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    except UnicodeError:
        raise OSError(errno.EINVAL, "not a host name") from None
    return str(address[0])


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 means a free port. Raises OSError.

    We open it rather than uvicorn, so that the caller can report a port in use. Connections queue from now
    on, so clients may connect at once.
    """
    address = resolve(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


def url_of(listener: socket.socket, path: str) -> str:
    """Return the URL of a path on a listening socket, as seen from this machine."""
    host, port = listener.getsockname()[:2]
    host = WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
