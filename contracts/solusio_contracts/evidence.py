"""Turns an unmet expectation into a finding: masked texts, the exchange, a curl line."""

import shlex

from solusio_contracts.clauses import Clause, Level
from solusio_contracts.exchange import Exchange, Request
from solusio_contracts.masking import Mask
from solusio_contracts.report import Finding
from solusio_contracts.rule import Expect
from solusio_contracts.target import Target

BODY_SHOWN = 1200
"""Bytes of a body that a finding shows."""
LONGEST_ARGUMENT = 2000
"""Bytes of a request body that a curl line carries; a longer one is described."""


def finding(expect: Expect, clause: Clause, level: Level, target: Target) -> Finding:
    """Return the finding for an unmet expectation."""
    exchange = expect.exchange
    mask = target.mask
    return Finding(
        clause=clause.id,
        level=level,
        subject=mask(expect.subject),
        expected=mask(expect.expected),
        actual=mask(expect.actual),
        hint=mask(expect.hint),
        question=mask(exchange.question) if exchange else "",
        curl=curl(exchange.request, target.settings.url, mask) if exchange else "",
        request=mask(_text(exchange.sent)) if exchange else "",
        response=mask(response_text(exchange)) if exchange else "",
    )


def curl(request: Request, url: str, mask: Mask) -> str:
    """Return a shell line that repeats a request, secrets replaced by shell variables."""
    if request.query:
        url += ("&" if "?" in url else "?") + request.query
    words = ["curl", "-sS", "-i"]
    if request.method != "POST" or not request.body:
        words += ["-X", request.method]
    words.append(_quote(url, mask))
    for name, value in request.headers:
        words += ["-H", _quote(f"{name}: {value}", mask)]
    if len(request.body) > LONGEST_ARGUMENT:
        head = request.body[:60].decode("utf-8", errors="replace")
        return " ".join(words) + f" --data-binary @- # a body of {len(request.body)} bytes: {mask(head)}…"
    if request.body:
        words += ["--data-binary", _quote_bytes(request.body, mask)]
    return " ".join(words)


def _quote_bytes(body: bytes, mask: Mask) -> str:
    text = body.decode("latin-1")
    if all(" " <= letter <= "~" for letter in text):
        return _quote(text, mask)
    escaped = "".join(
        letter if " " <= letter <= "~" and letter not in "'\\" else f"\\x{ord(letter):02x}" for letter in text
    )
    return f"$'{mask(escaped)}'"


def _quote(text: str, mask: Mask) -> str:
    """Quote for a POSIX shell; what the mask inserts stays a live variable."""
    shown = mask(text)
    if shown == text:
        return shlex.quote(text)
    # Double quotes keep ${MOCK_SOLUSIO_TOKEN} alive; every other special character is escaped.
    placeholder = "\0"
    parts: list[str] = []
    variables = mask.variables(text)
    for literal in mask(text, replace=placeholder).split(placeholder):
        escaped = literal
        for special in ("\\", '"', "$", "`"):
            escaped = escaped.replace(special, "\\" + special)
        parts.append(escaped)
    woven = "".join(a + b for a, b in zip(parts, [*variables, ""], strict=True))
    return f'"{woven}"'


def response_text(exchange: Exchange) -> str:
    """Return the answer as text: head, and the beginning of the decoded body."""
    if exchange.status is None:
        return exchange.trouble_text + (
            "\n" + _text(exchange.received[:BODY_SHOWN]) if exchange.received else ""
        )
    head = [f"HTTP {exchange.status} {exchange.reason}".rstrip()]
    head += [f"{name}: {value}" for name, value in exchange.headers]
    body = exchange.content[:BODY_SHOWN]
    text = "\n".join(head) + "\n\n" + _text(body)
    if len(exchange.content) > BODY_SHOWN:
        text += f"\n… {len(exchange.content)} bytes in all"
    if exchange.leftover:
        text += f"\n… then {exchange.leftover[:80]!r} after the end of the answer"
    if exchange.trouble is not None:
        text += f"\n… then: {exchange.trouble_text}"
    return text


def _text(data: bytes) -> str:
    """Return bytes as text; what is no printable UTF-8 shows as an escape."""
    text = data[: BODY_SHOWN * 2].decode("utf-8", errors="backslashreplace")
    return "".join(
        letter
        if letter.isprintable() or letter in "\n\t"
        else ("" if letter == "\r" else f"\\x{ord(letter):02x}")
        for letter in text
    )
