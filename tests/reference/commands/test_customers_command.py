"""The commands of `reference customers`, in another process where it matters."""

import json
import re
import subprocess
import sys

import httpx
import pytest
from click.testing import CliRunner

from solusio_reference.accounts.wanted import Profile
from solusio_reference.commands.customers import customers
from solusio_reference.customers_document import read, write
from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database

PAIRS = [(customer, Profile(f"user{customer.id}@example.com")) for customer in DEMO_CUSTOMERS[:3]]


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "customers.json"
    path.write_bytes(write(PAIRS))
    return str(path)


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "billing.db")


@pytest.fixture
def run(solusio):
    """Return a function that runs a command, with SolusIO in its environment."""
    environment = {"SOLUSIO_URL": solusio.url, "SOLUSIO_ACCESS_TOKEN": solusio.admin_token}

    def call(*arguments, code=0, env=environment, **options):
        result = CliRunner().invoke(customers, arguments, env=env, **options)
        assert result.exit_code == code, result.output
        assert solusio.admin_token not in result.output
        return result

    return call


@pytest.fixture
def users(solusio):
    def look():
        return [
            (user["billing_user_id"], user["email"], user["status"])
            for user in solusio.call("GET", "users?per_page=100")
            if user["billing_user_id"] is not None
        ]

    return look


def active(*ids):
    return [(number, f"user{number}@example.com", "active") for number in ids]


def test_import_and_list(run, document, store, users):
    assert run("import", document, "--store", store).stdout == "Customers imported: 3.\n"
    assert users() == []
    with CustomerStore(Database.at(store)) as opened:
        assert opened.all() == list(DEMO_CUSTOMERS[:3])
    lines = run("list", "--store", store, env={}).stdout.splitlines()
    assert lines[0].split() == ["ID", "customer", "currency", "e-mail", "SolusIO", "user", "status"]
    assert len(lines) == 4
    assert lines[1].split()[-3:] == ["user1@example.com", "-", "active"]


def test_import_with_sync(run, document, store, users):
    result = run("import", document, "--store", store, "--sync")
    assert result.stdout == "Customers imported: 3.\nIn sync with SolusIO: 3.\n"
    assert users() == active(1, 2, 3)
    # The second import creates nothing.
    run("import", document, "--store", store, "--sync")
    assert users() == active(1, 2, 3)
    assert " - " not in run("list", "--store", store).stdout


def test_import_from_standard_input(run, store):
    result = run("import", "-", "--store", store, input=write(PAIRS))
    assert result.stdout == "Customers imported: 3.\n"


def test_export_gives_what_was_imported(run, document, store):
    run("import", document, "--store", store)
    result = run("export", "--store", store)
    assert read(result.stdout_bytes) == PAIRS
    assert result.stderr == ""


def test_export_reports_customers_without_an_address(run, document, store):
    run("import", document, "--store", store)
    with CustomerStore(Database.at(store)) as opened:
        opened.save(DEMO_CUSTOMERS[3])
    result = run("export", "--store", store)
    assert len(read(result.stdout_bytes)) == 3
    assert result.stderr == "Not exported, for lack of an e-mail address: 1.\n"
    assert run("list", "--store", store).stdout.splitlines()[4].split()[-3:] == ["-"] * 3


def test_from_lock_to_removal(run, document, store, users):
    run("import", document, "--store", store, "--sync")
    for step, status in (
        ("lock", "locked"),
        ("suspend", "suspended"),
        ("unsuspend", "locked"),
        ("unlock", "active"),
    ):
        assert run(step, "2", "--store", store).stdout == f"Customer 2 is {status}.\n"
        assert users()[1] == (2, "user2@example.com", status)
    assert run("remove", "2", "--store", store).stdout == "Customer 2 is removed.\n"
    assert run("remove", "2", "--store", store).stdout == "Customer 2 is removed.\n"
    assert users() == active(1, 3)
    run("sync", "--store", store)
    assert users() == active(1, 3)
    with CustomerStore(Database.at(store)) as opened:
        assert opened.get(2) == DEMO_CUSTOMERS[1]


def test_a_login_link(run, document, store):
    run("import", document, "--store", store, "--sync")
    link = run("login-link", "1", "--store", store).stdout
    with httpx.Client(follow_redirects=True) as browser:
        assert "user1@example.com" in browser.get(link.strip()).text


def test_sync_repairs_changes_made_in_solusio(run, document, store, users, solusio):
    run("import", document, "--store", store, "--sync")
    for user in solusio.call("GET", "users?per_page=100"):
        if user["billing_user_id"] == 1:
            solusio.call("DELETE", f"users/{user['id']}")
        elif user["billing_user_id"] == 2:
            solusio.call("PUT", f"users/{user['id']}", {"email": "eve@example.com"})
    assert run("sync", "--store", store).stdout == "In sync with SolusIO: 3.\n"
    assert sorted(users()) == active(1, 2, 3)


def test_sync_of_one_customer(run, document, store, users):
    run("import", document, "--store", store)
    assert run("sync", "2", "3", "--store", store).stdout == (
        "Customer 2 is active.\nCustomer 3 is active.\n"
    )
    assert users() == active(2, 3)
    result = run("sync", "77", "--store", store, code=1)
    assert result.stderr == "Error: customer 77 has never had a SolusIO user.\n"


def test_nobody_is_reactivated_without_a_word(run, document, store, users, solusio):
    run("import", document, "--store", store, "--sync")
    for user in solusio.call("GET", "users?per_page=100"):
        if user["billing_user_id"] == 2:
            solusio.call("PUT", f"users/{user['id']}", {"status": "locked"})
    result = run("sync", "--store", store, code=1)
    assert result.stdout == "In sync with SolusIO: 2.\n"
    assert "Customer 2: the user is locked in SolusIO, where somebody else did that" in result.stderr
    assert run("list", "--store", store).stdout.count("active, but locked in SolusIO\n") == 1
    assert run("unsuspend", "2", "--store", store).stdout == (
        "Customer 2 is active, but locked in SolusIO.\n"
    )
    assert users()[1] == (2, "user2@example.com", "locked")
    assert run("unlock", "2", "--store", store).stdout == "Customer 2 is active.\n"
    assert users()[1] == (2, "user2@example.com", "active")


def test_sync_reports_conflicts(run, document, store, users, solusio):
    solusio.create_user(email="user2@example.com")
    result = run("import", document, "--store", store, "--sync", code=1)
    assert "Customer 2: SolusIO user " in result.stderr
    assert "adopt the user" in result.stderr
    assert "Error: Not in sync: 1.\n" in result.stderr
    assert "In sync with SolusIO: 2.\n" in result.stdout
    assert users() == active(1, 3)
    run("sync", "--store", store, "--adopt")
    assert sorted(users()) == active(1, 2, 3)


def test_an_invalid_document_changes_nothing(run, document, store, tmp_path):
    run("import", document, "--store", store)
    wrong = json.loads(write(PAIRS))
    wrong["customers"][0]["name"] = "Changed"
    wrong["customers"][2]["pricing"]["user_token_unit_cost"] = 99
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    result = run("import", str(path), "--store", store, code=2)
    assert "Invalid value for FILE: customers[2].pricing.user_token_unit_cost: " in result.stderr
    with CustomerStore(Database.at(store)) as opened:
        assert opened.all() == list(DEMO_CUSTOMERS[:3])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list"], "Missing option '--store'"),
        (["list", "--store", "nowhere/x.db"], "There is no file nowhere/x.db"),
        (["sync", "--store", "nowhere/x.db"], "There is no file nowhere/x.db"),
        (["list", "--store", "http://ann:secret@host/db"], "Cannot use the database: "),
        (["lock", "one", "--store", "x"], "Invalid value for 'ID'"),
        (["lock", "0", "--store", "x"], "Invalid value for 'ID'"),
        (["import", "missing.json", "--store", "x"], "missing.json"),
        (["import", "-", "--store", "x", "--adopt"], "--adopt needs --sync"),
    ],
)
def test_invalid_input_is_a_clear_error(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, code=2)
    assert message in result.stderr
    assert "secret" not in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "Missing option '--solusio-url' (env var: 'SOLUSIO_URL')"),
        ({"SOLUSIO_URL": "http://x"}, "Missing option '--access-token'"),
        ({"SOLUSIO_URL": "ftp://x", "SOLUSIO_ACCESS_TOKEN": "s3cret"}, "must begin with http"),
        ({"SOLUSIO_URL": "http://x", "SOLUSIO_ACCESS_TOKEN": "s3cret token"}, "no spaces"),
    ],
)
def test_an_invalid_solusio(run, document, store, environment, message):
    run("import", document, "--store", store)
    result = run("sync", "--store", store, code=2, env=environment)
    assert message in result.stderr
    assert "s3cret" not in result.output
    if not environment:
        assert (
            "--sync needs --solusio-url"
            in run("import", document, "--store", store, "--sync", code=2, env={}).stderr
        )


def test_an_error_of_solusio_takes_one_line(run, document, store, solusio):
    run("import", document, "--store", store, "--sync")
    wrong = {"SOLUSIO_URL": solusio.url, "SOLUSIO_ACCESS_TOKEN": "s3cret"}
    result = run("suspend", "1", "--store", store, code=1, env=wrong)
    assert re.fullmatch(
        r"Error: SolusIO answers 401 to GET /api/v1/users/\d+: Unauthenticated\.\n", result.stderr
    )
    result = run("lock", "9", "--store", store, code=1)
    assert result.stderr == "Error: customer 9 has never had a SolusIO user.\n"


def test_a_damaged_file_is_a_clear_error(run, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be read as one" * 20)
    result = run("list", "--store", str(path), code=2)
    assert f"Cannot use {path}: it is not a database." in result.stderr


def test_names_cannot_control_the_terminal(run, store, tmp_path):
    document = json.loads(write(PAIRS[:1]))
    document["customers"][0]["name"] = "\x1b[2JAnn\nBob"
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(document))
    run("import", str(path), "--store", store)
    output = run("list", "--store", store).stdout
    assert "?[2JAnn?Bob" in output
    assert "\x1b" not in output


def test_help_imports_no_heavy_libraries():
    program = (
        "import sys; from solusio_reference.commands.customers import customers\n"
        "try: customers(['import', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'sqlalchemy', 'httpx', 'msgspec', 'babel'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stderr == "[]\n"
    assert "SOLUSIO_ACCESS_TOKEN" in result.stdout
