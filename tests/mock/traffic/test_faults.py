"""Which request meets which fault."""

import json

import pytest

from mock_solusio.domain.errors import BadRequest, Conflict, Invalid, NotFound
from mock_solusio.traffic.faults import (
    MISHAPS,
    MOST,
    REMEMBERED,
    CutFault,
    Faults,
    SlowFault,
    StatusFault,
    TimeoutFault,
)


@pytest.fixture
def faults():
    return Faults()


def plan(faults: Faults, **members) -> int:
    return faults.add_json(json.dumps({"kind": "status", "status": 500, **members}).encode())["id"]


def meets(faults: Faults, method="GET", path="/api/v1/users", operation="listUsers") -> int | None:
    """Return the status that a request meets."""
    fault = faults.next(method, path, operation)
    return None if fault is None else fault.status


def test_without_faults_nothing_happens(faults):
    assert meets(faults) is None
    assert len(faults) == 0


def test_one_request_meets_a_fault(faults):
    plan(faults)
    assert [meets(faults), meets(faults)] == [500, None]


def test_as_many_requests_as_said_meet_it(faults):
    plan(faults, times=2)
    assert [meets(faults) for _ in range(4)] == [500, 500, None, None]


def test_until_it_is_deleted(faults):
    number = plan(faults, times=None)
    assert [meets(faults) for _ in range(50)] == [500] * 50
    faults.remove(number)
    assert meets(faults) is None


def test_the_first_requests_may_go_through(faults):
    plan(faults, skip=2, times=2)
    assert [meets(faults) for _ in range(5)] == [None, None, 500, 500, None]


def test_faults_for_the_same_requests_come_one_after_the_other(faults):
    plan(faults, status=500)
    plan(faults, status=503)
    assert [meets(faults) for _ in range(3)] == [500, 503, None]


def test_a_request_that_is_let_through_is_seen_by_later_faults(faults):
    plan(faults, status=500, skip=1)
    plan(faults, status=503)
    assert [meets(faults) for _ in range(3)] == [503, 500, None]


@pytest.mark.parametrize(
    ("members", "request_", "expected"),
    [
        ({"method": "POST"}, ("POST", "/x", ""), 500),
        ({"method": "post"}, ("POST", "/x", ""), 500),
        ({"method": "POST"}, ("GET", "/x", ""), None),
        ({"path": "/api/v1/users"}, ("GET", "/api/v1/users", ""), 500),
        ({"path": "/api/v1/users"}, ("GET", "/api/v1/users/7", ""), None),
        ({"path": "/api/v1/users/*"}, ("GET", "/api/v1/users/7/tokens", ""), 500),
        ({"path": "/api/v1/users/?"}, ("GET", "/api/v1/users/7", ""), 500),
        ({"path": "*/TOKENS"}, ("GET", "/api/v1/users/7/tokens", ""), None),
        ({"path": "/a.b"}, ("GET", "/axb", ""), None),
        ({"operation": "getUser"}, ("GET", "/x", "getUser"), 500),
        ({"operation": "getUser"}, ("GET", "/x", "getUsers"), None),
        ({"operation": "getUser"}, ("GET", "/x", ""), None),
        ({"method": "GET", "path": "/a*", "operation": "login"}, ("GET", "/ab", "login"), 500),
        ({"method": "GET", "path": "/a*", "operation": "login"}, ("GET", "/ab", "logout"), None),
    ],
)
def test_what_matches(faults, members, request_, expected):
    plan(faults, **members)
    assert meets(faults, *request_) == expected
    assert faults.list()[0]["seen"] == (expected is not None)


def test_what_became_of_a_fault_is_listed(faults):
    plan(faults, skip=1, times=2)
    for _ in range(2):
        meets(faults)
    (shown,) = faults.list()
    assert (shown["seen"], shown["hits"], shown["left"]) == (2, 1, 1)
    meets(faults)
    assert (faults.get(1)["left"], len(faults)) == (0, 0)
    assert meets(faults) is None


def test_the_number_of_faults_is_bounded(faults):
    for _ in range(MOST):
        plan(faults)
    with pytest.raises(Conflict, match=str(MOST)):
        plan(faults)
    for _ in range(MOST):
        assert meets(faults) == 500
    for _ in range(30):
        plan(faults)
        meets(faults)
    assert len(faults.list()) == REMEMBERED
    assert faults.list()[-1]["id"] == MOST + 30


def test_deleting(faults):
    first, second = plan(faults), plan(faults)
    faults.remove(first)
    assert [one["id"] for one in faults.list()] == [second]
    with pytest.raises(NotFound):
        faults.remove(first)
    with pytest.raises(NotFound):
        faults.get(first)
    faults.clear()
    assert (faults.list(), meets(faults)) == ([], None)


# Random faults


def mishaps(seed: int, requests: int = 400, **members) -> list[int | None]:
    faults = Faults()
    members = {"kind": "random", "probability": 0.25, "seed": seed, **members}
    faults.add_json(json.dumps(members).encode())
    return [meets(faults) for _ in range(requests)]


def test_random_faults_follow_from_their_seed():
    assert mishaps(7) == mishaps(7)
    assert mishaps(7) != mishaps(8)


def test_random_faults_are_about_as_frequent_as_said():
    happened = [status for status in mishaps(1) if status is not None]
    assert set(happened) == {429, 500, 503}
    assert 60 < len(happened) < 140  # 100 expected; 40 are more than four standard deviations
    assert mishaps(1, probability=1.0, mishaps=["503"]) == [503] * 400


def test_a_random_fault_may_end():
    happened = [status for status in mishaps(1, times=3) if status is not None]
    assert len(happened) == 3


def test_every_mishap_can_be_asked_for():
    faults = Faults()
    for name, expected in MISHAPS.items():
        faults.add_json(
            json.dumps({"kind": "random", "probability": 1, "mishaps": [name], "times": 1}).encode()
        )
        assert faults.next("GET", "/", "") == expected
    assert {type(one) for one in MISHAPS.values()} == {StatusFault, TimeoutFault, CutFault, SlowFault}


# What cannot be asked for


@pytest.mark.parametrize(
    ("members", "place", "error"),
    [
        ({}, "kind", "is missing"),
        ({"kind": "explode"}, "kind", "expected one of "),
        ({"kind": "status"}, "status", "is missing"),
        ({"kind": "status", "status": 42}, "status", "expected an integer >= 200, got 42"),
        ({"kind": "status", "status": "500"}, "status", 'expected an integer, got "500"'),
        (
            {"kind": "status", "status": 500, "tiems": 2},
            "tiems",
            "is not a known field; known fields: skip, times, method, path,",
        ),
        ({"kind": "status", "status": 500, "times": 0}, "times", "expected an integer >= 1, got 0"),
        ({"kind": "status", "status": 204, "body": {}}, "body", "expected none, since a 204 response has"),
        (
            {"kind": "status", "status": 500, "body": {}, "content_type": "text/html"},
            "content_type",
            "expected JSON, as the body is, got 'text/html'",
        ),
        (
            {"kind": "status", "status": 500, "content_type": "a\r\nb: c"},
            "content_type",
            "expected a string matching",
        ),
        ({"kind": "timeout", "seconds": 1e9}, "seconds", "expected a number <= 3600, got 1000000000"),
        ({"kind": "cut", "at": "tail"}, "at", 'expected one of body, headers, got "tail"'),
        ({"kind": "slow"}, "delay", "expected a delay above 0, a chunk, or both"),
        ({"kind": "slow", "delay": -1}, "delay", "expected a number >= 0, got -1"),
        ({"kind": "random"}, "probability", "is missing"),
        ({"kind": "random", "probability": 2}, "probability", "expected a number <= 1, got 2"),
        ({"kind": "random", "probability": 1, "mishaps": ["flood"]}, "mishaps", "expected one of "),
        (
            {"kind": "random", "probability": 1, "mishaps": []},
            "mishaps",
            "expected a list of length >= 1, got an empty list",
        ),
        (
            {"kind": "cut", "operation": "creatUser"},
            "operation",
            "the API has no operation 'creatUser'. Did you mean: createUser?",
        ),
        ({"kind": "cut", "operation": "x"}, "operation", "the API has no operation 'x'"),
    ],
)
def test_errors_say_what_is_wrong(faults, members, place, error):
    with pytest.raises(Invalid) as caught:
        faults.add_json(json.dumps(members).encode())
    ((where, texts),) = caught.value.errors.items()
    assert where.startswith(place)
    assert texts[0].startswith(error)
    assert len(faults) == 0


def test_what_is_no_json(faults):
    with pytest.raises(BadRequest):
        faults.add_json(b"kind=cut")
