"""Strict reading of a JSON answer that goes on after the first fault.

A harness must say everything that is wrong with a body and still look into it: an integrator with a byte
order mark and a misspelt key wants to hear of both. So problems are collected, and the value is recovered
where a person would recover it too.
"""

import codecs
import enum
import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


class Flaw(enum.StrEnum):
    """What can be wrong with a JSON text, each cited by a rule of the area `body`."""

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


@dataclass(frozen=True, slots=True)
class Problem:
    """One flaw with what was seen."""

    flaw: Flaw
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A value (numbers as int or Decimal) with the problems met on the way to it.

    `value` is None both for JSON null and for an unreadable text: see `readable`.
    """

    value: Any
    readable: bool
    problems: tuple[Problem, ...]

    def problem(self, *flaws: Flaw) -> Problem | None:
        """Return the first problem of one of these kinds, or None."""
        return next((problem for problem in self.problems if problem.flaw in flaws), None)


_JSONP = re.compile(r"^\s*(?:/\*\*/\s*)?[A-Za-z_$][\w$.]*\s*\((?P<json>[\[{].*[\]}])\)\s*;?\s*$", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHITESPACE = " \t\r\n"
_EXCERPT = 80


def read_json(content: bytes) -> Reading:
    """Read `content` as SolusIO would have to, strictly; never raises."""
    problems: list[Problem] = []
    text = _decode(content, problems)
    if not text.strip(_WHITESPACE):
        problems.append(Problem(Flaw.EMPTY, "an empty body"))
        return Reading(None, False, tuple(problems))
    return _parse(text, problems)


def _decode(content: bytes, problems: list[Problem]) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            problems.append(Problem(Flaw.BOM, f"the bytes {mark.hex(' ')} ({name} byte order mark)"))
            if name == "utf-8":
                content = content[len(mark) :]
                break
            return content.decode("utf-16", errors="replace")
    if b"\x00" in content[:2]:
        problems.append(Problem(Flaw.ENCODING, "UTF-16 or UTF-32 text (zero bytes between letters)"))
        return content.decode("utf-16-be" if content[:1] == b"\x00" else "utf-16-le", errors="replace")
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
        value = _load(text.strip(_WHITESPACE), found)
    except (ValueError, RecursionError, InvalidOperation) as error:
        return _recover(text, str(error), problems)
    problems.extend(found)
    if isinstance(value, str):
        inner = read_json(value.encode("utf-8", errors="surrogatepass"))
        if inner.readable and isinstance(inner.value, dict | list):
            problems.append(Problem(Flaw.IN_STRING, "JSON encoded twice: the document is one string"))
            return Reading(inner.value, True, tuple(problems))
    return Reading(value, True, tuple(problems))


def _load(text: str, problems: list[Problem]) -> Any:
    def constant(name: str) -> Decimal:
        problems.append(Problem(Flaw.NOT_FINITE, f"{name}, which is not JSON"))
        return Decimal(name.replace("Infinity", "inf"))

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in items:
            if key in result:
                problems.append(Problem(Flaw.DUPLICATE, f"the key {key!r} twice in one object"))
            result[key] = value
        return result

    decoder = json.JSONDecoder(
        parse_float=Decimal, parse_constant=constant, object_pairs_hook=pairs, strict=True
    )
    value = decoder.decode(text)
    # json accepts escapes of half a character; PHP's json_decode does not.
    if "\\ud" in text or "\\uD" in text:
        _find_surrogates(value, problems)
    return value


def _find_surrogates(value: Any, problems: list[Problem]) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            problems.append(Problem(Flaw.SURROGATE, f"half a surrogate pair in {value[:_EXCERPT]!r}"))
    elif isinstance(value, dict):
        for key, member in value.items():
            _find_surrogates(key, problems)
            _find_surrogates(member, problems)
    elif isinstance(value, list):
        for member in value:
            _find_surrogates(member, problems)


def _recover(text: str, complaint: str, problems: list[Problem]) -> Reading:
    """Find the JSON object inside other output, such as a PHP notice before it."""
    jsonp = _JSONP.match(text)
    if jsonp is not None:
        try:
            value = _load(jsonp["json"], problems)
        except (ValueError, RecursionError, InvalidOperation):
            pass
        else:
            problems.append(Problem(Flaw.JSONP, f"a function call: {excerpt(text)}"))
            return Reading(value, True, tuple(problems))
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal, strict=True)
    # Bounded: a page of HTML may hold thousands of braces.
    for start in [match.start() for match in re.finditer(r"[{\[]", text)][:50]:
        try:
            value, length = decoder.raw_decode(text[start:])
        except (ValueError, RecursionError, InvalidOperation):
            continue
        if not isinstance(value, dict) or not value:
            continue
        before, after = text[:start].strip(_WHITESPACE), text[start + length :].strip(_WHITESPACE)
        seen = " and ".join(
            f"{excerpt(part)} {place} the JSON"
            for part, place in ((before, "before"), (after, "after"))
            if part
        )
        problems.append(Problem(Flaw.SURROUNDED, seen))
        return Reading(value, True, tuple(problems))
    problems.append(Problem(Flaw.SYNTAX, f"{complaint}: {excerpt(text)}"))
    return Reading(None, False, tuple(problems))


def excerpt(text: str, limit: int = _EXCERPT) -> str:
    """Return `text` quoted and cut to about `limit` characters."""
    return repr(text if len(text) <= limit else text[:limit] + "…")
