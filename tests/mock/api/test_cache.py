"""Values cached for a state: rendered records, and the totals of the store."""

import pytest

from mock_solusio.api.cache import NEVER, VersionedCache
from mock_solusio.api.call import Call
from mock_solusio.api.replies import rendered
from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import SECOND
from mock_solusio.store.store import Store


class Animal(Record, frozen=True, kw_only=True):
    name: str


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


def test_a_value_holds_until_anything_changes(store):
    kept = VersionedCache(store, limit=100)
    kept.set("a", 1, NEVER, size=1)
    assert kept.get("a") == (1, NEVER)
    add(store, "cat")
    assert kept.get("a") is None
    kept.set("b", 2, NEVER, size=1)
    assert kept.get("a") is None
    assert kept.get("b") == (2, NEVER)


def test_a_value_holds_until_its_moment(store, clock):
    kept = VersionedCache(store, limit=100)
    kept.set("a", 1, START + SECOND, size=1)
    assert kept.get("a") == (1, START + SECOND)
    clock.advance(SECOND)
    assert kept.get("a") is None


def test_the_sizes_are_bounded(store):
    kept = VersionedCache(store, limit=10)
    for number in range(1000):
        kept.set(number, number, NEVER, size=4)
        assert kept.get(number) == (number, NEVER)
        assert sum(kept.get(other) is not None for other in range(number + 1)) <= 2


class Views:
    """A view that counts how often it renders and sets an expiry."""

    def __init__(self, until=None):
        self.until = until
        self.rendered = 0

    def view(self, call, animal):
        self.rendered += 1
        if self.until is not None:
            call.expires(self.until)
        return {"name": animal.name}


def looking(store, rows, base_url="http://mock.test"):
    call = Call(store, base_url=base_url)
    call.rendered = rows
    return call


def test_a_record_is_rendered_once_for_all_answers(store):
    cat, rows, views = add(store, "cat"), VersionedCache(store, limit=10_000), Views()
    view = views.view
    shown = [bytes(rendered(looking(store, rows), view, cat)) for _ in range(3)]
    assert shown == [b'{"name":"cat"}'] * 3
    assert views.rendered == 1
    rendered(looking(store, rows, "http://elsewhere.test"), view, cat)
    assert views.rendered == 2
    add(store, "dog")
    rendered(looking(store, rows), view, cat)
    assert views.rendered == 3


def test_an_answer_ends_with_the_first_of_its_records(store, clock):
    cat, dog, rows = add(store, "cat"), add(store, "dog"), VersionedCache(store, limit=10_000)
    sooner, later = Views(START + SECOND).view, Views(START + 2 * SECOND).view
    for _ in range(2):  # rendered, then cached
        call = looking(store, rows)
        rendered(call, later, cat)
        assert call.expires_at == START + 2 * SECOND
        rendered(call, sooner, dog)
        rendered(call, later, cat)
        assert call.expires_at == START + SECOND
    clock.advance(SECOND)
    views = Views()
    call = looking(store, rows)
    rendered(call, views.view, cat)
    rendered(call, later, cat)
    assert call.expires_at == START + 2 * SECOND


def test_what_changes_with_every_moment_is_rendered_each_time(store):
    cat, rows, views = add(store, "cat"), VersionedCache(store, limit=10_000), Views(until=0)
    view = views.view
    for _ in range(2):
        call = looking(store, rows)
        rendered(call, view, cat)
        assert call.expires_at == 0
    assert views.rendered == 2


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
