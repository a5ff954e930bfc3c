"""What `--strict` holds responses to."""

import pytest

from mock_solusio.api.routes import routes
from mock_solusio.api.validation import read_query, response_problem
from mock_solusio.server.messages import json_response


@pytest.mark.parametrize(("value", "fine"), [(0, True), (7, True), (7.0, False), (0.0, False), (7.5, False)])
def test_an_integer_has_no_fraction_not_even_of_zero(api, value, fine):
    """JSON Schema takes 7.0 for an integer; clients that decode into one fail."""
    answer = api.get("roles/1").json
    assert isinstance(answer["data"]["users_count"], int)
    changed = {"data": {**answer["data"], "users_count": value}}
    problem = response_problem("getRole", json_response(200, changed))
    assert (problem is None) is fine
    if problem:
        assert problem.startswith("The response of getRole differs from the document at /data/users_count: ")


@pytest.mark.parametrize("value", [0, 0.0, 1.0, 2.5, 2147483647.0])
def test_a_number_may_have_a_fraction_within_its_bounds(api, value):
    answer = api.get("plans/1").json
    changed = {"data": {**answer["data"], "backup_price": value}}
    assert response_problem("getPlan", json_response(200, changed)) is None


def test_the_defaults_of_the_document_are_valid():
    """A query without parameters is not checked, since it has only defaults. Here a client sends them."""
    some = 0
    for route in routes().all:
        if route.required:
            continue
        typed, _ = read_query(route, b"")
        sent = "&".join(f"{name}={value}" for name, value in typed.items())
        assert read_query(route, sent.encode())[0] == typed, route.id
        some += bool(typed)
    assert some > 10
