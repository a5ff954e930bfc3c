"""`mock-solusio contract`: show the requirements, export them with the OpenAPI documents.

Only click is imported here; what a command needs comes when it runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from solusio_contracts.clauses import Clause
    from solusio_contracts.contract_outline import Outline

FORMATS = ("table", "yaml", "json", "html", "openapi")
FORMAT_OF_SUFFIX = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".html": "html"}
DEFAULT_DOCUMENT = "billing-endpoint"


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
    from solusio_contracts.clauses import clauses
    from solusio_contracts.contract_outline import outlines
    from solusio_contracts.contract_tables import Printer

    known = clauses()
    operations = {outline.operation.id.lower(): outline for outline in outlines()}
    chosen: dict[str, Clause] = {}
    shown: list[Outline] = []
    for word in what:
        if outline := operations.get(word.lower()):
            shown.append(outline)
            ids = {clause_id for clause_id, _, _ in outline.places()}
        else:
            ids = {clause_id for clause_id in known if clause_id.startswith(word.upper())}
        if not ids and outline is None:
            raise click.BadParameter(_unknown(word, [*known], [*operations.values()]))
        chosen |= {clause_id: known[clause_id] for clause_id in sorted(ids)}
    found = [
        clause
        for clause in (chosen if what else known).values()
        if (not levels or clause.level in levels)
        and (not provenances or clause.provenance in provenances)
    ]
    if not found:
        raise click.UsageError("None of these clauses has that level and provenance.")
    printer = Printer()
    for outline in shown:
        printer.outline(outline)
    if what and all(word.upper() in known for word in what):
        for clause in found:
            printer.clause(clause)
    else:
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
    from solusio_contracts.documents import document_names

    known = document_names()
    for name in names:
        if name not in known:
            message = f"There is no document {name!r}, only {', '.join(known)}."
            raise click.BadParameter(message, param_hint="--document")
    chosen = format_ or FORMAT_OF_SUFFIX.get(output.suffix.lower(), "table")
    if chosen == "openapi" and len(names) > 1:
        raise click.BadParameter("Only one at a time with openapi.", param_hint="--document")
    text = _renderer(chosen)(names)
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"Cannot write {str(output)!r}: {error.strerror}."
        raise click.BadParameter(message, param_hint="--output") from error


def _renderer(format_: str) -> Callable[[tuple[str, ...]], str]:
    from solusio_contracts import contract_export, contract_tables, documents

    renderers: dict[str, Callable[[tuple[str, ...]], str]] = {
        "table": contract_tables.to_text,
        "yaml": contract_export.to_yaml,
        "json": contract_export.to_json,
        "html": contract_export.to_html,
        "openapi": lambda names: documents.document_text((*names, DEFAULT_DOCUMENT)[0]),
    }
    return renderers[format_]


def _unknown(word: str, clause_ids: list[str], operations: "list[Outline]") -> str:
    from difflib import get_close_matches

    from solusio_contracts.clauses import AREAS

    names = {name.lower(): name for name in clause_ids}
    names |= {outline.operation.id.lower(): outline.operation.id for outline in operations}
    close = [names[name] for name in get_close_matches(word.lower(), names, n=3)]
    if close:
        return f"There is no clause or operation {word!r}. Did you mean {', '.join(close)}?"
    areas = sorted({clause_id.partition("-")[0] for clause_id in clause_ids} & set(AREAS))
    known = ", ".join([*areas, *(outline.operation.id for outline in operations)])
    return f"There is no clause or operation {word!r}. Try one of {known}, or no argument for all."
