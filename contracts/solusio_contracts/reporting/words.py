"""The words of reports for people, which depend on the command."""

from dataclasses import dataclass

from solusio_contracts.reporting.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The labels and terms of a report."""

    item: str
    """What has an outcome."""
    sent: str
    expected: str
    actual: str
    expected_inline: str
    """The label `expected` in mid-sentence; likewise `actual_inline`."""
    actual_inline: str
    call: str
    facts: str
    explain: str
    """The command that explains an item."""
    reproduce: str
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
        call="request",
        facts="About the endpoint",
        explain="mock-solusio check --explain",
        reproduce="See it",
        target="billing-endpoint",
    ),
    "invoices check": Words(
        item="scenario",
        sent="We ran",
        expected="Expected",
        actual="You billed",
        expected_inline="expected",
        actual_inline="you billed",
        call="call",
        facts="What the billing system probably does",
        explain="mock-solusio invoices show",
        reproduce="Run it alone",
        target="billing-system",
    ),
    "serve": Words(
        item="clause",
        sent="See",
        expected="Expected",
        actual="Found",
        expected_inline="expected",
        actual_inline="found",
        call="request",
        facts="About the clients",
        explain=CONTRACT_SHOW,
        reproduce="Repeat it",
        target="client",
    ),
    "preflight": Words(
        item="judgement",
        sent="We asked",
        expected="Expected",
        actual="Found",
        expected_inline="expected",
        actual_inline="found",
        call="request",
        facts="About this SolusIO",
        explain="mock-solusio preflight --explain",
        reproduce="See it",
        target="solusio",
    ),
    "pricing": Words(
        item="check",
        sent="See",
        expected="Expected",
        actual="Found",
        expected_inline="expected",
        actual_inline="found",
        call="request",
        facts="About the price list",
        explain=CONTRACT_SHOW,
        reproduce="See it",
        target="price-list",
    ),
    "users check": Words(
        item="scenario",
        sent="We ran",
        expected="Expected",
        actual="But",
        expected_inline="expected",
        actual_inline="but",
        call="request",
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
