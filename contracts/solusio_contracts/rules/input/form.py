"""The rest of the form: its action, unknown parameters, order, escapes, and bodies that are not forms."""

import dataclasses
import json
from collections.abc import Iterator

from solusio_contracts.checking.expectations import (
    advice_if_foreign,
    raw_parameter,
    refusals,
    same,
    unharmed,
)
from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.http.exchange import ACTION, FORM_TYPE, Headers, Request
from solusio_contracts.http.refusal import refusal

ANSWER_KEYS = ("base_token_unit_cost", "user_token_unit_cost", "currency", "discounts", "taxes")
LANGUAGE_WORDS = ("hasOwnProperty", "__proto__", "constructor", "length", "get", "this", "GLOBALS")


def _known(target: Target) -> int:
    return target.priced_users()[0]


@rule("TP-213", title="a missing action is refused")
def action_missing(target: Target) -> Iterator[Expect]:
    """The vendor's parameter table omits it, so this is only advice."""
    known = _known(target)
    for words, pairs in (
        ("a request without action", target.parameters(known, leave_out="action")),
        ("action=''", target.parameters(known, action="")),
    ):
        exchange = target.ask(pairs, words)
        yield Expect.that(not exchange.priced, words, "no price", exchange.summary, exchange)


@rule("TP-214", title="an unknown action is refused")
def action_unknown(target: Target) -> Iterator[Expect]:
    """The vendor may add actions, and a price would be the wrong response to those."""
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
        "constructor",
        "toString",
        "__class__",
        f"./{ACTION}",
        "'",
    )
    yield from refusals(
        target,
        ((f"action={one!r}", Request.form(target.parameters(known, action=one))) for one in actions),
    )
    raw = (b"action=%FF%FE", b"action=" + b"x" * 10_000, b"action[]=NoSuchAction", b"action=a&action=b")
    yield from refusals(
        target,
        ((one[:24].decode(), raw_parameter(target, leave_out="action", instead=one)) for one in raw),
    )
    either = f"action[]={ACTION}".encode()
    request = raw_parameter(target, leave_out="action", instead=either)
    yield unharmed(target.send(request, f"action[]={ACTION}"))


@rule("TP-215", "TP-214", title="action may be case-sensitive or not")
def action_case(target: Target) -> Iterator[Expect]:
    """Nobody states which; only a server error would be wrong."""
    known = _known(target)
    for action in (ACTION.lower(), ACTION.upper()):
        exchange = target.ask(target.parameters(known, action=action), f"action={action}")
        answered = unharmed(exchange, clause="TP-214")
        yield answered
        if answered.ok:
            taken = "accepted" if exchange.priced else "refused"
            yield Expect.that(False, f"action={action}", "either", taken, exchange)


@rule("TP-216", title="unknown parameters are ignored", long=True)
def extra_parameters(target: Target) -> Iterator[Expect]:
    """SolusVM may send the number of tokens that a feature costs, and a new version more."""
    user = _known(target)
    parameters = target.parameters(user)
    unknown = target.settings.unknown_user
    extras: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
        ("the number of tokens", (("tokens", "5000"),)),
        ("one more parameter", (("solusio_version", "2.0"),)),
        ("parameters with array names and other alphabets", (("x[a][b]", "1"), ("größe", "ключ"))),
        ("an empty parameter", (("empty", ""),)),
        ("parameters named like members of the response", tuple((name, "x") for name in ANSWER_KEYS)),
        ("parameters named like language keywords", tuple((name, "1") for name in LANGUAGE_WORDS)),
        ("a value that contains another request", (("comment", f"token=x&userid={unknown}"),)),
        ("fifty more parameters", tuple((f"parameter_{n}", str(n)) for n in range(50))),
    )
    for words, extra in extras:
        odd = any("[" in name or name in LANGUAGE_WORDS for name, _ in extra)
        for place, pairs in (("after", parameters + extra), ("before", extra + parameters)):
            exchange = target.ask(pairs, f"{words} {place} the known ones")
            expect = same(target.first_response(user), exchange, f"{words}, {place} the known ones")
            # A firewall may refuse names that SolusIO has never sent.
            yield dataclasses.replace(expect, level=Level.SHOULD if odd and exchange.refused else None)
    many = Request.form((*parameters, *((f"p{number}", "x") for number in range(300))))
    yield unharmed(target.send(many, "300 more parameters"))
    bytes_ = Request(Request.form(parameters).body + b"&x=%FF%FE&%80=1")
    yield unharmed(target.send(bytes_, "one more parameter with percent-escapes that are not UTF-8"))


@rule("TP-217", title="percent-escapes are decoded")
def percent_escapes(target: Target) -> Iterator[Expect]:
    """Splitting the body at & and = works until a token contains a +."""
    user = _known(target)
    parameters = target.parameters(user)

    def escaped(text: str) -> str:
        return "".join(f"%{byte:02X}" for byte in text.encode())

    small = "&".join(f"{name}={escaped(value).lower()}" for name, value in parameters)
    exchange = target.send(Request(small.encode("ascii")), "values as lowercase percent-escapes")
    yield same(target.first_response(user), exchange, exchange.description)
    for words, name_too in (
        ("values as percent-escapes", False),
        ("names and values as percent-escapes", True),
    ):
        body = "&".join(
            f"{escaped(name) if name_too else name}={escaped(value)}" for name, value in parameters
        )
        exchange = target.send(Request(body.encode("ascii")), words)
        expect = same(target.first_response(user), exchange, words)
        # Nobody escapes the letters of a name, so this is only advice.
        yield dataclasses.replace(expect, level=Level.SHOULD if name_too else None)


@rule("TP-218", title="the order of parameters does not matter")
def parameter_order(target: Target) -> Iterator[Expect]:
    """The fields of a form have no order."""
    user = _known(target)
    parameters = target.parameters(user)
    orders = [parameters[turn:] + parameters[:turn] for turn in range(1, len(parameters))]
    for pairs in (parameters[::-1], *orders):
        names = ", ".join(name for name, _ in pairs)
        exchange = target.ask(pairs, f"the parameters in the order {names}")
        yield same(target.first_response(user), exchange, f"order {names}")


@rule("TP-219", title="a body that is not a form breaks nothing", long=True)
def other_bodies(target: Target) -> Iterator[Expect]:
    """Stray clients may send anything."""
    target.price_of(_known(target))
    cases = (
        ("an empty body", Request(b"")),
        ("a body with nothing but separators", Request(b"&&==&=&;")),
        ("names without values", Request(b"token&action&userid")),
        ("an empty JSON object", Request(b"{}", _typed("application/json"))),
        ("a JSON list", Request(b"[1]", _typed("application/json"))),
        ("broken JSON", Request(b'{"userid":', _typed("application/json"))),
        ("a form declared as multipart", Request(b"--x--", _typed("multipart/form-data; boundary=x"))),
        ("an invalid Content-Type", Request(b"x=1", _typed("nonsense"))),
    )
    yield from map(advice_if_foreign, refusals(target, cases))
    for words, request in (
        ("a body of random bytes", Request(bytes(range(256)))),
        ("multipart without a boundary", Request(b"x", _typed("multipart/form-data"))),
        ("an unknown charset", Request(b"x=%e4", _typed(f"{FORM_TYPE}; charset=klingon"))),
    ):
        # Some frameworks fail on these before the endpoint's own code runs, so this is only advice.
        yield dataclasses.replace(unharmed(target.send(request, words, keep=False)), level=Level.SHOULD)
    # The endpoint may accept or refuse the same request in another format; it must not break.
    parameters = target.parameters(_known(target))
    as_json = json.dumps(dict(parameters)).encode()
    form = Request.form(parameters).body
    chunked = (*_typed(FORM_TYPE), ("Transfer-Encoding", "chunked"))
    for words, request in (
        ("the request as JSON", Request(as_json, _typed("application/json"))),
        ("the request as plain text", Request(form, _typed("text/plain"))),
        ("the request in chunks, without a Content-Length", Request(form, chunked)),
    ):
        expect = unharmed(target.send(request, words))
        firewall = expect.exchange is not None and refusal(expect.exchange) is not None
        yield dataclasses.replace(expect, level=Level.SHOULD if firewall else None)


def _typed(content_type: str) -> Headers:
    return (("Accept", "application/json"), ("Content-Type", content_type))


@rule("TP-220", title="what other methods return, for information")
def other_methods(target: Target) -> Iterator[Expect]:
    """SolusIO only uses POST."""
    # Without the token: URLs end up in access logs.
    query = Request.form(target.parameters(_known(target), leave_out="token")).body.decode("ascii")
    for method, request in (
        ("GET", Request(b"", (("Accept", "application/json"),), "GET", query)),
        ("PUT", Request(Request.form(target.parameters()).body, method="PUT")),
        ("OPTIONS", Request(b"", (("Accept", "*/*"),), "OPTIONS")),
    ):
        exchange = target.send(request, f"{method} instead of POST", keep=False)
        yield Expect.that(False, method, "anything", exchange.summary, exchange, level=Level.MAY)
