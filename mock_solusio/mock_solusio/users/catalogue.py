"""Prints scenarios: `users list` and `users show`."""

from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from mock_solusio.scenario_faults import fault_text
from mock_solusio.users.run import all_items, conduct_clauses
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.reporting.printing import PLAIN_WIDTH, print_list, print_section
from solusio_contracts.suggestions import did_you_mean
from solusio_contracts.users.scenario import (
    AnyEntry,
    CustomerEvent,
    ExpectedUser,
    Scenario,
    ScenarioCustomer,
    load_scenarios,
)

_HIDDEN: Final = frozenset({"do", "as", "on", "must", "faults", "expect"})
"""Members of an entry that have words of their own."""


class UnknownScenarioError(ValueError):
    """No scenario has this id."""


def print_scenarios() -> None:
    """Print a table of all scenarios, and of what is judged over all of them together."""
    print_list(
        ("Scenario", "Area", "Clauses", "What it checks"),
        ((one.rule, one.area, " ".join(one.clauses), one.title) for one in all_items()),
    )


def print_scenario(name: str) -> None:
    """Print what happens in a scenario, and what must be so in the end.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    wanted = name.strip().lower()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    conduct = {number.lower(): number for number in conduct_clauses()}
    if wanted in conduct:
        clause = clauses()[conduct[wanted]]
        console.print(Text.assemble((wanted, "bold"), f"  ({clause.id})"))
        console.print(Text("not a scenario: judged over the requests of all scenarios"))
        console.print(Text(f"{clause.text} {clause.why}"))
        return
    known = {one.id: one for one in load_scenarios()}
    scenario = known.get(wanted)
    if scenario is None:
        hint = did_you_mean(name, [*known, *conduct]) or " `mock-solusio users list` lists them."
        raise UnknownScenarioError(f"{name!r} is not a scenario.{hint}")
    _print(scenario, console)


def _print(scenario: Scenario, console: Console) -> None:
    console.print(Text.assemble((scenario.id, "bold"), f"  ({scenario.area}; {', '.join(scenario.clauses)})"))
    console.print(Text(scenario.reason))
    print_section(console, "Customers", [(one.name, _customer(one)) for one in scenario.customers])
    print_section(console, "What happens", [_entry(one) for one in scenario.timeline])
    ends = [(one.as_, _expected(one)) for one in scenario.users]
    ends += [(name, "no user") for name in scenario.absent]
    ends.append(("everybody else", "unchanged"))
    ends.append(("requests", f"at most {scenario.requests} for each step, twice as many after a fault"))
    print_section(console, "Expected in the end", ends)
    if scenario.assumes:
        print_section(console, "Assumed", [(scenario.assumes, "")])


def _customer(one: ScenarioCustomer) -> str:
    texts = [f"{one.full_name}, {one.email}"]
    if one.billing_user_id is not None:
        texts.append(f"billing_user_id {one.billing_user_id}")
    if one.language is not None:
        texts.append(f"language {one.language}")
    if one.limit_group is not None:
        texts.append(f"limit group {one.limit_group}")
    return "; ".join(texts)


def _entry(entry: AnyEntry) -> tuple[str, str]:
    members = {name: value for name, value in msgspec.to_builtins(entry).items() if name not in _HIDDEN}
    rest = [
        f"{name.replace('_', ' ')} {value}" for name, value in members.items() if value not in (None, False)
    ]
    if not isinstance(entry, CustomerEvent):
        who = getattr(entry, "as_", "") or getattr(entry, "on", "")
        return f"{entry.verb}", ", ".join(filter(None, [who, *rest]))
    texts = [" and ".join(entry.names) + (" at one moment" if len(entry.names) > 1 else ""), *rest]
    texts += [fault_text(one) for one in entry.faults]
    if entry.outcome != "done":
        texts.append("must fail" if entry.outcome == "failed" else "may fail")
    return entry.verb, ", ".join(texts)


def _expected(one: ExpectedUser) -> str:
    texts = [" or ".join(one.statuses)]
    if one.servers is not None:
        texts.append(f"servers {one.servers}")
    if one.email is not None:
        texts.append(one.email)
    return ", ".join(texts) + (", or no user" if one.optional else "")
