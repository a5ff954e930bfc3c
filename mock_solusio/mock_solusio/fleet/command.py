"""``mock-solusio fleet``: generate the fleet of a hosting provider, and describe one.

Only click and the standard library are imported here; the commands import the rest when they run.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from solusio_contracts.cli.extras import require_extra

if TYPE_CHECKING:
    from mock_solusio.fleet.model import Fleet

PROFILES = ("startup", "hoster", "azure2017")

_CONTEXT = {"help_option_names": ["-h", "--help"]}

_CUSTOMER = (
    *("billing_user_id", "name", "company", "email", "address", "city"),
    *("country", "currency", "locale", "joined_at", "left_at"),
)

Advance = Callable[[int], None]


@click.group(context_settings=_CONTEXT)
def fleet() -> None:
    """Generate realistic fleets of servers and customers."""


def _month(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        month = datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise click.BadParameter(f"expected a month such as 2026-03, got {value!r}.") from None
    if not 1980 <= month.year <= 9000:
        raise click.BadParameter("expected a month from 1980-01 to 9000-12.")
    return month


@fleet.command(context_settings=_CONTEXT)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="hoster",
    show_default=True,
    help="Kind of hosting provider.",
)
@click.option(
    "--users", type=click.IntRange(1, 1_000_000), help="Number of customers. Default: that of the profile."
)
@click.option(
    "--scale",
    type=click.FloatRange(0, 100, min_open=True),
    help="Size as a multiple of the profile's, instead of --users.",
)
@click.option("--months", type=click.IntRange(1, 120), default=1, show_default=True, help="Calendar months.")
@click.option(
    "--begin",
    callback=_month,
    metavar="YYYY-MM",
    help="First month. Default: 2026-01, or 2026-06 for azure2017, since it has 30 days.",
)
@click.option(
    "--seed",
    default="1",
    show_default=True,
    help="Seed of the randomness: same seed, same bytes.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a timeline (.ndjson) or a world (.toml, .json).",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Create a state file for `serve --state`.",
)
@click.option(
    "--customers",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the customers as CSV for a billing system.",
)
def generate(
    profile: str,
    users: int | None,
    scale: float | None,
    months: int,
    begin: datetime | None,
    seed: str,
    out: Path | None,
    state: Path | None,
    customers: Path | None,
) -> None:
    """Generate a fleet: customers, servers, and their changes.

    Play a timeline with `serve --replay`, load a world with `serve --fixtures`, serve a state file with
    `serve --state`. Most servers live for minutes or hours; a few have most of the hours.
    """
    _check(users, scale, out, state, customers)

    from mock_solusio.fleet.model import Fleet
    from mock_solusio.fleet.profiles import PROFILES as KNOWN
    from mock_solusio.moment import micros

    chosen = KNOWN[profile]
    count = users if scale is None else max(1, round(chosen.users * scale))
    first = begin or datetime(2026, 1 if chosen.days is None else 6, 1, tzinfo=UTC)
    try:
        made = Fleet(chosen, users=count, months=months, seed=seed, begin=micros(first))
    except ValueError as error:
        raise click.UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    try:
        if out is not None:
            _write(made, out)
        if state is not None:
            _fill(made, state)
        if customers is not None:
            _write_customers(made, customers)
    except OSError as error:
        raise click.UsageError(f"Cannot write {error.filename or 'the files'}: {error.strerror}.") from error
    click.echo(
        f"{made.count:,} servers of {len(made.customers):,} customers, profile {profile}, seed {seed}."
    )
    for path in (out, state, customers):
        if path is not None:
            click.echo(f"  {path} ({path.stat().st_size:,} bytes)")
    click.echo(f"Next: {_next(out, state)}")


def _check(
    users: int | None, scale: float | None, out: Path | None, state: Path | None, customers: Path | None
) -> None:
    """Refuse options of `generate` that are wrong.

    Raises:
        UsageError: an option is wrong, or two contradict each other.
    """
    if out is None and state is None:
        raise click.UsageError("Give --out FILE, --state FILE, or both.")
    if users is not None and scale is not None:
        raise click.UsageError("Give --users or --scale, not both.")
    if out is not None and out.suffix not in (".ndjson", ".toml", ".json"):
        raise click.BadParameter(
            f"expected a name that ends in .ndjson, .toml or .json, got {out.name!r}.", param_hint="--out"
        )
    if state is not None and state.exists():
        raise click.BadParameter(f"{state} exists already; name a new file.", param_hint="--state")
    for name, path in (("--out", out), ("--state", state), ("--customers", customers)):
        if path is not None and not path.absolute().parent.is_dir():
            raise click.BadParameter(f"the folder of {path} does not exist.", param_hint=name)


def _next(out: Path | None, state: Path | None) -> str:
    if state is not None:
        return f"mock-solusio serve --state {state}"
    option = "--replay" if out is not None and out.suffix == ".ndjson" else "--fixtures"
    return f"mock-solusio serve {option} {out}"


def _write(made: "Fleet", out: Path) -> None:
    with _progress(f"Writing {out.name}", made.count) as advance, _whole(out) as part:
        if out.suffix == ".ndjson":
            from mock_solusio.fleet.events import events, header
            from solusio_contracts import timeline

            with part.open("wb") as target:
                target.write(timeline.encode(header(made)) + b"\n")
                for event in events(made):
                    target.write(timeline.encode(event) + b"\n")
                    if isinstance(event, timeline.ServerCreate):
                        advance(1)
            return
        from mock_solusio.fleet import world_file

        part.write_bytes((world_file.in_toml if out.suffix == ".toml" else world_file.in_json)(made, advance))


def _fill(made: "Fleet", state: Path) -> None:
    from mock_solusio.fleet.state_file import fill
    from mock_solusio.store.table import StateError

    with _progress(f"Filling {state.name}", made.count) as advance:
        try:
            fill(made, state, advance)
        except StateError as error:
            raise click.BadParameter(f"{error}.", param_hint="--state") from error


def _write_customers(made: "Fleet", file: Path) -> None:
    from mock_solusio.fleet.people import people
    from mock_solusio.moment import rfc3339

    with _whole(file) as part, part.open("w", encoding="utf-8", newline="") as target:
        rows = csv.writer(target, lineterminator="\n")
        rows.writerow(_CUSTOMER)
        for one in people(made):
            who, market = one.customer, one.market
            rows.writerow(
                (
                    *(who.billing_user_id, one.name, one.company, one.email, one.address, one.city),
                    *(market.country, market.currency, market.locale, rfc3339(who.joined_at)),
                    "" if who.left_at is None else rfc3339(who.left_at),
                )
            )


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """Yield a file to write to, which gets its name only when it is complete."""
    part = file.with_name(f"{file.name}.part")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress(text: str, total: int | None) -> Iterator[Advance]:
    """Show progress on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(text, total=total)
        yield lambda count: progress.advance(task, count)


@fleet.command(context_settings=_CONTEXT)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw lifetimes and tokens per day to this file, .svg or .png.",
)
def describe(file: Path, plot: Path | None) -> None:
    """Describe the fleet in a state file, a timeline or a world.

    Shows lifetimes, hours and tokens by plan, resource and day, from the file alone: no mock is needed.
    """
    from mock_solusio.fleet.plots import PlotError
    from mock_solusio.fleet.plots import plot as draw
    from mock_solusio.fleet.sources import SourceError, open_source
    from mock_solusio.fleet.statistics import FleetStatistics
    from mock_solusio.fleet.tables import tables

    if plot is not None and plot.suffix.lower() not in (".svg", ".png"):
        raise click.BadParameter(
            f"expected a file that ends in .svg or .png, got {plot.name!r}.", param_hint="--plot"
        )
    if plot is not None:
        require_extra("plots", "--plot")
    try:
        source = open_source(file)
        statistics = FleetStatistics(source.begin, source.end)
        with _progress(f"Reading {file.name}", None) as advance:
            for spans in source.servers:
                statistics.add(spans)
                advance(1)
    except SourceError as error:
        raise click.BadParameter(str(error), param_hint="FILE") from error
    if not statistics.servers:
        raise click.BadParameter(f"{file} has no servers to describe.", param_hint="FILE")
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    for part in tables(statistics, source.customers, f"{file.name}: {source.kind}"):
        console.print(part)
    if plot is not None:
        try:
            draw(statistics, plot, f"{file.name}")
        except PlotError as error:
            raise click.BadParameter(str(error), param_hint="--plot") from error
        except OSError as error:
            raise click.BadParameter(
                f"Cannot write {plot}: {error.strerror}.", param_hint="--plot"
            ) from error
        click.echo(f"Drawn to {plot}.")
