"""Usage for invoices: `/usage` (vendor's page, step 10; its shape is assumed)."""

from typing import Any

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import page_envelope, requested_page
from mock_solusio.api.views.usage import usage_line_view, usage_meta
from mock_solusio.domain import usage
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.moment import rfc3339

MAX_PER_PAGE = 1000
"""Most lines of a page (assumed: an invoice run reads all of them)."""


@operation("listUsage")
def list_usage(call: Call) -> Reply:
    """Reply with a page of usage lines: everybody's for those who may view usage, otherwise the actor's own.

    The links name the period, and `as_of` the moment of the request while the period is running. So the
    pages that they lead to agree: their lines and totals do not change on the way. For the same reason a page
    is as of the moment of its request, even if other requests change something while its sums are calculated.
    """
    query = _query(call)
    call.raw_query |= {"from": rfc3339(query.since), "to": rfc3339(query.until)}
    if not query.closed:
        call.raw_query["as_of"] = rfc3339(query.as_of)
        if query.as_of == call.now:
            call.expires(call.now + 1)

    def render() -> dict[str, Any]:
        number, per_page = requested_page(call, MAX_PER_PAGE)
        found = usage.read(call.world, query, (number - 1) * per_page, per_page)
        lines = [usage_line_view(line, found.customers[line.user_id]) for line in found.lines]
        envelope = page_envelope(call, lines, found.totals.lines, MAX_PER_PAGE)
        envelope["meta"] |= usage_meta(query, found.totals)
        return envelope

    return Reply(200, render, usage.preparation(call.world, query))


def _query(call: Call) -> UsageQuery:
    given = call.query
    since, until = usage.period(given.get("from"), given.get("to"), call.now)
    as_of = usage.moment_of("as_of", given["as_of"], call.now) if "as_of" in given else call.now
    everybody = call.may(Permission.VIEW_USAGE)
    user_ids = usage.readable_users(call.world, call.actor, everybody=everybody, **call.filters)
    return UsageQuery(since=since, until=until, as_of=as_of, user_ids=user_ids)
