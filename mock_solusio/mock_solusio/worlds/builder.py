"""Creates fixtures: references by name or id, moments, and errors that name their place."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from mock_solusio.api.validation import check_body
from mock_solusio.decoding import invalid
from mock_solusio.domain import users
from mock_solusio.domain.errors import Conflict, DomainError, Invalid
from mock_solusio.domain.moved_world import MovedWorld
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.world import Kind, Record, World
from mock_solusio.moment import Micros, micros, rfc3339
from mock_solusio.worlds.schema import Person

T = TypeVar("T", bound=Record)

Made = dict[str, list[int]]
"""Ids of the created records, by kind, in the order of the world."""


class Builder:
    """The state that a world is added to, and the records created so far."""

    def __init__(self, store: World) -> None:
        self.store = store
        self.made: Made = {}
        # The first administrator creates everything, like the operator of an installation.
        active = store[USERS].find(status="active")
        self.operator = next((user for user in active if ADMINISTRATOR_ROLE in user.roles), None)

    def note(self, kind: str, record: Record) -> None:
        """Record the id of a created record."""
        self.made.setdefault(kind, []).append(record.id)

    def when(self, moment: datetime | None, place: str) -> World:
        """Return the world at a past moment, or now."""
        if moment is None:
            return self.store
        then = micros_of(moment)
        if not 0 <= then <= self.store.now:
            raise invalid(place, f"expected a moment from 1970 to now, {rfc3339(self.store.now)}")
        return MovedWorld(self.store, then)

    def find(self, kind: Kind[T], name: int | str, place: str, column: str = "name") -> T:
        """Return the record that an id or a name refers to."""
        table = self.store[kind]
        if isinstance(name, int):
            found = table.get(name)
            if found is None:
                raise invalid(place, f"there is no {kind.called} {name}")
            return found
        named = table.find(**{column: name})
        if not named:
            raise invalid(place, f"there is no {kind.called} {name!r}")
        if len(named) > 1:
            # Names need not be unique; one that the same world created takes precedence.
            own = [one for one in named if one.id in self.made.get(kind.name, ())]
            named = own if len(own) == 1 else named
        if len(named) > 1:
            ids = ", ".join(str(one.id) for one in named)
            raise invalid(place, f"there are several {kind.called}s {name!r}; use an id: {ids}")
        return named[0]

    def person(self, name: Person, place: str) -> Any:
        """Return the user with an email address or id."""
        if isinstance(name, int):
            return self.find(USERS, name, place)
        user = users.by_email(self.store, name)
        if user is None:
            raise invalid(place, f"there is no user {name!r}")
        return user


@contextmanager
def placed(place: str, names: Mapping[str, str] | None = None) -> Iterator[None]:
    """Give errors of the domain their place in the world; `names` maps the API's fields to the world's."""
    try:
        yield
    except Invalid as error:
        if error.message.startswith(f"{place}."):
            raise
        renamed = names or {}
        errors = {}
        for field, texts in (error.errors or {}).items():
            name = renamed.get(field, field)
            errors[f"{place}.{name}" if name else place] = list(texts)
        first, texts = next(iter(errors.items()), (place, [error.message]))
        raise Invalid(errors or {place: [error.message]}, f"{first}: {texts[0]}") from error
    except DomainError as error:
        raise Conflict(f"{place}: {error.message}", {place: [error.message]}) from error


def request(operation: str, body: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a request, validated against the API's document.

    Raises:
        Invalid: a member of `more` has a name of its own, or the request does not match the document.
    """
    twice = sorted(set(body) & set(more))
    if twice:
        raise Invalid.field(f"more.{twice[0]}", "has its own place outside `more`.")
    whole = {**body, **more}
    check_body(operation, whole)
    return whole


def micros_of(moment: datetime) -> Micros:
    """Return a moment of a world, which is UTC unless it has an offset."""
    return micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
