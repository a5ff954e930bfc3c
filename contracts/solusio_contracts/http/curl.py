"""Writes a request as a curl line for bash that repeats it byte for byte, without its secrets.

Bytes are handled as Latin-1 text here, one character per byte.
"""

import base64
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.http.masking import CUT, Hidden, Mask, encoded, form_encoded, shortened

LONGEST_ARGUMENT = 2000
"""Characters of a request body that a curl line includes; a longer one is described."""
_LONGEST_FOR_THE_SYSTEM = 100_000
"""Bytes: Linux allows 128 KiB per argument of a program; a longer one goes through standard input."""


def reproduction(exchange: Exchange, url: str, mask: Mask, *, repeat: int = 1, only: str = "") -> str:
    """Return a line for bash that shows again what an exchange showed, without its secrets.

    `repeat` is how often the request was sent until the response differed, `only` when it differs. A comment
    says what a line with curl cannot do, such as sending a request in pieces.
    """
    line = curl(exchange.request, url, mask)
    single = line.startswith("curl ") and " # " not in line
    if exchange.concurrent > 1 and single:
        options = "-sS -o /dev/null -w '%{http_code}\\n'"
        count = exchange.concurrent
        command = line.replace("curl -sS -i", f"curl {options}", 1)
        return f"seq {count} | xargs -P{count} -I_n_ {command} | sort | uniq -c"
    if exchange.after is not None and single:
        first = curl(exchange.after, url, mask)
        if first.startswith("curl ") and " # " not in first:
            return f"{first} --next {line.removeprefix('curl ')}"
    if exchange.pieces > 1:
        return f"{line} # sends it whole; this needs {exchange.pieces} pieces with pauses, which curl cannot"
    if repeat > 1 and single:
        body = line.replace("curl -sS -i", "curl -sS", 1)
        return f"for i in $(seq {repeat}); do {body}; echo; done | sort | uniq -c"
    if exchange.leftover and single:
        return line.replace("curl -sS -i", "curl -sS -i -v", 1)
    return f"{line} # only {only}; one curl alone may not show it" if only and single else line


def curl(request: Request, url: str, mask: Mask) -> str:
    """Return a line for bash that repeats a request byte for byte, with shell variables for secrets.

    A comment describes a body that is too long for a line.
    """
    url, _, _ = url.partition("#")
    if request.path:
        url = urllib.parse.urljoin(url, request.path)
    if request.query:
        url += ("&" if "?" in url else "?") + request.query
    words = ["curl", "-sS", "-i"]
    if any(bracket in url for bracket in "[]{}"):
        words.append("-g")
    if request.method == "HEAD" and not request.body:
        words.append("-I")
    elif request.method != "POST":
        words += ["-X", shlex.quote(request.method)]
    words.append(_word(url, mask))
    for name, value in request.headers:
        # For curl, `Name:` is a header to omit, and `Name;` an empty one.
        words += ["-H", _word(f"{name}: {value}" if value else f"{name};", mask)]
    if request.body or request.method == "POST":
        if not any(name.lower() == "content-type" for name, _ in request.headers):
            words += ["-H", "Content-Type:"]
        return _with_body(words, request.body, mask)
    return " ".join(words)


def _with_body(words: list[str], body: bytes, mask: Mask) -> str:
    if b"\0" in body:
        data = _printf(body, mask)
    else:
        # curl reads `@name` as a file name.
        option = "--data-raw" if body.startswith(b"@") else "--data-binary"
        data = _word(body, mask)
        if len(data) <= LONGEST_ARGUMENT and len(body) <= _LONGEST_FOR_THE_SYSTEM:
            return " ".join([*words, option, data])
        data = f"printf %s {data}"
    line = " ".join([*words, "--data-binary", "@-"])
    if len(data) <= LONGEST_ARGUMENT:
        return f"{data} | {line}"
    head, _ = shortened(body, mask, 60)
    return f"{line} # a body of {len(body)} bytes: {' '.join(head.split())}{CUT}"


@dataclass(frozen=True, slots=True)
class _Live:
    """A part of a word that the shell evaluates."""

    expression: str


def _word(data: bytes | str, mask: Mask) -> str:
    """Quote for bash, except expressions that stand for secrets."""
    parts = [
        part
        for piece in mask.pieces(_as_latin1(data))
        for part in (_runs(piece) if isinstance(piece, str) else (_Live(_expression(piece)),))
    ]
    literal = "".join(part for part in parts if isinstance(part, str))
    if len(parts) == sum(isinstance(part, str) for part in parts):
        return _quoted(literal)
    if _is_plain(literal) and "!" not in literal:
        # Easier to read than several quotes. In an interactive bash, `!` would be special here.
        woven = (
            re.sub(r'([\\"$`])', r"\\\1", part) if isinstance(part, str) else part.expression
            for part in parts
        )
        return f'"{"".join(woven)}"'
    return "".join(_quoted(part) if isinstance(part, str) else f'"{part.expression}"' for part in parts)


def _as_latin1(data: bytes | str) -> str:
    return (encoded(data) if isinstance(data, str) else data).decode("latin-1")


def _is_plain(text: str) -> bool:
    return all(" " <= letter <= "~" for letter in text)


_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "'": "\\'"}


def _quoted(text: str) -> str:
    if _is_plain(text):
        return shlex.quote(text)
    letters = (
        _ESCAPES.get(letter) or (letter if _is_plain(letter) else f"\\x{ord(letter):02x}") for letter in text
    )
    return f"$'{''.join(letters)}'"


_RUN = re.compile(r"([A-Za-z0-9])\1{199,}")


def _runs(text: str) -> Iterator[str | _Live]:
    """Shorten long runs of one letter, as in an overlong token."""
    done = 0
    for run in _RUN.finditer(text):
        if run.start() > done:
            yield text[done : run.start()]
        yield _Live(f"$(head -c {len(run[0])} /dev/zero | tr '\\0' {run[1]})")
        done = run.end()
    if done < len(text):
        yield text[done:]


def _printf(body: bytes, mask: Mask) -> str:
    """Return a command that prints a body with zero bytes, which no argument can contain."""
    form, arguments = "", []
    for piece in mask.pieces(_as_latin1(body)):
        if isinstance(piece, str):
            for letter in piece:
                escaped = {"%": "%%", "\\": "\\\\"}.get(letter, letter)
                form += escaped if _is_plain(letter) else f"\\{ord(letter):03o}"
        else:
            form += "%s"
            arguments.append(f'"{_expression(piece)}"')
    return " ".join(["printf", shlex.quote(form), *arguments])


def _expression(hidden: Hidden) -> str:
    """Return the shell expression for a hidden text, in the encoding it has there."""
    raw, secret = hidden.raw, _as_latin1(hidden.secret)
    value = f'printf %s "{hidden.shown}"'
    percent = "".join(f"%{ord(letter):02X}" for letter in secret)
    if raw == secret or "$" not in hidden.shown:
        return hidden.shown
    if raw == percent:
        return f"$({value} | od -An -v -tx1 | tr -d '\\n' | tr ' a-f' '%A-F')"
    if raw == base64.b64encode(encoded(hidden.secret)).decode("ascii"):
        return f"$({value} | base64 | tr -d '\\n')"
    if raw == form_encoded(hidden.secret) and _is_plain(secret):
        return f"$({value} | {_sed(secret, urllib.parse.quote_plus)})"
    if raw == json.dumps(hidden.secret)[1:-1] and _is_plain(secret):
        return f"$({value} | {_sed(secret, lambda letter: json.dumps(letter)[1:-1])})"
    if raw == form_encoded(hidden.secret):
        # No common tool encodes exactly the same letters, but a server cannot see the difference.
        return f"$({value} | od -An -v -tx1 | tr -d '\\n' | tr ' a-f' '%A-F')"
    return hidden.shown


_BACKSLASH = "\\"


def _sed(secret: str, encode: Callable[[str], str]) -> str:
    """Return a command that encodes special characters; it reveals which the secret has, not where."""
    changed = {letter: encode(letter) for letter in secret if encode(letter) != letter}
    # Characters that occur in other replacements come first.
    order = sorted(changed, key=lambda letter: (letter not in "%\\", letter != "+", letter))
    commands = []
    for letter in order:
        wanted = f"\\{letter}" if letter in r"][/*.^$\\" else letter
        commands.append(f"s/{wanted}/{changed[letter].replace(_BACKSLASH, 2 * _BACKSLASH)}/g")
    return f"sed {shlex.quote(';'.join(commands))}"
