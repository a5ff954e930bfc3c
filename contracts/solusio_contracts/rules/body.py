"""Body: one strict JSON object in UTF-8 and nothing else, with text that a customer can read."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator
from html.entities import html5
from typing import Any

from solusio_contracts.checking.cause import CHARACTERS, DECIMAL_COMMA
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.price import COSTS, LONGEST_LIST, customer_texts
from solusio_contracts.checking.rule import Expect, rule, shown
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.json_body import Flaw, Problem, excerpt

# Both zlib formats start like this; compression belongs to TP-007.
_COMPRESSED = (b"\x1f\x8b", b"\x78\x9c")


def _bodies(target: Target) -> list[tuple[str, Exchange]]:
    found = [
        (f"user {user}", exchange)
        for user, exchange in target.first_responses()
        if exchange.status == 200
        and exchange.decode_problem is None
        and not exchange.content.startswith(_COMPRESSED)
    ]
    if not found:
        raise UndecidedError("no valid request returned status 200 with a readable body")
    return found


def _free_of(target: Target, expected: str, *flaws: Flaw) -> Iterator[Expect]:
    for subject, exchange in _bodies(target):
        problem: Problem | None = exchange.reading.problem(*flaws)
        yield Expect.that(
            problem is None,
            subject,
            expected,
            problem.detail if problem else "as expected",
            exchange,
        )


@rule("TP-020", title="the body is UTF-8 without a byte order mark", needs_price=False)
def utf8(target: Target) -> Iterator[Expect]:
    """If an include file has a BOM, or the database is Latin-1, json_decode returns null."""
    return _free_of(target, "UTF-8 without a byte order mark", Flaw.BOM, Flaw.ENCODING)


@rule("TP-021", title="the body is the JSON document and nothing else", needs_price=False)
def nothing_else(target: Target) -> Iterator[Expect]:
    """Notices, debug output and stray HTML make the whole response unreadable."""
    return _free_of(target, "only the JSON document", Flaw.SURROUNDED, Flaw.EMPTY)


@rule("TP-022", title="the body is strict JSON", needs_price=False)
def strict_json(target: Target) -> Iterator[Expect]:
    """Single quotes, trailing commas and NaN are valid JavaScript but not JSON."""
    expected = "strict JSON (RFC 8259)"
    for expect in _free_of(target, expected, Flaw.SYNTAX, Flaw.NOT_FINITE, Flaw.SURROGATE):
        yield expect if expect.ok or expect.exchange is None else _explained(expect, expect.exchange)


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COMMA = re.compile(r":\s*(-?\d+,\d+)\s*[,}\]]")


def _explained(expect: Expect, exchange: Exchange) -> Expect:
    """Name the two mistakes that a parser can only call a missing delimiter."""
    bare = _STRING.sub('""', exchange.content.decode("utf-8", errors="replace"))
    comma = _COMMA.search(bare)
    if comma is not None:
        return dataclasses.replace(expect, actual=f"{comma[1]}: a decimal comma", cause=DECIMAL_COMMA)
    cut = sum(map(bare.count, "{[")) > sum(map(bare.count, "}]"))
    if (
        cut
        and not exchange.content.isascii()
        and exchange.header("content-length") == str(len(exchange.body))
    ):
        size = len(exchange.content)
        actual = f"the JSON ends in the middle, after {size} bytes, which is exactly the Content-Length"
        return dataclasses.replace(expect, actual=actual, cause=CHARACTERS)
    return expect


@rule("TP-023", title="no key appears twice", needs_price=False)
def no_double_keys(target: Target) -> Iterator[Expect]:
    """Which of the two counts depends on the parser."""
    return _free_of(target, "each key once per object", Flaw.DUPLICATE)


@rule("TP-024", title="the document is the price object itself", needs_price=False)
def one_object(target: Target) -> Iterator[Expect]:
    """If the price is encoded twice, wrapped or in a list, SolusIO does not find it."""
    for subject, exchange in _bodies(target):
        reading = exchange.reading
        if not reading.readable:
            continue
        expected = "one JSON object with base_token_unit_cost at its top level"
        problem = reading.problem(Flaw.IN_STRING, Flaw.JSONP)
        if problem is not None:
            yield Expect.that(False, subject, expected, problem.detail, exchange)
            continue
        path = _find_price(reading.value)
        top = isinstance(reading.value, dict) and path in ("", None)
        actual = shown(reading.value) if not path else f"the price inside `{path}`"
        yield Expect.that(top, subject, expected, actual, exchange)


def _find_price(value: Any, path: str = "", depth: int = 0) -> str | None:
    """Return the path of a price in the document: "" at the top level, None if there is none."""
    if isinstance(value, dict) and any(key in value for key in COSTS):
        return path
    if depth >= 4:
        return None
    members: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = [(f"[{index}]", member) for index, member in enumerate(value[:20])]
    for name, member in members:
        inner = f"{path}.{name}".lstrip(".") if not name.startswith("[") else f"{path}{name}"
        found = _find_price(member, inner, depth + 1)
        if found is not None:
            return found
    return None


_ENTITY = re.compile(r"&(?:#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]{1,31};)")
# Names of HTML alone: "<member>" in a discount's name is text.
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|script|small|span|strike|"
    r"strong|style|sub|sup|table|td|th|tr|tt|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}")
_NO_TEXT = re.compile(
    r"""^\s*(?:undefined|Array|\[object \w+\]|b'[^']*'|b"[^"]*"|[aOs]:\d+:[{"].*)\s*$""", re.DOTALL
)
# A discount may be called "None"; a prefix or suffix may not.
_NO_SIGN = re.compile(r"^\s*(?:null|None|nil|NaN|Object|\?+)\s*$")
_TEMPLATE = re.compile(r"\{\{\s*[a-z_][\w.]*\s*\}\}|\$\{[a-z]\w*\}|<\?=|%\([a-z]\w*\)s")
# Escapes beyond ASCII, or a space between letters: "50%20" may be a rate.
_PERCENT = re.compile(r"%[89A-F][0-9A-F]%[89AB][0-9A-F]|[A-Za-z]%20[A-Za-z]")
_SLASHED = re.compile(r"\w\\['\"]\w")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@rule("TP-025", title="text for the customer is plain", needs_price=False)
def plain_text(target: Target) -> Iterator[Expect]:
    """SolusIO shows HTML escapes and double encoding as they are: &pound;10.00, Â£10.00."""
    for user, exchange, value in target.prices():
        for where, text, exact in itertools.islice(customer_texts(value), 3 * LONGEST_LIST):
            problem, weak = _unplain(text, at_amounts=exact)
            # The name of a discount may have a tag for a reason; a currency sign may not.
            level = Level.SHOULD if weak and not exact else None
            yield Expect.that(
                not problem,
                f"user {user}: {where}",
                "plain text",
                f"{excerpt(text)}, {problem}",
                exchange,
                level=level,
            )


# UTF-8 read as Windows-1252 or Latin-1: Â£, Ã¤, â‚¬, Ð¡. Capitals before ® or ™ (NESTLÉ®) have similar code
# points, so only the lead bytes of common letters and signs count.
_TRAIL = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_TWICE = re.compile(f"[ÂÃ][\u0080-\u00bf]|Ã{_TRAIL}|â{_TRAIL}{_TRAIL}|(?:[ÐÑ]{_TRAIL}){{2}}")


def _entity(text: str) -> bool:
    return any(match[0][1] == "#" or match[0][1:] in html5 for match in _ENTITY.finditer(text))


_FLAWS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("an HTML entity", _entity),
    ("a double-escaped sequence", _ESCAPE.search),
    ("the replacement character for unreadable bytes", lambda text: "\ufffd" in text),
    ("a control character (Windows-1252 read as Latin-1?)", _CONTROL.search),
    ("double-encoded UTF-8", _TWICE.search),
    ("what a program prints for a value that is not text", _NO_TEXT.search),
    ("a template that was not filled in", _TEMPLATE.search),
    ("percent-escapes", _PERCENT.search),
    ("quotes escaped with a backslash", _SLASHED.search),
)


def _unplain(text: str, *, at_amounts: bool) -> tuple[str, bool]:
    """Return what is wrong with a string, and whether that is only a matter of style."""
    if at_amounts and _NO_SIGN.search(text):
        return "what a program prints for a value that is not text", False
    if at_amounts and any(letter.isdecimal() for letter in text):
        return "digits that would run into those of the amount", False
    for flaw, found in _FLAWS:
        if found(text):
            return flaw, False
    return ("an HTML tag", True) if _TAG.search(text) else ("", False)
