"""The waiting record that is due first is always the one that a search through all records finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.store.store import Store


class Train(Record, frozen=True, kw_only=True):
    due: int
    waits: bool = True
    name: str = ""


TRAINS = Kind("trains", Train, index=("waits", "name"), waiting={"waits": True})
ALL_TRAINS = Kind("all_trains", Train, waiting={})
SIGNS = Kind("signs", Train)

changes = st.lists(
    st.tuples(
        st.sampled_from(("add", "update", "remove")),
        st.integers(1, 6),
        st.builds(Train, due=st.integers(0, 5), waits=st.booleans()),
    ),
    max_size=6,
)


class RolledBackError(Exception):
    """Ends a transaction without keeping it."""


@settings(max_examples=150)
@given(transactions=st.lists(st.tuples(changes, st.booleans(), st.booleans()), max_size=6))
def test_the_earliest_is_that_of_a_search(transactions):
    store = Store((TRAINS, ALL_TRAINS), Clock(0, speed=0), seed="s")
    for steps, keep, look in transactions:
        try:
            with store.transaction():
                for kind in (TRAINS, ALL_TRAINS):
                    apply(store[kind], steps)
                    if look:
                        assert store[kind].earliest() == searched(store[kind])
                if not keep:
                    raise RolledBackError
        except RolledBackError:
            pass
        for kind in (TRAINS, ALL_TRAINS):
            assert store[kind].earliest() == searched(store[kind])
    store.close()


def apply(table, steps):
    for verb, key, train in steps:
        if verb == "add":
            table.add(train)
        elif verb == "remove":
            table.remove(key)
        elif table.get(key) is not None:
            table.update(Train(id=key, due=train.due, waits=train.waits))


def searched(table):
    waiting = [train for train in table.find() if train.waits or table.kind is ALL_TRAINS]
    return min(waiting, key=lambda train: (train.due, train.id), default=None)


def test_a_kind_that_does_not_wait_has_no_earliest():
    store = Store((SIGNS,), Clock(0, speed=0), seed="s")
    with pytest.raises(KeyError, match="signs wait for nothing"):
        store[SIGNS].earliest()
    store.close()
