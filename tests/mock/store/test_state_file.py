"""State files: private, whole, and told apart from files of other programs."""

import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import httpx
import pytest

from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.fleet.sources import SourceError, open_source
from mock_solusio.options import Options
from mock_solusio.store.state_file import CLOSED, OPEN, header
from mock_solusio.store.store import Store
from mock_solusio.store.table import StateError
from mock_solusio.testing import started
from support.programs import program


class Note(Record, frozen=True, kw_only=True):
    text: str


NOTES = Kind("notes", Note)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state.sqlite"


def opened(file):
    return Store((NOTES,), Clock(0, speed=0), file=file)


def write(store, *texts):
    with store.transaction() as world:
        for text in texts:
            world[NOTES].add(Note(text=text))


def texts(store):
    return [note.text for note in store[NOTES].find()]


def refusal(file):
    with pytest.raises(StateError) as caught:
        opened(file)
    return str(caught.value)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_nobody_else_can_read_it(file, tmp_path):
    tmp_path.chmod(0o755)
    store = opened(file)
    write(store, "a")
    modes = {path.name: stat.filemode(path.stat().st_mode) for path in tmp_path.iterdir()}
    store.close()
    assert modes == dict.fromkeys(("state.sqlite", "state.sqlite-wal", "state.sqlite-key"), "-rw-------")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_it_says_whether_it_was_closed(file, tmp_path):
    store = opened(file)
    write(store, "a")
    assert header(file).version == OPEN
    store.close()
    assert header(file).version == CLOSED
    assert sorted(contents(tmp_path)) == ["state.sqlite", "state.sqlite-key"]


def test_a_copy_without_its_wal_is_no_new_world(file, tmp_path):
    store = opened(file)
    write(store, "a")
    lone = tmp_path / "lone"
    shutil.copy(file, lone)
    both = tmp_path / "both"
    shutil.copy(file, both)
    shutil.copy(f"{file}-wal", f"{both}-wal")
    store.close()
    before = lone.read_bytes()
    assert f"{lone} was not closed, and lone-wal, which has what was written last, is missing" in refusal(
        lone
    )
    assert lone.read_bytes() == before
    again = opened(both)
    assert texts(again) == ["a"]
    again.close()


def test_a_file_of_another_program_is_never_written(tmp_path):
    foreign = {
        "tables": "CREATE TABLE songs (id)",
        "a table of ours": "CREATE TABLE meta (name, value)",
        "version": "PRAGMA user_version = 7",
        "application": "PRAGMA application_id = 5; CREATE TABLE meta (name, value);"
        "INSERT INTO meta VALUES ('format', '3')",
    }
    for name, script in foreign.items():
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.executescript(script)
    (tmp_path / "text").write_text("no database, but long enough to be looked at" * 20)
    before = contents(tmp_path)
    for name in [*foreign, "text"]:
        assert "another program" in refusal(tmp_path / name) or name == "text"
        with pytest.raises(SourceError):
            open_source(tmp_path / name)
    assert contents(tmp_path) == before


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.store.store import Store

class Killed(sqlite3.Connection):
    left = int(sys.argv[2])

    def execute(self, *arguments):
        result = super().execute(*arguments)
        Killed.left -= 1
        if not Killed.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

connect = sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Killed, **options)
Store((Kind("animals", Record),), Clock(0), file=Path(sys.argv[1]), seed="s")
print("opened")
"""


@pytest.mark.parametrize("statement", range(1, 13))
def test_a_file_that_is_killed_while_it_is_made_can_be_opened(file, statement):
    command = [sys.executable, "-c", KILLED, str(file), str(statement)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr
    Store((Kind("animals", Record),), Clock(0), file=file, seed="s").close()
    assert header(file).version == CLOSED


def test_a_file_of_an_earlier_version_is_opened_and_marked(file):
    opened(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA application_id = 0; PRAGMA user_version = 0")
    store = opened(file)
    write(store, "a")
    store.close()
    assert header(file).version == CLOSED


def test_reading_creates_nothing(file, tmp_path):
    Store((), Clock(0, speed=0), file=file).close()
    with started(Options(file=tmp_path / "other.sqlite")):
        pass
    before = contents(tmp_path)
    assert open_source(tmp_path / "other.sqlite").kind == "state file"
    assert contents(tmp_path) == before


def test_a_file_in_use_is_not_read(file):
    with started(Options(file=file)), pytest.raises(SourceError, match="is in use, or was not closed"):
        open_source(file)


def test_damage_is_found_at_the_start(file):
    store = opened(file)
    write(store, *(f"{number}" * 500 for number in range(100)))
    store.close()
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\xff" * 2000
    file.write_bytes(data)
    assert "start from scratch" in refusal(file)
    file.write_bytes(data[: len(data) // 3])
    assert "start from scratch" in refusal(file)


def test_a_record_that_cannot_be_decoded_is_named(file):
    store = opened(file)
    write(store, "a", "b")
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE notes SET body = '{}' WHERE id = 2")
        connection.commit()
    assert "its note 2 cannot be read (Object missing required field `text`)" in refusal(file)


# Secrets


SEED = "correct horse battery"


@pytest.mark.parametrize("seed", [SEED, None])
def test_no_credential_follows_from_the_file(file, seed):
    with started(Options(file=file, seed=seed)) as mock:
        token, known = mock.admin_token, mock.create_user()
        state = file.read_bytes() + file.with_name("state.sqlite-wal").read_bytes()
    key = file.with_name("state.sqlite-key").read_bytes().strip()
    for secret in (SEED.encode(), token.encode(), key, bytes.fromhex(key.decode())):
        assert secret not in state + file.read_bytes()
    assert SEED.encode() not in key
    # The next start shows the same token.
    with started(Options(file=file)) as mock:
        assert mock.admin_token == token
    # Without the key, nobody can know it; it is still valid, and what follows from the state is the same.
    file.with_name("state.sqlite-key").unlink()
    with started(Options(file=file)) as mock:
        assert mock.admin_token != token
        assert mock.call("GET", f"users/{known['id']}")["id"] == known["id"]
        answer = httpx.get(f"{mock.url}/api/v1/users", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


def test_with_its_seed_a_state_has_its_credentials_again(file):
    with started(Options(file=file, seed=SEED)) as mock:
        token = mock.admin_token
    file.with_name("state.sqlite-key").unlink()
    with started(Options(file=file, seed=SEED)) as mock:
        assert mock.admin_token == token
    with (
        pytest.raises(StateError, match="was created with another seed"),
        started(Options(file=file, seed="x")),
    ):
        pass


def test_the_seed_of_an_earlier_version_is_removed(file):
    opened(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'key'")
        connection.execute("INSERT INTO meta VALUES ('seed', ?)", (SEED,))
        connection.commit()
    Store((NOTES,), Clock(0, speed=0), file=file, seed=SEED).close()
    assert SEED.encode() not in file.read_bytes()
    with pytest.raises(StateError, match="another seed"):
        Store((NOTES,), Clock(0, speed=0), file=file, seed="x")


# A full disk


def fill(store):
    """Let the database grow no more: SQLite then fails as it does on a full disk."""
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_what_does_not_fit_is_not_kept_and_not_cached(file):
    store = opened(file)
    write(store, "a")
    fill(store)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        write(store, "b", "c" * 1_000_000)
    assert texts(store) == ["a"]
    assert store[NOTES].get(2) is None
    store._connection.execute("PRAGMA max_page_count = 100000")
    write(store, "d")
    assert texts(store) == ["a", "d"]
    store.close()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are Linux's")
def test_a_full_disk_is_a_507_and_time_stands_still(file, monkeypatch):
    # With so little room, Python would leave half of a module's bytecode for every later process.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    options = ("--state", file, "--clock", "2026-03-01T00:00:00Z", "--admin-token", "x" * 30)
    with program("serve", "--quiet", "--port", 0, *options) as made:
        client = httpx.Client(base_url=made.url, headers={"Authorization": f"Bearer {'x' * 30}"})
        unlimited = resource.prlimit(made.process.pid, resource.RLIMIT_FSIZE)
        # No file of the process grows any more: not the -wal, in which every change begins.
        resource.prlimit(made.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        for _ in range(2):
            answer = client.post("/api/v1/users", json={"email": "ann@example.com"})
            assert answer.status_code == 507
            message = answer.json()["message"]
            assert message.startswith("The state cannot be kept: ")
            assert message.endswith(". Nothing was changed.")
        assert client.post("/_mock/clock", json={"advance": "P1M"}).status_code == 507
        assert client.get("/_mock/clock").json()["data"]["moment"] == "2026-03-01T00:00:00.000000Z"
        assert client.get("/api/v1/users").json()["meta"]["total"] == 1
        resource.prlimit(made.process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert (
            client.post("/api/v1/users", json={"email": "a@example.com", "billing_user_id": 7}).status_code
            == 201
        )
        assert client.post("/_mock/clock", json={"advance": "P1M"}).status_code == 200
        client.close()
        code, _, err = made.interrupt()
    assert (code, err) == (0, "")
    assert header(file).version == CLOSED
