"""What things of the catalogue share: ids that must exist, lists of ids, the one default, positions."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid, counted
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.world import Kind, Record, World

T = TypeVar("T", bound=Record)


def invalid_reference(field: str) -> Invalid:
    """Return the error of a field that names something that does not exist."""
    return Invalid.field(field, f"The selected {field.replace('_', ' ')} is invalid.")


def existing_ids(world: World, kind: Kind[Any], ids: Iterable[int] | None, field: str) -> list[int]:
    """Return these ids in their order, each once.

    Raises:
        Invalid: one of them does not exist; the error names it as Laravel does, `ids.0`.
    """
    found: list[int] = []
    for index, key in enumerate(ids or ()):
        if world[kind].get(key) is None:
            raise invalid_reference(f"{field}.{index}")
        if key not in found:
            found.append(key)
    return found


def link(world: World, kind: Kind[Any], field: str, key: int, ids: Collection[int]) -> None:
    """Put `key` in the list `field` of exactly the records with these ids."""
    for record in world[kind].find():
        keys: list[int] = getattr(record, field)
        if (key in keys) == (record.id in ids):
            continue
        changed = [one for one in keys if one != key] if key in keys else [*keys, key]
        world[kind].update(replace(record, **{field: changed}))


def remove_each(
    world: World, kind: Kind[Any], ids: Iterable[int], remove: Callable[[World, Any], None]
) -> list[int]:
    """Remove several records that have a `name`, all or none; return their ids.

    Raises:
        Invalid: one does not exist.
        Conflict: `remove` refuses one; the message names it.
    """
    found = existing_ids(world, kind, ids, "ids")
    for key in found:
        record = world[kind].get_or_404(key)
        try:
            remove(world, record)
        except Conflict as error:
            raise Conflict(f"{record.name}: {error.message}") from error
    return found


def next_position(world: World, kind: Kind[Any]) -> float:
    """Return the position after all others."""
    return float(world[kind].count() + 1)


def ensure_single_default(world: World, kind: Kind[T], record: T) -> None:
    """If this record is the default, make sure that no other is (that there is only one is assumed)."""
    if not getattr(record, "is_default", False):
        return
    for other in world[kind].find(is_default=True):
        if other.id != record.id:
            world[kind].update(replace(other, is_default=False))


def refuse_in_use(world: World, noun: str, **where: Any) -> None:
    """Raise Conflict if any server meets these conditions.

    Both that a thing in use cannot be deleted and the status are assumed.
    """
    number = count_servers(world, **where)
    if number:
        raise Conflict(f"The {noun} cannot be deleted: it is in use by {counted(number, 'server')}.")


def count_servers(world: World, **where: Any) -> int:
    """Return how many servers meet these conditions."""
    return world[SERVERS].count(**where)


def pick(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return those of the named members of a request that are present and not null."""
    return {name: body[name] for name in names if body.get(name) is not None}
