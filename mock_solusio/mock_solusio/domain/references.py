"""What the kinds of the catalogue have in common: ids that must exist, the one default, places in lists."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.world import Kind, Record, World

T = TypeVar("T", bound=Record)


def invalid_reference(field: str) -> Invalid:
    """Return the error of a field that names something that does not exist."""
    return Invalid.field(field, f"The selected {field.replace('_', ' ')} is invalid.")


def existing_ids(world: World, kind: Kind[Any], keys: Iterable[int] | None, field: str) -> list[int]:
    """Return these ids once each, in their order.

    Raises:
        Invalid: one of them does not exist; it is named as Laravel names it, `ids.0`.
    """
    found: list[int] = []
    for index, key in enumerate(keys or ()):
        if world[kind].get(key) is None:
            raise invalid_reference(f"{field}.{index}")
        if key not in found:
            found.append(key)
    return found


def next_position(world: World, kind: Kind[Any]) -> float:
    """Return the place behind all others."""
    return float(world[kind].count() + 1)


def ensure_single_default(world: World, kind: Kind[T], record: T) -> None:
    """Take the mark of the default from all others, if this record has it: there is one default (assumed)."""
    if not getattr(record, "is_default", False):
        return
    for other in world[kind].find(is_default=True):
        if other.id != record.id:
            world[kind].update(replace(other, is_default=False))


def refuse_in_use(world: World, noun: str, **where: Any) -> None:
    """Raise Conflict if there are servers for which these conditions hold.

    That what is in use cannot be deleted is assumed, and so is the status.
    """
    number = world[SERVERS].count(**where)
    if number:
        servers = "1 server uses" if number == 1 else f"{number} servers use"
        raise Conflict(f"The {noun} cannot be deleted: {servers} it.")


def count_servers(world: World, **where: Any) -> int:
    """Return how many servers there are for which these conditions hold."""
    return world[SERVERS].count(**where)


def pick(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return those members of a request that are there and are not null."""
    return {name: body[name] for name in names if body.get(name) is not None}
