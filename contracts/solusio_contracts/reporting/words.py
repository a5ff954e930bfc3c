"""The words of reports for people, which depend on the command."""

from dataclasses import dataclass

from solusio_contracts.reporting.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The labels and terms of a report."""

    item: str
    """What has an outcome."""
    sent: str = "See"
    expected: str = "Expected"
    actual: str = "Found"
    expected_inline: str = "expected"
    """The label `expected` in mid-sentence; likewise `actual_inline`."""
    actual_inline: str = "found"
    call: str = "request"
    facts: str
    explain: str
    """The command that explains an item."""
    reproduce: str = "See it"
    target: str
    """The name of the target, without spaces."""


CONTRACT_SHOW = "mock-solusio contract show"

WORDS = {
    "check": Words(
        item="rule",
        sent="We sent",
        expected="SolusIO needs",
        actual="You answered",
        expected_inline="SolusIO needs",
        actual_inline="you answered",
        facts="About the endpoint",
        explain="mock-solusio check --explain",
        target="billing-endpoint",
    ),
    "invoices check": Words(
        item="scenario",
        sent="We ran",
        actual="You billed",
        actual_inline="you billed",
        call="call",
        facts="What the billing system probably does",
        explain="mock-solusio invoices show",
        reproduce="Run it alone",
        target="billing-system",
    ),
    "serve": Words(
        item="clause",
        facts="About the clients",
        explain=CONTRACT_SHOW,
        reproduce="Repeat it",
        target="client",
    ),
    "preflight": Words(
        item="judgement",
        sent="We asked",
        facts="About this SolusIO",
        explain="mock-solusio preflight --explain",
        target="solusio",
    ),
    "pricing": Words(
        item="check",
        facts="About the price list",
        explain=CONTRACT_SHOW,
        target="price-list",
    ),
    "users check": Words(
        item="scenario",
        sent="We ran",
        actual="But",
        actual_inline="but",
        facts="What the billing system probably does",
        explain="mock-solusio users show",
        reproduce="Run it alone",
        target="billing-system",
    ),
}


def words_of(report: Report) -> Words:
    """Return the words of a report."""
    return WORDS.get(report.command, WORDS["check"])


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 rule`, `2 rules`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
