"""Reads the plans of a SolusIO, and sets their prices: `pricing --from` and `pricing --apply`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import msgspec

from mock_solusio.preflight.access import access_of
from mock_solusio.preflight.client import API, Reader, UnreadableError
from mock_solusio.preflight.listing import Row, read_list
from mock_solusio.preflight.words import shown_url
from mock_solusio.price_list.model import PlanPrice
from mock_solusio.pricing.changes import PlanChange, body_of, differences, unwanted
from mock_solusio.pricing.present import to_toml
from solusio_contracts.cli.output import write_output
from solusio_contracts.escaping import visible
from solusio_contracts.http.curl import curl
from solusio_contracts.http.exchange import Request
from solusio_contracts.http.first_line import first_line
from solusio_contracts.http.url import is_loopback

AS_WANTED, OTHERWISE, UNREADABLE = 0, 1, 3
_PAGES: Final = 20
_REQUESTS: Final = 4000
"""Three for each plan, and the pages of the list."""
_JSON: Final = msgspec.json.Encoder(decimal_format="number")


def write_present(url: str, options: dict[str, Any], output: Path) -> None:
    """Write the plans as a price list, and exit."""
    reader = Reader(access_of(url, options, requests=_REQUESTS))
    try:
        plans = _plans(reader)
    except UnreadableError as error:
        raise SystemExit(_unreadable(reader, error)) from error
    finally:
        reader.close()
    text, problems = to_toml(shown_url(reader.access.url), plans)
    write_output(text, output)
    for problem in problems:
        click.echo(visible(f"error: {problem}"), err=True)
    raise SystemExit(OTHERWISE if problems else AS_WANTED)


def apply_prices(url: str, options: dict[str, Any], prices: Sequence[PlanPrice]) -> int:
    """Show what differs and the calls that change it, and make them where that is allowed.

    Returns the exit code.
    """
    reader = Reader(access_of(url, options, requests=_REQUESTS))
    try:
        return _apply(reader, prices, may_change=options["yes_change_plans"])
    except UnreadableError as error:
        return _unreadable(reader, error)
    finally:
        reader.close()


def _apply(reader: Reader, prices: Sequence[PlanPrice], *, may_change: bool) -> int:
    changes, problems = differences(_plans(reader), prices)
    if problems:
        for problem in problems:
            click.echo(visible(f"error: {problem}"), err=True)
        click.echo("Nothing was changed: each name must be that of one plan.", err=True)
        return OTHERWISE
    if not changes:
        click.echo("All plans of the price list have these prices.")
        return AS_WANTED
    click.echo("Differences:")
    for change in changes:
        click.echo(visible(f"  {change}"))
    requests = []
    for change in changes:
        plan = _plan(reader, change)
        requests.append((change, plan, _put(reader, change, plan)))
    click.echo("\nCalls:")
    for _, _, request in requests:
        click.echo(_line(reader, request))
    if not may_change and not is_loopback(urlsplit(reader.access.url).hostname or ""):
        click.echo("\nNothing was changed. --yes-change-plans makes these calls.")
        return OTHERWISE
    click.echo("")
    return _make(reader, requests)


def _make(reader: Reader, requests: Sequence[tuple[PlanChange, Row, Request]]) -> int:
    """Make the calls one by one, each with a look at the result; stop at the first that is refused."""
    good = True
    for done, (change, before, request) in enumerate(requests):
        exchange = reader.send(request, f"PUT {request.path} (replacePlan)")
        if exchange.status != 200:
            why = exchange.failure_text or f"status {exchange.status}"
            line = first_line(exchange.content, reader.mask)
            rest = f"; {done} of {len(requests)} plans were changed before"
            message = f"error: plan {change.id} ({change.name}) was not changed: {why} {line}".rstrip()
            click.echo(visible(message + rest), err=True)
            return UNREADABLE
        wrong = unwanted(before, _plan(reader, change), change)
        good = good and not wrong
        if wrong:
            click.echo(visible(f"error: plan {change.id} ({change.name}): {'; '.join(wrong)}"), err=True)
        else:
            click.echo(visible(f"plan {change.id} ({change.name}): changed, and read back as wanted"))
    return AS_WANTED if good else OTHERWISE


def _plans(reader: Reader) -> tuple[Row, ...]:
    found = read_list(reader, "listPlans", "plans", pages=_PAGES)
    if not found.whole:
        raise UnreadableError(f"only {found.extent('plans')} could be read")
    return found.rows


def _plan(reader: Reader, change: PlanChange) -> Row:
    data = reader.get("getPlan", f"plans/{change.id}").data
    if not isinstance(data, dict):
        raise UnreadableError(f"the response of GET /api/v1/plans/{change.id} has no object `data`")
    return data


def _put(reader: Reader, change: PlanChange, plan: Row) -> Request:
    return Request(
        body=_JSON.encode(body_of(plan, change)),
        headers=(*reader.headers("application/json"), ("Content-Type", "application/json")),
        method="PUT",
        path=f"{reader.base_path}{API}plans/{change.id}",
    )


def _line(reader: Reader, request: Request) -> str:
    """Return a line for bash, with the body as a document of its own: a plan is too long for an argument."""
    headers = tuple(pair for pair in request.headers if pair[0] != "User-Agent")
    head = curl(
        Request(body=b"", headers=headers, method=request.method, path=request.path),
        reader.access.url,
        reader.mask,
    )
    return f"{head} --data-binary @- <<'JSON'\n{request.body.decode()}\nJSON"


def _unreadable(reader: Reader, error: UnreadableError) -> int:
    click.echo(visible(f"error: {reader.mask(error.reason)}"), err=True)
    return UNREADABLE
