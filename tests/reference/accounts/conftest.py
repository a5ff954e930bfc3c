"""Accounts of a billing system in a database file, with a mock of SolusIO."""

import pytest

from solusio_reference.accounts.accounts import Accounts
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.database import Database


@pytest.fixture
def api(solusio):
    with SolusioClient(solusio.url, solusio.admin_token, sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def database(tmp_path):
    with Database.at(str(tmp_path / "billing.db")) as opened:
        yield opened


@pytest.fixture
def accounts(database, api):
    return Accounts(database, api)


@pytest.fixture
def users(solusio):
    """Return a function that lists the SolusIO users of customers."""

    def look():
        return [
            (user["billing_user_id"], user["email"], user["status"])
            for user in solusio.call("GET", "users?per_page=100")
            if user["billing_user_id"] is not None
        ]

    return look


@pytest.fixture
def requests(solusio):
    """Return a function that returns the requests since the last call."""

    def look():
        found = [f"{entry.method} {entry.status}" for entry in solusio.journal.read() if entry.kind == "api"]
        solusio.journal.clear()
        return found

    return look
