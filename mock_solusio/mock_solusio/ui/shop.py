"""Plans as customers see them: what they include, and what they cost in the customer's currency."""

from collections.abc import Sequence
from typing import Protocol

from mock_solusio.domain.prices import Pricing, format_amount, token_amount
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.plans import PLANS, Plan
from mock_solusio.domain.units import GIB
from mock_solusio.domain.world import World
from mock_solusio.ui.models import PlanCard, PlanPrice


def on_offer(world: World) -> list[Plan]:
    """Return the plans that customers may see, in the operator's order."""
    return sorted(world[PLANS].find(is_visible=True), key=lambda plan: (plan.position, plan.id))


def plan_card(world: World, plan: Plan, pricing: Pricing | None) -> PlanCard:
    """Return what customers see of a plan."""
    free = not plan.tokens_per_hour and not plan.tokens_per_month
    return PlanCard(
        plan.id,
        plan.name,
        specs(plan),
        prices(plan, pricing) if pricing else (),
        "" if free else note(plan),
        tokens="" if free or pricing else in_tokens(plan),
        places=places(world, plan),
    )


class Sold(Protocol):
    """What is charged in tokens: a plan, or the span of a server, whose prices are those of its creation."""

    @property
    def tokens_per_hour(self) -> int:
        """Tokens for each started hour; 0 means no hourly billing."""

    @property
    def tokens_per_month(self) -> int:
        """The most tokens for a month; 0 means no monthly billing."""


def prices(plan: Sold, pricing: Pricing) -> tuple[PlanPrice, ...]:
    """Return what a plan costs, the price to compare first; nothing for a free plan.

    The hourly price keeps all its digits: rounded to cents, 0.007 would read as 0.01.
    """
    found = []
    if plan.tokens_per_month:
        amount = format_amount(token_amount(plan.tokens_per_month, pricing), pricing)
        found.append(PlanPrice(amount, "a month at most" if plan.tokens_per_hour else "a month"))
    if plan.tokens_per_hour:
        amount = format_amount(token_amount(plan.tokens_per_hour, pricing), pricing, exact=True)
        found.append(PlanPrice(amount, "an hour"))
    return tuple(found)


def in_tokens(plan: Sold) -> str:
    """Return what a plan costs in tokens, for users whose token price is unknown."""
    parts = [
        f"{amount:,} token{'' if amount == 1 else 's'} {span}"
        for amount, span in ((plan.tokens_per_hour, "an hour"), (plan.tokens_per_month, "a month"))
        if amount
    ]
    return ", ".join(parts)


def note(plan: Plan) -> str:
    """Return how a plan is charged, in a sentence (vendor's page, step 3)."""
    if not plan.tokens_per_month:
        return "Charged for each started hour."
    if not plan.tokens_per_hour:
        return "Charged for the whole month, however short the use."
    return "Charged by the hour, up to the monthly price."


def specs(plan: Plan, disks: Sequence[int] = ()) -> tuple[str, ...]:
    """Return what a server on this plan has; `disks` in GiB, if they differ from the plan's."""
    cores = plan.params.vcpu
    sizes = " + ".join(f"{disk} GiB" for disk in disks or [plan.params.disk])
    found = [
        f"{cores} CPU core{'' if cores == 1 else 's'}",
        f"{size(plan.params.ram)} memory",
        f"{sizes} disk",
    ]
    traffic = plan.limits.get("network_total_traffic")
    if traffic is not None and traffic.is_enabled:
        found.append(f"{traffic.limit:,} {traffic.unit} traffic a month")
    return tuple(found)


def size(number: int) -> str:
    """Format bytes: `2 GiB`, `1.5 GiB`, `512 MiB`."""
    unit, name = (GIB, "GiB") if number >= GIB else (GIB // 1024, "MiB")
    return f"{number / unit:.4g} {name}"


def places(world: World, plan: Plan) -> str:
    """Return where a plan can be ordered; empty if everywhere."""
    found = [world[LOCATIONS].get(key) for key in plan.available_locations]
    names = [location.name for location in found if location is not None]
    return f"only in {', '.join(names)}" if names else ""
