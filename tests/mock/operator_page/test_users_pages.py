"""Users: search, pages, log in as one of them, suspend, lock and undo."""

import httpx
import pytest

PATH = "/_mock/operator/users"


@pytest.fixture
def ann(solusio):
    return solusio.create_user(email="ann@example.com", password="secret-of-ann", billing_user_id=42)


def status(solusio, user):
    return solusio.call("GET", f"users/{user['id']}")["status"]


@pytest.mark.parametrize("button", ["suspend", "lock"])
def test_status_changes_and_back(operator, solusio, ann, button):
    state = {"suspend": "suspended", "lock": "locked"}[button]
    page = operator.send(PATH, f"{PATH}/{ann['id']}", {"do": button})
    assert f"ann@example.com is {state}." in page.text
    assert status(solusio, ann) == state
    (entry,) = solusio.journal.read(kind="control")
    assert (entry.path, entry.notes) == (f"{PATH}/{ann['id']}", (f"ann@example.com is {state}",))
    page = operator.send(PATH, f"{PATH}/{ann['id']}", {"do": "activate"})
    assert "ann@example.com is active." in page.text
    assert status(solusio, ann) == "active"


def test_suspending_reaches_the_servers(operator, solusio, ann):
    server = solusio.create_server(user=ann["id"])
    operator.send(PATH, f"{PATH}/{ann['id']}", {"do": "suspend"})
    solusio.settle()
    assert solusio.call("GET", f"servers/{server['id']}")["is_suspended"]


def test_log_in_as_opens_the_user_area_through_a_link_that_works_once(operator, solusio, ann):
    own = {"origin": solusio.url}
    answer = operator.client.post(f"{PATH}/{ann['id']}", data={"do": "login"}, headers=own)
    link = answer.headers["location"]
    assert (answer.status_code, link.rpartition("/")[0]) == (303, "/auth/by_token")
    area = operator.client.get(link, follow_redirects=True)
    assert "ann@example.com" in area.text
    with httpx.Client(base_url=solusio.url) as other:
        assert other.get(link).status_code == 410
    secret = link.rpartition("/")[2]
    (entry,) = solusio.journal.read(kind="control")
    assert entry.notes == ("a login link for ann@example.com",)
    assert all(secret not in operator.open(f"/_mock/operator/journal/{n}").text for n in range(1, 5))


def test_the_last_administrator_stays_active(operator, solusio):
    page = operator.send(PATH, f"{PATH}/1", {"do": "suspend"})
    assert 'role="alert"' in page.text
    assert status(solusio, {"id": 1}) == "active"


@pytest.mark.parametrize("fields", [{"do": "delete"}, {}])
def test_anything_else_is_refused(operator, solusio, ann, fields):
    page = operator.send(PATH, f"{PATH}/{ann['id']}", fields)
    assert "Choose what to do with the user." in page.text
    assert status(solusio, ann) == "active"


def test_a_user_who_is_gone_is_named(operator, solusio):
    answer = operator.client.post(f"{PATH}/99", data={"do": "lock"}, headers={"origin": solusio.url})
    assert "There is no user 99." in operator.text(answer.headers["location"])


@pytest.mark.usefixtures("ann")
def test_search_and_pages(operator, solusio):
    for number in range(60):
        solusio.create_user(email=f"user{number:02}@example.com")
    text = operator.text(PATH)
    assert "1 to 25 of 62" in text
    assert "user30" not in text
    text = operator.text(f"{PATH}?page=3")
    assert "51 to 62 of 62" in text
    assert "user59@example.com" in text
    page = operator.open(f"{PATH}?page=2").text
    assert f'href="{PATH}?page=1" rel="prev"' in page
    assert f'href="{PATH}?page=3" rel="next"' in page
    for search in ("ann@", "42"):
        text = operator.text(f"{PATH}?search={search}")
        assert "ann@example.com" in text
        assert "user59@example.com" not in text
    assert 'href="/_mock/operator/users?search=user&amp;page=2"' in operator.open(f"{PATH}?search=user").text
    for query in ("search=nobody", "page=99", "page=999999999", "page=x", "page=0", "page=-1"):
        assert operator.open(f"{PATH}?{query}").status_code == 200
    assert "No user matches." in operator.text(f"{PATH}?search=nobody")
