"""Finds in an answer what should have stayed inside: tokens, traces, paths, SQL. Pure."""

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass

from solusio_contracts.exchange import Exchange
from solusio_contracts.masking import SHORTEST, spellings

LOOKED_AT = 200_000
"""Bytes of an answer that are searched."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that an answer should not hold."""

    clause: str
    what: str
    excerpt: str


_ERRORS = (
    "Type|Value|Key|Index|Attribute|ZeroDivision|Reference|Range|Syntax|UnicodeDecode|UnicodeEncode|Name|"
    "Overflow|Recursion|Assertion|ArgumentCount|DivisionByZero|Runtime|Arithmetic|JSONDecode|Operational|"
    "Programming|Integrity|Data|Database|Internal"
)
_PATTERNS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (clause, what, re.compile(pattern, re.IGNORECASE if clause == "TP-504" else 0))
    for clause, what, pattern in (
        (
            "TP-502",
            "a Python traceback",
            r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+",
        ),
        (
            "TP-502",
            "a JavaScript stack trace",
            r"\bat (?:async )?[\w.<>$\[\] ]*\(?(?:file://|node:|/|[A-Z]:\\)[^\s)\"]*:\d+:\d+",
        ),
        ("TP-502", "a PHP stack trace", r"Stack trace:|#\d+ (?:\{main\}|\S+\(\d+\): )"),
        (
            "TP-502",
            "a PHP error message",
            r"(?:Fatal error|Parse error|Warning|Notice|Deprecated)(?:</b>)?:\s.{1,400}? (?:on|at) line\b",
        ),
        (
            "TP-502",
            "a PHP error message",
            r"\bUncaught \\?\w+|Undefined (?:array key|index|variable|offset|property)|Argument #\d+ \(\$|must be of type [\w|?\\]+, \w+ given|Unsupported operand types",
        ),
        (
            "TP-502",
            "an error message of the language",
            rf"\b(?:{_ERRORS})(?:Error|Exception)\b['\"]?\s*(?::|\(|\sin\s|,)",
        ),
        (
            "TP-502",
            "an error message of the language",
            r"invalid literal for int\(\)|Cannot read propert(?:y|ies) of (?:undefined|null)|is not (?:a function|iterable)\b|could not convert string to|Unexpected token .{1,20} in JSON|codec can't decode|NullPointerException|PDOException|ErrorException",
        ),
        (
            "TP-502",
            "a stack trace",
            r"\bat [\w.$]+\([\w$]+\.java:\d+\)|goroutine \d+ \[|\.rb:\d+:in [`']|\bat [\w.]+\([^)]*\) in .{1,200}:line \d+",
        ),
        (
            "TP-502",
            "a debug page",
            r"Werkzeug Debugger|DJANGO_SETTINGS_MODULE|Whoops, looks like something went wrong|phpinfo\(\)|<title>phpinfo|xdebug",
        ),
        (
            "TP-503",
            "a file path of the server",
            r"(?<![\w:/.%-])/(?:var|home|usr|srv|opt|etc|tmp|app|root|www|htdocs|Users|mnt|data|proc|private|work|workspace|code|site|sites|vagrant|storage)/[\w.@+-]+(?:/[\w.@+-]+)*",
        ),
        (
            "TP-503",
            "a file path of the server",
            r"(?<![\w/])[A-Za-z]:\\{1,2}[\w .()-]+\\{1,2}[\w .()-]+|file:///[\w./-]+",
        ),
        (
            "TP-503",
            "a file and line of the program",
            r"[\w/-]+\.(?:php|py|m?js|cjs|ts|rb|inc)(?::\d+|\(\d+\)| on line \d+|, line \d+)",
        ),
        (
            "TP-503",
            "settings of the server",
            r"\b(?:DB|DATABASE|MYSQL|POSTGRES|PG|APP|SECRET|AWS|BILLING|REDIS|SMTP|MAIL)_(?:PASSWORD|PASS|PWD|SECRET|KEY|TOKEN|URL|DSN|HOST|USER)\b|\bDOCUMENT_ROOT\b|\bSCRIPT_FILENAME\b",
        ),
        (
            "TP-504",
            "a message of the database",
            r"SQLSTATE\[|error in your SQL syntax|syntax error at or near|near \\?\"[^\"]*\\?\": syntax error|unrecognized token:|no such (?:table|column)|incomplete input\b|ORA-\d{5}|psycopg|sqlite3?[.:_ ]|mysqli?_|mysqli\b|\bmysql server version|pg_query|Unclosed quotation mark|database is locked|Unknown column|Integrity constraint violation|invalid input syntax for|integer out of range|out of range for type|quoted string not properly terminated|\bER_[A-Z_]{5,}",
        ),
        (
            "TP-504",
            "an SQL statement",
            r"\bSELECT\b[^;]{1,300}\bFROM\b\s+[\w`\"\[]|\bINSERT\s+INTO\b|\bDELETE\s+FROM\b|\bUPDATE\b\s+[\w`\"]+\s+SET\b",
        ),
    )
)
_EXCERPT = 120


def find(exchange: Exchange, token: str | None, url_path: str = "/") -> Iterator[Leak]:
    """Yield what leaks in the answer of an exchange, each kind once.

    `url_path` is the endpoint's own path, which error pages may name.
    """
    sent = exchange.request.body.decode("latin-1")
    text = _text(exchange)
    if token and len(token) >= SHORTEST:
        yield from _token_leaks(exchange, text, token)
    seen: set[str] = set()
    for clause, what, pattern in _PATTERNS:
        if clause in seen:
            continue
        for match in pattern.finditer(text):
            # What we sent ourselves, such as a userid with SQL in it, is an echo and not a leak.
            if match[0] in sent or (len(url_path) > 1 and match[0].startswith(url_path)):
                continue
            if clause == "TP-504" and _is_echo(match[0], exchange):
                continue
            seen.add(clause)
            yield Leak(clause, what, _around(text, match.start(), match.end()))
            break


def _text(exchange: Exchange) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in exchange.headers)
    body = (exchange.content or exchange.received)[:LOOKED_AT].decode("utf-8", errors="replace")
    # PHP's json_encode writes \/ for /, and quotes inside JSON are escaped.
    return head + "\n\n" + body.replace("\\/", "/").replace('\\"', '"')


def _is_echo(found: str, exchange: Exchange) -> bool:
    sent = urllib.parse.unquote_plus(exchange.request.body.decode("latin-1"))
    return found.lower() in sent.lower()


def _token_leaks(exchange: Exchange, text: str, token: str) -> Iterator[Leak]:
    # A wrong token built from the right one may be repeated without giving anything away that was not sent.
    for sent in _sent_tokens(exchange):
        if sent != token:
            for spelling in spellings(sent):
                text = text.replace(spelling, "")
    for spelling in spellings(token):
        if spelling in text:
            at = text.index(spelling)
            yield Leak("TP-501", "the authorization token", _around(text, at, at + len(spelling)))
            return


def _sent_tokens(exchange: Exchange) -> list[str]:
    body = exchange.request.body.decode("latin-1")
    pairs = urllib.parse.parse_qsl(body, keep_blank_values=True)
    return sorted(
        (value for name, value in pairs if name.startswith("token") and value),
        key=len,
        reverse=True,
    )


def _around(text: str, start: int, end: int) -> str:
    piece = text[max(0, start - 20) : min(len(text), max(end, start + _EXCERPT - 20))]
    return " ".join(piece.split())[: _EXCERPT * 2]
