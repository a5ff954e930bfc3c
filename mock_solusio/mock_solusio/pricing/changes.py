"""What plans of a SolusIO have otherwise than a price list, and the bodies that change it. Pure.

Official clients send a whole plan by PUT (Go SDK, Terraform provider). So does this: the plan as it was read,
with other prices, so that a server that takes the body for the whole plan loses nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mock_solusio.preflight.listing import Row
from mock_solusio.price_list.model import PlanPrice
from solusio_contracts.contract.documents import document
from solusio_contracts.suggestions import closest

_IP: Final = ": additional IP"
"""How a price list names the addresses of a plan."""
_IDS: Final = ("available_locations", "available_os_image_versions", "available_applications")
"""Members that are objects in responses and ids in requests."""
_NOT_IN_PUT: Final = frozenset({"disk_bandwidth", "disk_iops"})
"""Limits that official clients leave out when they change a plan."""
DERIVED: Final = frozenset({"price", "updated_at"})
"""Members of a plan that may follow from its prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One plan whose prices differ."""

    id: int
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, int]
    """The prices that differ, by member."""

    def __str__(self) -> str:
        """Return the difference in one line."""
        parts = (f"{member} {self.before.get(member)} → {value}" for member, value in self.after.items())
        return f"plan {self.id} ({self.name}): {', '.join(parts)}"


def differences(plans: Iterable[Row], prices: Sequence[PlanPrice]) -> tuple[list[PlanChange], list[str]]:
    """Return the plans that differ, and the names that do not say which plan is meant."""
    rows = list(plans)
    wanted, problems = _wanted(prices)
    changes = []
    for name, members in wanted.items():
        same = [plan for plan in rows if plan.get("name") == name]
        if len(same) != 1 or not isinstance(same[0].get("id"), int):
            problems.append(_unclear(name, same, rows))
            continue
        (plan,) = same
        after = {
            member: value
            for member, value in members.items()
            if plan.get(member) != value or isinstance(plan.get(member), bool)
        }
        if after:
            changes.append(PlanChange(id=plan["id"], name=name, before=plan, after=after))
    return changes, problems


def body_of(plan: Row, change: PlanChange) -> dict[str, Any]:
    """Return the body of a PUT: what can be sent of the plan as it is, with the new prices."""
    schemas = document("solusio-api")["components"]["schemas"]
    body = {name: plan[name] for name in schemas["PlanChange"]["properties"] if name in plan}
    for name in _IDS:
        if isinstance(body.get(name), list):
            body[name] = [one.get("id") if isinstance(one, dict) else one for one in body[name]]
    for name in ("limits", "backup_settings"):
        if not isinstance(body.get(name), dict):
            body.pop(name, None)
    if "limits" in body:
        body["limits"] = {name: one for name, one in body["limits"].items() if name not in _NOT_IN_PUT}
    return {**body, **change.after}


def unwanted(before: Row, now: Row, change: PlanChange) -> list[str]:
    """Return what a plan has otherwise than wanted after the change: prices, and members that were lost."""
    prices = [
        f"{name} is {now.get(name)} instead of {value}"
        for name, value in change.after.items()
        if now.get(name) != value
    ]
    others = before.keys() - change.after.keys() - DERIVED
    lost = [f"{name} has changed, too" for name in sorted(others) if now.get(name) != before[name]]
    return prices + lost


def _wanted(prices: Sequence[PlanPrice]) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Return the members of each plan by its name, and the names that occur twice."""
    wanted: dict[str, dict[str, int]] = {}
    problems = []
    for price in prices:
        is_ip = price.place.endswith(".ip")
        name, prefix = (price.name.removesuffix(_IP), "ip_") if is_ip else (price.name, "")
        if name in wanted and not is_ip:
            problems.append(f"‘{name}’ is twice in the price list")
        wanted.setdefault(name, {}).update(
            {
                f"{prefix}tokens_per_hour": price.tokens_per_hour,
                f"{prefix}tokens_per_month": price.tokens_per_month,
            }
        )
    return wanted, problems


def _unclear(name: str, same: Sequence[Row], rows: Sequence[Row]) -> str:
    if same:
        ids = ", ".join(str(plan.get("id")) for plan in same)
        return f"‘{name}’ is the name of several plans: {ids}" if len(same) > 1 else f"‘{name}’ has no id"
    near = closest(name, [str(plan.get("name")) for plan in rows])
    return f"no plan is named ‘{name}’" + (f"; did you mean ‘{near[0]}’?" if near else "")
