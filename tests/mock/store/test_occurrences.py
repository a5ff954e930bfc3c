"""How often values occur, and when a record with one changed last, compared with counting anew."""

from collections.abc import Iterator

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.world import Record
from mock_solusio.store import occurrences
from mock_solusio.store.occurrences import Occurrences


class Animal(Record, frozen=True, kw_only=True):
    legs: int | None = None
    friends: list[int] = msgspec.field(default_factory=list)


def items(record: Animal, field: str) -> Iterator[int | None]:
    value = getattr(record, field)
    yield from set(value) if isinstance(value, list) else {value}


ANIMALS = st.builds(
    Animal, legs=st.sampled_from((None, 2, 4)), friends=st.lists(st.integers(1, 2), max_size=3)
)
CHANGES = st.lists(st.tuples(st.integers(0, 3), st.none() | ANIMALS), max_size=30)
KEYS = [("legs", None), ("legs", 2), ("legs", 4), ("friends", 1), ("friends", 2)]


@given(changes=CHANGES, asked=st.sets(st.sampled_from(KEYS)))
def test_numbers_follow_every_change(changes, asked):
    herd: dict[int, Animal] = {}

    def count(field: str, item: int | None) -> int:
        return sum(item in items(one, field) for one in herd.values())

    known = Occurrences(count)
    for key in asked:
        known.number(key)
    for change, (place, after) in enumerate(changes, 1):
        before = herd.pop(place, None)
        if after is not None:
            herd[place] = after
        known.changed(before, after, change)
        assert {key: known.number(key) for key in KEYS} == {key: count(*key) for key in KEYS}


@given(changes=CHANGES)
def test_the_latest_change_is_that_of_a_record_with_the_value_before_or_after(changes):
    known = Occurrences(lambda *_: 0)
    herd: dict[int, Animal] = {}
    expected = {key: known.watch(key, 0) for key in KEYS[:3]}
    for change, (place, after) in enumerate(changes, 1):
        before = herd.pop(place, None)
        if after is not None:
            herd[place] = after
        known.changed(before, after, change)
        for key in expected:
            if any(one is not None and one.legs == key[1] for one in (before, after)):
                expected[key] = change
        assert {key: known.latest(key) for key in expected} == expected


def test_what_is_remembered_is_limited_and_can_be_forgotten(monkeypatch):
    monkeypatch.setattr(occurrences, "COUNTED", 2)
    monkeypatch.setattr(occurrences, "WATCHED", 2)
    asked: list[object] = []
    known = Occurrences(lambda _, item: asked.append(item) or 7)
    assert [known.number(("legs", item)) for item in (1, 2, 2, 3, 3, 1)] == [7] * 6
    assert asked == [1, 2, 3, 1]
    assert [known.watch(("legs", value), change) for value, change in ((1, 5), (1, 6), (2, 7), (3, 8))] == [
        5,
        5,
        7,
        8,
    ]
    assert [known.latest(("legs", value)) for value in (1, 2, 3)] == [None, None, 8]
    known.forget()
    assert known.latest(("legs", 3)) is None
    known.number(("legs", 1))
    assert asked == [1, 2, 3, 1, 1]
