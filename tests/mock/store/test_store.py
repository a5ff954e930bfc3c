"""The store: records, conditions, pages, transactions, snapshots, files."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_solusio.clock import Clock
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.world import Has, Kind, Record
from mock_solusio.moment import HOUR
from mock_solusio.store import table
from mock_solusio.store.store import Store
from mock_solusio.store.table import StateError


class Animal(Record, frozen=True, kw_only=True):
    name: str
    legs: int | None = None
    wild: bool = False
    friends: list[int] = msgspec.field(default_factory=list)
    note: str = ""


ANIMALS = Kind("animals", Animal, index=("legs", "wild"), unique=("name",), search=("name",))
PLANTS = Kind("plants", Animal, noun="green plant", index=("name", "legs"), search=("name", "legs"))
START = 1_772_323_200_000_000


@pytest.fixture
def store():
    made = Store((ANIMALS, PLANTS), Clock(START, speed=0), seed="s")
    yield made
    made.close()


def names(records):
    return [record.name for record in records]


def fill(store, *wanted, kind=ANIMALS):
    with store.transaction() as world:
        return [
            world[kind].add(kind.record(name=name, legs=len(name), wild=name[0] == "w")) for name in wanted
        ]


def test_a_record_gets_an_id_and_comes_back(store):
    cat, wolf = fill(store, "cat", "wolf")
    assert (cat.id, wolf.id) == (1, 2)
    store[ANIMALS].forget()
    assert store[ANIMALS].get(1) == cat
    assert store[ANIMALS].get(3) is None
    for strange in (0, -1, 2**63, 2**200):
        assert store[ANIMALS].get(strange) is None


def test_what_is_missing_is_named(store):
    with pytest.raises(NotFound, match=r"There is no green plant 7\."):
        store[PLANTS].get_or_404(7)
    with pytest.raises(NotFound, match="animal 7"), store.transaction() as world:
        world[ANIMALS].update(Animal(id=7, name="x"))


def test_ids_are_never_used_again(store):
    fill(store, "cat", "dog")
    with store.transaction() as world:
        world[ANIMALS].remove(2)
        world[ANIMALS].remove(2)
    store[ANIMALS].forget()
    assert fill(store, "eel")[0].id == 3


def test_the_first_records_can_be_removed_together(store):
    fill(store, "cat", "dog", "eel")
    assert store[ANIMALS].count(legs=3) == 3
    with suppress(ZeroDivisionError), store.transaction() as world:
        world[ANIMALS].remove_up_to(2)
        raise ZeroDivisionError
    assert names(store[ANIMALS].find()) == ["cat", "dog", "eel"]
    with store.transaction() as world:
        world[ANIMALS].remove_up_to(3)
        assert world[ANIMALS].count(legs=3) == 0
        assert world[ANIMALS].add(Animal(name="fox")).id == 4
    assert names(store[ANIMALS].find()) == ["fox"]
    assert store[ANIMALS].get(3) is None


def test_conditions(store):
    fill(store, "cat", "wolf", "dog", "warthog")
    with store.transaction() as world:
        table = world[ANIMALS]
        table.add(Animal(name="snail", legs=None, friends=[1, 3]))
        assert names(table.find(legs=3)) == ["cat", "dog"]
        assert names(table.find(wild=True)) == ["wolf", "warthog"]
        assert names(table.find(legs=None)) == ["snail"]
        assert names(table.find(legs=[4, 7], wild=True)) == ["wolf", "warthog"]
        assert names(table.find(legs=set())) == []
        assert names(table.find(friends=Has(3))) == ["snail"]
        assert table.find(friends=Has(2)) == []
        assert names(table.find(id=(2, 3))) == ["wolf", "dog"]
        assert table.first(legs=3).name == "cat"
        assert table.first(legs=99) is None
        assert table.count() == 5
        assert table.count(wild=False) == 3


def test_values_of_records_follow_every_change(store, monkeypatch):
    monkeypatch.setattr(table, "VALUES", 2)
    cat, wolf, emu = fill(store, "cat", "wolf", "emu")
    animals = store[ANIMALS]
    assert animals.values("legs", {1, 2, 9}) == {1: 3, 2: 4}
    assert animals.values("legs", {1, 3}) == {1: 3, 3: 3}
    with store.transaction() as world:
        world[ANIMALS].update(msgspec.structs.replace(cat, legs=5))
        assert animals.values("legs", {1, 2}) == {1: 5, 2: 4}
        world[ANIMALS].remove(wolf.id)
    assert animals.values("legs", [1, 2, 3]) == {1: 5, 3: 3}
    with suppress(ZeroDivisionError), store.transaction() as world:
        world[ANIMALS].update(msgspec.structs.replace(emu, legs=2))
        assert animals.values("legs", [3]) == {3: 2}
        raise ZeroDivisionError
    assert animals.values("legs", [3]) == {3: 3}


def test_a_condition_on_what_is_no_column_is_a_mistake_of_ours(store):
    with pytest.raises(KeyError, match="cannot be found by friends"):
        store[ANIMALS].find(friends=1)
    with pytest.raises(KeyError, match="no field colour"):
        store[ANIMALS].find(colour=Has(1))


def test_search_finds_parts_in_any_case_and_exact_hits_first(store):
    fill(store, "tomcat", "Cat", "catfish", "dog", kind=PLANTS)
    table = store[PLANTS]
    assert names(table.page(1, 10, {}, "cat").items) == ["Cat", "tomcat", "catfish"]
    assert names(table.page(1, 10, {}, "%").items) == []
    assert names(table.page(1, 10, {}, "_").items) == []
    assert names(table.page(1, 10, {}, "\\").items) == []
    # "Cat" and "dog" have three letters and so three legs; "tomcat" has six.
    assert names(table.page(1, 10, {}, "3").items) == ["Cat", "dog"]
    assert names(table.page(1, 10, {"legs": 6}, "cat").items) == ["tomcat"]


QUERIES = ({"legs": 2}, {"legs": None}, {"wild": True, "legs": 3}, {"friends": Has(1)})


def answers(table):
    return [
        (table.find(**where), table.first(**where), table.count(**where), table.page(1, 2, where))
        for where in QUERIES
    ]


@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(("update", "add", "remove", "remove_up_to")),
            st.integers(1, 3),
            st.fixed_dictionaries(
                {},
                optional={
                    "legs": st.sampled_from((None, 2, 3)),
                    "wild": st.booleans(),
                    "friends": st.sampled_from(([], [1], [1, 1], [2, 1])),
                    "note": st.sampled_from("ab"),
                },
            ),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_what_queries_found_is_right_after_every_change(changes):
    store = Store((ANIMALS,), Clock(START, speed=0), seed="s")
    animals = store[ANIMALS]
    fill(store, "cat", "ox")
    for number, (change, key, values, kept) in enumerate(changes):
        with suppress(ZeroDivisionError), store.transaction() as world:
            before = animals.get(key)
            if change == "add":
                world[ANIMALS].add(Animal(name=str(number), **values))
            elif change == "update" and before is not None:
                world[ANIMALS].update(msgspec.structs.replace(before, **values))
            elif change in {"remove", "remove_up_to"}:
                getattr(world[ANIMALS], change)(key)
            answers(animals)
            if not kept:
                raise ZeroDivisionError
        remembered = answers(animals)
        animals.forget()
        assert remembered == answers(animals)
        assert [found for found, *_ in remembered] == [
            [one for one in animals.find() if meets(one, where)] for where in QUERIES
        ]
    store.close()


def meets(animal, where):
    return all(
        value.item in getattr(animal, name) if isinstance(value, Has) else getattr(animal, name) == value
        for name, value in where.items()
    )


@settings(max_examples=60)
@given(
    count=st.integers(0, 40),
    per_page=st.integers(1, 12),
    inserts=st.lists(st.booleans(), max_size=12),
)
def test_a_walk_sees_each_row_once_though_rows_are_added(count, per_page, inserts):
    store = Store((ANIMALS,), Clock(START, speed=0), seed="s")
    fill(store, *(f"a{number}" for number in range(count)))
    seen, page, more = [], 1, iter(inserts)
    while page < 100:
        found = store[ANIMALS].page(page, per_page, {})
        seen += names(found.items)
        if page * per_page >= found.total:
            break
        if next(more, False):
            fill(store, f"new{page}")
        page += 1
    assert len(seen) == len(set(seen))
    assert seen[:count] == [f"a{number}" for number in range(count)]
    store.close()


def test_a_page_past_the_end_is_empty(store):
    fill(store, "cat")
    page = store[ANIMALS].page(10**9, 15, {})
    assert (page.items, page.total) == ([], 1)


def test_what_fails_leaves_no_trace(store):
    fill(store, "cat")

    def fail():
        with store.transaction() as world:
            world[ANIMALS].update(Animal(id=1, name="lion"))
            world[ANIMALS].add(Animal(name="eel"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(store[ANIMALS].find()) == ["cat"]
    assert store[ANIMALS].get_or_404(1).name == "cat"
    assert fill(store, "eel")[0].id == 2


def test_the_version_grows_with_changes_alone(store):
    version = store.version
    with store.transaction() as world:
        world[ANIMALS].find()
    assert store.version == version
    fill(store, "cat")
    assert store.version == version + 1


def test_the_moment_stands_still_within_a_transaction():
    ticks = iter(range(START, START + 1000))
    store = Store((ANIMALS,), Clock(source=lambda: next(ticks)), seed="s")
    with store.transaction() as world:
        assert world.now == world.now
    assert store.now != store.now
    store.close()


def test_changes_need_a_transaction_and_transactions_do_not_nest(store):
    with pytest.raises(RuntimeError, match="outside"):
        store[ANIMALS].add(Animal(name="cat"))
    with store.transaction(), pytest.raises(RuntimeError, match="within"), store.transaction():
        pass


def test_randomness_follows_from_the_seed_alone():
    one, same, other = (Store((ANIMALS,), Clock(START, speed=0), seed=seed) for seed in ("a", "a", "b"))
    assert one.secret("password", 1) == same.secret("password", 1)
    assert one.uuid("server", 1) == same.uuid("server", 1)
    assert one.random("cpu", 1).random() == same.random("cpu", 1).random()
    draws = ((one, "password", 1), (one, "password", 2), (one, "key", 1), (other, "password", 1))
    assert len({store.secret(purpose, number) for store, purpose, number in draws}) == 4
    assert len(one.secret("password", 1, length=12)) == 12
    assert one.uuid("server", 1)[14] == "4"
    for store in (one, same, other):
        store.close()


def test_without_a_seed_no_two_worlds_are_alike():
    one, other = (Store((ANIMALS,), Clock(START, speed=0)) for _ in range(2))
    assert one.secret("password", 1) != other.secret("password", 1)
    one.close()
    other.close()


@pytest.mark.parametrize("filed", [False, True])
def test_a_snapshot_brings_everything_back(tmp_path, filed):
    store = Store((ANIMALS,), Clock(START, speed=0), seed="s", file=tmp_path / "state" if filed else None)
    fill(store, "cat", "dog")
    image = store.snapshot()
    version = store.version
    with store.transaction() as world:
        world[ANIMALS].remove(1)
        world[ANIMALS].add(Animal(name="eel"))
    store.restore(image)
    assert names(store[ANIMALS].find()) == ["cat", "dog"]
    assert store.version > version
    assert fill(store, "eel")[0].id == 3
    store.close()


def test_what_is_no_snapshot_is_refused(store):
    fill(store, "cat")
    for wrong in (b"nonsense", b"", b"SQLite format 3\x00" + b"\x00" * 200):
        with pytest.raises(StateError, match="snapshot"):
            store.restore(wrong)
    assert names(store[ANIMALS].find()) == ["cat"]


def test_wipe_begins_anew(store):
    fill(store, "cat", "dog")
    with store.transaction() as world:
        world.wipe()
    assert store[ANIMALS].count() == 0
    assert fill(store, "eel")[0].id == 1


def test_a_file_keeps_records_seed_and_notes(tmp_path):
    file = tmp_path / "state.sqlite"
    store = Store((ANIMALS,), Clock(START, speed=0), file=file)
    assert store.fresh
    fill(store, "cat")
    store.remember("clock", "{}")
    secret = store.secret("x", 1)
    store.close()
    again = Store((ANIMALS,), Clock(START + HOUR, speed=0), file=file)
    assert not again.fresh
    assert names(again[ANIMALS].find()) == ["cat"]
    assert again.secret("x", 1) == secret
    assert again.remembered("clock") == "{}"
    assert again.remembered("nothing") is None
    again.close()


def test_files_that_cannot_be_used_are_refused_with_a_reason(tmp_path):
    def refusal(file: Path, kinds=(ANIMALS,), **arguments) -> str:
        with pytest.raises(StateError) as caught:
            Store(kinds, Clock(START, speed=0), file=file, **arguments)
        return str(caught.value)

    text = tmp_path / "text"
    text.write_text("no database at all, but long enough to be looked at" * 20)
    assert "not a database" in refusal(text)
    assert "No such file or directory" in refusal(tmp_path / "missing" / "state")

    mine = tmp_path / "mine"
    store = Store((ANIMALS,), Clock(START, speed=0), file=mine, seed="a")
    assert "another process uses it" in refusal(mine)
    store.close()
    assert "was created with another seed" in refusal(mine, seed="b")
    other = Kind("animals", Animal, index=("legs",), unique=("name",))
    assert "its table animals differs" in refusal(mine, kinds=(other,))

    store = Store((ANIMALS,), Clock(START, speed=0), file=mine)
    store.remember("format", "0")
    store.close()
    assert "format 0" in refusal(mine)

    import sqlite3

    foreign = tmp_path / "foreign"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE songs (id)")
    connection.close()
    assert "not a state file" in refusal(foreign)


def test_more_records_than_are_kept_in_memory(store, monkeypatch):
    monkeypatch.setattr(table, "KEPT", 1000)
    animals = store[ANIMALS]
    with store.transaction():
        for number in range(100):
            animals.add(Animal(name=str(number)))
    longest = 0
    for key in (*range(1, 101), *range(1, 101)):
        assert animals.get_or_404(key).name == str(key - 1)
        longest = max(longest, sum(len(msgspec.json.encode(one)) for one in animals.known.values()))
    assert 500 < longest <= 1000
    with store.transaction():
        for key in range(1, 101):
            animals.update(Animal(id=key, name=str(key) * 20))
            assert sum(len(msgspec.json.encode(one)) for one in animals.known.values()) <= 1000
    assert animals.count() == 100


def test_a_record_of_another_shape_is_found_when_it_is_read(store):
    fill(store, "cat")
    with store.transaction() as world:
        world.writing().execute("UPDATE animals SET body = '{}'")
    store[ANIMALS].forget()
    with pytest.raises(msgspec.ValidationError):
        store[ANIMALS].get(1)


WRITER = """
import sys
from contextlib import suppress
from pathlib import Path
from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.store import table
from mock_solusio.store.store import Store

class Note(Record, frozen=True, kw_only=True):
    number: int
    padding: str

NOTES = Kind("notes", Note, unique=("number",))
store = Store((NOTES,), Clock(), file=Path(sys.argv[1]))
number = store[NOTES].count()
while number < 100_000:
    with store.transaction() as world:
        world[NOTES].add(Note(number=number, padding="x" * 3000))
        world[NOTES].add(Note(number=-number - 1, padding=""))
    print(number, flush=True)
    number += 2
"""


def test_what_was_acknowledged_survives_the_kill_of_the_process(tmp_path):
    class Note(Record, frozen=True, kw_only=True):
        number: int
        padding: str

    notes = Kind("notes", Note, unique=("number",))
    file = tmp_path / "state"
    acknowledged = 0
    for kill_after in (1, 3, 7, 20, 45, 2, 80, 5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(kill_after):
                assert process.stdout.readline()
                acknowledged += 1
            os.kill(process.pid, signal.SIGKILL)
            rest = process.stdout.read()  # written, and so acknowledged, before the kill took effect
            acknowledged += rest.count(b"\n")
        store = Store((notes,), Clock(), file=file)
        count = store[notes].count()
        # All that was acknowledged, at most one transaction more whose line was not yet out, and none half.
        assert count in {2 * acknowledged, 2 * acknowledged + 2}
        store.close()
        acknowledged = count // 2
