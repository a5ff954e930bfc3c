"""Judges the answer to a generated question by what the contract or plain sanity demands, no more.

What was generated does not count, only what was sent: the form is read back from the bytes, as a server would
read it. Wherever sane servers differ (` 1`, `+1`, `1.0` or fullwidth digits for 1, one of two doubled
parameters, names such as ` userid`), both answers are right. An integer id that we do not know may belong to
a customer all the same.
"""

import unicodedata
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import jsonschema_rs

from solusio_contracts.checking import leaks
from solusio_contracts.checking.rule import misspelt, shown
from solusio_contracts.checking.target import Target
from solusio_contracts.contract import documents
from solusio_contracts.fuzzing.generator import FIELDS, OPERATION
from solusio_contracts.http.exchange import ACTION, Exchange, FailureKind
from solusio_contracts.http.json_body import Flaw, excerpt

BITS_32, BITS_63 = 2**32, 2**63
"""Ids from 2^63 on fit no database column; ids that equal a known one modulo 2^32 have overflowed."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A clause that an answer violates; `kind` tells different faults of one clause apart."""

    clause: str
    kind: str
    subject: str
    expected: str
    actual: str
    hint: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two violations the same fault."""
        return self.clause, self.kind


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a parameter must not lead to a price."""

    clause: str
    text: str


class Sent:
    """The form that was sent, with names read as leniently as any server reads them."""

    def __init__(self, body: bytes) -> None:
        """Read a body; what is no form reads as one odd parameter."""
        pairs = urllib.parse.parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape"
        )
        self.exact: dict[str, list[str]] = {field: [] for field in FIELDS}
        self.array: dict[str, list[str]] = {field: [] for field in FIELDS}
        self.near: dict[str, list[str]] = {field: [] for field in FIELDS}
        """Names that some servers take for the field: ` userid`, `UserID`, `userid` and a zero byte."""
        self.others = 0
        for name, value in pairs:
            field = _trimmed(name.partition("\0")[0].partition("[")[0]).casefold()
            if field not in FIELDS:
                self.others += 1
            elif name == field:
                self.exact[field].append(value)
            elif name.startswith(f"{field}["):
                self.array[field].append(value)
            else:
                self.near[field].append(value)

    def all(self, field: str) -> list[str]:
        """Return all values that some server may take for the field's."""
        return self.exact[field] + self.array[field] + self.near[field]

    def faults(self, token: str | None, known: frozenset[int], unknown: int) -> Iterator[Fault]:
        """Yield what forbids a price; `token` is None where it need not be right."""
        found = (
            self._token_fault(token) if token is not None else None,
            self._action_fault(),
            self._user_fault(known, unknown),
        )
        yield from (fault for fault in found if fault is not None)

    def odd(self, token: str | None, known: frozenset[int]) -> str:
        """Name the parameter that differs from SolusIO's question: one name, `several`, or an empty text."""
        right = {
            "token": [[token]] if token is not None else [self.exact["token"]],
            "action": [[ACTION]],
            "userid": [[str(user)] for user in known],
        }
        odd = [
            field
            for field in FIELDS
            if self.exact[field] not in right[field] or self.array[field] or self.near[field]
        ]
        if not odd:
            return "additional parameters" if self.others else ""
        return odd[0] if len(odd) == 1 else "several"

    def _token_fault(self, token: str) -> Fault | None:
        values = self.all("token")
        # A right one anywhere may count, and blanks around it may be dropped.
        if any(_trimmed(value) == _trimmed(token) for value in values):
            if self.exact["token"] or self.near["token"]:
                return None
            return Fault("TP-107", "`token[]` instead of `token`")
        if not values:
            return Fault("TP-102", "no `token`")
        if not self.exact["token"] and not self.near["token"]:
            return Fault("TP-107", "`token[]` instead of `token`")
        if len(values) > 1:
            return Fault("TP-108", f"{len(values)} wrong tokens")
        value = values[0]
        if not value:
            return Fault("TP-103", "an empty `token`")
        if value.casefold() == token.casefold():
            return Fault("TP-105", "the `token` in another case")
        if token in value or token.startswith(value):
            return Fault("TP-104", "the `token` with something added or cut off")
        return Fault("TP-101", f"the wrong `token` {excerpt(value)}")

    def _action_fault(self) -> Fault | None:
        values = self.all("action")
        if any(_trimmed(value).casefold() == ACTION.casefold() for value in values):
            if self.exact["action"] or self.near["action"]:
                return None
            return Fault("TP-214", "`action[]` instead of `action`")
        if not any(values):
            return Fault("TP-213", "an empty `action`" if values else "no `action`")
        return Fault("TP-214", f"the unknown `action` {excerpt(values[0])}")

    def _user_fault(self, known: frozenset[int], unknown: int) -> Fault | None:
        if self.near["userid"] or (self.array["userid"] and self.exact["userid"]):
            return None
        if self.array["userid"]:
            return Fault("TP-210", "`userid[]` instead of `userid`")
        if not self.exact["userid"]:
            return Fault("TP-201", "no `userid`")
        faults = [user_fault(value, known, unknown) for value in self.exact["userid"]]
        # Which of several counts is open, so all of them must be wrong.
        return None if None in faults else faults[-1]


def user_fault(text: str, known: frozenset[int], unknown: int) -> Fault | None:
    """Return why a userid must not get a price, or None when some sane reading makes a user's id of it."""
    plain = _trimmed(text)
    quoted = f"the `userid` {excerpt(text)}"
    if not plain:
        return Fault("TP-202", f"an empty `userid` {excerpt(text)}" if text else "an empty `userid`")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return _text_fault(plain, quoted)
    if not number.is_finite():
        return Fault("TP-203", quoted)
    if number <= 0:
        return Fault("TP-205", f"{quoted}, which is not positive")
    if number >= BITS_63:
        return Fault("TP-206", f"{quoted}, which no 64 bits hold")
    # Some languages know no other number than float, where 1.00000000000000001 is 1.
    if not float(number).is_integer() or number < Decimal("0.5"):
        return Fault("TP-204", f"{quoted}, which has a fraction")
    whole = int(number.to_integral_value())
    if whole >= BITS_32 and whole % BITS_32 in known:
        return Fault("TP-206", f"{quoted}, which is {whole % BITS_32} when cut to 32 bits")
    if whole == unknown:
        return Fault("TP-211", f"the user {unknown}, who does not exist")
    return None


def _text_fault(plain: str, quoted: str) -> Fault | None:
    try:
        # JavaScript's Number("0x1") is 1, and its users may check that before they ask the database.
        int(plain, 0)
    except ValueError:
        pass
    else:
        return None
    if plain.lstrip("+-")[:1].isdecimal():
        return Fault("TP-207", f"{quoted}, which has something behind or within the number")
    if not (plain.isascii() and plain.isprintable()):
        return Fault("TP-209", quoted)
    if "'" in plain or '"' in plain:
        return Fault("TP-208", quoted)
    return Fault("TP-203", quoted)


def _trimmed(text: str) -> str:
    """Drop what servers drop around a value: blanks, control characters, zero bytes, byte order marks."""
    start, end = 0, len(text)
    while start < end and _blank(text[start]):
        start += 1
    while end > start and _blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _blank(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf")


_ODD: Mapping[str, str] = {
    "": "a valid request",
    "additional parameters": "a question with additional parameters",
    "several": "a question with several odd parameters",
}
_FLAWS: Mapping[Flaw, tuple[str, str]] = {
    Flaw.BOM: ("TP-020", "UTF-8 without a byte order mark"),
    Flaw.ENCODING: ("TP-020", "UTF-8"),
    Flaw.EMPTY: ("TP-021", "a JSON document"),
    Flaw.SURROUNDED: ("TP-021", "the JSON document and nothing else"),
    Flaw.SYNTAX: ("TP-022", "strict JSON"),
    Flaw.NOT_FINITE: ("TP-022", "strict JSON"),
    Flaw.SURROGATE: ("TP-022", "strict JSON"),
    Flaw.DUPLICATE: ("TP-023", "each key once"),
    Flaw.IN_STRING: ("TP-024", "one JSON object"),
    Flaw.JSONP: ("TP-024", "one JSON object"),
}
# By the member at which the schema fails; its type, or that it is missing.
_MEMBERS: Mapping[tuple[str, ...], str] = {
    ("base_token_unit_cost",): "TP-030",
    ("user_token_unit_cost",): "TP-031",
    ("currency",): "TP-032",
    ("currency", "code"): "TP-033",
    ("currency", "display_prefix"): "TP-034",
    ("currency", "display_suffix"): "TP-034",
    ("currency", "thousands_separator"): "TP-035",
    ("currency", "decimals_separator"): "TP-035",
    ("currency", "decimals"): "TP-036",
    ("discounts",): "TP-040",
    ("discounts", "name"): "TP-042",
    ("discounts", "description"): "TP-042",
    ("discounts", "multipler"): "TP-043",
    ("taxes",): "TP-050",
    ("taxes", "compound"): "TP-051",
    ("taxes", "rates"): "TP-052",
    ("taxes", "rates", "label"): "TP-053",
    ("taxes", "rates", "rate"): "TP-054",
}
# Keywords other than type and required that have clauses of their own.
_VALUES: Mapping[tuple[tuple[str, ...], str], str] = {
    (("discounts", "multipler"), "required"): "TP-041",
    (("base_token_unit_cost",), "exclusiveMinimum"): "TP-060",
    (("user_token_unit_cost",), "minimum"): "TP-061",
    (("currency", "code"), "pattern"): "TP-062",
    (("discounts", "multipler"), "minimum"): "TP-066",
    (("taxes", "rates", "rate"), "minimum"): "TP-067",
}
CLAUSES: tuple[str, ...] = tuple(
    sorted(
        {
            *("TP-003", "TP-005", "TP-024", "TP-401", "TP-402", "TP-403"),
            *(f"TP-{number}" for number in (*range(101, 106), 107, 108, *range(201, 212), 213, 214)),
            *("TP-501", "TP-502", "TP-503", "TP-504"),
            *(clause for clause, _ in _FLAWS.values()),
            *_MEMBERS.values(),
            *_VALUES.values(),
        }
    )
)
"""Every clause that a violation may name."""


class Judge:
    """Judges exchanges with one target; `token_required` is what a wrong token was found to lead to."""

    def __init__(self, target: Target, *, token_required: bool) -> None:
        self._target = target
        self._known = frozenset(target.users)
        self._guard = target.token if token_required else None

    @cached_property
    def _schema(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(documents.response_schema(OPERATION, 200))

    def __call__(self, exchange: Exchange) -> list[Violation]:
        """Return what an answer violates, the gravest first."""
        sent = Sent(exchange.request.body)
        odd = sent.odd(self._target.token, self._known)
        found = [*self._transport(exchange, odd), *self._leaks(exchange)]
        if exchange.priced:
            # A violation that is there for one parameter is there whatever the others are.
            faults = sent.faults(self._guard, self._known, self._target.settings.unknown_user)
            found += [
                Violation(fault.clause, "priced", fault.text, "no price", exchange.summary)
                for fault in faults
            ]
        if exchange.priced and exchange.ok:
            found += self._form_of_price(exchange)
        return found

    def _transport(self, exchange: Exchange, odd: str) -> Iterator[Violation]:
        subject = _ODD.get(odd, f"a question with an odd `{odd}`")
        if exchange.failure is FailureKind.PROTOCOL:
            yield Violation("TP-005", odd, subject, "an HTTP answer", exchange.summary)
        elif exchange.failure is not None:
            kind = f"{exchange.failure} {odd}"
            yield Violation("TP-402", kind, subject, "a complete answer in time", exchange.summary)
        elif exchange.server_error:
            kind = f"{exchange.status} {odd}"
            yield Violation("TP-401", kind, subject, "any status below 500", exchange.summary)

    def _leaks(self, exchange: Exchange) -> Iterator[Violation]:
        for leak in leaks.find(exchange, self._target.token, self._target.origin.path):
            yield Violation(leak.clause, leak.what, "an answer", f"nothing such as {leak.what}", leak.excerpt)

    def _form_of_price(self, exchange: Exchange) -> Iterator[Violation]:
        kind = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            yield Violation(
                "TP-003", "type", "Content-Type of a price", "application/json", kind or "no Content-Type"
            )
        for problem in exchange.reading.problems:
            clause, expected = _FLAWS[problem.flaw]
            yield Violation(clause, problem.flaw, "the body of a price", expected, problem.detail)
        if not exchange.reading.readable:
            return
        for error in self._schema.iter_errors(exchange.reading.value):
            for cause in _causes(error):
                yield _schema_violation(cause, exchange.reading.value)


def _causes(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """Yield an error, or where several schemas were tried those of the one that was meant."""
    tried: list[list[jsonschema_rs.ValidationError]] = getattr(error.kind, "context", None) or []
    if not tried:
        yield error
        return
    # The schema that was meant is the one whose faults lie deepest; `type` lies at the very top.
    meant = max(tried, key=lambda errors: max(_depth(inner) for inner in errors))
    if max(_depth(inner) for inner in meant) <= len(error.instance_path):
        yield error
        return
    for inner in meant:
        yield from _causes(inner)


def _depth(error: jsonschema_rs.ValidationError) -> int:
    return len(error.instance_path) + (error.kind.name == "required")


def _schema_violation(error: jsonschema_rs.ValidationError, value: Any) -> Violation:
    path = [*error.instance_path]
    missing = error.kind.name == "required"
    holder = _at(value, path)
    if missing:
        path.append(str(error.kind.as_dict()["property"]))
    names = tuple(part for part in path if isinstance(part, str))
    clause = _VALUES.get((names, error.kind.name)) or _MEMBERS.get(names, "TP-024")
    subject = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    hint = ""
    if missing and isinstance(holder, dict):
        meant = misspelt(names[-1], holder)
        hint = f"rename `{meant}` to `{names[-1]}`" if meant else f"add the key `{names[-1]}`"
    return Violation(
        clause,
        f"{'.'.join(names)} {error.kind.name}",
        subject or "the document",
        f"the key `{names[-1]}`" if missing else _wanted(error),
        shown(holder),
        hint,
    )


def _at(value: Any, path: list[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value


def _wanted(error: jsonschema_rs.ValidationError) -> str:
    """Return in words what the schema demands; the message itself repeats the value, however long."""
    details = error.kind.as_dict()
    match error.kind.name:
        case "type":
            return "the JSON type " + " or ".join(details["types"])
        case "minimum":
            return f"{details['limit']} or more"
        case "exclusiveMinimum":
            return f"more than {details['limit']}"
        case "maximum":
            return f"{details['limit']} or less"
        case "pattern":
            return f"a match of {details['pattern']}"
        case name:
            return f"what the schema's `{name}` demands"
