"""Reads what people and programs write, strictly: text files, JSON and TOML, into typed values.

Every error names the source, the place in it, what was expected and what is there. Bytes become text in
`text_of`, text becomes values in `parse_json` and `parse_toml`, and nowhere else: what must hold for any
input, its encoding, size, depth and the size of its numbers, is decided there. So code that walks a value
needs no limit of its own.
"""

import codecs
import functools
import re
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
from msgspec.inspect import (
    DictType,
    Field,
    ListType,
    LiteralType,
    Metadata,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from solusio_contracts.escaping import visible
from solusio_contracts.suggestions import did_you_mean

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

T = TypeVar("T")

PathStep = str | int
"""The name of a member, or an index."""

ANY: Final = "*"
"""The step to a member whose name is free: msgspec does not say which it is."""

LARGEST: Final = 256 * 1024 * 1024
"""Bytes that a file may have."""
LARGEST_TOML: Final = 16 * 1024 * 1024
"""Characters that a TOML text may have: people write it, and reading it takes a microsecond for each."""
DEEPEST: Final = 200
"""Levels of lists and objects that may be in each other; Python code that recurses bears a thousand."""
MOST_DIGITS: Final = 1000
"""Characters that a number may have where it is read exactly."""
INTEGERS: Final = range(-(2**63), 2**63)
"""The integers that a 64-bit program can store."""

SHOWN: Final = 160
"""Characters of a wrong value that an error repeats."""
MOMENT: Final = "a moment such as 2026-03-01T00:00:00Z"
"""How an expected date and time is worded."""

_PLACED = re.compile(r"(?P<problem>.*) - at `(?:key in )?\$(?P<path>[^`]*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"field `([^`]+)`")
_SECRET = re.compile(r"(?:.*_)?(?:password|secret|token)")
_MARKS: Final = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
# A JSON string; possessive, so that it takes linear time.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_LONG_INTEGER = re.compile(r"[0-9]{19}")
_LONG_INTEGER_BYTES = re.compile(_LONG_INTEGER.pattern.encode())
_ONE_OF: Final = "one of "
_TOO_DEEP: Final = f"nested deeper than {DEEPEST} levels"
_NO_BRACKETS: Final = {code: None for code in range(128) if chr(code) not in "[]{}"}
_KINDS = {
    "int": "an integer",
    "str": "a string",
    "float": "a number",
    "decimal": "a decimal number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


class DecodingError(ValueError):
    """Something cannot be read; the text names the source, if it has a name, and says why."""

    def __init__(self, problem: str, source: str = "") -> None:
        # Names and values may contain anything, even what would move a terminal's cursor.
        super().__init__(visible(f"{source}: {problem}" if source else problem))
        self.problem = problem
        """What is wrong, without source and place."""


class MisfitError(DecodingError):
    """A value is not what it must be; the text names its place, such as `users[2].email`."""

    def __init__(
        self,
        place: str,
        problem: str = "",
        *,
        expected: str = "",
        actual: str = "",
        source: str = "",
        line: int | None = None,
    ) -> None:
        problem = problem or f"expected {expected}, got {actual}"
        at = f" (line {line})" if line is not None else ""
        super().__init__(f"{place}{at}: {problem}" if place else problem, source)
        self.place = place
        """Empty for the whole."""
        self.problem = problem
        self.expected = expected
        self.actual = actual


# Text


def read_text(file: "Traversable", source: str = "", *, largest: int = LARGEST) -> str:
    """Return the text of a file of at most `largest` bytes; errors name it by `source`, or by its path.

    Raises:
        DecodingError: it cannot be read, is too large, or is neither UTF-8 nor UTF-16.
    """
    source = source or str(file)
    try:
        with file.open("rb") as opened:
            data = opened.read(largest + 1)
    except OSError as error:
        raise DecodingError(error.strerror or str(error), source) from None
    if len(data) > largest:
        raise DecodingError(f"larger than {largest // 1024**2} MiB", source)
    return text_of(data, source)


def text_of(data: bytes, source: str = "") -> str:
    """Return bytes as text: UTF-8 with or without a byte order mark, or UTF-16 or UTF-32 with one.

    Raises:
        DecodingError: they are not; it names the encoding that they probably have.
    """
    mark, encoding, name = next((one for one in _MARKS if data.startswith(one[0])), (b"", "utf-8", "UTF-8"))
    start = data[:4096]
    if not mark and len(start) > 3 and start.count(0) * 3 > len(start):
        raise DecodingError("it looks like UTF-16 without a byte order mark; save it as UTF-8", source)
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        problem = f"not {name} at byte {error.start + len(mark)}"
        if not mark and 0 not in start:
            problem += "; it looks like Windows-1252 or ISO 8859-1. Save it as UTF-8"
        raise DecodingError(problem, source) from None


# Values


def parse_json(text: str | bytes, source: str = "") -> Any:
    """Return the value of a JSON text.

    Raises:
        DecodingError: it is not valid JSON, is nested too deeply, or has an integer beyond 64 bits.
    """
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _invalid_json(error, source) from None
    _require_shallow(text, source)
    if _has_long_integer(text):
        _require_integers(value, source)
    return value


def parse_toml(text: str, source: str = "", *, exact: bool = False) -> dict[str, Any]:
    """Return the tables of a TOML text; with `exact`, numbers with a point are `Decimal`.

    Raises:
        DecodingError: it is not valid TOML, is too large, is nested too deeply, or has an integer beyond 64
            bits.
    """
    if len(text) > LARGEST_TOML:
        raise DecodingError(f"larger than {LARGEST_TOML // 1024**2} MiB", source)
    import tomllib  # not at the start of a server, which seldom reads TOML

    try:
        value = tomllib.loads(text, parse_float=_exact_number if exact else float)
    except RecursionError:
        raise DecodingError(f"not valid TOML: {_TOO_DEEP}", source) from None
    except ValueError as error:
        raise DecodingError(f"not valid TOML: {error}", source) from None
    _require_integers(value, source)
    return value


def from_json(text: str | bytes, kind: type[T], source: str = "") -> T:
    """Return the value of a JSON text as `kind`.

    Raises:
        DecodingError: it is not valid JSON, is nested too deeply, or has an integer beyond 64 bits.
        MisfitError: it is not a `kind`.
    """
    try:
        value: T = _decoder(cast("Hashable", kind)).decode(text)
    except msgspec.ValidationError as error:
        raise _misfit(parse_json(text, source), kind, str(error), source=source) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _invalid_json(error, source) from None
    _require_shallow(text, source)
    if _has_long_integer(text):
        parse_json(text, source)
    return value


def from_toml(text: str, kind: type[T], source: str = "", *, exact: bool = False) -> T:
    """Return the tables of a TOML text as `kind`; see `parse_toml`.

    Raises:
        DecodingError: it is not valid TOML.
        MisfitError: it is not a `kind`; in an array of tables, the line of the table is named as well.
    """
    value = parse_toml(text, source, exact=exact)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _misfit(value, kind, str(error), source=source, text=text) from None


def convert(value: Any, kind: type[T], source: str = "", *, at: str = "") -> T:
    """Return a parsed value as `kind`; `at` is the place where it stands in a larger one.

    Raises:
        MisfitError: it is not a `kind`.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _misfit(value, kind, str(error), source=source, at=at) from None


def place_of(steps: Iterable[PathStep], at: str = "") -> str:
    """Return a place as people write it: `users[2].limit_group`; `at` stands before it."""
    text = at + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def shown(value: Any, place: str = "") -> str:
    """Return a value for an error, shortened; that of a secret, by the name of its place, is not repeated."""
    if _SECRET.fullmatch(place.rpartition(".")[2]):
        return "***"
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        # JSON can name half a surrogate pair, and UTF-8 cannot.
        value = value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, str | bool) or value is None:
        text = msgspec.json.encode(value).decode()
    else:
        text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


@functools.cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast("Any", kind))


def decimal_of(text: str) -> Decimal:
    """Return a number exactly; one whose exponent is beyond every range is infinite."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _exact_number(text: str) -> Decimal:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} characters")
    return decimal_of(text)


def _invalid_json(error: Exception, source: str) -> DecodingError:
    deep = isinstance(error, RecursionError)
    reason = _TOO_DEEP if deep else str(error).removeprefix("JSON is malformed: ")
    return DecodingError(f"not valid JSON: {reason}", source)


def _require_shallow(text: str | bytes, source: str) -> None:
    """Refuse valid JSON that is nested too deeply, by its brackets: that builds no value."""
    if isinstance(text, bytes):
        if text.count(b"[") + text.count(b"{") <= DEEPEST:
            return
        text = text.decode("utf-8", "replace")
    elif text.count("[") + text.count("{") <= DEEPEST:
        return
    brackets = _STRING.sub("", text).translate(_NO_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace("[]", "").replace("{}", "")
        if not brackets:
            return
    raise DecodingError(f"not valid JSON: {_TOO_DEEP}", source)


def _has_long_integer(text: str | bytes) -> bool:
    found = _LONG_INTEGER_BYTES.search(text) if isinstance(text, bytes) else _LONG_INTEGER.search(text)
    return found is not None


def _require_integers(value: Any, source: str) -> None:
    """Refuse integers that cannot be stored, and values nested too deeply."""
    open_: list[tuple[Any, tuple[PathStep, ...]]] = [(value, ())]
    while open_:
        one, steps = open_.pop()
        if len(steps) > DEEPEST:
            raise DecodingError(_TOO_DEEP, source)
        if isinstance(one, dict):
            open_ += [(member, (*steps, str(name))) for name, member in one.items()]
        elif isinstance(one, list):
            open_ += [(member, (*steps, index)) for index, member in enumerate(one)]
        elif isinstance(one, int) and one not in INTEGERS:
            raise MisfitError(place_of(steps), "has more than 64 bits", source=source)


# Misfits


def _misfit(
    value: Any, kind: Any, message: str, *, source: str = "", at: str = "", text: str = ""
) -> MisfitError:
    """Return the error for a message of msgspec, such as "Expected `int`, got `str` - at `$.a[0]`"."""
    match = _PLACED.fullmatch(message)
    problem, path = (match["problem"], match["path"]) if match else (message, "")
    steps = [name or (ANY if index == "..." else int(index)) for name, index in _STEP.findall(path)]
    line = _line_of(steps, text)
    field = _FIELD.search(problem)
    if field is not None and problem.startswith("Object"):
        known = _field_names(kind, value, steps)
        place = place_of([*steps, field[1]], at)
        if "missing" in problem:
            return MisfitError(
                place, "is missing", expected="a value", actual="nothing", source=source, line=line
            )
        hint = did_you_mean(field[1], known)
        problem = f"is not a known field; known fields: {', '.join(known)}" + (f".{hint}" if hint else "")
        return MisfitError(place, problem, source=source, line=line)
    place = place_of(steps, at)
    found = _value_at(value, steps)
    expected, actual = _expected(problem, kind, value, steps), shown(found, place)
    if not expected:
        return MisfitError(place, problem[:1].lower() + problem[1:], source=source, line=line)
    if found is msgspec.UNSET:
        got = re.search(r", got `(\w+)`", problem)
        actual = _KINDS.get(got[1], got[1]) if got else "something else"
    problem = ""
    if expected.startswith(_ONE_OF) and isinstance(found, str):
        hint = did_you_mean(found, expected.removeprefix(_ONE_OF).split(", "))
        problem = f"expected {expected}, got {actual}" + (f".{hint}" if hint else "")
    return MisfitError(place, problem, expected=expected, actual=actual, source=source, line=line)


def _expected(problem: str, kind: Any, value: Any, steps: Sequence[PathStep]) -> str:
    """Return what was expected, in the words of people; nothing if the message says something else."""
    if "RFC3339" in problem or "`datetime`" in problem:
        return MOMENT
    if problem == "Invalid decimal string":
        return 'a decimal number such as "14.84"'
    if problem.startswith("Invalid "):
        return _choices(kind, value, steps)
    types = re.match(r"Expected `([^`]+)`(.*?)(?:, got .*)?$", problem, re.DOTALL)
    if types is None:
        return ""
    words = " or ".join(_KINDS.get(one, one) for one in types[1].split(" | "))
    if "matching regex" in types[2]:
        examples = _examples(kind, value, steps) if steps else []
        return f"{words} such as {examples[0]}" if examples else words + types[2].replace(" regex", "")
    return words + types[2].removesuffix(".0")


def _line_of(steps: Sequence[PathStep], text: str) -> int | None:
    """Return the line, from 1, where a table of an array of tables begins; values do not know their lines."""
    match steps:
        case [str(name), int(index), *_]:
            header = rf"^[ \t]*\[\[[ \t]*{re.escape(name)}[ \t]*\]\]"
            starts = [found.start() for found in re.finditer(header, text, re.MULTILINE)]
            if index < len(starts):
                return text.count("\n", 0, starts[index]) + 1
    return None


def _value_at(value: Any, steps: Sequence[PathStep]) -> Any:
    for step in steps:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return msgspec.UNSET
    return value


def _field_names(kind: Any, value: Any, steps: Sequence[PathStep]) -> list[str]:
    names = [
        field.encode_name
        for one in _types_at(kind, value, steps)
        if isinstance(one, StructType)
        for field in one.fields
    ]
    return list(dict.fromkeys(names))


def _choices(kind: Any, value: Any, steps: Sequence[PathStep]) -> str:
    """Return what may stand at a place: the values of a literal, or the tags of a choice of structs."""
    options: list[Any] = []
    for one in _types_at(kind, value, steps):
        if isinstance(one, LiteralType):
            options += one.values
    if not options and steps:
        options = [
            one.tag
            for one in _types_at(kind, value, steps[:-1], any_tag=True)
            if isinstance(one, StructType) and one.tag_field == steps[-1]
        ]
    return f"{_ONE_OF}{', '.join(map(str, options))}" if options else "another value"


def _examples(kind: Any, value: Any, steps: Sequence[PathStep]) -> list[Any]:
    """Return the examples that the annotation of a member gives."""
    return [
        example
        for one in _types_at(kind, value, steps[:-1])
        for field in _fields_of(one, steps[-1])
        for part in (field.type.types if isinstance(field.type, UnionType) else (field.type,))
        if isinstance(part, Metadata)
        for example in (part.extra_json_schema or {}).get("examples", ())
    ]


def _types_at(kind: Any, value: Any, steps: Sequence[PathStep], *, any_tag: bool = False) -> list[Type]:
    """Return the types that may stand at a place of a value, seen from its whole type."""
    types = _alternatives(type_info(kind))
    for step in steps:
        types = [inner for one in _tagged(types, value) for inner in _inside(one, step)]
        value = _value_at(value, [step])
    return types if any_tag else _tagged(types, value)


def _alternatives(one: Type) -> list[Type]:
    if isinstance(one, UnionType):
        return [inner for each in one.types for inner in _alternatives(each)]
    return _alternatives(one.type) if isinstance(one, Metadata) else [one]


def _tagged(types: list[Type], value: Any) -> list[Type]:
    """Drop the structs whose tag is not the one in the value."""
    return [
        one
        for one in types
        if not (isinstance(one, StructType) and one.tag_field) or _value_at(value, [one.tag_field]) == one.tag
    ]


def _inside(one: Type, step: PathStep) -> list[Type]:
    if isinstance(one, ListType | VarTupleType) and isinstance(step, int):
        return _alternatives(one.item_type)
    if isinstance(one, DictType) and step == ANY:
        return _alternatives(one.value_type)
    return [inner for field in _fields_of(one, step) for inner in _alternatives(field.type)]


def _fields_of(one: Type, step: PathStep) -> list[Field]:
    return [field for field in one.fields if field.encode_name == step] if isinstance(one, StructType) else []
