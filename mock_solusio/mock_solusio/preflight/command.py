"""``mock-solusio preflight``: look at a real SolusIO, reading only, and judge what is set there.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solusio_contracts.cli.config import config_option
from solusio_contracts.cli.overlay import overlay_option
from solusio_contracts.cli.reporting import PreparedRun, report_options, require_writable, run_and_report
from solusio_contracts.cli.tls import tls_options
from solusio_contracts.cli.types import Seconds, UserId

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_solusio.preflight.client import Access
    from mock_solusio.preflight.installation import Installation, Month, Questions
    from mock_solusio.preflight.judgement import Judgement
    from mock_solusio.price_list.model import PlanPrice
    from solusio_contracts.reporting.report import Report

ACCESS_TOKEN = "SOLUSIO_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
FEWEST = 30
"""The fewest requests with which every step can be judged, on a sample at least."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _month(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"(?:19[7-9][0-9]|[2-9][0-9]{3})-(?:0[1-9]|1[0-2])", value):
        raise click.BadParameter(f"expected a year and a month such as 2026-02, got {value!r}")
    return value


def _list_judgements(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from mock_solusio.preflight.catalogue import print_judgements

        print_judgements()
        ctx.exit(0)


def _explain(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        from mock_solusio.preflight.catalogue import UnknownJudgementError, print_judgement

        try:
            print_judgement(name)
        except UnknownJudgementError as error:
            raise click.UsageError(str(error)) from error
        ctx.exit(0)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("url")
@click.option(
    "--access-token",
    envvar=ACCESS_TOKEN,
    show_envvar=True,
    metavar="T",
    help="An access token of SolusIO that may view users, plans, settings and usage. Prefer the environment "
    "variable, which stays out of the shell's history.",
)
@click.option(
    "--prices",
    type=_FILE,
    metavar="FILE",
    help="A price list, as `pricing` reads it: what to change in SolusIO, plan by plan (step 3).",
)
@click.option(
    "--billing-url",
    metavar="URL",
    help="The URL of the billing endpoint that you checked; it must be the one that is set (step 7).",
)
@click.option(
    "--check-report",
    type=_FILE,
    metavar="FILE",
    help="The JSON report of `check`: its URL must be the one that is set, and must conform (step 7).",
)
@click.option(
    "--user-area",
    metavar="URL",
    help="URL of the user area (step 9).  [default: URL]",
)
@click.option(
    "--month",
    callback=_month,
    metavar="YYYY-MM",
    help="The month whose usage is judged (step 10).  [default: the last one that is over]",
)
@click.option(
    "--try-login",
    type=UserId(1),
    metavar="USER",
    help="Also create a login link for the user with this id, and open it (step 9). This is the only request "
    "that is not a GET, and the only one that changes something: the list of the user's logins.",
)
@click.option(
    "--show-customers",
    is_flag=True,
    help="Also show email addresses of users. Without it, reports have ids and counts only.",
)
@click.option(
    "--evidence",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file, anonymised, which members, types and statuses came and what they say about the "
    "contract; for `contract learn`.",
)
@overlay_option("differences that it has are known, and not found again.")
@click.option(
    "--max-requests",
    type=click.IntRange(FEWEST),
    default=80,
    show_default=True,
    metavar="N",
    help="Send at most so many requests. More read a larger part of long lists.",
)
@click.option(
    "--timeout",
    type=Seconds(0.1, 300),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Maximum time for a complete response, in seconds.",
)
@click.option(
    "--max-wait",
    type=Seconds(0, 3600),
    default=120.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait in all when SolusIO answers 429 (too many requests).",
)
@tls_options
@click.option(
    "--only", multiple=True, metavar="SELECTOR", help="Only these judgements, areas, steps or clauses."
)
@click.option(
    "--skip", multiple=True, metavar="SELECTOR", help="Not these judgements, areas, steps or clauses."
)
@report_options(verbose="Also show passed judgements and how they were made.")
@config_option(section="preflight")
@click.option(
    "--list-judgements",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_judgements,
    help="List all judgements and exit.",
)
@click.option(
    "--explain",
    metavar="JUDGEMENT",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Explain a judgement or clause and exit.",
)
@click.pass_context
def preflight(ctx: click.Context, /, url: str, **options: Any) -> None:
    """Look at a real SolusIO and judge what is set there, reading only.

    Judges the steps that are made in SolusIO: plans and their prices (2, 3), registration (4), limit groups
    (5), billing integration (7), users and rights (8, 9) and usage (10). Sends GET requests alone, and not
    many: of long lists it reads a sample. Reports have no names of customers.

    \b
    export SOLUSIO_ACCESS_TOKEN=...
    mock-solusio preflight https://solus.example.com --prices prices.toml

    \b
    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage,
    3 inconclusive (not reachable, too few rights, or something could not be
    judged).
    """  # noqa: D301 - click's \b must be a real backspace
    options["url"] = url
    run_and_report(ctx, options, prepared(options))


def prepared(options: dict[str, Any]) -> PreparedRun:
    """Return the run that the options of `preflight` describe, and say what it will do.

    Raises:
        click.UsageError: an option is wrong.
    """
    from mock_solusio.preflight.access import access_of

    access = access_of(
        options["url"],
        options,
        timeout=options["timeout"],
        requests=options["max_requests"],
        patience=options["max_wait"],
    )
    questions = _questions(options)
    chosen = _selected(options)
    require_writable([options["evidence"]])
    if not options["quiet"]:
        click.echo(_announcement(access, questions), err=True)

    def run(progress: "Callable[..., None]") -> "Report":
        from mock_solusio.preflight.client import Reader
        from mock_solusio.preflight.installation import Installation
        from mock_solusio.preflight.run import run

        site = Installation(Reader(access), questions)
        report = run(site, chosen, progress)
        if options["evidence"] is not None:
            _write_evidence(site, options["evidence"])
        return report

    from mock_solusio.preflight.judgement import all_judgements

    names = {one.name for one in all_judgements()}
    return PreparedRun(item="judgement", names=names, total=len(chosen), run=run)


def _write_evidence(site: "Installation", file: Path) -> None:
    from mock_solusio.preflight.evidence import NotAnonymousError, make_evidence
    from mock_solusio.preflight.survey import survey
    from solusio_contracts.contract.evidence import to_json

    if not site.reader.answers:
        click.echo(f"{file} was not written: nothing could be read.", err=True)
        return
    try:
        text = to_json(make_evidence(survey(site), site.reader))
    except NotAnonymousError as error:
        raise click.UsageError(
            f"{file} was not written, since it is not anonymous: {error}. This is a fault of mock-solusio."
        ) from error
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write {file}: {error.strerror}") from error


def _announcement(access: "Access", questions: "Questions") -> str:
    """Return what will be done, before it is done."""
    from mock_solusio.preflight.installation import most_pages

    pages = ", ".join(f"{count} of {name}" for name, count in most_pages(access.requests).items())
    text = f"Reads {access.url} with GET alone, at most {access.requests} requests (pages: {pages})."
    if questions.try_login is not None:
        text += (
            f" Then creates one login link for user {questions.try_login} (POST) and opens it, "
            "because of --try-login."
        )
    return text


def _questions(options: dict[str, Any]) -> "Questions":
    from mock_solusio.preflight.installation import Questions
    from solusio_contracts.contract.overlay import NO_OVERLAY

    billing_url, checked = _checked(options)
    _require_url(options["user_area"], "--user-area")
    return Questions(
        prices=_prices(options["prices"]),
        billing_url=billing_url,
        checked=checked,
        try_login=options["try_login"],
        user_area=options["user_area"],
        month=_month_of(options["month"]),
        show_customers=options["show_customers"],
        overlay=options["overlay"] or NO_OVERLAY,
    )


def _month_of(text: str | None) -> "Month | None":
    from mock_solusio.preflight.installation import Month

    if text is None:
        return None
    year, month = map(int, text.split("-"))
    return Month.of(12 * year + month - 1)


def _require_url(url: str | None, option: str) -> None:
    from solusio_contracts.http.url import Origin

    if url is not None:
        try:
            Origin.of(url)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=option) from error


def _checked(options: dict[str, Any]) -> tuple[str | None, str]:
    """Return the URL that was checked, and what keeps that check from counting."""
    url, file = options["billing_url"], options["check_report"]
    _require_url(url, "--billing-url")
    if file is None:
        return url, ""
    if url is not None:
        raise click.UsageError("--billing-url and --check-report exclude each other")
    from solusio_contracts.decoding import DecodingError, parse_json, read_text

    try:
        report = parse_json(read_text(file), str(file))
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint="--check-report") from error
    command = report.get("command") if isinstance(report, dict) else None
    if command != "check" or not isinstance(report.get("target"), str):
        raise click.BadParameter(
            f"{file}: expected the JSON report of `check`, got "
            + (f"one of `{command}`" if command else "something else"),
            param_hint="--check-report",
        )
    verdict = str(report.get("verdict"))
    when = str(report.get("started"))[:10]
    return report["target"], "" if verdict == "conformant" else f"{verdict.replace('-', ' ')} on {when}"


def _prices(file: Path | None) -> "tuple[PlanPrice, ...] | None":
    if file is None:
        return None
    from mock_solusio.price_list.reading import read
    from solusio_contracts.decoding import DecodingError

    try:
        prices, found = read(file.read_bytes(), str(file))
    except DecodingError as error:
        raise click.BadParameter(f"{error}.", param_hint="--prices") from error
    if prices is None:
        first = next(str(one) for one in found if one.level == "error")
        raise click.BadParameter(
            f"{file}: {first} `mock-solusio pricing {file}` shows all.", param_hint="--prices"
        )
    if not prices.plans:
        raise click.BadParameter(f"{file}: the price list has no plans", param_hint="--prices")
    return prices.plans


def _selected(options: dict[str, Any]) -> "list[Judgement]":
    from mock_solusio.preflight.judgement import all_judgements
    from solusio_contracts.checking.selection import SelectionError, select

    try:
        return select(
            all_judgements(),
            lambda one: one.selectors,
            options["only"],
            options["skip"],
            kind="judgement",
            listing="mock-solusio preflight --list-judgements",
        )
    except SelectionError as error:
        raise click.UsageError(str(error)) from error
