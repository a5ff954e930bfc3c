"""Usage as the API shows it (assumed: no public client does)."""

from mock_solusio.api.views.parts import Json, pick
from mock_solusio.domain.spans import UsageTotals
from mock_solusio.domain.usage import MeteredLine, UsageQuery
from mock_solusio.moment import rfc3339


def usage_line_view(line: MeteredLine) -> Json:
    """Show a usage line. A page has up to a thousand, so no helper stands in between."""
    span = line.span
    return {
        "id": line.id,
        "user_id": span.user_id,
        "billing_user_id": line.billing_user_id,
        "server_id": span.server_id,
        "server_name": span.server_name,
        "resource": span.resource,
        "resource_id": span.resource_id,
        "plan": {"id": span.plan_id, "name": span.plan_name},
        "from": rfc3339(line.use.since),
        "to": rfc3339(line.use.until),
        "hours": line.use.hours,
        "tokens_per_hour": span.tokens_per_hour,
        "tokens_per_month": span.tokens_per_month,
        "charge": line.cost.charge,
        "tokens": line.cost.tokens,
    }


def usage_meta(query: UsageQuery, totals: UsageTotals) -> Json:
    """Show the period as a whole; the numbers of the page are added elsewhere."""
    return {
        "period": {"from": rfc3339(query.since), "to": rfc3339(query.until)},
        "closed": query.closed,
        "metered_until": rfc3339(query.metered_until),
        "totals": pick(totals, "lines", "hours", "tokens"),
    }
