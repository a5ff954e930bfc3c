"""Reads a JSON body strictly, but does not stop at the first problem.

An integrator whose endpoint sends a byte order mark and a misspelt key needs to know about both. So problems
are collected, and the value is recovered wherever a person could recover it.
"""

import codecs
import enum
import functools
import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec


class Flaw(enum.StrEnum):
    """What can be wrong with a JSON text; the rules of the area `body` cite each."""

    BOM = "bom"
    ENCODING = "encoding"
    EMPTY = "empty"
    SURROUNDED = "surrounded"
    SYNTAX = "syntax"
    NOT_FINITE = "not-finite"
    DUPLICATE = "duplicate-key"
    SURROGATE = "lone-surrogate"
    IN_STRING = "json-in-a-string"
    JSONP = "jsonp"


class Problem(msgspec.Struct, frozen=True):
    """A flaw, and what was seen."""

    flaw: Flaw
    detail: str


class Reading(msgspec.Struct, frozen=True):
    """A value (numbers as int or Decimal), and the problems found while reading it.

    `value` is `None` both for JSON null and for unreadable text; see `readable`. A number too large for any
    type, such as 1e99999999999999999999, is infinite, as in other parsers.
    """

    value: Any
    readable: bool
    problems: tuple[Problem, ...]

    def problem(self, *flaws: Flaw) -> Problem | None:
        """Return the first problem with one of these flaws, or None."""
        return next((problem for problem in self.problems if problem.flaw in flaws), None)


DEEPEST = 512
"""Levels of nesting that are read, as in PHP's json_decode."""
_TOO_DEEP = f"more than {DEEPEST} levels of nesting"
_RECOVERY_EFFORT = 20_000_000
"""Characters read in search of JSON inside other output; some are read several times."""
_EACH = 2_000
"""The extra cost of each place tried: an error message counts the lines before it."""
_EXCERPT = 80
_SHORT = 20_000
"""Bytes up to which a document is short."""
_WHITESPACE = " \t\r\n"
_JSONP = re.compile(r"(?:/\*\*/\s*)?[A-Za-z_$][\w$.]*\s*\(\s*(?P<json>[\[{].*[\]}])\s*\)\s?;?", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_OPENING = re.compile(r"[{\[]")
# The start of an object, even of a broken one, but not `{ color: red }`.
_OBJECT = re.compile(r"(?:\[\s*)?\{\s*(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')\s*:")


def read_json(content: bytes) -> Reading:
    """Read `content` strictly; never raises.

    Most responses of a run are the same bytes, so what was read is shared: do not change its value.
    """
    return _read_short(content) if len(content) <= _SHORT else _read_long(content)


def _read(content: bytes) -> Reading:
    problems: list[Problem] = []
    text = _decode(content, problems).strip(_WHITESPACE)
    if not text:
        problems.append(Problem(Flaw.EMPTY, "an empty body"))
        return Reading(None, False, tuple(problems))
    return _parse(text, problems)


# A large document takes many times its size in memory, so only a few of those are kept.
_read_short = functools.lru_cache(maxsize=512)(_read)
_read_long = functools.lru_cache(maxsize=2)(_read)


def _decode(content: bytes, problems: list[Problem]) -> str:
    encoding = json.detect_encoding(content)
    if encoding in ("utf-8-sig", "utf-16", "utf-32"):
        mark = codecs.BOM_UTF8 if encoding == "utf-8-sig" else content[: 4 if encoding == "utf-32" else 2]
        name = encoding.removesuffix("-sig")
        problems.append(Problem(Flaw.BOM, f"the bytes {mark.hex(' ')} ({name} byte order mark)"))
        if encoding == "utf-8-sig":
            content = content[len(mark) :]
    elif encoding != "utf-8":
        problems.append(Problem(Flaw.ENCODING, "UTF-16 or UTF-32 text (zero bytes between letters)"))
    if not encoding.startswith("utf-8"):
        return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        near = content[max(0, error.start - 12) : error.start + 4]
        problems.append(
            Problem(
                Flaw.ENCODING,
                f"byte 0x{content[error.start]:02x} at offset {error.start}, near {near!r}",
            )
        )
        return content.decode("latin-1")


def _parse(text: str, problems: list[Problem]) -> Reading:
    found: list[Problem] = []
    try:
        value, end = _value(text, 0, found)
        if end != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except ValueError as error:
        return _recover(text, error, problems)
    problems.extend(found)
    if isinstance(value, str):
        inner = read_json(value.encode("utf-8", errors="surrogatepass"))
        around = inner.problem(Flaw.SURROUNDED, Flaw.JSONP)
        if inner.readable and isinstance(inner.value, dict | list) and around is None:
            problems.append(Problem(Flaw.IN_STRING, "JSON encoded twice: the document is one string"))
            return Reading(inner.value, True, (*problems, *inner.problems))
    return Reading(value, True, tuple(problems))


def _value(text: str, start: int, problems: list[Problem]) -> tuple[Any, int]:
    """Read the value that begins at `start`; return it and the position after it.

    Raises:
        ValueError: there is no value, or it is nested too deeply.
    """

    def constant(name: str) -> Decimal:
        problems.append(Problem(Flaw.NOT_FINITE, f"{name}, which is not JSON"))
        return Decimal(name)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in items:
            if key in result:
                problems.append(Problem(Flaw.DUPLICATE, f"the key {key!r} twice in one object"))
            result[key] = value
        return result

    decoder = json.JSONDecoder(
        parse_float=_fraction, parse_int=_integer, parse_constant=constant, object_pairs_hook=pairs
    )
    try:
        value, end = decoder.raw_decode(text, start)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if text.count("{", start, end) + text.count("[", start, end) > DEEPEST:
        _limit_depth(value)
    # json accepts half a surrogate pair; PHP's json_decode does not.
    if max(text.find("\\ud", start, end), text.find("\\uD", start, end)) >= 0:
        problems.extend(
            Problem(Flaw.SURROGATE, f"half a surrogate pair in {one[:_EXCERPT]!r}")
            for one in _strings(value)
            if _SURROGATE.search(one)
        )
    return value, end


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # The exponent has more than 18 digits.
        return Decimal(float(text))


def _integer(text: str) -> int | Decimal:
    # int() refuses thousands of digits; no program keeps such a number as an integer anyway.
    return int(text) if len(text) < 1000 else Decimal(text)


def _limit_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [member for one in level for member in _members(one) if isinstance(member, dict | list)]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _strings(value: Any) -> Iterator[str]:
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one
        todo.extend(_members(one))


def _recover(text: str, error: Exception, problems: list[Problem]) -> Reading:
    """Find the JSON object inside other output, such as a PHP notice before it."""
    jsonp = _JSONP.fullmatch(text)
    if jsonp is not None:
        found: list[Problem] = []
        try:
            value, end = _value(jsonp["json"], 0, found)
        except ValueError:
            end = -1
        if end == len(jsonp["json"]):
            return Reading(
                value, True, (*problems, *found, Problem(Flaw.JSONP, f"a function call: {excerpt(text)}"))
            )
    inner = _largest_object(text)
    if inner is None:
        problems.append(_syntax(error, text, 0))
        return Reading(None, False, tuple(problems))
    surroundings = _surroundings(text, inner)
    if surroundings:
        problems.append(Problem(Flaw.SURROUNDED, surroundings))
    return Reading(inner.value, inner.readable, (*problems, *inner.problems))


class _Piece(msgspec.Struct, frozen=True):
    """A JSON object within a longer text."""

    start: int
    end: int
    value: Any
    readable: bool
    problems: tuple[Problem, ...]


def _largest_object(text: str) -> _Piece | None:
    """Return the longest object in `text`, or a broken one that hides what follows it."""
    best: _Piece | None = None
    effort = _RECOVERY_EFFORT
    place = 0
    while effort > 0:
        opening = _OPENING.search(text, place)
        if opening is None:
            break
        start = opening.start()
        found: list[Problem] = []
        try:
            value, end = _value(text, start, found)
        except ValueError as error:
            seen = error.pos - start if isinstance(error, json.JSONDecodeError) else len(text) - start
            effort -= _EACH + start // 100 + seen
            place = start + 1
            if _OBJECT.match(text, start) or (start == 0 and text[0] == "{"):
                # Objects inside it are not the document: a person sees that this one is broken.
                return best or _Piece(start, len(text), None, False, (_syntax(error, text, start),))
            continue
        effort -= _EACH + end - start
        if not isinstance(value, dict) or not value:
            place = start + 1
            continue
        place = end
        if best is None or end - start > best.end - best.start:
            best = _Piece(start, end, value, True, tuple(found))
    return best


def _syntax(error: Exception, text: str, start: int) -> Problem:
    """Return what is wrong, where, and the text there."""
    if not isinstance(error, json.JSONDecodeError):
        return Problem(Flaw.SYNTAX, f"{error}: {excerpt(text[start:])}")
    near = text[max(start, error.pos - _EXCERPT // 2) : error.pos + _EXCERPT // 2]
    return Problem(Flaw.SYNTAX, f"{error.msg} at line {error.lineno}, column {error.colno}, near {near!r}")


def _surroundings(text: str, piece: _Piece) -> str:
    before, after = text[: piece.start].strip(_WHITESPACE), text[piece.end :].strip(_WHITESPACE)
    return " and ".join(
        f"{excerpt(part)} {place} the JSON" for part, place in ((before, "before"), (after, "after")) if part
    )


def excerpt(text: str, limit: int = _EXCERPT) -> str:
    """Return `text` in quotes, cut to about `limit` characters."""
    return repr(text if len(text) <= limit else text[:limit] + "…")
