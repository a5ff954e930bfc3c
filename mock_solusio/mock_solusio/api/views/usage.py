"""Usage as the API shows it (assumed: no public client does)."""

from mock_solusio.api.views.parts import Json, pick
from mock_solusio.domain.spans import MeteredLine, UsageTotals
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.moment import rfc3339


def usage_line_view(line: MeteredLine, billing_user_id: int | None) -> Json:
    """Show a usage line. A page has up to a thousand, so no helper stands in between."""
    return {
        "id": line.id,
        "user_id": line.user_id,
        "billing_user_id": billing_user_id,
        "server_id": line.server_id,
        "server_name": line.server_name,
        "resource": line.resource,
        "resource_id": line.resource_id,
        "plan": {"id": line.plan_id, "name": line.plan_name},
        "from": rfc3339(line.since),
        "to": rfc3339(line.until),
        "hours": line.hours,
        "tokens_per_hour": line.tokens_per_hour,
        "tokens_per_month": line.tokens_per_month,
        "charge": line.charge,
        "tokens": line.tokens,
    }


def usage_meta(query: UsageQuery, totals: UsageTotals) -> Json:
    """Show the period as a whole; the numbers of the page are added elsewhere."""
    return {
        "period": {"from": rfc3339(query.since), "to": rfc3339(query.until)},
        "closed": query.closed,
        "metered_until": rfc3339(query.metered_until),
        "totals": pick(totals, "lines", "hours", "tokens"),
    }
