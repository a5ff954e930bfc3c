"""Exports the whole contract: as JSON and YAML for programs, as one HTML page for people."""

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from itertools import groupby
from typing import Any

import jinja2
import msgspec
import yaml
from markdown_it import MarkdownIt
from markupsafe import Markup

from solusio_contracts.catalogue.citations import places_by_clause, rules_by_clause
from solusio_contracts.contract.clauses import AREAS, Clause, Level, Provenance, clauses
from solusio_contracts.contract.documents import document, document_names
from solusio_contracts.contract.outline import outlines

FORMAT_VERSION = "1.0"
"""Version of the export: a new minor version adds members, a new major one changes or removes some."""

HEADINGS = (
    ("TP-001", "Transport"),
    ("TP-020", "Body"),
    ("TP-030", "Fields"),
    ("TP-060", "Values"),
    ("TP-101", "Authorization"),
    ("TP-201", "Input"),
    ("TP-301", "Consistency"),
    ("TP-401", "Robustness"),
    ("TP-501", "Security"),
    ("UM-001", "User management"),
    ("UM-010", "States of users"),
    ("UM-020", "Registration and limits"),
    ("UM-030", "Roles and allowed addresses"),
    ("UM-040", "What a billing system does with users"),
    ("SSO-001", "Login by token"),
    ("SSO-010", "What a billing system does with logins"),
    ("US-001", "Asking for usage"),
    ("US-010", "Hours and lines"),
    ("US-020", "Tokens"),
    ("US-030", "Resources beside servers"),
    ("INV-001", "Invoices of a period"),
    ("INV-004", "Lines"),
    ("INV-006", "Amounts"),
    ("INV-012", "Repetition and identity"),
    ("INV-015", "What customers see"),
    ("CL-001", "Requests of a client"),
    ("CL-011", "Lists"),
    ("CL-021", "Customers"),
    ("CL-031", "Retries"),
    ("CL-041", "Passwords and roles"),
    ("CL-051", "Login links"),
)
"""The first clause of each group, and the heading of the group."""

MEANINGS: Mapping[Level | Provenance, str] = {
    Level.MUST: "a violation fails the endpoint",
    Level.SHOULD: "a violation is a warning",
    Level.MAY: "information",
    Provenance.DOCUMENTED: "the vendor says so",
    Provenance.OBSERVED: "public client software depends on it",
    Provenance.ASSUMED: "nobody states it; we assume it, and say why",
}


def bundle(names: Iterable[str] = ()) -> dict[str, Any]:
    """Return all clauses and these documents (all if none is named) as one structure."""
    rules = rules_by_clause()
    return {
        "format": "mock-solusio contract",
        "format_version": FORMAT_VERSION,
        "tool_version": metadata.version("mock-solusio"),
        "clauses": [
            {
                **msgspec.to_builtins(clause),
                "rules": [rule.name for rule in rules.get(clause.id, ())],
            }
            for clause in clauses().values()
        ],
        "documents": {name: document(name) for name in tuple(names) or document_names()},
    }


def to_json(names: Iterable[str] = ()) -> str:
    """Return the bundle as JSON."""
    return json.dumps(bundle(names), ensure_ascii=False, indent=2) + "\n"


def to_yaml(names: Iterable[str] = ()) -> str:
    """Return the bundle as YAML."""
    return yaml.dump(bundle(names), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as blocks, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


# HTML


def to_html(names: Iterable[str] = ()) -> str:
    """Return one self-contained page, without scripts or external resources."""
    chosen = tuple(names) or document_names()
    shown = outlines(*chosen)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("solusio_contracts.catalogue", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Descriptions in a document are CommonMark; without HTML and images they are safe and load nothing.
    prose = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])
    # In clauses, only backticks are markup: `&pound;` and `[...]` are plain text.
    plain = MarkdownIt("zero", {"html": False}).enable("backticks")
    environment.filters["markdown"] = lambda text: Markup(prose.render(text))  # noqa: S704
    environment.filters["inline"] = lambda text: Markup(plain.renderInline(text))  # noqa: S704
    return environment.get_template("contract.html.j2").render(
        documents=[(name, document(name)["info"]) for name in chosen],
        outlines=shown,
        areas=list(_grouped()),
        count=len(clauses()),
        rules=rules_by_clause(),
        places=places_by_clause(shown),
        levels=[(level.value, MEANINGS[level]) for level in sorted(Level, key=lambda level: -level.weight)],
        provenances=[(kind.value, MEANINGS[kind]) for kind in Provenance],
        version=metadata.version("mock-solusio"),
    )


def _grouped() -> Iterator[tuple[str, str, list[tuple[str, str, list[Clause]]]]]:
    """Yield (prefix, meaning, groups) for each area; a group is (anchor, heading, clauses)."""
    order = list(AREAS)
    by_area = sorted(clauses().values(), key=lambda clause: (order.index(area_of(clause)), clause.id))
    for area, members in groupby(by_area, key=area_of):
        groups = [
            (f"{area}-{heading.lower()}" if heading else f"{area}-all", heading, list(group))
            for heading, group in groupby(members, key=heading_of)
        ]
        yield area, AREAS[area], groups


def area_of(clause: Clause) -> str:
    """Return the prefix of a clause's id."""
    return clause.id.partition("-")[0]


def heading_of(clause: Clause) -> str:
    """Return the heading of a clause's group, empty if its area has none."""
    prefix = area_of(clause) + "-"
    started = [name for first, name in HEADINGS if first.startswith(prefix) and first <= clause.id]
    return started[-1] if started else ""
