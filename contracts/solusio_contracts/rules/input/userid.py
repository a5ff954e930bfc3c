"""The user id: only the id of a known customer gets a price."""

from collections.abc import Iterator

from solusio_contracts.checking.expectations import Case, raw_parameter, refusals
from solusio_contracts.checking.price import same_price
from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Request

FULL_WIDTH = ord("０") - ord("0")
"""Offset from a digit to its full-width form."""


def _values(target: Target, *values: str) -> Iterator[Case]:
    """Pair each value of `userid` with its request, which is otherwise valid."""
    for value in values:
        shown = value if len(value) <= 40 else f"{value[:20]}… ({len(value)} characters)"
        yield f"userid={shown!r}", Request.form(target.parameters(value))


def _raw(target: Target, tail: str) -> Request:
    return raw_parameter(target, leave_out="userid", instead=tail.encode("latin-1"))


def _known(target: Target) -> int:
    return target.priced_users()[0]


@rule("TP-201", title="a missing userid is refused")
def userid_missing(target: Target) -> Iterator[Expect]:
    """It must not get the price of a default customer, or of the one in the request before."""
    target.price_of(_known(target))
    pairs = target.parameters(leave_out="userid")
    return refusals(target, [("a request without userid", Request.form(pairs))])


@rule("TP-202", title="an empty userid is refused")
def userid_empty(target: Target) -> Iterator[Expect]:
    """(int) '' is 0, and 0 may be a default customer."""
    return refusals(target, _values(target, "", " "))


@rule("TP-203", title="a userid that is a word is refused")
def userid_word(target: Target) -> Iterator[Expect]:
    """Words with a meaning in a programming language may find someone's price by accident."""
    words = (
        "abc",
        "null",
        "true",
        "NaN",
        "undefined",
        "admin",
        "constructor",
        "__proto__",
        "toString",
        "Infinity",
        "-inf",
        "1e999",
    )
    return refusals(target, _values(target, *words))


@rule("TP-204", title="a userid with a fraction is refused")
def userid_fraction(target: Target) -> Iterator[Expect]:
    """(int) '1.5' is 1: another customer's price."""
    known = _known(target)
    return refusals(target, _values(target, f"{known}.5", f"{known}.9", f"{known},5"))


@rule("TP-205", title="a userid of zero or below is refused")
def userid_not_positive(target: Target) -> Iterator[Expect]:
    """-1 must not become 1."""
    return refusals(target, _values(target, "0", "-1", f"-{_known(target)}"))


@rule("TP-206", title="a userid out of range is refused")
def userid_too_large(target: Target) -> Iterator[Expect]:
    """Large ids wrap around to another customer's, or the database fails on them."""
    known = _known(target)
    values = (2**31, 2**32 + known, 2**63, 2**64 + known, 10**40 + known)
    # 5,000 digits: Python raises an exception for more than 4,300.
    return refusals(target, _values(target, *map(str, values), "9" * 5_000))


@rule("TP-207", title="a userid with other characters around the number is refused")
def userid_trailing(target: Target) -> Iterator[Expect]:
    """(int) '1abc' and parseInt('1abc') are 1."""
    known = _known(target)
    tails = ("abc", "x", " abc", ";", "/2", "-1", "&", ",2", "\n2", "\tx", "|2", "=")
    values = [f"{known}{tail}" for tail in tails]
    return refusals(
        target,
        _values(
            target,
            *values,
            f"abc{known}",
            f"abc\n{known}",
            f"[{known}]",
            f"({known})",
            f"#{known}",
            f"./{known}",
        ),
    )


@rule("TP-208", title="a userid with quotes or SQL is refused")
def userid_sql(target: Target) -> Iterator[Expect]:
    """SQL injection is the oldest way into a database."""
    known = _known(target)
    values = (
        f"{known}'",
        f'{known}"',
        "'",
        f"{known} OR 1=1",
        f"{known}' OR '1'='1",
        f"0 UNION SELECT {known}",
        f"{known};--",
        f"{known})",
        "%",
        "_" * len(str(known)),
        "*",
        f"{known}\\",
        f"{target.settings.unknown_user} OR 1=1",
        f"{target.settings.unknown_user}' OR '1'='1' -- ",
    )
    return refusals(target, _values(target, *values))


@rule("TP-209", title="a userid with unusual characters or bytes is refused")
def userid_bytes(target: Target) -> Iterator[Expect]:
    """'²'.isdigit() is true in Python, and int('²') fails."""
    known = _known(target)
    odd = ("é", f"{known}é", "²", "①", "💥", "\x00", f"{known}\x00abc", "\u202e1x")
    yield from refusals(target, _values(target, *odd))
    raw = (
        ("userid=%FF%FE (not UTF-8)", "userid=%FF%FE"),
        (f"userid={known}%FF (not UTF-8)", f"userid={known}%FF"),
        ("userid=%ZZ (not a percent-escape)", "userid=%ZZ"),
        ("userid=% (half a percent-escape)", "userid=%"),
    )
    yield from refusals(target, ((words, _raw(target, tail)) for words, tail in raw))


@rule("TP-222", "TP-209", title="a userid must be plain digits")
def userid_spelling(target: Target) -> Iterator[Expect]:
    """Number() and int() accept more than digits. Nobody else's price leaks, so this is only advice."""
    known = _known(target)
    full_width = "".join(chr(ord(digit) + FULL_WIDTH) for digit in str(known))
    for user in target.priced_users():
        # Read as octal, 010 is 8: another customer's price.
        words = f"userid='0{user}'"
        exchange = target.ask(target.parameters(f"0{user}"), words)
        own = not exchange.priced or same_price(target.first_response(user), exchange)
        yield Expect.that(
            own and not exchange.server_error and exchange.failure is None,
            words,
            f"a refusal or the price of user {user}",
            exchange.summary,
            exchange,
            clause="TP-209",
        )
    for words, request in _values(target, full_width, f"{known}.0", f"{known}e0", hex(known)):
        exchange = target.send(request, words)
        if exchange.priced:
            yield Expect.that(False, words, "a refusal (4xx) without a price", exchange.summary, exchange)
        else:
            yield Expect.refused(words, exchange, clause="TP-209")


@rule("TP-210", title="a userid that is an array is refused")
def userid_array(target: Target) -> Iterator[Expect]:
    """In PHP, (int) of any non-empty array is 1."""
    known = _known(target)
    tails = (
        f"userid[]={known}",
        f"userid[0]={known}",
        f"userid[id]={known}",
        "userid[]=x&userid[]=y",
    )
    return refusals(target, ((tail, _raw(target, tail)) for tail in tails))


@rule("TP-211", title="an unknown user is refused")
def userid_unknown(target: Target) -> Iterator[Expect]:
    """A default price hides a broken link between the two systems."""
    unknown = target.settings.unknown_user
    words = f"userid={unknown}, which should not exist"
    note = f"if user {unknown} exists, choose another with --unknown-user-id"
    return refusals(target, [(words, Request.form(target.parameters(unknown)))], note=note)


@rule("TP-212", title="a repeated userid breaks nothing")
def userid_doubled(target: Target) -> Iterator[Expect]:
    """Frameworks turn it into a list."""
    known = _known(target)
    other = next((user for user in target.priced_users() if user != known), target.settings.unknown_user)
    for pair in ((known, other), (other, known)):
        tail = "&".join(f"userid={user}" for user in pair)
        exchange = target.send(_raw(target, tail), tail)
        owners = [target.first_response(user) for user in pair if user in target.users]
        fine = exchange.refused or (
            exchange.failure is None
            and not exchange.server_error
            and (not exchange.priced or any(same_price(owner, exchange) for owner in owners))
        )
        yield Expect.that(fine, tail, "a refusal or the price of one of the two", exchange.summary, exchange)
