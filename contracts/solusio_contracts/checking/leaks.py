"""Finds what a response must not reveal: tokens, stack traces, file paths, SQL. Pure."""

import dataclasses
import functools
import html
import re
import string
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import msgspec

from solusio_contracts.decoding import from_toml, read_text
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.json_body import read_json
from solusio_contracts.http.masking import SHORTEST, TOKEN_VARIABLE, Mask, patterns

LOOKED_AT = 200_000
"""Bytes of a response that are searched."""
_LOWER_CASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SHORT = 10_000
"""Characters up to which a response is cached with its leaks."""
_UNLIKELY = 8
"""Letters and digits that no text contains by chance."""
_BEFORE, _EXCERPT = 20, 100
"""Characters of an excerpt: before a leak, and from its start."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that a response must not contain."""

    clause: str
    what: str
    excerpt: str
    stock: bool = False
    """Whether it is only the name of an error on a server's own error page."""


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What to look for, and the clause it violates."""

    clause: str
    what: str
    regexes: tuple[str, ...]
    before: str = ""
    after: str = ""
    """Regular expressions around each of `regexes`."""
    ignore_case: bool = False
    """Whether the expressions are written for a text in lower case."""

    @functools.cached_property
    def searches(self) -> tuple[tuple[str, str], ...]:
        """Each whole expression, preceded by its literal: searching for that is a hundred times as fast."""
        whole = (f"{self.before}{regex}{self.after}" for regex in self.regexes)
        return tuple((literal_of(regex), regex) for regex in whole)


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    pattern: tuple[Pattern, ...]


@functools.cache
def known_patterns() -> tuple[Pattern, ...]:
    """Return the patterns of `leaks.toml`."""
    file = resources.files("solusio_contracts.checking").joinpath("leaks.toml")
    return from_toml(read_text(file), _Document, file.name).pattern


def prepare() -> None:
    """Load the patterns, and compile those that every text is searched for."""
    _search_short("")


_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]|[*+?]\??|\{\d*,?\d*\}\??|.", re.DOTALL)
_UNKNOWN_LETTER = ("(", ")", ".", "^", "$", "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\n")


def literal_of(regex: str) -> str:
    """Return a text that every match of a regular expression contains; empty if none is certain."""
    pieces, depth = [""], 0
    for part in _PART.findall(regex):
        depth += (part == "(") - (part == ")")
        if depth or part in _UNKNOWN_LETTER or (len(part) > 1 and part[0] == "["):
            pieces.append("")
        elif part == "|":
            return ""
        elif part[0] in "*+?{":
            # The preceding letter may be missing.
            pieces[-1] = pieces[-1][:-1]
            pieces.append("")
        elif part not in ("\\b", "\\B"):
            pieces[-1] += part[-1]
    return max(pieces, key=len)


@functools.cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def find(exchange: Exchange, token: str | None, url_path: str = "/") -> Iterator[Leak]:
    """Yield what leaks in the response of an exchange, each clause once.

    `url_path` is the endpoint's own path, which error pages may name.
    """
    mask = Mask()
    if token:
        mask.hide(token, f"${{{TOKEN_VARIABLE}}}")
        yield from _token_leak(exchange, token, mask)
    # Mask before cutting an excerpt: nothing later would recognise half a token.
    text = mask(_without_echoes(_readable(exchange), exchange, url_path))
    # Most responses of a run are the same short refusal.
    found = (_search_short if len(text) < _SHORT else _search_long)(text)
    stock = bool(found) and _STOCK_PAGE.search(_body(exchange)) is not None and not _TRACE.search(text)
    yield from (dataclasses.replace(one, stock=stock and one.clause == "TP-502") for one in found)


_STOCK_PAGE = re.compile(r"<address>\s*WEBrick/|Apache Tomcat/|Powered by Jetty", re.IGNORECASE)
_TRACE = re.compile(r":\d+:in |backtrace of|\bat [\w.$]+\(")


def _search(text: str) -> tuple[Leak, ...]:
    found: dict[str, Leak] = {}
    lower = text.translate(_LOWER_CASE)
    for pattern in known_patterns():
        if pattern.clause in found:
            continue
        searched = lower if pattern.ignore_case else text
        for literal, regex in pattern.searches:
            match = _compiled(regex).search(searched) if literal in searched else None
            if match is not None:
                excerpt = text[max(0, match.start() - _BEFORE) : max(match.end(), match.start() + _EXCERPT)]
                found[pattern.clause] = Leak(pattern.clause, pattern.what, _line(excerpt))
                break
    return tuple(found.values())


_search_short = functools.lru_cache(maxsize=512)(_search)
_search_long = functools.lru_cache(maxsize=8)(_search)


def _line(text: str) -> str:
    return " ".join(text.split())[: 2 * _EXCERPT]


# The text that is searched

# Their values are the time, or URLs, in which /data/ is not a folder of the server.
_HARMLESS_HEADERS = frozenset(
    {
        *("location", "content-location", "link", "refresh", "set-cookie"),
        *("content-security-policy", "report-to", "nel", "date"),
    }
)
_STYLE = re.compile(r"<style\b[^<]*</style>", re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|code|em|font|i|mark|small|span|strong|tt|u|var)(?:\s[^<>]*)?>", re.IGNORECASE
)
# Not the way Python shows objects: <class 'X'>.
_TAG = re.compile(r"</?(?!class |module |function |bound |built-in )[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_JSON_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _body(exchange: Exchange) -> str:
    return (exchange.content or exchange.received)[:LOOKED_AT].decode("utf-8", errors="replace")


def _readable(exchange: Exchange) -> str:
    """Return a response as a person would read it, without markup and escapes."""
    head = (f"{name}: {value}" for name, value in exchange.headers if name.lower() not in _HARMLESS_HEADERS)
    return "\n".join((*head, "", _text((exchange.content or exchange.received)[:LOOKED_AT])))


@functools.lru_cache(maxsize=64)
def _text(content: bytes) -> str:
    """Return a body without markup and escapes."""
    body = content.decode("utf-8", errors="replace")
    if body.lstrip()[:1] in ("{", "[", '"'):
        body = _JSON_ESCAPE.sub(_unescaped, body)
    if "<" in body:
        body = _TAG.sub("\n", _INLINE.sub("", _STYLE.sub("", body)))
    body = html.unescape(body)
    # JSON after other output keeps some of its escapes: a Windows path must keep its backslashes.
    for escaped in ("\\/", '\\"', "\\\\"):
        body = body.replace(escaped, escaped[1])
    return body


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _JSON_LETTERS.get(escape[2], escape[2])


# Sent values that a programming language may print on its own.
_KEYWORDS = frozenset({"null", "undefined", "true", "false", "none", "array", "object", "string"})
_SHORTEST_ECHO = 4
_ECHO = "¤"


def _without_echoes(text: str, exchange: Exchange, url_path: str) -> str:
    """Remove what was sent: SQL echoed from a userid does not reveal SQL of the program."""
    values = {value for value in _sent(exchange) if value.lower() not in _KEYWORDS}
    path = urllib.parse.unquote(url_path.partition("?")[0]).rstrip("/")
    for value in sorted((*values, path), key=len, reverse=True):
        if len(value) >= _SHORTEST_ECHO and value in text:
            text = re.sub(rf"(?<![\w./-]){re.escape(value)}(?!\w)", _ECHO, text)
    return text


def _sent(exchange: Exchange) -> Iterator[str]:
    for name, value in _sent_pairs(exchange):
        yield value
        if name not in ("token", "action", "userid"):
            yield name
    body = exchange.request.body
    yield body.decode("utf-8", errors="replace")
    if body.startswith(b"{"):
        value = read_json(body).value
        members = value.values() if isinstance(value, dict) else ()
        yield from (one for one in members if isinstance(one, str))


def _sent_pairs(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for form in (exchange.request.body.decode("latin-1"), exchange.request.query):
        yield from urllib.parse.parse_qsl(form, keep_blank_values=True, errors="replace")


# The token


def _token_leak(exchange: Exchange, token: str, mask: Mask) -> Iterator[Leak]:
    """Yield where the response shows the token, if it does; at most one leak."""
    # A wrong token derived from the right one may be echoed, even cut: it reveals nothing that was not sent.
    if len(token) < SHORTEST or any(token in value != token for _, value in _sent_pairs(exchange)):
        return
    head = "\n".join(f"{name}: {value}" for name, value in exchange.headers)
    text = f"{head}\n\n{_body(exchange)}"
    for pattern in _telling_patterns(token):
        match = pattern.search(text)
        if match is not None:
            before, after = mask(text[: match.start()])[-_BEFORE:], mask(text[match.end() :])[:_EXCERPT]
            yield Leak("TP-501", "the authorization token", _line(before + mask(match[0]) + after))
            return


def _telling_patterns(token: str) -> Iterator[re.Pattern[str]]:
    """Yield patterns that find the token, but not the same letters by chance."""
    if len(token) >= _UNLIKELY and not token.isalpha() and not token.isdigit():
        yield from patterns(token)
        return
    plain = patterns(token)[0].pattern
    yield re.compile(
        r"\b(?i:(?:expected|expects)\W{1,4}|(?:token|secret|key|password|auth\w*|be|is|was)\W{0,3}[:=>]\W{0,4})"
        rf"(?:{plain})(?!\w)"
    )
    if not token.isdigit():
        # In quotes, but not the key of a JSON object.
        yield re.compile(rf"(?P<quote>[\"'`])(?:{plain})(?P=quote)(?!\s*:)")
        yield re.compile(rf"=(?:{plain})(?!\w)")
