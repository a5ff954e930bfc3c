"""`mock-solusio check`: options in, one run, reports out, exit code."""

import random
import urllib.parse
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solusio_contracts.cli.config import config_option
from solusio_contracts.cli.extras import require_extra
from solusio_contracts.cli.reporting import PreparedRun, Reporting, report_options, run_and_report
from solusio_contracts.cli.tls import tls_context, tls_options
from solusio_contracts.cli.types import Header, Rate, Seconds, UserId
from solusio_contracts.http.masking import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rich.console import Console

    from solusio_contracts.checking.rule import Rule
    from solusio_contracts.checking.target import TargetSettings
    from solusio_contracts.reporting.report import Report


WITHOUT_FUZZING = (
    "To check without fuzzing, use --no-fuzz, or `fuzz = false` in the table [check] of mock-solusio.toml."
)


def _list_rules(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from solusio_contracts.catalogue.rules import print_rules

        print_rules()
        ctx.exit(0)


def _explain(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        from solusio_contracts.catalogue.rules import UnknownRuleError, print_explanation

        try:
            print_explanation(name)
        except UnknownRuleError as error:
            raise click.UsageError(str(error)) from error
        ctx.exit(0)


@click.command(
    short_help="Check a billing endpoint against the contract.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("url")
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    metavar="T",
    help="The authorization token that SolusIO sends; the endpoint must then refuse wrong ones. Prefer the "
    "environment variable, which stays out of the shell's history.",
)
@click.option(
    "--user-id",
    "user_ids",
    type=UserId(1),
    multiple=True,
    required=True,
    metavar="N",
    help="The id of an existing customer in the billing system. Repeat it, with customers of different "
    "discounts, taxes and currencies: only what a response contains can be checked.",
)
@click.option(
    "--unknown-user-id",
    type=UserId(1),
    default=987_654_321,
    show_default=True,
    metavar="X",
    help="An id that no customer has.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="SELECTOR",
    help="Only these rules, areas or clauses; * and ? are wildcards.",
)
@click.option("--skip", multiple=True, metavar="SELECTOR", help="Not these rules, areas or clauses.")
@click.option(
    "--fuzz/--no-fuzz",
    default=True,
    show_default=True,
    help="Also send generated requests, for which the extra `fuzz` must be installed.",
)
@click.option(
    "--fuzz-examples",
    type=click.IntRange(1),
    default=150,
    show_default=True,
    metavar="N",
    help="Number of generated requests.",
)
@click.option(
    "--fuzz-seconds",
    type=Seconds(0.1),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Maximum time for generated requests, in seconds.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=None,
    metavar="N",
    help="Repeat the generated requests of an earlier run; its report shows the seed.  [default: random]",
)
@click.option(
    "--timeout",
    type=Seconds(0.1, 300),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Maximum time for a complete response, in seconds.",
)
@click.option(
    "--rate",
    type=Rate(),
    metavar="N/s",
    default=None,
    help="Send at most so many requests a second; then no crowd is larger than that.  [default: no limit]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 200),
    default=None,
    metavar="N",
    help="Send at most so many requests at once, in crowds too.  [default: 4 if the endpoint is slow and "
    "serves several at once, otherwise 1; crowds of 24 and 50]",
)
@click.option(
    "--max-seconds",
    type=Seconds(1),
    default=None,
    metavar="S",
    help="Stop after so many seconds; rules that have not run are undecided.  [default: no limit]",
)
@click.option(
    "--header",
    "headers",
    type=Header(),
    multiple=True,
    help="Also send this header, for example to a password-protected test server. Reports mask its value.",
)
@tls_options
@click.option(
    "--watch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Check again when a file in this folder changes, or on Enter, until Ctrl-C: first what failed, then "
    "everything.",
)
@report_options(verbose="Also show passed rules and whole exchanges.")
@config_option(section="check")
@click.option(
    "--list-rules",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_rules,
    help="List all rules and exit.",
)
@click.option(
    "--explain",
    metavar="RULE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Explain a rule or clause and exit.",
)
@click.pass_context
def check(ctx: click.Context, /, url: str, **options: Any) -> None:
    """Check whether the billing endpoint at URL works with SolusIO.

    Sends SolusIO's requests, then hostile ones, and tells you what to fix. No request asks the endpoint to
    store anything, but there are several hundred of them: use a test system.

    \b
    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage,
    3 inconclusive (unreachable, or something could not be decided).
    With --watch, Ctrl-C exits with the code of the last verdict.
    """
    options["url"] = url
    if options["watch"] is None:
        run_and_report(ctx, options, prepared(options))
    from solusio_contracts.cli.watch import require_repeatable, watch_and_report

    require_repeatable(options)
    whole = prepared(options)
    reporting = Reporting(options, item=whole.item, names=whole.names)

    def run(console: "Console", only: "Collection[str] | None" = None) -> "Report":
        return prepared(options, only).on(console)

    written = [file for _, file in options["reports"]]
    chosen = {rule.name for rule in _chosen(options)[0]}
    ctx.exit(watch_and_report(options["watch"], reporting, run, chosen, written))


def prepared(options: dict[str, Any], only: "Collection[str] | None" = None) -> PreparedRun:
    """Return the run that the options of `check` describe; `only`: of the rules with these names.

    Raises:
        click.UsageError: an option is wrong, or rules that send generated requests lack the extra `fuzz`.
    """
    from solusio_contracts.rules import all_rules

    settings = settings_from(options["url"], options)
    chosen, left_out = _chosen(options)
    rules = [rule for rule in chosen if only is None or rule.name in only]
    if any(rule.generated for rule in rules):
        require_extra("fuzz", "Fuzzing", WITHOUT_FUZZING)

    def run(progress: "Callable[..., None]") -> "Report":
        from solusio_contracts.checking import runner
        from solusio_contracts.checking.target import Target

        skipped = {rule: "left out with --no-fuzz" for rule in left_out if only is None}
        return runner.run(Target(settings), rules, left_out=skipped, progress=progress)

    names = {rule.name for rule in all_rules()}
    return PreparedRun(item="rule", names=names, total=len(rules), run=run)


def _chosen(options: dict[str, Any]) -> "tuple[list[Rule], list[Rule]]":
    """Return the rules that `--only` and `--skip` choose: what runs, and what `--no-fuzz` leaves out.

    Raises:
        click.UsageError: a selector matches nothing, or there is nothing to run.
    """
    from solusio_contracts.checking.selection import SelectionError, select
    from solusio_contracts.rules import all_rules

    try:
        chosen = select(
            all_rules(),
            lambda rule: rule.selectors,
            options["only"],
            options["skip"],
            kind="rule",
            listing="mock-solusio check --list-rules",
        )
    except SelectionError as error:
        raise click.UsageError(str(error)) from error
    if options["fuzz"]:
        return chosen, []
    left_out = [rule for rule in chosen if rule.generated]
    if len(left_out) == len(chosen):
        raise click.UsageError("--no-fuzz leaves no rule: those chosen all send generated requests")
    return [rule for rule in chosen if not rule.generated], left_out


def settings_from(url: str, options: dict[str, Any]) -> "TargetSettings":
    """Return the settings of the target; a user name and password in the URL become a header."""
    from solusio_contracts.checking.target import TargetSettings
    from solusio_contracts.http.connection import check_headers
    from solusio_contracts.http.url import Origin

    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="URL") from error
    headers: tuple[tuple[str, str], ...] = tuple(options["headers"])
    if parts.username is not None:
        password = urllib.parse.unquote(parts.password or "")
        pair = f"{urllib.parse.unquote(parts.username)}:{password}".encode()
        headers = (*headers, ("Authorization", f"Basic {b64encode(pair).decode('ascii')}"))
        url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        Origin.of(url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="URL") from error
    if options["unknown_user_id"] in options["user_ids"]:
        raise click.BadParameter(
            f"expected an id that --user-id does not name, got {options['unknown_user_id']}",
            param_hint="--unknown-user-id",
        )
    try:
        check_headers(headers)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--header") from error
    seed = options["seed"]
    return TargetSettings(
        url=url,
        users=tuple(dict.fromkeys(options["user_ids"])),
        token=options["token"] or None,
        unknown_user=options["unknown_user_id"],
        timeout=options["timeout"],
        headers=headers,
        tls=tls_context(url, insecure=options["insecure"], cacert=options["cacert"]),
        seed=random.SystemRandom().randrange(2**32) if seed is None else seed,
        fuzz_examples=options["fuzz_examples"],
        fuzz_seconds=options["fuzz_seconds"],
        rate=options["rate"],
        concurrency=options["concurrency"],
        max_seconds=options["max_seconds"],
    )
