"""The journal: bounded, cheap to fill, and quick to search; `test_redaction` is about its secrets."""

import asyncio
import json
import tracemalloc

import pytest

from mock_solusio.domain.errors import Invalid
from mock_solusio.traffic.journal import OVERHEAD, Journal, JournalFilter
from support.journals import add


def numbers(journal: Journal, **filters) -> list[int]:
    return [entry.number for entry in journal.read(**filters)]


def find(journal, **filters):
    """Return the numbers of what a search on an event loop finds."""
    wanted = JournalFilter(**filters)
    return asyncio.run(journal.find(wanted, lambda one: one.number))


def test_the_number_of_exchanges_is_bounded():
    journal = Journal(limit=3)
    for _ in range(5):
        add(journal)
    assert numbers(journal) == [3, 4, 5]
    assert (len(journal), journal.last, journal.dropped) == (3, 5, 2)


def test_the_size_of_all_exchanges_is_bounded():
    journal = Journal(total_limit=10 * (OVERHEAD + 1100))
    for _ in range(100):
        add(journal, response_body=b"x" * 1000, headers=[(b"x", b"y" * 99)])
    assert len(journal) == 9  # the path takes a little, too
    add(journal, body=b"x" * 60_000)
    assert numbers(journal) == [101]


def test_it_holds_no_more_than_its_limit_says():
    journal = Journal(limit=10_000, total_limit=2_000_000)
    tracemalloc.start()
    try:
        for number in range(2000):
            mark = b"%d" % number
            headers = [(b"x-%d-" % name + mark, b"value of " + mark) for name in range(6)]
            add(
                journal,
                "POST",
                f"/api/v1/users/{number}",
                query=b"page=" + mark,
                headers=headers,
                body=b"sent" * 50 + mark,
                response_headers=[(b"content-length", mark)],
                response_body=b"received" * 20 + mark,
                milliseconds=number / 7,
            )
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert journal.dropped
    assert held < 1.05 * journal.total_limit


def test_filling_it_for_long_does_not_take_more_memory():
    journal = Journal(limit=100)
    body = b"x" * 2000
    for _ in range(200):
        add(journal, body=body + b"1")
    tracemalloc.start()
    try:
        for _ in range(2000):
            add(journal, body=body + b"1")
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 2 * 100 * (len(body) + OVERHEAD)


def test_long_bodies_are_shortened():
    journal = Journal(body_limit=10)
    add(journal, body=b"0123456789abc", response_body=b"0123456789")
    (entry,) = journal.read()
    assert (entry.request.body, entry.request.bytes) == ("0123456789", 13)
    assert (entry.response.body, entry.response.bytes) == ("0123456789", 10)


def test_clearing_keeps_counting():
    journal = Journal()
    add(journal)
    journal.clear()
    assert (len(journal), journal.dropped) == (0, 1)
    assert add(journal) == 2


@pytest.mark.parametrize("bounds", [{"limit": 0}, {"body_limit": -1}, {"total_limit": 0}])
def test_a_journal_needs_room(bounds):
    with pytest.raises(ValueError, match="room"):
        Journal(**bounds)


# Filters


@pytest.fixture
def busy():
    journal = Journal()
    add(journal, "GET", "/api/v1/users", operation="listUsers")
    add(journal, "POST", "/api/v1/users", operation="createUser", status=422, body=b'{"email": "Ann"}')
    add(journal, "GET", "/api/v1/users/7", operation="getUser", status=404)
    add(journal, "GET", "/", kind="ui", notes=["the cookie has expired"])
    add(journal, "POST", "https://billing.example.com/api/", kind="billing", status=0)
    return journal


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"method": "post"}, [2, 5]),
        ({"path": "/api/v1/users"}, [1, 2]),
        ({"path": "/api/v1/users*"}, [1, 2, 3]),
        ({"path": "*/users/?"}, [3]),
        ({"path": "users"}, []),
        ({"status": "404"}, [3]),
        ({"status": "4xx"}, [2, 3]),
        ({"status": "none"}, [5]),
        ({"operation": "getUser"}, [3]),
        ({"kind": "ui"}, [4]),
        ({"since": 3}, [4, 5]),
        ({"since": 9}, []),
        ({"before": 3}, [1, 2]),
        ({"before": 5, "since": 2}, [3, 4]),
        ({"before": 4, "limit": 2}, [2, 3]),
        ({"limit": 2}, [4, 5]),
        ({"limit": 1, "status": "4xx"}, [3]),
        ({"text": "ANN"}, [2]),
        ({"text": "cookie has"}, [4]),
        ({"method": "GET", "kind": "api", "since": 1}, [3]),
    ],
)
def test_filters(busy, filters, expected):
    assert numbers(busy, **filters) == expected
    assert find(busy, **filters) == expected


@pytest.mark.parametrize("before", [None, "the letter", "nothing"])
def test_a_text_is_found_whatever_was_searched_for_before(before):
    journal = Journal(limit=3)
    for name in "abcd":
        add(journal, body=f"the letter {name}".encode())
        if before is not None:
            find(journal, text=before)
        assert numbers(journal, text=f"LETTER {name.upper()}") == [journal.last]
    assert numbers(journal, text="the letter") == find(journal, text="the letter") == [2, 3, 4]
    assert numbers(journal, text="letter a") == find(journal, text="letter a") == []
    journal.clear()
    assert numbers(journal, text="the letter") == find(journal, text="the letter") == []


def test_a_search_on_an_event_loop_lets_others_run(busy):
    async def searching() -> tuple[list[int], int]:
        turns = 0
        search = asyncio.create_task(busy.find(JournalFilter(text="ann"), lambda one: one.number))
        while not search.done():
            turns += 1
            await asyncio.sleep(0)
        return await search, turns

    found, turns = asyncio.run(searching())
    assert found == [2]
    assert turns > len(busy), "at least one for each exchange"


def test_a_search_knows_nothing_of_what_comes_and_goes_meanwhile():
    journal = Journal(limit=3)
    for name in "abc":
        add(journal, body=f"the letter {name}".encode())

    async def searching() -> list[int]:
        search = asyncio.create_task(journal.find(JournalFilter(text="letter"), lambda one: one.number))
        await asyncio.sleep(0)
        for name in "de":
            add(journal, body=f"the letter {name}".encode())
        return await search

    assert asyncio.run(searching()) == [1, 2, 3]
    assert numbers(journal, text="letter") == [3, 4, 5]


@pytest.mark.parametrize(
    ("filters", "place"),
    [
        ({"status": "teapot"}, "status"),
        ({"limit": 0}, "limit"),
        ({"colour": "red"}, "colour"),
        ({"path": ""}, "path"),
    ],
)
def test_filters_that_make_no_sense(busy, filters, place):
    with pytest.raises(Invalid) as caught:
        busy.read(**filters)
    assert list(caught.value.errors) == [place]


def test_secrets_cannot_be_found_by_guessing():
    journal = Journal()
    add(
        journal,
        path="/auth/by_token/S3CRET-value.1",
        body=json.dumps({"password": "S3CRET-value.1"}).encode(),
    )
    assert numbers(journal, text="S3CRET") == []
    assert numbers(journal, path="/auth/by_token/S3*") == []
    assert numbers(journal, path="/auth/by_token/*") == [1]
