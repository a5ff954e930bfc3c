"""A rule of conduct: a clause, the operations it applies to, and a check of one exchange at a time."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from solusio_contracts.contract.clauses import Clause, clause
from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.operations import OperationFacts


class Violation(msgspec.Struct, frozen=True):
    """A clause that a client violated, in words, with the numbers of the exchanges that show it.

    `subject` is the operation; violations of one kind have the same clause and subject. The text has no
    secrets.
    """

    clause: Clause
    text: str
    exchanges: tuple[int, ...]
    subject: str = ""


class Problem(msgspec.Struct, frozen=True):
    """What a check found, and the numbers of the earlier exchanges that belong to it."""

    text: str
    earlier: tuple[int, ...] = ()
    subject: str = ""
    """What it is about; by default, the operation of the exchange."""
    is_past: bool = False
    """Whether the exchange that reveals it is not part of it."""


class Check(Protocol):
    """Looks at one exchange. A class that remembers may also be `Pending`."""

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Return what is wrong, or None."""


@runtime_checkable
class Pending(Protocol):
    """A check that also knows what would be wrong if nothing more came."""

    def unfinished(self) -> Iterator[Problem]:
        """Yield what would be wrong, with all its exchanges and its subject; changes nothing."""


Applies = Callable[[OperationFacts], bool]


class ConductRule(msgspec.Struct, frozen=True):
    """A clause with the check of it. `make` returns a new check, with a memory of its own."""

    clause_id: str
    kinds: frozenset[str]
    applies: Applies
    make: Callable[[], Check]
    after_failure: bool
    """Whether the check has nothing to say before the first exchange that was not accepted."""

    @property
    def clause(self) -> Clause:
        """The clause. All are read with the first one that somebody asks for, which takes a while."""
        return clause(self.clause_id)


_RULES: list[ConductRule] = []

C = TypeVar("C", bound=Callable[..., Any])


def conduct_rule(
    clause_id: str,
    *,
    kinds: tuple[str, ...] = ("api",),
    applies: Applies = lambda _: True,
    after_failure: bool = False,
) -> Callable[[C], C]:
    """Register a function, or a class whose instances remember, as the check of a clause.

    `kinds` and `applies` say which exchanges it sees; `applies` is asked once for each operation.
    `after_failure`: it sees none until one was not accepted.
    """

    def register(check: C) -> C:
        made: Any = check
        make = made if isinstance(check, type) else lambda: made
        _RULES.append(ConductRule(clause_id, frozenset(kinds), applies, make, after_failure))
        return check

    return register


def registered() -> tuple[ConductRule, ...]:
    """Return the rules so far, by clause."""
    return tuple(sorted(_RULES, key=lambda rule: rule.clause_id))


K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """The latest entries of a mapping, at most `limit`: what is put moves to the end, the oldest goes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def put(self, key: K, value: V) -> None:
        """Add or replace an entry."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._limit:
            self.popitem(last=False)
