"""`mock-solusio contract`: show the requirements, export them, compare documents with the vendor's.

Only click is imported here; what a command needs comes when it runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from solusio_contracts.contract.clauses import Clause
    from solusio_contracts.contract.outline import Outline

FORMATS = ("table", "yaml", "json", "html", "openapi")
FORMAT_OF_SUFFIX = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".html": "html"}
DEFAULT_DOCUMENT = "billing-endpoint"
COMPARED = ("solusio-api", "billing-endpoint")
VERDICTS = ("contradicted", "missing", "confirmed")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def contract() -> None:
    """Show or export what SolusIO expects of a billing system.

    The contract has two halves: clauses, each one requirement with an id such as TP-041, and
    OpenAPI documents. Both say of every statement who makes it: the vendor's page (documented),
    public client software (observed), or only we (assumed).
    """


@contract.command()
@click.argument("what", nargs=-1, metavar="[CLAUSE | PREFIX | OPERATION]...")
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.Choice(["must", "should", "may"]),
    help="Only clauses of this level; may be repeated.",
)
@click.option(
    "--provenance",
    "provenances",
    multiple=True,
    type=click.Choice(["documented", "observed", "assumed"]),
    help="Only clauses of this provenance; may be repeated.",
)
def show(what: tuple[str, ...], levels: tuple[str, ...], provenances: tuple[str, ...]) -> None:
    """Show clauses: what is required, how much it weighs, who states it.

    Without an argument, all of them. With the id of a clause (TP-041), everything about it: why,
    how to fix it, where it applies, which rules check it. With the beginning of ids (TP, TP-1),
    the clauses of that area. With an operation (GetTokenPricing), its parameters and members,
    and the clauses behind them.

    \b
    Examples:
      mock-solusio contract show TP-041
      mock-solusio contract show TP-1 --level must
      mock-solusio contract show GetTokenPricing --provenance assumed
    """
    from solusio_contracts.catalogue.tables import Printer
    from solusio_contracts.contract.clauses import clauses
    from solusio_contracts.contract.outline import outlines

    known = clauses()
    operations = {outline.operation.id.lower(): outline for outline in outlines()}
    chosen: dict[str, Clause] = {}
    shown: list[Outline] = []
    for word in what:
        named = operations.get(word.lower())
        if named is not None:
            shown.append(named)
            ids = {clause_id for clause_id, _, _ in named.places()}
        else:
            ids = {clause_id for clause_id in known if word and clause_id.startswith(word.upper())}
        if named is None and not ids:
            operation_ids = [outline.operation.id for outline in operations.values()]
            raise click.UsageError(_unknown(word, [*known], operation_ids))
        chosen |= {clause_id: known[clause_id] for clause_id in sorted(ids)}
    found = [
        clause
        for clause in (chosen if what else known).values()
        if (not levels or clause.level in levels) and (not provenances or clause.provenance in provenances)
    ]
    # An operation is shown even if no clause stands behind it.
    if not found and (not shown or chosen):
        raise click.UsageError("None of these clauses has that level and provenance.")
    printer = Printer()
    for outline in shown:
        printer.outline(outline)
    if what and all(word.upper() in known for word in what):
        for clause in found:
            printer.clause(clause)
    elif found:
        printer.clauses(found)


@contract.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: what the name of the output file says (.yaml, .json, .html), else table.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default="-",
    show_default="standard output",
    help="File to write, in UTF-8. One that exists is replaced.",
)
@click.option(
    "--document",
    "names",
    multiple=True,
    metavar="NAME",
    help="OpenAPI document to export; may be repeated, except with openapi. Default: all of them; "
    f"with openapi, {DEFAULT_DOCUMENT}.",
)
def export(format_: str | None, output: Path, names: tuple[str, ...]) -> None:
    """Export the contract: clauses and OpenAPI documents.

    \b
    table    plain text
    yaml     clauses and documents in one structure
    json     the same structure as JSON
    html     one page for people, complete in itself; link to a clause by #TP-041
    openapi  one OpenAPI document alone, as other tools want it

    \b
    Examples:
      mock-solusio contract export --output contract.html
      mock-solusio contract export --format openapi --output billing-endpoint.yaml
    """
    from solusio_contracts.contract.documents import document_names

    known = document_names()
    for name in names:
        if name not in known:
            message = f"There is no document {name!r}, only {', '.join(known)}."
            raise click.BadParameter(message, param_hint="--document")
    chosen = format_ or FORMAT_OF_SUFFIX.get(output.suffix.lower(), "table")
    if chosen == "openapi" and len(names) > 1:
        raise click.BadParameter("Only one at a time with openapi.", param_hint="--document")
    _write(_renderer(chosen)(names), output)


@contract.command()
@click.argument("source", metavar="FILE_OR_URL")
@click.option(
    "--document",
    "name",
    type=click.Choice(COMPARED),
    default=COMPARED[0],
    show_default=True,
    help="Which of our documents to compare.",
)
@click.option(
    "--only",
    type=click.Choice(VERDICTS),
    multiple=True,
    help="Only findings of this kind; may be repeated. Default: all in JSON; in the table, confirmed "
    "ones only where we had assumed them.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="Default: json for an output file named .json, else table.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default="-",
    show_default="standard output",
    help="File to write, in UTF-8. One that exists is replaced.",
)
@click.option("--insecure", is_flag=True, help="Accept any certificate of an https URL.")
def diff(
    source: str, name: str, only: tuple[str, ...], format_: str | None, output: Path, insecure: bool
) -> None:
    """Compare our OpenAPI document with the vendor's own.

    An installation of SolusIO has the vendor's document as storage/api-docs/api-docs.json. Pass that
    file, its URL, or - for standard input: OpenAPI 3.0 or 3.1, JSON or YAML. What it confirms,
    contradicts or knows beyond ours is the best report you can send us. It is compared here and sent nowhere.

    Exit codes: 0 nothing contradicted, 1 something is, 2 nothing could be compared.

    \b
    Examples:
      mock-solusio contract diff api-docs.json
      mock-solusio contract diff api-docs.json --only contradicted
      mock-solusio contract diff api-docs.json --output diff.json
    """
    from solusio_contracts.contract.documents import document
    from solusio_contracts.diff import export as diff_export
    from solusio_contracts.diff.compare import compare
    from solusio_contracts.diff.findings import Verdict
    from solusio_contracts.diff.vendor import VendorDocumentError, load, shown

    try:
        theirs = load(source, insecure=insecure)
    except VendorDocumentError as error:
        raise click.UsageError(str(error)) from error
    found = compare(document(name), theirs)
    if not found.matched:
        others = ", ".join(other for other in COMPARED if other != name)
        message = f"Not one operation of {name} is in that document, so nothing was compared."
        raise click.UsageError(f"{message} Is it the right one? (--document {others})")
    verdicts = [Verdict(verdict) for verdict in only]
    place = shown(source)
    if (format_ or FORMAT_OF_SUFFIX.get(output.suffix.lower())) == "json":
        _write(diff_export.to_json(found, name, place, verdicts or list(Verdict)), output)
    else:
        from solusio_contracts.diff.tables import render

        _write(
            _printed(lambda console: render(found, console, name, place, verdicts or None), output), output
        )
    raise SystemExit(diff_export.exit_code(found))


def _printed(render: "Callable[[Console], None]", output: Path) -> str:
    """Return what is printed: in the colours and width of the terminal if it goes to one."""
    import io
    import sys

    from rich.console import Console

    from solusio_contracts.catalogue.tables import PLAIN_WIDTH

    class File(io.StringIO):
        encoding = "utf-8" if str(output) != "-" else sys.stdout.encoding or "utf-8"

    terminal = str(output) == "-" and sys.stdout.isatty()
    file = File()
    width = None if terminal else PLAIN_WIDTH
    render(Console(file=file, width=width, force_terminal=terminal, highlight=False))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _write(text: str, output: Path) -> None:
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"Cannot write {str(output)!r}: {error.strerror}."
        raise click.BadParameter(message, param_hint="--output") from error


def _renderer(format_: str) -> Callable[[tuple[str, ...]], str]:
    if format_ == "table":
        from solusio_contracts.catalogue.tables import to_text

        return to_text
    if format_ == "openapi":
        from solusio_contracts.contract.documents import document_text

        return lambda names: document_text((*names, DEFAULT_DOCUMENT)[0])
    from solusio_contracts.catalogue.export import to_html, to_json, to_yaml

    return {"html": to_html, "json": to_json, "yaml": to_yaml}[format_]


def _unknown(word: str, clause_ids: list[str], operation_ids: list[str]) -> str:
    from difflib import get_close_matches

    message = f"There is no clause or operation {word!r}."
    # Ids are alike when they begin alike: TP-045 means a neighbour, not TP-504.
    begins = (word.upper()[:length] for length in range(len(word), len("TP-0"), -1))
    for begin in begins:
        if near := [clause_id for clause_id in clause_ids if clause_id.startswith(begin)]:
            return f"{message} Near it: {', '.join(near[:8])}."
    names = {name.lower(): name for name in operation_ids}
    if close := get_close_matches(word.lower(), names, n=1):
        return f"{message} Did you mean {names[close[0]]}?"
    areas = sorted({clause_id.partition("-")[0] for clause_id in clause_ids})
    return f"{message} Try one of {', '.join([*areas, *operation_ids])}, or nothing for all."
