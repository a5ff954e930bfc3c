"""Finds in an answer what should have stayed inside: tokens, traces, paths, SQL."""

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
"""Bytes of an answer that are searched."""
_SMALL_LETTERS = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SHORT = 10_000
"""Characters of an answer that is remembered."""
_UNLIKELY = 8
"""Letters and digits that no text holds by chance."""
_BEFORE, _EXCERPT = 20, 100
"""Characters that a report shows: before a leak, and from its beginning."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that an answer should not hold."""

    clause: str
    what: str
    excerpt: str


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clause: str
    what: str
    regexes: list[str]
    before: str = ""
    after: str = ""
    ignore_case: bool = False

    def prepared(self) -> Iterator[tuple[str, str]]:
        for regex in self.regexes:
            whole = f"{self.before}{regex}{self.after}"
            yield needle(whole), whole


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    pattern: list[_Entry]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to look for, and the clause it violates."""

    clause: str
    what: str
    regexes: tuple[tuple[str, str], ...]
    """Each behind a text that stands in all its matches: to look for that is a hundred times as fast."""
    ignore_case: bool
    """Whether the expressions are made for a text in small letters."""


@functools.cache
def known_patterns() -> tuple[Pattern, ...]:
    """Return the patterns of `leaks.toml`."""
    file = resources.files("solusio_contracts.checking").joinpath("leaks.toml")
    document = from_toml(read_text(file), _Document, file.name)
    return tuple(
        Pattern(entry.clause, entry.what, tuple(entry.prepared()), entry.ignore_case)
        for entry in document.pattern
    )


_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]|[*+?]\??|\{\d*,?\d*\}\??|.", re.DOTALL)
_UNKNOWN_LETTER = ("(", ")", ".", "^", "$", "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\n")


def needle(regex: str) -> str:
    """Return a text that every match of a regular expression holds; empty when there is none for sure."""
    pieces, depth = [""], 0
    for part in _PART.findall(regex):
        depth += (part == "(") - (part == ")")
        if depth or part in _UNKNOWN_LETTER or (len(part) > 1 and part[0] == "["):
            pieces.append("")
        elif part == "|":
            return ""
        elif part[0] in "*+?{":
            # The letter before it may be missing.
            pieces[-1] = pieces[-1][:-1]
            pieces.append("")
        elif part not in ("\\b", "\\B"):
            pieces[-1] += part[-1]
    return max(pieces, key=len)


@functools.cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def find(exchange: Exchange, token: str | None, url_path: str = "/") -> Iterator[Leak]:
    """Yield what leaks in the answer of an exchange, each clause once.

    `url_path` is the endpoint's own path, which error pages may name.
    """
    mask = Mask()
    if token:
        mask.hide(token, f"${{{TOKEN_VARIABLE}}}")
        yield from _token_leak(exchange, token, mask)
    # Masked before it is cut to an excerpt: half a token would be recognised by nobody else.
    text = mask(_without_echoes(_readable(exchange), exchange, url_path))
    # Most answers of a run are the same short refusal.
    yield from _search_once(text) if len(text) < _SHORT else _search(text)


@functools.lru_cache(maxsize=512)
def _search_once(text: str) -> tuple[Leak, ...]:
    return _search(text)


def _search(text: str) -> tuple[Leak, ...]:
    found: dict[str, Leak] = {}
    small = text.translate(_SMALL_LETTERS)
    for pattern in known_patterns():
        if pattern.clause in found:
            continue
        searched = small if pattern.ignore_case else text
        for needle, regex in pattern.regexes:
            match = _compiled(regex).search(searched) if needle in searched else None
            if match is not None:
                excerpt = text[max(0, match.start() - _BEFORE) : max(match.end(), match.start() + _EXCERPT)]
                found[pattern.clause] = Leak(pattern.clause, pattern.what, _line(excerpt))
                break
    return tuple(found.values())


def _line(text: str) -> str:
    return " ".join(text.split())[: 2 * _EXCERPT]


# The text that is searched

# Their values are URLs, in which a folder such as /data/ is no file of the server; or the time.
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
# Python shows what it has no words for as <class 'X'>.
_TAG = re.compile(r"</?(?!class |module |function |bound |built-in )[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_JSON_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _body(exchange: Exchange) -> str:
    return (exchange.content or exchange.received)[:LOOKED_AT].decode("utf-8", errors="replace")


def _readable(exchange: Exchange) -> str:
    """Return what a person would read of an answer: no markup, no escapes."""
    head = (f"{name}: {value}" for name, value in exchange.headers if name.lower() not in _HARMLESS_HEADERS)
    body = _body(exchange)
    if body.lstrip()[:1] in ("{", "[", '"'):
        body = _JSON_ESCAPE.sub(_unescaped, body)
    if "<" in body:
        body = _TAG.sub("\n", _INLINE.sub("", _STYLE.sub("", body)))
    body = html.unescape(body)
    # JSON behind other output keeps some of its escapes: a path of Windows must keep its backslashes.
    for escaped in ("\\/", '\\"', "\\\\"):
        body = body.replace(escaped, escaped[1])
    return "\n".join((*head, "", body))


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _JSON_LETTERS.get(escape[2], escape[2])


# Sent values that a language may say by itself.
_WORDS_OF_LANGUAGES = frozenset({"null", "undefined", "true", "false", "none", "array", "object", "string"})
_SHORTEST_ECHO = 4
_ECHO = "¤"


def _without_echoes(text: str, exchange: Exchange, url_path: str) -> str:
    """Take out what was sent: SQL that comes back from a userid is no SQL of the program."""
    values = {value for value in _sent(exchange) if value.lower() not in _WORDS_OF_LANGUAGES}
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
    """Yield where the answer shows the token, if it does; each answer once."""
    # A wrong token made of the right one may be repeated, and cut short: it says nothing that was not sent.
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
    """Yield patterns that find the token but no text that holds the same letters by chance."""
    if len(token) >= _UNLIKELY and not token.isalpha() and not token.isdigit():
        yield from patterns(token)
        return
    plain = patterns(token)[0].pattern
    yield re.compile(
        r"\b(?i:(?:expected|expects)\W{1,4}|(?:token|secret|key|password|auth\w*|be|is|was)\W{0,3}[:=>]\W{0,4})"
        rf"(?:{plain})(?!\w)"
    )
    if not token.isdigit():
        # In quotes, but no key of a JSON object.
        yield re.compile(rf"(?P<quote>[\"'`])(?:{plain})(?P=quote)(?!\s*:)")
        yield re.compile(rf"=(?:{plain})(?!\w)")
