"""Renders `docs/detection.md` from the numbers in `results/detection.json`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import detection_of_invoices
import detection_of_users

Row = dict[str, Any]

HEAD = """\
# How well the check judges

```sh
nox -s detection      # measure again; takes more than an hour
```

`tests/faulty_endpoints` has small billing endpoints in PHP, Node and Python: faulty ones with exactly one
planted fault each, and correct ones in different styles. The tests require `mock-solusio check` to find
every fault under the right clause, and to pass every correct endpoint. This page compares what other tools
find in {faulty} faulty and {correct} correct endpoints. {left_out}

Measured on {measured}. `benchmarks/results/detection.json` has every verdict with its reasons.

## The tools

{tools}

Each run gets a new endpoint in an empty folder. schemathesis {schemathesis} runs with its default checks,
{examples} examples, the same response timeout as the check, and at most {limit} per endpoint. Then it is
interrupted, and its findings so far count. {stopped}

*Plain* is the document as published. The token is a form field, so schemathesis generates tokens or uses
the document's example. It never has the endpoint's own token and sees mostly refusals. *Helped* is what a
patient user can do without code: the token as `const`, the customers as `enum`, both as examples, the
endpoint's own path and query, and a `schemathesis.toml` with `unexpected-methods = []` in
`[phases.coverage]`, since servers answer methods such as TRACE in their own harmless ways.

## Totals

An alarm is an exit code other than 0; for our check, also a warning where the contract only warns.

{totals}

*Distinguished*: the alarm has a reason that the plain, correct endpoint in the same language does not
cause. A tool that raises the same alarm everywhere finds every fault, but helps nobody.

## By area

Faults found; for schemathesis, in brackets, those distinguished.

{areas}

## What no check can see from outside

A cache that gives every customer the first customer's price looks like one price for everyone, which is
legitimate. Use customers with different prices, and look at the prices the check shows.

## Each endpoint

● alarm; ○ alarm that the plain, correct endpoint in the same language also causes.

### Faulty

{faulty_table}

### Correct

{correct_table}
"""


def render(document: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    return f"{_endpoints(document)}\n{detection_of_invoices.section()}\n{detection_of_users.section()}"


def _endpoints(document: dict[str, Any]) -> str:
    tools, rows, left_out = compared(document)
    faulty = [row for row in rows if row["kind"] == "faulty"]
    correct = [row for row in rows if row["kind"] == "correct"]
    names = [tool["name"] for tool in tools]
    titles = [tool["title"] for tool in tools]
    noise = common(rows, names)
    return HEAD.format(
        faulty=len(faulty),
        correct=len(correct),
        measured=f"{document['measured']} with {versions(document['versions'])}",
        tools=table(["column", "command"], ([tool["title"], f"`{tool['command']}`"] for tool in tools)),
        schemathesis=document["versions"]["schemathesis"],
        examples=document["examples"],
        limit=document.get("limit") or f"{document['seconds']:.0f} seconds",
        stopped=stopped(rows),
        left_out=left_out,
        totals=table(["", *titles], totals(faulty, correct, names, noise)),
        areas=table(["area", "faults", *titles], by_area(faulty, names, noise)),
        faulty_table=endpoints(faulty, names, titles, noise),
        correct_table=endpoints(correct, names, titles, noise),
    )


def compared(document: dict[str, Any]) -> tuple[list[dict[str, str]], list[Row], str]:
    """Return the tools and endpoints that can be compared, and a sentence on the endpoints left out.

    A tool counts when it was run on faulty and correct endpoints; an endpoint, when all those tools were run
    on it.
    """
    rows: list[Row] = document["endpoints"]
    both = {"faulty", "correct"}
    run_on = {
        tool["name"]: {row["kind"] for row in rows if tool["name"] in row["verdicts"]}
        for tool in document["tools"]
    }
    tools = [tool for tool in document["tools"] if run_on[tool["name"]] == both]
    kept = [row for row in rows if all(tool["name"] in row["verdicts"] for tool in tools)]
    missing = len(rows) - len(kept)
    text = f"It leaves out {missing} endpoints on which not all tools were run." if missing else ""
    return tools, kept, text


def versions(found: dict[str, str]) -> str:
    """Return the versions in a sentence."""
    programs = ", ".join(f"{name} {found[name]}" for name in ("Python", "PHP", "Node"))
    return f"{programs} on {found['cores']} cores"


def stopped(rows: Iterable[Row]) -> str:
    """Say at how many endpoints schemathesis was interrupted."""
    late = [row["id"] for row in rows if any(one.get("stopped") for one in row["verdicts"].values())]
    if not late:
        return "That was never necessary."
    return f"That happened at {len(late)} endpoints, most of which answer late or never."


def common(rows: Iterable[Row], names: Iterable[str]) -> dict[tuple[str, str], set[str]]:
    """Return the alarms of each tool on the plain, correct endpoint of each language."""
    plain = {language(row): row for row in rows if row["id"].endswith("-ok-plain")}
    return {
        (name, spoken): set(row["verdicts"][name]["names"]) if row["verdicts"][name]["alarm"] else set()
        for name in names
        for spoken, row in plain.items()
    }


def language(row: Row) -> str:
    """Return the language of an endpoint, the first part of its id."""
    return str(row["id"]).partition("-")[0]


Noise = dict[tuple[str, str], set[str]]


def alarm(row: Row, name: str) -> bool:
    """Whether the tool raised an alarm."""
    return bool(row["verdicts"][name]["alarm"])


def told_apart(row: Row, name: str, noise: Noise) -> bool:
    """Whether one of its reasons does not apply to the correct endpoint."""
    usual = noise.get((name, language(row)), set())
    return alarm(row, name) and (not usual or bool(set(row["verdicts"][name]["names"]) - usual))


def totals(
    faulty: Sequence[Row], correct: Sequence[Row], names: Sequence[str], noise: Noise
) -> Iterable[list[str]]:
    """Yield the lines of the first table."""
    must = [row for row in faulty if row["level"] == "must"]
    advice = [row for row in faulty if row["level"] == "should"]

    def line(title: str, count: Callable[[str], object]) -> list[str]:
        return [title, *(str(count(name)) for name in names)]

    def found(rows: Sequence[Row]) -> Callable[[str], int]:
        return lambda name: sum(alarm(row, name) for row in rows)

    yield line(f"**faults found, of {len(faulty)}**", lambda name: f"**{found(faulty)(name)}**")
    yield line(f"that must be fixed, of {len(must)}", found(must))
    yield line(f"that deserve a warning, of {len(advice)}", found(advice))
    yield line("distinguished", lambda name: sum(told_apart(row, name, noise) for row in faulty))
    yield line(
        "under the right clause",
        lambda name: (
            sum(bool(row["verdicts"][name].get("right")) for row in faulty)
            if name in {"rules", "check"}
            else ""
        ),
    )
    yield line(f"**false alarms, of {len(correct)}**", lambda name: f"**{found(correct)(name)}**")
    everything = (*faulty, *correct)
    yield line(
        "seconds per endpoint, median",
        lambda name: f"{statistics.median(seconds(row, name) for row in everything):.1f}",
    )


def seconds(row: Row, name: str) -> float:
    """Return how long the tool took."""
    return float(row["verdicts"][name].get("seconds", 0.0))


def by_area(faulty: Sequence[Row], names: Sequence[str], noise: Noise) -> Iterable[list[str]]:
    """Yield one line for each area, in the catalogue's order."""
    for area in dict.fromkeys(row["area"] for row in faulty):
        rows = [row for row in faulty if row["area"] == area]
        cells = []
        for name in names:
            found = sum(alarm(row, name) for row in rows)
            apart = sum(told_apart(row, name, noise) for row in rows)
            cells.append(f"{found} ({apart})" if name in {"plain", "helped"} else str(found))
        yield [area, str(len(rows)), *cells]


def endpoints(rows: Iterable[Row], names: Sequence[str], titles: Sequence[str], noise: Noise) -> str:
    """Return a table with one line for each endpoint."""

    def mark(row: Row, name: str) -> str:
        if not alarm(row, name):
            return ""
        return "●" if told_apart(row, name, noise) or row["kind"] == "correct" else "○"

    lines = (
        [f"`{row['id']}`", str(row["what"]).replace("|", "\\|"), *(mark(row, name) for name in names)]
        for row in rows
    )
    return table(["endpoint", "what is special", *titles], lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
