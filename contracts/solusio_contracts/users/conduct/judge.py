"""The judge of conduct: sees one exchange after the other, and returns the clauses violated. Pure."""

import functools
import importlib
from typing import Final

from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.operations import facts_of
from solusio_contracts.users.conduct.rule import Check, ConductRule, Pending, Problem, Violation, registered

MODULES: Final = ("credentials", "customers", "lists", "login", "requests", "retries")
"""The modules of rules, one for each subject."""


@functools.cache
def conduct_rules() -> tuple[ConductRule, ...]:
    """Return all rules of conduct, by clause."""
    package = __name__.rpartition(".")[0]
    for module in MODULES:
        importlib.import_module(f"{package}.{module}")
    return registered()


class Conduct:
    """Judges what clients send to one SolusIO. Its memory is small, however many exchanges it sees."""

    def __init__(self) -> None:
        self._checks = [(rule, rule.make()) for rule in conduct_rules()]
        self._has_failed = False
        """Whether an exchange was not accepted."""
        self._chosen: dict[tuple[str, str, bool], tuple[tuple[ConductRule, Check], ...]] = {}

    def see(self, exchange: ClientExchange) -> list[Violation]:
        """Judge the next exchange; return what it, perhaps with earlier ones, violates."""
        if not (self._has_failed or exchange.accepted):
            self._has_failed = True
        key = (exchange.kind, exchange.operation, self._has_failed)
        checks = self._chosen.get(key)
        if checks is None:
            checks = self._chosen[key] = self._choose(*key)
        found: list[Violation] = []
        for rule, check in checks:
            problem = check(exchange)
            if problem is not None:
                found.append(_violation(rule, exchange, problem))
        return found

    def unfinished(self) -> list[Violation]:
        """Return what the clients would violate if they sent nothing more; later exchanges may settle it."""
        return [
            Violation(rule.clause, problem.text, problem.earlier, problem.subject)
            for rule, check in self._checks
            if isinstance(check, Pending)
            for problem in check.unfinished()
        ]

    def _choose(self, kind: str, operation: str, has_failed: bool) -> tuple[tuple[ConductRule, Check], ...]:
        facts = facts_of(operation)
        return tuple(
            (rule, check)
            for rule, check in self._checks
            if kind in rule.kinds and rule.applies(facts) and (has_failed or not rule.after_failure)
        )


def _violation(rule: ConductRule, exchange: ClientExchange, problem: Problem) -> Violation:
    last = () if problem.is_past else (exchange.number,)
    numbers = tuple(dict.fromkeys((*problem.earlier, *last)))
    return Violation(rule.clause, problem.text, numbers, problem.subject or exchange.name)
