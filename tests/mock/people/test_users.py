"""Users as the billing system manages them: facts, section 3; steps 5 and 8."""

import pytest

from mock_solusio.moment import HOUR


def emails(answer):
    assert answer.status == 200, answer
    return [row["email"] for row in answer.data]


def test_a_new_user_has_no_limits_and_shows_no_secret(api):
    made = api.post("users", {"email": "Ada@Example.com", "password": "long enough", "billing_user_id": 42})
    assert made.status == 201
    user = made.data
    assert set(user["limit_usage"].values()) == {None}
    assert "password_hash" not in user


def test_an_email_is_all_that_a_user_needs(api):
    assert api.post("users", {"email": "a@b.c"}).status == 201
    assert api.post("users", {}).errors == {"email": ["The email field is required."]}
    assert api.post("users").status == 422


@pytest.mark.parametrize("given", [7, "7", 7.0])
def test_a_billing_user_id_comes_as_number_or_text_and_is_answered_as_a_number(api, given):
    made = api.post("users", {"email": "a@b.c", "billing_user_id": given})
    assert made.data["billing_user_id"] == 7
    assert type(made.data["billing_user_id"]) is int


@pytest.mark.parametrize("given", [None, ""])
def test_no_billing_user_id(api, given):
    made = api.post("users", {"email": "a@b.c", "billing_user_id": given})
    assert made.data["billing_user_id"] is None
    also = api.post("users", {"email": "b@b.c", "billing_user_id": given})
    assert also.status == 201


@pytest.mark.parametrize("given", [0, -1, 1.5, "0", "07", "7a", " 7", True, [7], 2**53, "9" * 16, "9" * 400])
def test_an_invalid_billing_user_id(api, given):
    answer = api.post("users", {"email": "a@b.c", "billing_user_id": given})
    assert answer.status == 422
    assert list(answer.errors) == ["billing_user_id"]
    assert api.get("users").json["meta"]["total"] == 1


def test_email_and_billing_user_id_are_unique(api):
    first = api.post("users", {"email": "ada@example.com", "billing_user_id": 42}).data
    both = api.post("users", {"email": "ADA@example.COM", "billing_user_id": "42"})
    assert both.errors == {
        "email": ["The email has already been taken."],
        "billing_user_id": ["The billing user id has already been taken."],
    }
    second = api.post("users", {"email": "bob@example.com", "billing_user_id": 43}).data
    taken = api.put(f"users/{second['id']}", {"billing_user_id": 42})
    assert taken.errors == {"billing_user_id": ["The billing user id has already been taken."]}
    # A user's own address may be sent again.
    again = api.put(f"users/{first['id']}", {"email": "Ada@example.com", "billing_user_id": "42"})
    assert again.status == 200
    assert again.data["email"] == "Ada@example.com"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_only_what_is_given_changes(api, method):
    before = api.post(
        "users", {"email": "a@b.c", "billing_user_id": 7, "billing_token": "t", "status": "active"}
    ).data
    path = f"users/{before['id']}"
    assert api.call(method, path, {"status": "locked"}).data == {**before, "status": "locked"}
    assert api.call(method, path, {"billing_user_id": "8"}).data["billing_user_id"] == 8
    assert api.call(method, path, {"billing_user_id": None}).data["billing_user_id"] is None
    assert api.call(method, path, {}).data["billing_token"] == "t"
    nulls = {"status": None, "email": None, "password": None, "roles": None}
    after = api.call(method, path, nulls).data
    assert (after["status"], after["email"], after["roles"]) == ("locked", "a@b.c", before["roles"])


def test_unknown_ids_are_named(api):
    wrong = api.post("users", {"email": "a@b.c", "roles": [2, 99], "limit_group_id": 99, "language_id": 99})
    assert set(wrong.errors) == {"roles.1", "limit_group_id", "language_id"}
    assert api.post("users", {"email": "a@b.c", "roles": ["2"]}).status == 201


@pytest.mark.parametrize(
    "email", ["", "ada", "@example.com", "ada@", "a b@c.d", "a@b@c", "a@b.c\n", "x" * 256]
)
def test_an_invalid_address(api, email):
    assert list(api.post("users", {"email": email}).errors) == ["email"]


def test_new_users_get_the_default_limit_group(api):
    group = api.post("limit_groups", {"name": "Starter"}).data
    assert api.patch("settings", {"limit_group": {"id": group["id"]}}).status == 200
    assert api.post("users", {"email": "a@b.c"}).data["limit_group"]["name"] == "Starter"
    unknown = api.post("users", {"email": "b@b.c", "limit_group_id": None}).data
    assert unknown["limit_group"]["name"] == "Starter"
    own = api.post("users", {"email": "c@b.c", "limit_group_id": 1}).data
    assert own["limit_group"]["name"] == "Default"
    without = api.put(f"users/{own['id']}", {"limit_group_id": None}).data
    assert without["limit_group"] is None


def test_a_search_puts_the_exact_hit_first(api):
    for number, name in enumerate(("jimbob@x.com", "bob@x.com.au", "bob@x.com"), start=117):
        api.post("users", {"email": name, "billing_user_id": number})
    found = emails(api.get("users?filter%5Bsearch%5D=BOB%40x.com"))
    assert found == ["bob@x.com", "jimbob@x.com", "bob@x.com.au"]
    api.post("users", {"email": "z@z.z", "billing_user_id": 11})
    assert emails(api.get("users?filter[search]=11"))[0] == "z@z.z"
    assert emails(api.get("users?filter[search]=100%25")) == []
    assert emails(api.get("users?filter[billing_user_id]=11")) == ["z@z.z"]
    assert emails(api.get("users?filter[billing_user_id]=1")) == []


def test_filters_by_status_and_role(api):
    for name, status in (("a", "active"), ("b", "locked"), ("c", "suspended")):
        api.post("users", {"email": f"{name}@x.com", "status": status})
    assert emails(api.get("users?filter[status]=locked")) == ["b@x.com"]
    assert emails(api.get("users?filter[role_id]=1")) == ["admin@example.com"]
    assert emails(api.get("users?filter[role_id]=2&filter[status]=suspended")) == ["c@x.com"]
    assert api.get("users?filter[status]=gone").status == 422
    assert api.get("users?filter[role_id]=x").status == 422


def test_pages_follow_their_links_with_the_filters(api):
    for number in range(7):
        api.post("users", {"email": f"u{number}@x.com"})
    seen, path = [], "users?filter%5Brole_id%5D=2&per_page=3"
    for _ in range(5):
        answer = api.get(path)
        seen += emails(answer)
        following = answer.json["links"]["next"]
        if following is None:
            break
        path = following.removeprefix("http://mock.test/api/v1/")
    assert seen == [f"u{number}@x.com" for number in range(7)]


def test_the_first_project_is_the_default_one(api, person):
    ada = person("ada")
    projects = ada.get(f"users/{ada.id}/projects").data
    assert [project["is_default"] for project in projects] == [True]
    other = ada.post("projects", {"name": "Second", "description": ""})
    assert other.status == 201
    names = [row["id"] for row in api.get(f"users/{ada.id}/projects").data]
    assert names == [projects[0]["id"], other.data["id"]]


def test_a_deleted_user_leaves_nothing_behind(api, person, mock):
    ada = person("ada", billing_user_id=42)
    with mock.transaction() as world:
        from mock_solusio.domain import sessions, users

        session = sessions.open_session(world, users.by_email(world, "ada@example.com"))
    assert api.delete(f"users/{ada.id}").status == 204
    assert api.get(f"users/{ada.id}").status == 404
    assert api.delete(f"users/{ada.id}").status == 404
    assert ada.get("account").status == 401
    with mock.transaction() as world:
        from mock_solusio.domain.records.credentials import ACCESS_TOKENS, SESSIONS
        from mock_solusio.domain.records.projects import PROJECTS

        assert sessions.user_of(world, session) is None
        assert world[SESSIONS].count() == 0
        assert world[ACCESS_TOKENS].count(user_id=ada.id) == 0
        assert world[PROJECTS].count(owner_id=ada.id) == 0
    # Address and billing id are free again; the id is not.
    again = person("ada", billing_user_id=42)
    assert again.id > ada.id


def test_a_user_with_servers_stays(api, person, order, mock):
    ada = person("ada")
    made = order(user=ada.id)
    refused = api.delete(f"users/{ada.id}")
    assert refused.status == 409
    assert "they have 1 server" in refused.message
    assert ada.get("account").status == 200
    mock.clock.advance(HOUR)
    assert api.delete(f"servers/{made['id']}").status == 200
    mock.clock.advance(HOUR)
    assert api.delete(f"users/{ada.id}").status == 204


def test_servers_are_suspended_and_resumed_with_their_user(api, person, order, mock):
    ada = person("ada")
    made = order(user=ada.id)

    def server():
        mock.clock.advance(HOUR)
        row = api.get(f"servers/{made['id']}").data
        return row["status"], row["is_suspended"]

    assert server() == ("started", False)
    api.put(f"users/{ada.id}", {"status": "locked"})
    assert server() == ("started", False)
    api.put(f"users/{ada.id}", {"status": "suspended"})
    assert server() == ("stopped", True)
    api.put(f"users/{ada.id}", {"status": "active"})
    assert server() == ("started", False)
