"""Tests whether a billing system verifies the certificate of SolusIO (CL-008)."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mock_solusio.meeting_point import MeetingPoint
from mock_solusio.sandbox import Sandbox
from mock_solusio.server.tls import LOCAL, Authority
from mock_solusio.users.world import ScenarioWorld
from solusio_contracts.adapter.customers import write_customers
from solusio_contracts.adapter.steps import Adapter, BillingError
from solusio_contracts.adapter.verdict import Verdict, judged
from solusio_contracts.reporting.report import Item, Outcome, Result
from solusio_contracts.users.customers import PRICING, UserCustomer
from solusio_contracts.users.job import CustomerJob
from solusio_contracts.users.scenario import Scenario

CERTIFICATE: Final = Item(
    "certificate", "conduct", "a server with a foreign certificate gets no request", ("CL-008",)
)
STEP: Final = "create"
"""The step that is tried, which every adapter offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impostor:
    """A server that is not SolusIO, and what is wrong with its certificate."""

    context: ssl.SSLContext
    flaw: str


def impostors(authority: Authority) -> tuple[Impostor, ...]:
    """Return servers that a client must refuse who trusts an authority."""
    return (
        Impostor(context=Authority().server(*LOCAL), flaw="a certificate of an unknown authority"),
        Impostor(context=authority.server("elsewhere.example"), flaw="a certificate for another host"),
    )


def judge(
    steps: Mapping[str, Adapter],
    scenario: Scenario,
    ids: Mapping[str, int],
    *,
    authority: Authority,
    access_token: str,
    meeting: MeetingPoint,
    folder: Path,
    curl: str,
) -> Result:
    """Let the billing system create a customer's user at servers that are not SolusIO.

    Raises:
        UnreachableError: the billing system cannot be started or reached.
    """
    began = time.monotonic()
    verdict = Verdict()
    unseen = ""
    ca_file = folder / "ca.pem"
    for one in impostors(authority):
        sandbox = Sandbox()
        world = ScenarioWorld.of(scenario, ids, access_token)
        seen = _handshakes(one.context)
        with sandbox.open(meeting.host, tls=one.context) as url:
            sandbox.show(world.mock)
            customer = UserCustomer(
                billing_user_id=next(iter(ids.values())),
                name=scenario.customers[0].full_name,
                email=scenario.customers[0].email,
                pricing=PRICING,
            )
            file = folder / "certificate.json"
            file.write_bytes(write_customers([customer]))
            job = CustomerJob(
                customer=customer,
                solusio_url=meeting.url_for(url),
                access_token=access_token,
                ca_file=ca_file,
                customers=(customer,),
                customers_file=file,
            )
            done = _runs(steps[STEP], job)
        question = steps[STEP].shown(job)
        if sandbox.was_asked:
            verdict.failed(
                "CL-008",
                one.flaw,
                "no request",
                "it got a request, with the administrator's access token",
                question=question,
            )
        elif not seen:
            unseen = "the billing system did not call the URL that it was given"
        elif done:
            verdict.failed(
                "UM-045", one.flaw, "it reports a failure", "it reports that it is done", question=question
            )
        else:
            verdict.checks += 1
    seconds = round(time.monotonic() - began, 3)
    if unseen and not verdict.findings:
        return CERTIFICATE.undecided(Outcome.ERROR, unseen, seconds=seconds)
    return judged(CERTIFICATE, verdict, seconds=seconds, curl=curl)


def _handshakes(context: ssl.SSLContext) -> list[str]:
    """Return a list that gets an entry for each TLS handshake that a client begins."""
    seen: list[str] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name or "")
    return seen


def _runs(step: Adapter, job: CustomerJob) -> bool:
    try:
        step.run(job)
    except BillingError:
        return False
    return True
