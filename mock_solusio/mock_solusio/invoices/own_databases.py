"""Finds out, before a run with several jobs, whether each has a database of its own.

Jobs that share one would bill each other's customers, and the check would blame the billing system for it.
Only its adapter can be asked: the first job has an invoice made, and no other job may return it.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from mock_solusio.invoices.scenario_run import BillingSystem
from mock_solusio.invoices.site import Site
from mock_solusio.sandbox import SandboxError
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.steps import BillingError, UnreachableError
from solusio_contracts.decoding import DecodingError
from solusio_contracts.invoices.documents import BilledInvoice, read_invoices
from solusio_contracts.invoices.job import BillingJob
from solusio_contracts.invoices.scenario import (
    CUSTOMER,
    Scenario,
    ScenarioCustomer,
    ScenarioPlan,
    customers_document,
)
from solusio_contracts.timeline import ServerCreate

PERIOD: Final = "2026-01"
"""A month that no scenario bills."""


class SharedDatabaseError(Exception):
    """Two jobs share a database; the text says how that shows."""


def require_own_databases(
    system: BillingSystem, sites: Sequence[Site], customer_id: int, pricing: Pricing | None
) -> bool:
    """Have the first job bill a customer of its own; return whether that could be done.

    `pricing` is what a token costs the customer: as for the first customer of the first scenario, so that the
    database has the same first price as in a run with one job.

    Raises:
        SharedDatabaseError: another job returns the invoice.
    """
    if system.prepare is None or pricing is None:
        return False
    first, *others = sites
    ids = {CUSTOMER: customer_id}
    # Unlike any usage of an earlier run: a database may have been copied from another since.
    scenario = _scenario(secrets.token_hex(4), 1 + secrets.randbelow(1_000_000), pricing)
    customers = customers_document(scenario, ids, PERIOD)
    file = first.folder / f"job-{first.job_number}.json"
    try:
        shown = first.sandbox.play(scenario, ids, PERIOD)
        file.write_bytes(customers)
        order = first.order(shown, customers, file)
        system.prepare.run(order)
        system.bill.run(order)
        made = _invoices(system, order, customer_id)
        if not made:
            return False
        for site in others:
            # A file of its own: a billing system may have a database for each.
            own_file = site.folder / f"job-{site.job_number}.json"
            own_file.write_bytes(customers)
            try:
                seen = _invoices(system, site.order(shown, customers, own_file), customer_id)
            except (BillingError, DecodingError):
                continue  # a new database may have no tables yet
            finally:
                own_file.unlink()
            if number := next((one.number for one in seen if one in made), ""):
                raise SharedDatabaseError(
                    f"Jobs {first.job_number} and {site.job_number} share a database: both return invoice "
                    f"{number} of customer {customer_id}, which only job {first.job_number} made."
                )
    except (BillingError, DecodingError, SandboxError, UnreachableError):
        return False  # the first scenario says what is wrong
    finally:
        first.sandbox.hide()
        file.unlink(missing_ok=True)
    return True


def _invoices(system: BillingSystem, order: BillingJob, customer_id: int) -> list[BilledInvoice]:
    found, _ = read_invoices(system.invoices.run(order))
    return [one for one in found if (one.billing_user_id, one.period) == (customer_id, PERIOD)]


def _scenario(server: str, tokens_per_hour: int, pricing: Pricing) -> Scenario:
    """Return a scenario with one customer, who has one server."""
    customer = ScenarioCustomer(
        name=CUSTOMER, full_name="Joe Example", email="joe@example.com", pricing=pricing
    )
    created = ServerCreate(at=datetime(2026, 1, 1, tzinfo=UTC), as_=server, user=CUSTOMER, plan="small")
    return Scenario(
        id="own-databases",
        title="each job has a database of its own",
        area="",
        clauses=(),
        plans=(ScenarioPlan(name="small", tokens_per_hour=tokens_per_hour),),
        customers=(customer,),
        timeline=(created,),
        invoices=(),
        periods=(PERIOD,),
    )
