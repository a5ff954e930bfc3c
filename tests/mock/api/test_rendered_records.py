"""Records that are rendered once, and those that they show."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.api.cache import DerivedCache
from mock_solusio.api.call import Call
from mock_solusio.api.rendered_records import RenderedRecords
from mock_solusio.api.replies import rendered
from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import SECOND
from mock_solusio.store.store import Store


class Animal(Record, frozen=True, kw_only=True):
    name: str
    eats: tuple[int, ...] = ()


ANIMALS = Kind("animals", Animal, index=("name",))
START = 1_772_323_200_000_000
LIMIT = 100_000


@pytest.fixture
def clock():
    return Clock(START, speed=0)


@pytest.fixture
def store(clock):
    made = Store((ANIMALS,), clock, seed="s")
    yield made
    made.close()


def add(store, name, *eats):
    with store.transaction() as world:
        return world[ANIMALS].add(Animal(name=name, eats=eats))


def rename(store, animal, name):
    with store.transaction() as world:
        world[ANIMALS].update(Animal(id=animal.id, name=name, eats=animal.eats))


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
    cat, rows, views = add(store, "cat"), RenderedRecords(store, LIMIT), Views()
    view = views.view
    shown = [bytes(rendered(looking(store, rows), view, cat)) for _ in range(3)]
    assert shown == [b'{"name":"cat"}'] * 3
    assert views.rendered == 1
    rendered(looking(store, rows, "http://elsewhere.test"), view, cat)
    assert views.rendered == 2
    add(store, "dog")
    rendered(looking(store, rows), view, cat)
    assert views.rendered == 2
    rename(store, cat, "lion")
    shown = rendered(looking(store, rows), view, store[ANIMALS].get(cat.id))
    assert bytes(shown) == b'{"name":"lion"}'


class FoodChain:
    """Shows an animal with all that it eats, and how many have the name of those."""

    def __init__(self):
        self.rendered = []

    def view(self, call, animal):
        self.rendered.append(animal.name)
        eaten = [call.world[ANIMALS].get(key) for key in animal.eats]
        return {"name": animal.name, "eats": [rendered(call, self.view, one) for one in eaten]} | {
            "last": rendered(call, self.counted, eaten[-1]) if eaten else None
        }

    def counted(self, call, animal):
        self.rendered.append(f"count {animal.name}")
        return [animal.name, call.world[ANIMALS].count(name=animal.name)]


def test_an_answer_ends_with_the_first_of_its_records(store, clock):
    cat, dog, rows = add(store, "cat"), add(store, "dog"), RenderedRecords(store, LIMIT)
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
    cat, rows, views = add(store, "cat"), RenderedRecords(store, LIMIT), Views(until=0)
    view = views.view
    for _ in range(2):
        call = looking(store, rows)
        rendered(call, view, cat)
        assert call.expires_at == 0
    assert views.rendered == 2


def test_what_is_shown_within_a_record_is_rendered_alone(store):
    grass = add(store, "grass")
    cow = add(store, "cow", grass.id)
    rows, chain = RenderedRecords(store, LIMIT), FoodChain()

    def shown():
        chain.rendered.clear()
        text = json.loads(bytes(rendered(looking(store, rows), chain.view, store[ANIMALS].get(cow.id))))
        return text["last"], chain.rendered

    assert shown() == (["grass", 1], ["cow", "grass", "count grass"])
    assert shown() == (["grass", 1], [])
    add(store, "moss")
    assert shown() == (["grass", 1], [])
    for number in range(2, 12):
        add(store, "grass")
        assert shown() == (["grass", number], ["count grass"])
    rename(store, cow, "ox")
    assert shown() == (["grass", 11], ["ox"])


def test_a_record_ends_with_the_first_that_it_shows(store, clock):
    cat, rows, views = add(store, "cat"), RenderedRecords(store, LIMIT), Views(START + SECOND)
    outer = Views()

    def around(call, animal):
        return {**outer.view(call, animal), "inside": rendered(call, views.view, animal)}

    for _ in range(3):
        call = looking(store, rows)
        rendered(call, around, cat)
        assert call.expires_at == START + SECOND
    assert (outer.rendered, views.rendered) == (1, 1)
    clock.advance(SECOND)
    views.until = START + 2 * SECOND
    for _ in range(2):
        call = looking(store, rows)
        rendered(call, around, cat)
        assert call.expires_at == START + 2 * SECOND
    assert (outer.rendered, views.rendered) == (1, 2)


def test_what_is_shown_may_change_with_every_moment(store):
    cat, rows, views, outer = add(store, "cat"), RenderedRecords(store, LIMIT), Views(until=0), Views()

    def around(call, animal):
        return [outer.view(call, animal), rendered(call, views.view, animal)]

    for _ in range(3):
        call = looking(store, rows)
        assert bytes(rendered(call, around, cat)) == b'[{"name":"cat"},{"name":"cat"}]'
        assert call.expires_at == 0
    assert (outer.rendered, views.rendered) == (1, 3)


def test_a_view_that_fails_leaves_nothing_behind(store):
    cat, rows, views = add(store, "cat"), RenderedRecords(store, LIMIT), Views()

    def failing(call, animal):
        rendered(call, views.view, animal)
        raise ZeroDivisionError

    call = looking(store, rows)
    with pytest.raises(ZeroDivisionError):
        rendered(call, failing, cat)
    assert call.shown is None
    assert store.reads is None
    assert bytes(rendered(call, views.view, cat)) == b'{"name":"cat"}'


def test_the_size_is_bounded(store):
    animals = [add(store, f"animal {number}") for number in range(100)]
    rows, views = RenderedRecords(store, 4000), Views()
    for animal in animals:
        rendered(looking(store, rows), views.view, animal)
        kept = [one for one in animals if rows.get((views.view, one.id, None, "http://mock.test"), one)]
        assert 1 <= len(kept) <= 5


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("rename"), st.integers(1, 6), st.sampled_from(["a", "b", 'long "name"', "\0"])),
        st.tuples(st.just("eat"), st.integers(1, 6), st.lists(st.integers(1, 6), max_size=3)),
        st.tuples(st.just("fail"), st.integers(1, 6), st.none()),
    ),
    min_size=1,
    max_size=12,
)


def answering(store, rows, chain, key):
    """Return how to derive a response that shows an animal, by way of what is kept."""

    def answer():
        call = looking(store, rows)
        text = bytes(rendered(call, chain.view, store[ANIMALS].get(key)))
        return text, call.expires_at, len(text)

    return answer


def show_in_vain(store, rows, chain, animal):
    with store.transaction() as world:
        world[ANIMALS].update(animal)
        rendered(looking(store, rows), chain.view, world[ANIMALS].get(animal.id))
        raise ZeroDivisionError


@given(CHANGES)
def test_what_is_kept_is_what_would_be_rendered(changes):
    store, chain = Store((ANIMALS,), Clock(START, speed=0), seed="s"), FoodChain()
    for number in range(1, 7):
        add(store, "a", *range(number + 1, min(number + 3, 7)))
    rows, answers = RenderedRecords(store, LIMIT), DerivedCache(store, LIMIT)

    def show(key):
        animal = store[ANIMALS].get(key)
        with store.transaction():
            kept = bytes(rendered(looking(store, rows), chain.view, animal))
            anew = bytes(rendered(looking(store, RenderedRecords(store, LIMIT)), chain.view, animal))
            answer = answers.get(key) or answers.derive(key, answering(store, rows, chain, key))
        assert (kept, answer.value) == (anew, anew)
        uncached = rendered(looking(store, None), chain.view, animal)
        assert json.loads(kept) == json.loads(json.dumps(uncached))

    for what, key, value in changes:
        for one in range(1, 7):
            show(one)
        animal = store[ANIMALS].get(key)
        if what == "rename":
            rename(store, animal, value)
        elif what == "eat":
            # Only those with a greater id, so that no animal eats itself in the end.
            with store.transaction() as world:
                eats = tuple(one for one in value if one > key)
                world[ANIMALS].update(Animal(id=key, name=animal.name, eats=eats))
        else:
            with pytest.raises(ZeroDivisionError):
                show_in_vain(store, rows, chain, Animal(id=key, name="gone", eats=animal.eats))
    for one in range(1, 7):
        show(one)
    store.close()
