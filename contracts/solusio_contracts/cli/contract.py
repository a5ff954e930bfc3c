"""`mock-solusio contract`: show the requirements, export them, compare our documents with the vendor's.

Only click is imported here; each command imports the rest when it runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from solusio_contracts.cli.output import medium_of, output_option, write_output
from solusio_contracts.cli.overlay import overlay_option

if TYPE_CHECKING:
    from solusio_contracts.contract.clauses import Clause
    from solusio_contracts.contract.outline import Outline
    from solusio_contracts.contract.overlay import Overlay

FORMATS = ("table", "yaml", "json", "html", "openapi")
FORMAT_OF_SUFFIX = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".html": "html"}
DEFAULT_DOCUMENT = "billing-endpoint"
COMPARED = ("solusio-api", "billing-endpoint")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
VERDICTS = ("contradicted", "missing", "confirmed")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def contract() -> None:
    """Show or export what SolusIO expects of a billing system.

    The contract has two parts: clauses, each one requirement with an id such as TP-041, and
    OpenAPI documents. Both say who makes each statement: the vendor (documented), public client
    software (observed), or only this project (assumed).
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
@overlay_option("the clauses and operations are shown as it changes them.")
def show(
    what: tuple[str, ...],
    levels: tuple[str, ...],
    provenances: tuple[str, ...],
    overlay: "Overlay | None",
) -> None:
    """Show clauses: what is required, at what level, and who states it.

    Without an argument, show all clauses. With a clause id (TP-041), show everything about it: why,
    how to fix it, where it applies, which rules check it. With a prefix of ids (TP, TP-1), show the
    clauses that match. With an operation (GetTokenPricing), show its parameters, its members and
    their clauses.

    \b
    Examples:
      mock-solusio contract show TP-041
      mock-solusio contract show TP-1 --level must
      mock-solusio contract show GetTokenPricing --provenance assumed
    """
    from solusio_contracts.catalogue.tables import Printer
    from solusio_contracts.contract.clauses import clauses
    from solusio_contracts.contract.outline import outlines
    from solusio_contracts.contract.overlay import NO_OVERLAY

    changed = overlay or NO_OVERLAY
    known = {one.id: changed.clause(one) for one in clauses().values()}
    operations = {outline.operation.id.lower(): outline for outline in outlines(load=changed.document)}
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
    # An operation is shown even without clauses.
    if not found and (not shown or chosen):
        raise click.UsageError("none of these clauses has that level and provenance")
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
    help="Default: by the suffix of the output file (.yaml, .json, .html), otherwise table.",
)
@output_option
@click.option(
    "--document",
    "names",
    multiple=True,
    metavar="NAME",
    help="OpenAPI document to export; may be repeated, except with openapi. Default: all; with openapi, "
    f"{DEFAULT_DOCUMENT}.",
)
def export(format_: str | None, output: Path, names: tuple[str, ...]) -> None:
    """Export the clauses and OpenAPI documents of the contract.

    \b
    table    plain text
    yaml     clauses and documents in one structure
    json     the same structure as JSON
    html     one self-contained page for people; #TP-041 links to a clause
    openapi  a single OpenAPI document, for other tools

    \b
    Examples:
      mock-solusio contract export --output contract.html
      mock-solusio contract export --format openapi --output billing-endpoint.yaml
    """
    from solusio_contracts.contract.documents import document_names
    from solusio_contracts.suggestions import did_you_mean

    known = document_names()
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            message = f"expected one of {', '.join(known)}, got {name!r}.{hint}"
            raise click.BadParameter(message, param_hint="--document")
    chosen = format_ or FORMAT_OF_SUFFIX.get(output.suffix.lower(), "table")
    if chosen == "openapi" and len(names) > 1:
        raise click.BadParameter("expected a single document with --format openapi", param_hint="--document")
    write_output(_renderer(chosen)(names), output)


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
    help="Only findings of this kind; may be repeated. Default: all in JSON; the table omits confirmed "
    "ones, except where we had only assumed them.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="Default: json for an output file with the suffix .json, otherwise table.",
)
@output_option
@click.option("--insecure", is_flag=True, help="Accept any certificate of an https URL.")
@click.option(
    "--max-seconds",
    type=click.FloatRange(0.1, 3600),
    default=30,
    show_default=True,
    help="Limit for fetching a URL, in all.",
)
def diff(
    source: str,
    name: str,
    only: tuple[str, ...],
    format_: str | None,
    output: Path,
    insecure: bool,
    max_seconds: float,
) -> None:
    """Compare our OpenAPI document with the vendor's own.

    A SolusIO installation has the vendor's document in storage/api-docs/api-docs.json. Pass that
    file, its URL, or - for standard input: OpenAPI 3.0 to 3.2, JSON or YAML. Nothing is sent
    anywhere. Please report the result: it is the best help you can give this project.

    Exit codes: 0 no contradiction, 1 a contradiction, 2 nothing could be compared.

    \b
    Examples:
      mock-solusio contract diff api-docs.json
      mock-solusio contract diff api-docs.json --only contradicted
      mock-solusio contract diff api-docs.json --output diff.json
    """
    from solusio_contracts.contract.documents import document
    from solusio_contracts.diff.compare import compare
    from solusio_contracts.diff.export import exit_code, to_json
    from solusio_contracts.diff.findings import BUNDLE, DiffVerdict, enumerated
    from solusio_contracts.diff.vendor import VendorDocumentError, load, shown

    try:
        theirs = load(source, insecure=insecure, seconds=max_seconds)
    except VendorDocumentError as error:
        raise click.UsageError(str(error)) from error
    found = compare(document(name), theirs)
    if not found.matched:
        if found.elsewhere:
            raise click.UsageError(
                "Nothing was compared: parts of that document are in others, which are not followed: "
                f"{enumerated(found.elsewhere)}. {BUNDLE}"
            )
        others = ", ".join(other for other in COMPARED if other != name)
        raise click.UsageError(
            f"that document has no operation of {name}, so nothing was compared; try --document {others}"
        )
    verdicts = [DiffVerdict(verdict) for verdict in only]
    place = shown(source)
    if (format_ or FORMAT_OF_SUFFIX.get(output.suffix.lower())) == "json":
        write_output(to_json(found, name, place, verdicts or list(DiffVerdict)), output)
    else:
        from solusio_contracts.diff.tables import render
        from solusio_contracts.reporting.printing import printed

        text = printed(
            lambda console: render(found, console, name, place, verdicts or None), **medium_of(output)
        )
        write_output(text, output)
    raise SystemExit(exit_code(found))


@contract.command()
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@output_option
def learn(files: tuple[Path, ...], output: Path) -> None:
    """Turn what is assumed into what your SolusIO showed.

    FILE is what `preflight --evidence` wrote; several are learnt together. Writes an overlay: assumed
    elements and clauses become observed, or what was seen instead. What the vendor or public client
    software states stays as it is. `contract show`, `preflight` and `serve --strict` take the overlay
    with --contract-overlay. What was settled, and what remains, goes to standard error.

    Exit codes: 0 learnt, 1 the files contradict each other, 2 wrong usage.

    \b
    Examples:
      mock-solusio contract learn evidence.json --output overlay.json
      mock-solusio contract show listUsage --contract-overlay overlay.json
    """
    from solusio_contracts.catalogue.learning import learn, summary
    from solusio_contracts.contract.documents import DocumentError
    from solusio_contracts.contract.evidence import read_evidence
    from solusio_contracts.contract.overlay import read_overlay, to_json
    from solusio_contracts.decoding import DecodingError, read_text

    try:
        learnt = learn({str(file): read_evidence(read_text(file), str(file)) for file in files})
        text = to_json(learnt.overlay)
        read_overlay(text, ", ".join(map(str, files)))
    except (DecodingError, DocumentError) as error:
        raise click.UsageError(str(error)) from error
    write_output(text, output)
    for line in summary(learnt):
        click.echo(line, err=True)
    names = ", ".join(map(str, files))
    click.echo(
        f"Please send us {names}: it settles this for all. It has no values, hosts or tokens.", err=True
    )
    raise SystemExit(int(bool(learnt.conflicts)))


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
    from solusio_contracts.suggestions import did_you_mean

    message = f"{word!r} is not a clause or operation."
    # A similar id has the same beginning: TP-045 is meant as a neighbour, not as TP-504.
    begins = (word.upper()[:length] for length in range(len(word), len("TP-0"), -1))
    for begin in begins:
        if near := [clause_id for clause_id in clause_ids if clause_id.startswith(begin)]:
            return f"{message} Did you mean: {', '.join(near[:8])}?"
    if hint := did_you_mean(word, [*operation_ids, *clause_ids]):
        return message + hint
    areas = sorted({clause_id.partition("-")[0] for clause_id in clause_ids})
    return (
        f"{message} Expected a clause such as {clause_ids[0]}, a prefix ({', '.join(areas)}), "
        f"an operation such as {operation_ids[0]}, or nothing for all clauses."
    )
