"""Judges the response to a generated request by the contract and common sense, and no more strictly.

Only what was sent counts: the form is decoded from the bytes, as a server decodes it. Wherever sane servers
differ (` 1`, `+1`, `1.0` or fullwidth digits for 1, one of two repeated parameters, names such as ` userid`),
both responses are right. An unknown integer id may still belong to a customer.
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
from solusio_contracts.checking.price import judged_part
from solusio_contracts.checking.rule import misspelt, shown
from solusio_contracts.checking.target import Target
from solusio_contracts.contract import documents
from solusio_contracts.fuzzing.generator import FIELDS, OPERATION
from solusio_contracts.http.exchange import ACTION, Exchange, FailureKind
from solusio_contracts.http.json_body import Flaw, excerpt

BITS_32, BITS_63 = 2**32, 2**63
"""Ids from 2^63 fit no database column; ids that equal a known one modulo 2^32 overflow to it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A clause that a response violates; `kind` distinguishes the faults of one clause."""

    clause: str
    kind: str
    subject: str
    expected: str
    actual: str
    hint: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What two violations share that show the same fault."""
        return self.clause, self.kind


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """Why a parameter forbids a price."""

    clause: str
    text: str


class SentForm:
    """The form that was sent, with names read as leniently as any server does."""

    def __init__(self, body: bytes) -> None:
        """Decode a body; one that is not a form reads as one unknown parameter."""
        pairs = urllib.parse.parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape"
        )
        self.exact: dict[str, list[str]] = {field: [] for field in FIELDS}
        self.array: dict[str, list[str]] = {field: [] for field in FIELDS}
        self.near: dict[str, list[str]] = {field: [] for field in FIELDS}
        """Values under names that some servers accept: ` userid`, `UserID`, `userid` and a zero byte."""
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
        """Return all values that some server may use for the field."""
        return self.exact[field] + self.array[field] + self.near[field]

    def refusal_reasons(
        self, token: str | None, known: frozenset[int], unknown: int
    ) -> Iterator[RefusalReason]:
        """Yield why no price may be given; `token` is absent (None) when none is required."""
        found = (
            self._token_reason(token) if token is not None else None,
            self._action_reason(),
            self._user_reason(known, unknown),
        )
        yield from (reason for reason in found if reason is not None)

    def altered(self, token: str | None, known: frozenset[int]) -> str:
        """Name the parameter that differs from SolusIO's request: one name, `several` or an empty text."""
        right = {
            "token": [[token]] if token is not None else [self.exact["token"]],
            "action": [[ACTION]],
            "userid": [[str(user)] for user in known],
        }
        altered = [
            field
            for field in FIELDS
            if self.exact[field] not in right[field] or self.array[field] or self.near[field]
        ]
        if not altered:
            return "additional parameters" if self.others else ""
        return altered[0] if len(altered) == 1 else "several"

    def _token_reason(self, token: str) -> RefusalReason | None:
        values = self.all("token")
        # A right one in any place may count, and white space around it may be dropped.
        if any(_trimmed(value) == _trimmed(token) for value in values):
            if self.exact["token"] or self.near["token"]:
                return None
            return RefusalReason("TP-107", "`token[]` instead of `token`")
        if not values:
            return RefusalReason("TP-102", "no `token`")
        if not self.exact["token"] and not self.near["token"]:
            return RefusalReason("TP-107", "`token[]` instead of `token`")
        if len(values) > 1:
            return RefusalReason("TP-108", f"{len(values)} wrong tokens")
        value = values[0]
        if not value:
            return RefusalReason("TP-103", "an empty `token`")
        if value.casefold() == token.casefold():
            return RefusalReason("TP-105", "the `token` in another case")
        if token in value or token.startswith(value):
            return RefusalReason("TP-104", "the `token` with something added or cut off")
        return RefusalReason("TP-101", f"the wrong `token` {excerpt(value)}")

    def _action_reason(self) -> RefusalReason | None:
        values = self.all("action")
        if any(_trimmed(value).casefold() == ACTION.casefold() for value in values):
            if self.exact["action"] or self.near["action"]:
                return None
            return RefusalReason("TP-214", "`action[]` instead of `action`")
        if not any(values):
            return RefusalReason("TP-213", "an empty `action`" if values else "no `action`")
        return RefusalReason("TP-214", f"the unknown `action` {excerpt(values[0])}")

    def _user_reason(self, known: frozenset[int], unknown: int) -> RefusalReason | None:
        if self.near["userid"] or (self.array["userid"] and self.exact["userid"]):
            return None
        if self.array["userid"]:
            return RefusalReason("TP-210", "`userid[]` instead of `userid`")
        if not self.exact["userid"]:
            return RefusalReason("TP-201", "no `userid`")
        reasons = [user_reason(value, known, unknown) for value in self.exact["userid"]]
        # Any of several may count, so all of them must be wrong.
        return None if None in reasons else reasons[-1]


def user_reason(text: str, known: frozenset[int], unknown: int) -> RefusalReason | None:
    """Return why a userid must not get a price, or None if a sane server may read a user's id in it."""
    plain = _trimmed(text)
    quoted = f"the `userid` {excerpt(text)}"
    if not plain:
        return RefusalReason("TP-202", f"an empty `userid` {excerpt(text)}" if text else "an empty `userid`")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return _text_reason(plain, quoted)
    if not number.is_finite():
        return RefusalReason("TP-203", quoted)
    if number <= 0:
        return RefusalReason("TP-205", f"{quoted}, which is not positive")
    if number >= BITS_63:
        return RefusalReason("TP-206", f"{quoted}, which does not fit 64 bits")
    # Some languages only have floats, where 1.00000000000000001 is 1.
    if not float(number).is_integer() or number < Decimal("0.5"):
        return RefusalReason("TP-204", f"{quoted}, which has a fraction")
    whole = int(number.to_integral_value())
    if whole >= BITS_32 and whole % BITS_32 in known:
        return RefusalReason("TP-206", f"{quoted}, which is {whole % BITS_32} when cut to 32 bits")
    if whole == unknown:
        return RefusalReason("TP-211", f"the unknown user {unknown}")
    return None


def _text_reason(plain: str, quoted: str) -> RefusalReason | None:
    try:
        # JavaScript's Number("0x1") is 1, and its users may check that before they ask the database.
        int(plain, 0)
    except ValueError:
        pass
    else:
        return None
    if plain.lstrip("+-")[:1].isdecimal():
        return RefusalReason("TP-207", f"{quoted}, which has something after or inside the number")
    if not (plain.isascii() and plain.isprintable()):
        return RefusalReason("TP-209", quoted)
    if "'" in plain or '"' in plain:
        return RefusalReason("TP-208", quoted)
    return RefusalReason("TP-203", quoted)


def _trimmed(text: str) -> str:
    """Drop what servers drop around a value: white space, control characters, byte order marks."""
    start, end = 0, len(text)
    while start < end and _ignorable(text[start]):
        start += 1
    while end > start and _ignorable(text[end - 1]):
        end -= 1
    return text[start:end]


def _ignorable(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf")


_ALTERED: Mapping[str, str] = {
    "": "a valid request",
    "additional parameters": "a request with additional parameters",
    "several": "a request with several altered parameters",
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
# The clause for a member that is missing or has the wrong type.
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
# The clauses for other violations, by member and keyword.
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


class Oracle:
    """Judges exchanges with one target; `token_required` says whether it refuses a wrong token."""

    def __init__(self, target: Target, *, token_required: bool) -> None:
        self._target = target
        self._known = frozenset(target.users)
        self._guard = target.token if token_required else None

    @cached_property
    def _schema(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(documents.response_schema(OPERATION, 200))

    def __call__(self, exchange: Exchange) -> list[Violation]:
        """Return what a response violates, the most serious first."""
        sent = SentForm(exchange.request.body)
        altered = sent.altered(self._target.token, self._known)
        found = [*self._transport(exchange, altered), *self._leaks(exchange)]
        if exchange.priced:
            reasons = sent.refusal_reasons(self._guard, self._known, self._target.settings.unknown_user)
            found += [
                Violation(reason.clause, "priced", reason.text, "no price", exchange.summary)
                for reason in reasons
            ]
        if exchange.priced and exchange.ok:
            found += self._form_of_price(exchange)
        return found

    def _transport(self, exchange: Exchange, altered: str) -> Iterator[Violation]:
        subject = _ALTERED.get(altered, f"a request with an altered `{altered}`")
        if exchange.failure is FailureKind.PROTOCOL:
            yield Violation("TP-005", altered, subject, "an HTTP response", exchange.summary)
        elif exchange.failure is not None:
            kind = f"{exchange.failure} {altered}"
            yield Violation("TP-402", kind, subject, "a complete response in time", exchange.summary)
        elif exchange.server_error:
            kind = f"{exchange.status} {altered}"
            yield Violation("TP-401", kind, subject, "any status below 500", exchange.summary)

    def _leaks(self, exchange: Exchange) -> Iterator[Violation]:
        for leak in leaks.find(exchange, self._target.token, self._target.origin.path):
            if leak.stock:
                continue  # only a warning, which the rules of the area `security` give
            yield Violation(
                leak.clause, leak.what, "a response", f"nothing such as {leak.what}", leak.excerpt
            )

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
        for error in self._schema.iter_errors(judged_part(exchange.reading.value)):
            for cause in _causes(error):
                yield _schema_violation(cause, exchange.reading.value)


def _causes(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """Yield an error or, where several schemas were tried, the errors of the one that was meant."""
    tried: list[list[jsonschema_rs.ValidationError]] = getattr(error.kind, "context", None) or []
    if not tried:
        yield error
        return
    # The one that was meant has the deepest errors; a wrong `type` is at the very top.
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
        f"the key `{names[-1]}`" if missing else _expected(error),
        shown(holder),
        hint,
    )


def _at(value: Any, path: list[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value


def _expected(error: jsonschema_rs.ValidationError) -> str:
    """Return what the schema requires, in words; its own message repeats the value, however long."""
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
            return f"what the schema's `{name}` requires"
