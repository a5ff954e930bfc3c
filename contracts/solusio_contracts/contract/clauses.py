"""The requirements, loaded once from `clauses.toml`."""

import enum
import functools
import re
from collections.abc import Mapping
from importlib import resources
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
    }
)
"""Prefix of a clause id -> what it is about (DESIGN 4)."""

_ID = re.compile(rf"(?:{'|'.join(AREAS)})-[0-9]{{3}}")


class Level(enum.StrEnum):
    """How much a violation weighs: fails the target, warns, or merely informs."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"

    @property
    def weight(self) -> int:
        """Larger is stricter."""
        return {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}[self]


class Provenance(enum.StrEnum):
    """Who states it: the vendor's page, public client software, or only we."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One requirement.

    `source` names the vendor's step or the observed project, `reason` says why we assume it. `why` tells an
    integrator what goes wrong otherwise, `fix` what to change.
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
    """Read clauses from TOML text, in order of their ids.

    Raises:
        ClauseError: the text is not valid TOML, a field is wrong, an id is malformed or given twice, or a
            provenance lacks its source or reason.
    """
    try:
        document = from_toml(text, _Document, "clauses.toml")
    except DecodingError as error:
        raise ClauseError(str(error)) from error
    clauses: dict[str, Clause] = {}
    for clause in document.clause:
        if not _ID.fullmatch(clause.id):
            raise ClauseError(f"clauses.toml: {clause.id!r} is not of the form TP-000")
        if clause.id in clauses:
            raise ClauseError(f"clauses.toml: {clause.id} stands twice")
        if clause.provenance is Provenance.ASSUMED and not clause.reason:
            raise ClauseError(f"clauses.toml: {clause.id} is assumed and gives no reason")
        if clause.provenance is not Provenance.ASSUMED and not clause.source:
            raise ClauseError(f"clauses.toml: {clause.id} is {clause.provenance} and gives no source")
        clauses[clause.id] = clause
    return MappingProxyType(dict(sorted(clauses.items())))


@functools.cache
def clauses() -> Mapping[str, Clause]:
    """Return all clauses by id."""
    return parse_clauses(read_text(resources.files("solusio_contracts").joinpath("clauses.toml")))


def clause(clause_id: str) -> Clause:
    """Return one clause.

    Raises:
        ClauseError: there is none with this id.
    """
    try:
        return clauses()[clause_id]
    except KeyError:
        raise ClauseError(f"no clause {clause_id} in clauses.toml") from None
