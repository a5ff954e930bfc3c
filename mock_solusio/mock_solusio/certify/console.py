"""The answer on a terminal: what each suite found, as soon as it ends, then the ten steps."""

from typing import Final

from rich.console import Console
from rich.text import Text

from mock_solusio.certify.steps import StepVerdict, Verdict
from mock_solusio.certify.summary import Summary
from solusio_contracts.escaping import visible
from solusio_contracts.reporting import console as suite_console
from solusio_contracts.reporting.report import Report

_STYLES: Final = {
    Verdict.CONFORMANT: "green",
    Verdict.NOT_CONFORMANT: "red",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.NOT_JUDGED: "dim",
}
_COUNTED: Final = {
    "pass": "passed",
    "warn": "warned",
    "fail": "failed",
    "error": "undecided",
    "skip": "skipped",
}


def show_suite(suite: str, report: Report, console: Console, *, verbose: bool) -> None:
    """Print the report of a suite."""
    console.rule(Text(suite, "bold"), align="left")
    suite_console.render(report, console, verbose=verbose)
    console.print()


def show(summary: Summary, console: Console) -> None:
    """Print the steps and the verdict."""
    console.rule(Text("The vendor's ten steps", "bold"), align="left")
    for step in summary.steps:
        _line(step, console)
    console.print()
    console.print(Text(visible(summary.statement), f"bold {_STYLES[summary.verdict]}"), soft_wrap=True)


def _line(step: StepVerdict, console: Console) -> None:
    counts = ", ".join(f"{count} {_COUNTED[outcome]}" for outcome, count in step.counts.items())
    effort = f"  {counts}, {step.seconds:.1f} s" if counts else ""
    line = Text(f"{step.number:>4}  {step.title:<40}")
    line.append(f"{step.verdict.words:<15}", _STYLES[step.verdict])
    line.append(effort, "dim")
    console.print(line, soft_wrap=True)
    if step.reason:
        console.print(Text(f"      {visible(step.reason)}", "dim"), soft_wrap=True)
