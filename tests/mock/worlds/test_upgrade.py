"""A state file of an older format goes on with the records that it lacks."""

import json
import sqlite3

from mock_solusio.clock import Clock
from mock_solusio.moment import SECOND
from mock_solusio.options import Options
from mock_solusio.store.store import FORMAT
from support.calls import ADMIN_TOKEN, calling

START = 1_772_323_200_000_000  # 2026-03-01T00:00:00Z


def test_owners_of_projects_become_their_first_members(tmp_path):
    options = Options(file=tmp_path / "state", admin_token=ADMIN_TOKEN)
    with calling(options) as api:
        shared = api.create("projects", name="shared")["id"]
        for email in ("a@example.com", "b@example.com"):
            api.create(f"projects/{shared}/members", email=email)
    with sqlite3.connect(tmp_path / "state") as state:
        # Format 2 listed invitations and other members alone.
        state.execute("DELETE FROM project_members WHERE user_id IS NOT NULL")
        state.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
    state.close()
    for _ in range(2):
        with calling(options) as api:
            rows = api.get(f"projects/{shared}/members").data
            assert [(row["email"], row["is_owner"]) for row in rows] == [
                ("admin@example.com", True),
                ("a@example.com", False),
                ("b@example.com", False),
            ]
            assert {project["members"] for project in api.get("projects").data} == {1, 3}
            assert api.mock.store.remembered("format") == FORMAT


def test_built_in_roles_get_their_names_and_permissions(tmp_path):
    options = Options(file=tmp_path / "state", admin_token=ADMIN_TOKEN)
    with calling(options) as api:
        fresh = api.get("roles").data
        own = api.create("roles", name="Staff")["id"]
    with sqlite3.connect(tmp_path / "state") as state:
        for key, name in ((1, "Administrator"), (2, "Client"), (own, "Admin")):
            old = {"name": name, "name_key": name.casefold(), "permissions": []}
            state.execute(
                "UPDATE roles SET name = ?, name_key = ?, body = json_patch(body, ?) WHERE id = ?",
                (name, name.casefold(), json.dumps(old), key),
            )
        state.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
    state.close()
    with calling(options) as api:
        roles = api.get("roles").data
        assert roles[:2] == fresh
        assert roles[2]["name"] == "Admin (own)"
        assert api.get("settings").data["registration"]["role"] == "CLIENT"


def test_unfinished_tasks_of_format_4_go_on(tmp_path):
    options = Options(file=tmp_path / "state", admin_token=ADMIN_TOKEN, clock=Clock(START, speed=0))
    with calling(options) as api:
        key = api.create("servers", name="web")["id"]
    with sqlite3.connect(tmp_path / "state") as state:
        # Format 4 had a record of the moment at which the next task changes.
        state.execute("CREATE TABLE agenda (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)")
        state.execute("INSERT INTO agenda VALUES (1, ?)", (json.dumps({"id": 1, "due": START + 3 * SECOND}),))
        state.execute("UPDATE meta SET value = '4' WHERE name = 'format'")
    state.close()
    with calling(options) as api:
        api.mock.clock.advance(3 * SECOND)
        assert api.get(f"servers/{key}").data["status"] == "started"
