"""Certificates."""

import ssl
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import trustme


@pytest.fixture(scope="session")
def authority() -> "trustme.CA":
    """Return an authority that nobody trusts, which makes certificates."""
    import trustme

    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: "trustme.CA") -> ssl.SSLContext:
    """Return the TLS of a server with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: "trustme.CA") -> ssl.SSLContext:
    """Return the TLS of a client that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
