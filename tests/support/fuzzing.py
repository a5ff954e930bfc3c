"""Endpoints that answer what a judge says, and what fuzzing finds there."""

import dataclasses
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from solusio_contracts.checking.runner import run_rule
from solusio_contracts.checking.target import Target, TargetSettings
from solusio_contracts.fuzzing import campaign
from solusio_contracts.reporting.report import Finding, Result
from solusio_contracts.rules import all_rules
from support.endpoint import Endpoint
from support.pricing import vendor_example

TOKEN = "s3cr3t-token&1"
USERS = (7, 12)
UNKNOWN = 987_654_321
KNOWN = frozenset(USERS)

INVALID = (campaign.INVALID,)
FAMILIES = (campaign.VALID, campaign.INVALID)
PRICE = {
    **vendor_example(),
    "discounts": [{"name": "Friend", "description": "5 % off", "multipler": 0.95}],
    "taxes": {"compound": True, "rates": [{"label": "VAT", "rate": 6}]},
}

Form = dict[str, list[str]]

Reply = tuple[int, Any]

Judge = Callable[[Form], Reply | None]
"""Returns status and JSON or bytes; None closes the connection without an answer."""


def refused(status: int = 400) -> Reply:
    return status, {"error": "refused"}


def correct(form: Form) -> Reply:
    """Respond as a careful integrator would."""
    if form.get("token") != [TOKEN]:
        return refused(401)
    if form.get("action") != ["GetTokenPricing"]:
        return refused()
    if form.get("userid") not in ([str(user)] for user in USERS):
        return refused(404)
    return 200, PRICE


@dataclass
class Fuzzed:
    """A running endpoint that responds as a judge decides."""

    endpoint: Endpoint

    @property
    def url(self) -> str:
        return f"{self.endpoint.url}/"

    @property
    def bodies(self) -> list[bytes]:
        return [asked.body for asked in self.endpoint.asked]

    def target(self, **changes: Any) -> Target:
        usual = {"users": USERS, "unknown_user": UNKNOWN, "token": TOKEN, "timeout": 20.0}
        return Target(TargetSettings(url=self.url, **{**usual, **changes}))


Serve = Callable[[Judge], Fuzzed]


def run(
    target: Target,
    *,
    examples: int = 150,
    seconds: float = 300.0,
    families: tuple[campaign.Family, ...] = FAMILIES,
) -> dict[str, Result]:
    """Run the rules of these families; a single family gets all examples."""
    rules = {rule.name: rule for rule in all_rules() if rule.area == "fuzz"}
    shares = sum(family.share for family in families)
    target.settings = dataclasses.replace(
        target.settings, fuzz_examples=round(examples / shares), fuzz_seconds=seconds / shares
    )
    return {family.name: run_rule(rules[family.name], target) for family in families}


def findings(results: dict[str, Result]) -> dict[str, Finding]:
    """Return the findings of all families by clause; a clause must not occur twice."""
    found = [one for result in results.values() for one in result.findings]
    by_clause = {one.clause: one for one in found}
    assert len(by_clause) == len(found), [one.subject for one in found]
    return by_clause


def form_of(finding: Finding) -> Form:
    """Return the form in the request of a finding."""
    body = finding.request.partition("\n\n")[2]
    return urllib.parse.parse_qs(body, True)


def float_cast(form: Form) -> Reply:
    try:
        return correct({**form, "userid": [str(int(float(form.get("userid", [""])[0])))]})
    except (ValueError, OverflowError):
        return correct(form)
