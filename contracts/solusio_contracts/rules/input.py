"""Input: what the endpoint must refuse, what it must ignore, what it must read."""

import dataclasses
from collections.abc import Iterable, Iterator

from solusio_contracts.clauses import Level
from solusio_contracts.exchange import ACTION, FORM_TYPE, Exchange, Request, Trouble
from solusio_contracts.price import difference, same_price
from solusio_contracts.rule import Expect, rule
from solusio_contracts.target import Target

FULL_WIDTH = ord("０") - ord("0")
"""Distance from a digit to its full-width form."""
ENOUGH = 2
"""Time-outs within one rule after which its other cases are left out."""


def refusals(
    target: Target, cases: Iterable[tuple[str, Request]], *, clause: str = "", note: str = ""
) -> Iterator[Expect]:
    """Ask each case and expect no price, no server error and an answer."""
    late = 0
    for words, request in cases:
        exchange = target.send(request, words)
        yield Expect.refused(words, exchange, clause=clause, hint=note)
        late += exchange.trouble is Trouble.TIMEOUT
        if late >= ENOUGH:
            return


def with_userid(target: Target, *values: str) -> Iterator[tuple[str, Request]]:
    """Pair each value of `userid` with its request, all else being right."""
    for value in values:
        shown = value if len(value) <= 40 else f"{value[:20]}… ({len(value)} characters)"
        yield f"userid={shown!r}", Request.form(target.question(value))


def _raw(target: Target, tail: str) -> Request:
    """Return the valid question with `userid=...` replaced by raw form text."""
    head = Request.form(target.question(leave_out="userid")).body
    return Request(head + b"&" + tail.encode("latin-1"))


def _known(target: Target) -> int:
    return target.priced_users()[0]


@rule("TP-201", title="a missing userid is refused")
def userid_missing(target: Target) -> Iterator[Expect]:
    """Neither a default customer nor the last one asked for."""
    target.price_of(_known(target))
    pairs = target.question(leave_out="userid")
    return refusals(target, [("a request without userid", Request.form(pairs))])


@rule("TP-202", title="an empty userid is refused")
def userid_empty(target: Target) -> Iterator[Expect]:
    """(int) '' is 0, and 0 may be a default customer."""
    return refusals(target, with_userid(target, "", " "))


@rule("TP-203", title="a userid that is a word is refused")
def userid_word(target: Target) -> Iterator[Expect]:
    """Words that mean something to a language find somebody's price by accident."""
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
    )
    return refusals(target, with_userid(target, *words))


@rule("TP-204", title="a userid with a fraction is refused")
def userid_fraction(target: Target) -> Iterator[Expect]:
    """(int) '1.5' is 1: another customer's price."""
    known = _known(target)
    return refusals(target, with_userid(target, f"{known}.5", f"{known}.9", f"{known},5"))


@rule("TP-205", title="a userid of zero or below is refused")
def userid_not_positive(target: Target) -> Iterator[Expect]:
    """-1 must not become 1."""
    return refusals(target, with_userid(target, "0", "-1", f"-{_known(target)}"))


@rule("TP-206", title="a userid beyond the range is refused")
def userid_too_large(target: Target) -> Iterator[Expect]:
    """Ids wrap around to another customer's, or the database fails on them."""
    known = _known(target)
    values = (2**31, 2**32 + known, 2**63, 2**64 + known, 10**40 + known)
    return refusals(target, with_userid(target, *map(str, values)))


@rule("TP-207", title="a userid with something behind the number is refused")
def userid_trailing(target: Target) -> Iterator[Expect]:
    """(int) '1abc' and parseInt('1abc') are 1."""
    known = _known(target)
    tails = ("abc", "x", " abc", ";", "/2", "-1", "&")
    values = [f"{known}{tail}" for tail in tails]
    return refusals(target, with_userid(target, *values, f"abc{known}"))


@rule("TP-208", title="a userid with quotes or SQL is refused")
def userid_sql(target: Target) -> Iterator[Expect]:
    """The oldest way into a database."""
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
    return refusals(target, with_userid(target, *values))


@rule("TP-209", title="a userid of odd letters and bytes is refused")
def userid_bytes(target: Target) -> Iterator[Expect]:
    """'²'.isdigit() is true in Python, and int('²') fails."""
    known = _known(target)
    yield from refusals(
        target,
        with_userid(target, "é", f"{known}é", "²", "①", "💥", "\x00", f"{known}\x00abc", "\u202e1x"),
    )
    # int() in Python reads the digits of all alphabets: odd, but nobody else's price.
    value = "".join(chr(ord(digit) + FULL_WIDTH) for digit in str(known))
    words = f"userid={value!r} (digits of another alphabet)"
    exchange = target.ask(target.question(value), words)
    refused = Expect.refused(words, exchange)
    yield dataclasses.replace(refused, level=Level.SHOULD if exchange.priced else None)
    raw = (
        ("userid=%FF%FE (no UTF-8)", "userid=%FF%FE"),
        (f"userid={known}%FF (no UTF-8)", f"userid={known}%FF"),
        ("userid=%ZZ (no percent-escape)", "userid=%ZZ"),
        ("userid=% (half a percent-escape)", "userid=%"),
        ("userid=\\xff\\xfe (raw bytes)", "userid=\xff\xfe"),
    )
    yield from refusals(target, ((words, _raw(target, tail)) for words, tail in raw))


@rule("TP-210", title="a userid that is an array is refused")
def userid_array(target: Target) -> Iterator[Expect]:
    """In PHP (int) of any non-empty array is 1."""
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
    note = f"if {unknown} does exist, name another with --unknown-user-id"
    return refusals(target, [(words, Request.form(target.question(unknown)))], note=note)


@rule("TP-212", title="a doubled userid breaks nothing")
def userid_doubled(target: Target) -> Iterator[Expect]:
    """Frameworks make a list of it."""
    known = _known(target)
    other = next((user for user in target.priced_users() if user != known), target.settings.unknown_user)
    for pair in ((known, other), (other, known)):
        tail = "&".join(f"userid={user}" for user in pair)
        exchange = target.send(_raw(target, tail), tail)
        owners = [target.first_answer(user) for user in pair if user in target.users]
        fine = exchange.refused or (
            exchange.trouble is None
            and not exchange.server_error
            and (not exchange.priced or any(same_price(owner, exchange) for owner in owners))
        )
        yield Expect.that(fine, tail, "a refusal or the price of one of the two", exchange.summary, exchange)


@rule("TP-213", title="a missing action is refused")
def action_missing(target: Target) -> Iterator[Expect]:
    """The vendor's parameter table forgets it, so this is advice."""
    known = _known(target)
    for words, pairs in (
        ("a request without action", target.question(known, leave_out="action")),
        ("action=''", target.question(known, action="")),
    ):
        exchange = target.ask(pairs, words)
        yield Expect.that(not exchange.priced, words, "no price", exchange.summary, exchange)


@rule("TP-214", title="an unknown action is refused")
def action_unknown(target: Target) -> Iterator[Expect]:
    """The vendor may add actions; a price is no answer to another question."""
    known = _known(target)
    actions = (
        "NoSuchAction",
        "GetUserPricing",
        f"{ACTION}s",
        f"Un{ACTION}",
        "GetToken",
        "Pricing",
        "0",
        "true",
        "é",
        "__construct",
        "'",
    )
    yield from refusals(
        target,
        ((f"action={one!r}", Request.form(target.question(known, action=one))) for one in actions),
    )


@rule("TP-215", "TP-214", title="the case of action may matter or not")
def action_case(target: Target) -> Iterator[Expect]:
    """Nobody states it; only a failure would be wrong."""
    known = _known(target)
    for action in (ACTION.lower(), ACTION.upper()):
        exchange = target.ask(target.question(known, action=action), f"action={action}")
        fine = exchange.trouble is None and not exchange.server_error
        yield Expect.that(
            fine,
            f"action={action}",
            "a price or a refusal",
            exchange.summary,
            exchange,
            clause="TP-214",
        )
        if fine:
            taken = "taken" if exchange.priced else "refused"
            yield Expect.that(False, f"action={action}", "either", taken, exchange)


@rule("TP-216", title="unknown parameters are ignored")
def extra_parameters(target: Target) -> Iterator[Expect]:
    """A new version of SolusIO may send more."""
    user = _known(target)
    question = target.question(user)
    extras: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
        ("one more parameter", (("solusio_version", "2.0"),)),
        ("parameters with array names and other alphabets", (("x[a][b]", "1"), ("größe", "ключ"))),
        ("an empty parameter", (("empty", ""),)),
        ("fifty more parameters", tuple((f"parameter_{n}", str(n)) for n in range(50))),
    )
    for words, extra in extras:
        for place, pairs in (("behind", question + extra), ("before", extra + question)):
            exchange = target.ask(pairs, f"{words} {place} the known ones")
            yield _same_price(target, user, exchange, f"{words}, {place} the known ones")


def _same_price(target: Target, user: int, exchange: Exchange, subject: str) -> Expect:
    first = target.first_answer(user)
    return Expect.that(
        exchange.priced and same_price(first, exchange),
        subject,
        "the same price as without that",
        difference(first, exchange),
        exchange,
    )


@rule("TP-217", title="percent-escapes are decoded")
def percent_escapes(target: Target) -> Iterator[Expect]:
    """Splitting the body at & and = works until a token has a + in it."""
    user = _known(target)
    question = target.question(user)

    def escaped(text: str) -> str:
        return "".join(f"%{byte:02X}" for byte in text.encode())

    for words, name_too in (("values written as percent-escapes", False), ("names as well", True)):
        body = "&".join(f"{escaped(name) if name_too else name}={escaped(value)}" for name, value in question)
        exchange = target.send(Request(body.encode("ascii")), words)
        yield _same_price(target, user, exchange, words)


@rule("TP-218", title="the order of parameters does not matter")
def parameter_order(target: Target) -> Iterator[Expect]:
    """A form has no order."""
    user = _known(target)
    question = target.question(user)
    orders = [question[turn:] + question[:turn] for turn in range(1, len(question))]
    for pairs in (question[::-1], *orders):
        names = ", ".join(name for name, _ in pairs)
        exchange = target.ask(pairs, f"the parameters in the order {names}")
        yield _same_price(target, user, exchange, f"order {names}")


@rule("TP-219", title="a body that is no form breaks nothing")
def other_bodies(target: Target) -> Iterator[Expect]:
    """Stray clients send anything."""
    target.price_of(_known(target))
    cases = (
        ("an empty body", Request(b"")),
        ("a body of separators only", Request(b"&&==&=&;")),
        ("a body of random bytes", Request(bytes(range(256)))),
        ("names without values", Request(b"token&action&userid")),
        (
            "an empty JSON object",
            Request(b"{}", (("Accept", "*/*"), ("Content-Type", "application/json"))),
        ),
        ("broken JSON", Request(b'{"userid":', (("Content-Type", "application/json"),))),
        (
            "a form declared as multipart",
            Request(b"--x--", (("Content-Type", "multipart/form-data; boundary=x"),)),
        ),
        ("multipart without a boundary", Request(b"x", (("Content-Type", "multipart/form-data"),))),
        ("a Content-Type that is none", Request(b"x=1", (("Content-Type", "nonsense"),))),
        (
            "a charset that is none",
            Request(b"x=%e4", (("Content-Type", f"{FORM_TYPE}; charset=klingon"),)),
        ),
    )
    yield from refusals(target, cases)
    # The same question as JSON may be understood or refused; it must not break anything.
    known = _known(target)
    token = f'"token": "{target.token}", ' if target.token is not None else ""
    body = f'{{{token}"action": "{ACTION}", "userid": {known}}}'
    exchange = target.send(
        Request(body.encode(), (("Content-Type", "application/json"),)), "the question as JSON"
    )
    fine = exchange.trouble is None and not exchange.server_error
    yield Expect.that(fine, "the question as JSON", "a refusal or the price", exchange.summary, exchange)


@rule("TP-220", title="what other methods answer, for information")
def other_methods(target: Target) -> Iterator[Expect]:
    """SolusIO only posts."""
    query = Request.form(target.question(_known(target))).body.decode("ascii")
    for method, request in (
        ("GET", Request(b"", (("Accept", "application/json"),), "GET", query)),
        ("PUT", Request(Request.form(target.question()).body, method="PUT")),
        ("OPTIONS", Request(b"", (("Accept", "*/*"),), "OPTIONS")),
    ):
        exchange = target.send(request, f"{method} instead of POST", keep=False)
        yield Expect.that(False, method, "anything", exchange.summary, exchange, level=Level.MAY)
