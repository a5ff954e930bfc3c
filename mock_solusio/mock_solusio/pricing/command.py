"""``mock-solusio pricing``: prices in tokens and in money, before they are entered in SolusIO.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

import calendar
import re
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import click
from click.core import ParameterSource

from solusio_contracts.cli.config import config_option
from solusio_contracts.cli.output import medium_of, output_option, write_output
from solusio_contracts.cli.tls import tls_options

if TYPE_CHECKING:
    from mock_solusio.price_list.model import Diagnostic, PriceList
    from mock_solusio.price_list.report import PriceReport

FORMATS = ("table", "json", "csv", "markdown")
TABLES = ("conversion", "plans", "hours")
FORMAT_OF_SUFFIX = {".json": "json", ".csv": "csv", ".md": "markdown"}
LONGEST_MONTH = 31


def _month(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])", value, re.ASCII):
        raise click.BadParameter(f"expected a year and a month such as 2026-02, got {value!r}.")
    return value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", type=click.File("rb"), required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: by the suffix of the output file (.json, .csv, .md), else table.",
)
@output_option
@click.option(
    "--hours",
    type=click.IntRange(1, LONGEST_MONTH * 24),
    multiple=True,
    metavar="N",
    help="Show the price of N started hours of a month, and which price applies; may be repeated.",
)
@click.option(
    "--month",
    callback=_month,
    metavar="YYYY-MM",
    help="Month that decides the number of hours. Default: one with 31 days, like the vendor's.",
)
@click.option(
    "--table",
    "tables",
    type=click.Choice(TABLES),
    multiple=True,
    help="Only this table; may be repeated. Default: all; hours needs --hours.",
)
@config_option(section="pricing")
@click.option(
    "--from",
    "from_url",
    metavar="URL",
    help="Print the present plans of this SolusIO as a price list to edit, and exit.",
)
@click.option(
    "--apply",
    "apply_url",
    metavar="URL",
    help="Show what the plans of this SolusIO have otherwise than FILE, and the API calls that would change "
    "it. On this machine, make them.",
)
@click.option(
    "--yes-change-plans", is_flag=True, help="With --apply: make the calls, also on another machine."
)
@click.option(
    "--access-token",
    envvar="SOLUSIO_ACCESS_TOKEN",
    show_envvar=True,
    metavar="T",
    help="For --from and --apply: an access token of SolusIO that may view plans, or manage them. Prefer the "
    "environment variable.",
)
@tls_options
@click.option("--example", is_flag=True, help="Print an example price list in TOML, and exit.")
def pricing(
    file: BinaryIO | None,
    format_: str | None,
    output: Path,
    hours: tuple[int, ...],
    month: str | None,
    tables: tuple[str, ...],
    from_url: str | None,
    apply_url: str | None,
    example: bool,
    **options: Any,
) -> None:
    """Calculate and check prices of plans in tokens.

    FILE is a price list in TOML, or - for standard input; the default is the vendor's page. Prints the
    price of tokens in each currency (step 1), and of each plan for a month, by the hour and at its fixed
    price (step 2). Errors and warnings go to standard error.

    Exit codes: 0 no errors, perhaps warnings; 1 the prices have errors; 2 wrong usage, or FILE is not
    valid TOML. With --apply: 0 the plans have these prices, 1 they have not. With --from: 1 a plan has
    prices that are not integers. With both: 3 SolusIO cannot be read, or refuses a change.

    \b
    Examples:
      mock-solusio pricing
      mock-solusio pricing --example > prices.toml
      mock-solusio pricing prices.toml --hours 700 --hours 730
      mock-solusio pricing prices.toml --table plans --output plans.csv
      mock-solusio pricing --from https://solus.example.com --output prices.toml
      mock-solusio pricing prices.toml --apply https://solus.example.com
    """  # noqa: D301 - click's \b must be a real backspace
    used = bool(example or format_ or hours or month or tables)
    _require_alone(file, from_url, apply_url, options, used=used)
    if from_url:
        from mock_solusio.pricing.installed import write_present

        write_present(from_url, options, output)
        return
    days = calendar.monthrange(*map(int, month.split("-")))[1] if month else LONGEST_MONTH
    _require_hours(hours, tables, month, days)

    own = resources.files("mock_solusio.price_list").joinpath("vendor.toml").read_bytes()
    if example:
        named = click.get_current_context().get_parameter_source("file") is ParameterSource.COMMANDLINE
        if (file and named) or format_ or hours or month or tables:
            raise click.UsageError("--example can only be combined with --output.")
        write_output(own.decode("utf-8"), output)
        return

    from mock_solusio.price_list.model import Severity, check
    from mock_solusio.price_list.reading import LONGEST_FILE, read
    from mock_solusio.price_list.report import make_report
    from solusio_contracts.decoding import DecodingError

    try:
        content = own if file is None else file.read(LONGEST_FILE + 1)
    except OSError as error:
        raise click.BadParameter(f"{error.strerror}.", param_hint="FILE") from error
    try:
        prices, findings = read(content, getattr(file, "name", ""))
    except DecodingError as error:
        raise click.BadParameter(f"{error}.", param_hint="FILE") from error
    if prices is not None:
        findings += check(prices)
    if apply_url:
        _apply(apply_url, options, prices, findings)
    report = make_report(prices, findings, month=month, days=days, hours=hours, tables=tables or TABLES)
    chosen = format_ or FORMAT_OF_SUFFIX.get(output.suffix.lower(), "table")
    # Without a valid list, an earlier table stays as it is; JSON has the diagnostics.
    if prices is not None or chosen == "json":
        write_output(_rendered(report, chosen, output), output)
    for finding in findings:
        click.echo(_encodable(str(finding), sys.stderr), err=True)
    raise SystemExit(int(any(finding.level is Severity.ERROR for finding in findings)))


def _require_hours(hours: tuple[int, ...], tables: tuple[str, ...], month: str | None, days: int) -> None:
    if hours and max(hours) > days * 24:
        raise click.BadParameter(f"{month} has only {days * 24} hours.", param_hint="--hours")
    if "hours" in tables and not hours:
        raise click.UsageError("--table hours needs --hours N.")
    if hours and tables and "hours" not in tables:
        raise click.UsageError("--hours needs --table hours, if there is a --table.")


def _require_alone(
    file: BinaryIO | None,
    from_url: str | None,
    apply_url: str | None,
    options: dict[str, Any],
    *,
    used: bool,
) -> None:
    """Refuse options that `--from` and `--apply` would ignore, or that are for them alone."""
    if options["yes_change_plans"] and not apply_url:
        raise click.UsageError("--yes-change-plans needs --apply.")
    if not from_url and not apply_url:
        if options["insecure"] or options["cacert"]:
            raise click.UsageError("--insecure and --cacert need --from or --apply.")
        return
    name = "--from" if from_url else "--apply"
    if from_url and apply_url:
        raise click.UsageError("--from and --apply exclude each other.")
    if used:
        raise click.UsageError(
            f"{name} cannot be combined with --example, --format, --hours, --month or --table."
        )
    if from_url and file is not None:
        raise click.UsageError("--from prints a price list; it reads no FILE.")
    if apply_url and file is None:
        raise click.UsageError("--apply needs a price list as FILE.")


def _apply(
    url: str, options: dict[str, Any], prices: "PriceList | None", findings: "list[Diagnostic]"
) -> NoReturn:
    """Apply a price list without errors, and exit."""
    from mock_solusio.price_list.model import Severity

    for finding in findings:
        if finding.level is not Severity.INFORMATION:
            click.echo(_encodable(str(finding), sys.stderr), err=True)
    if prices is None or any(finding.level is Severity.ERROR for finding in findings):
        click.echo("Nothing was compared: the price list has errors.", err=True)
        raise SystemExit(1)
    from mock_solusio.pricing.installed import apply_prices

    raise SystemExit(apply_prices(url, options, prices.plans))


def _rendered(report: "PriceReport", format_: str, output: Path) -> str:
    if format_ in ("json", "csv"):
        from mock_solusio.price_list.export import to_csv, to_json

        return to_json(report) if format_ == "json" else to_csv(report)
    from mock_solusio.price_list.text import to_markdown, to_table

    if format_ == "markdown":
        return to_markdown(report)
    return to_table(report, **medium_of(output))


def _encodable(text: str, stream: object) -> str:
    """Return the text with what the stream's encoding lacks as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
