"""Values cached for a state, and what the store keeps of it."""

import pytest

from mock_solusio.api.cache import NEVER, DerivedCache
from mock_solusio.clock import Clock
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.world import Has, Kind, Record
from mock_solusio.moment import SECOND
from mock_solusio.store.store import Store


class Animal(Record, frozen=True, kw_only=True):
    name: str
    owners: tuple[int, ...] = ()


ANIMALS = Kind("animals", Animal, unique=("name",), search=("name",))
START = 1_772_323_200_000_000


@pytest.fixture
def clock():
    return Clock(START, speed=0)


@pytest.fixture
def store(clock):
    made = Store((ANIMALS,), clock, seed="s")
    yield made
    made.close()


def add(store, name):
    with store.transaction() as world:
        return world[ANIMALS].add(Animal(name=name))


def derive(kept, key, value, until=NEVER, size=1):
    return kept.derive(key, lambda: (value() if callable(value) else value, until, size)).value


def found(kept, key):
    entry = kept.get(key)
    return None if entry is None else entry.value


def name_of(store, animal):
    return lambda: store[ANIMALS].get_or_404(animal.id).name


def rename(store, animal, name):
    with store.transaction() as world:
        world[ANIMALS].update(Animal(id=animal.id, name=name))


def test_a_value_holds_until_what_it_was_derived_from_changes(store):
    kept = DerivedCache(store, limit=100)
    cat, dog = add(store, "cat"), add(store, "dog")
    derive(kept, "cat", name_of(store, cat))
    rename(store, dog, "wolf")
    assert found(kept, "cat") == "cat"
    rename(store, cat, "lion")
    assert found(kept, "cat") is None
    derive(kept, "cat", name_of(store, cat))
    assert found(kept, "cat") == "lion"


@pytest.mark.parametrize(
    "query",
    [
        lambda animals: animals.first(name=["cat", "dog"]),
        lambda animals: animals.find(),
        lambda animals: animals.count(),
        lambda animals: animals.page(1, 15, {}).total,
        lambda animals: animals.count(owners=Has(1)),
        lambda animals: animals.get(2),
    ],
    ids=["first", "find", "count", "page", "count of items", "absent"],
)
def test_a_query_depends_on_whatever_may_change_its_result(store, query):
    kept = DerivedCache(store, limit=100)
    add(store, "cat")
    derive(kept, "a", lambda: query(store[ANIMALS]))
    assert kept.get("a") is not None
    with store.transaction() as world:
        world[ANIMALS].add(Animal(name="dog", owners=(1,)))
    assert kept.get("a") is None


@pytest.mark.parametrize(
    "query",
    [
        lambda animals: animals.first(name="cat"),
        lambda animals: animals.find(name="cat"),
        lambda animals: animals.find(name="cat", id=[1, 2, 3]),
        lambda animals: animals.page(1, 15, {"name": "cat"}).total,
    ],
    ids=["first", "find", "two conditions", "page"],
)
def test_a_query_for_a_value_depends_on_the_records_that_have_it(store, query):
    kept = DerivedCache(store, limit=100)

    def holds():
        return kept.get("a") is not None

    def derive_again():
        derive(kept, "a", lambda: query(store[ANIMALS]))
        assert holds()

    derive_again()
    dog = add(store, "dog")
    assert holds()
    cat = add(store, "cat")
    assert not holds()
    derive_again()
    rename(store, dog, "wolf")
    assert holds()
    rename(store, cat, "lion")
    assert not holds()
    derive_again()
    rename(store, cat, "cat")
    assert not holds()
    derive_again()
    with store.transaction() as world:
        world[ANIMALS].remove(dog.id)
    assert holds()
    with store.transaction() as world:
        world[ANIMALS].remove(cat.id)
    assert not holds()
    derive_again()
    with store.transaction() as world:
        world[ANIMALS].load([Animal(id=9, name="cat")])
    assert not holds()
    derive_again()
    with store.transaction() as world:
        world.wipe()
    assert not holds()


def test_a_value_depends_on_what_others_were_derived_from(store):
    kept = DerivedCache(store, limit=100)
    cat = add(store, "cat")
    derive(kept, "inner", name_of(store, cat))
    derive(kept, "outer", lambda: found(kept, "inner"))  # found
    derive(kept, "other", lambda: derive(kept, "new", name_of(store, cat)))  # derived
    add(store, "dog")
    assert (found(kept, "outer"), found(kept, "other")) == ("cat", "cat")
    rename(store, cat, "lion")
    assert (found(kept, "outer"), found(kept, "other")) == (None, None)


def test_a_value_does_not_outlive_a_change_that_was_rolled_back(store):
    kept = DerivedCache(store, limit=100)
    cat = add(store, "cat")

    def rename_in_vain():
        with store.transaction() as world:
            world[ANIMALS].update(Animal(id=cat.id, name="lion"))
            raise ZeroDivisionError

    derive(kept, "cat", name_of(store, cat))
    with pytest.raises(ZeroDivisionError):
        rename_in_vain()
    assert found(kept, "cat") in ("cat", None)
    assert derive(kept, "cat", name_of(store, cat)) == "cat"


def test_a_value_derived_within_a_change_that_is_rolled_back_holds_no_more(store):
    kept = DerivedCache(store, limit=100)
    cat = add(store, "cat")

    def rename_in_vain():
        with store.transaction() as world:
            world[ANIMALS].update(Animal(id=cat.id, name="lion"))
            assert derive(kept, "cat", name_of(store, cat)) == "lion"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rename_in_vain()
    assert found(kept, "cat") is None


def test_nothing_outlives_another_time_or_another_state(store):
    kept = DerivedCache(store, limit=100)
    image = store.snapshot()
    derive(kept, "a", 1)
    store.renew()
    assert kept.get("a") is None
    derive(kept, "a", 1)
    store.restore(image)
    assert kept.get("a") is None


def test_a_value_holds_until_its_moment(store, clock):
    kept = DerivedCache(store, limit=100)
    derive(kept, "a", 1, until=START + SECOND)
    assert found(kept, "a") == 1
    clock.advance(SECOND)
    assert kept.get("a") is None


def test_the_sizes_are_bounded(store):
    kept = DerivedCache(store, limit=10)
    for number in range(1000):
        derive(kept, number, number, size=4)
        assert found(kept, number) == number
        assert sum(kept.get(other) is not None for other in range(number + 1)) <= 2


def remove_two(store):
    with store.transaction() as world:
        world[ANIMALS].remove(9)
        world[ANIMALS].update(Animal(id=10, name="none"))


def test_what_is_found_follows_every_change(store):
    def found():
        return [one.name for one in store[ANIMALS].find()], store[ANIMALS].first(name="cat")

    def fail():
        with store.transaction() as world:
            world[ANIMALS].remove(cat.id)
            assert found() == ([], None)
            raise ZeroDivisionError

    assert found() == ([], None)
    cat = add(store, "cat")
    for _ in range(2):
        names, first = found()
        assert (names, first) == (["cat"], cat)
        store[ANIMALS].find().clear()  # a caller's own list
    with pytest.raises(ZeroDivisionError):
        fail()
    assert found() == (["cat"], cat)
    rename(store, cat, "lion")
    assert found() == (["lion"], None)
    with store.transaction() as world:
        world[ANIMALS].load([Animal(id=7, name="cat")])
    assert found() == (["lion", "cat"], store[ANIMALS].get(7))
    with store.transaction() as world:
        world.wipe()
    assert found() == ([], None)


@pytest.mark.parametrize("reopened", [False, True])
def test_a_count_follows_every_change(tmp_path, clock, reopened):
    def opened():
        return Store((ANIMALS,), clock, file=tmp_path / "state.db", seed="s")

    store = opened()
    for number in range(4):
        with store.transaction() as world:
            world[ANIMALS].add(Animal(name=f"{number}", owners=(1, 2)[: number % 3]))
    if reopened:
        store.close()
        store = opened()

    def counts():
        owned = [store[ANIMALS].count(owners=Has(owner)) for owner in (1, 2, 3)]
        assert [store[ANIMALS].count(name=name) for name in ("1", "nine")] == [
            len(store[ANIMALS].find(name=name)) for name in ("1", "nine")
        ]
        return owned

    assert counts() == [2, 1, 0]
    with store.transaction() as world:
        world[ANIMALS].update(Animal(id=2, name="1", owners=(3,)))
        world[ANIMALS].remove(3)
    assert counts() == [0, 0, 1]
    with store.transaction() as world:
        world[ANIMALS].load([Animal(id=9, name="nine", owners=(3,))])
    assert counts() == [0, 0, 2]
    with pytest.raises(NotFound):
        remove_two(store)
    assert counts() == [0, 0, 2]
    with store.transaction() as world:
        world.wipe()
    assert counts() == [0, 0, 0]
    store.close()


def test_the_records_of_a_page_follow_every_change(store):
    def shown(page=1, search=""):
        return [animal.name for animal in store[ANIMALS].page(page, 2, {}, search).items]

    def rename_in_vain():
        with store.transaction() as world:
            world[ANIMALS].update(Animal(id=cat.id, name="lion"))
            assert shown() == ["lion", "dog"]
            raise ZeroDivisionError

    cat, _, _ = (add(store, name) for name in ("cat", "dog", "owl"))
    assert (shown(), shown(2), shown(1, "o")) == (["cat", "dog"], ["owl"], ["dog", "owl"])
    with pytest.raises(ZeroDivisionError):
        rename_in_vain()
    assert shown() == ["cat", "dog"]
    image = store.snapshot()
    rename(store, cat, "cow")
    assert (shown(), shown(2), shown(1, "o")) == (["cow", "dog"], ["owl"], ["cow", "dog"])
    store.restore(image)
    assert (shown(), shown(1, "o")) == (["cat", "dog"], ["dog", "owl"])
    with store.transaction() as world:
        world[ANIMALS].remove(cat.id)
    assert (shown(), shown(2)) == (["dog", "owl"], [])


def test_the_total_of_a_page_follows_every_change(store):
    def total(search=""):
        return store[ANIMALS].page(1, 15, {}, search).total

    def remove_in_vain():
        with store.transaction() as world:
            world[ANIMALS].remove(cat.id)
            assert total() == 1
            raise ZeroDivisionError

    assert total() == 0
    cat = add(store, "cat")
    assert (total(), total("cat"), total("dog")) == (1, 1, 0)
    with store.transaction() as world:
        world[ANIMALS].update(Animal(id=cat.id, name="dog"))
        assert (total(), total("cat"), total("dog")) == (1, 0, 1)
        world[ANIMALS].add(Animal(name="owl"))
        assert total() == 2
    with pytest.raises(ZeroDivisionError):
        remove_in_vain()
    assert (total(), total("dog")) == (2, 1)
    image = store.snapshot()
    add(store, "cow")
    assert total() == 3
    store.restore(image)
    assert total() == 2
    with store.transaction() as world:
        world.wipe()
    assert total() == 0


def test_pages_are_the_same_with_and_without_gaps_between_ids(store):
    """Without gaps the ids of a page are known; with one they are looked up."""

    def names(page):
        return [animal.name for animal in store[ANIMALS].page(page, 3, {}).items]

    animals = [add(store, f"animal {number}") for number in range(1, 8)]
    assert [names(page) for page in (1, 3, 4)] == [["animal 1", "animal 2", "animal 3"], ["animal 7"], []]
    store[ANIMALS].known.clear()
    assert names(2) == ["animal 4", "animal 5", "animal 6"]
    with store.transaction() as world:
        world[ANIMALS].remove(animals[1].id)
    store[ANIMALS].known.clear()
    assert [names(page) for page in (1, 2)] == [
        ["animal 1", "animal 3", "animal 4"],
        ["animal 5", "animal 6", "animal 7"],
    ]
