"""The requirements, loaded once from `clauses.toml`."""

import enum
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from solusio_contracts.decoding import DecodingError, from_toml, read_text

AREAS = MappingProxyType(
    {
        "TP": "token pricing endpoint",
        "UM": "user management",
        "SSO": "login by token",
        "US": "usage",
        "INV": "invoices",
        "CL": "conduct of a client",
        "PF": "settings of an installation",
    }
)
"""The prefix of a clause id, and what it is about."""

_ID = re.compile(rf"(?:{'|'.join(AREAS)})-[0-9]{{3}}")


class Level(enum.StrEnum):
    """What a violation leads to: a failure, a warning or a note."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"

    @property
    def weight(self) -> int:
        """Larger is stricter."""
        return {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}[self]


class Provenance(enum.StrEnum):
    """Who states it: the vendor, public client software, or only this project."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One requirement.

    `source` names the vendor's step or the observed project; `reason` says why we assume it. `why` explains
    what goes wrong otherwise, and `fix` what to change.
    """

    id: str
    level: Level
    provenance: Provenance
    text: str
    why: str
    fix: str
    source: str = ""
    reason: str = ""


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    clause: list[Clause]


class ClauseError(Exception):
    """`clauses.toml` is inconsistent, or a citation names a clause that does not exist."""


def parse_clauses(text: str) -> Mapping[str, Clause]:
    """Read clauses from TOML text, and sort them by id.

    Raises:
        ClauseError: the text is not valid TOML, a field is wrong, an id is malformed or duplicated, or a
            source or reason is missing.
    """
    try:
        document = from_toml(text, _Document, "clauses.toml")
    except DecodingError as error:
        raise ClauseError(str(error)) from error
    clauses: dict[str, Clause] = {}
    for clause in document.clause:
        if not _ID.fullmatch(clause.id):
            raise ClauseError(f"clauses.toml: expected an id such as TP-041, got {clause.id!r}")
        if clause.id in clauses:
            raise ClauseError(f"clauses.toml: {clause.id} occurs twice")
        if clause.provenance is Provenance.ASSUMED and not clause.reason:
            raise ClauseError(f"clauses.toml: {clause.id} is assumed but has no reason")
        if clause.provenance is not Provenance.ASSUMED and not clause.source:
            raise ClauseError(f"clauses.toml: {clause.id} is {clause.provenance} but has no source")
        clauses[clause.id] = clause
    return MappingProxyType(dict(sorted(clauses.items())))


@functools.cache
def clauses() -> Mapping[str, Clause]:
    """Return all clauses by id."""
    return parse_clauses(read_text(Path(__file__).parents[1] / "clauses.toml"))


def clause(clause_id: str) -> Clause:
    """Return one clause.

    Raises:
        ClauseError: no clause has this id.
    """
    try:
        return clauses()[clause_id]
    except KeyError:
        raise ClauseError(f"clauses.toml has no clause {clause_id}") from None
