"""Authorization: only the right token gets a price, and every request needs it."""

import dataclasses
import json
import random
import string
import unicodedata
from collections.abc import Iterator

from solusio_contracts.checking.expectations import Case, raw_parameter, refusals, unharmed
from solusio_contracts.checking.interference import GATEWAY, LIMITED
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.rule import Expect, SkipRule, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import ACTION, Form, Headers, Request
from solusio_contracts.http.masking import TOKEN_VARIABLE

WRONG = "wrong-on-purpose"
FORGOTTEN = ("xxxxxxx", "test", "secret", "token", "admin", "changeme", "demo")
"""Tokens used in examples and first drafts; the first one is the vendor's."""
FACT = "authorization token"
NOT_ENFORCED = "not enforced"
OTHERS = 3
"""How many users wrong tokens are tried for."""
LONG = (5_000, 200_000)
"""Lengths of very long tokens in characters (TP-109)."""
AMONG = 6
"""Number of wrong tokens among as many right ones at once (TP-110)."""
BURST = 10
"""Number of wrong tokens in a row before the right one (TP-111)."""


def _case(target: Target, words: str, token: str) -> Case:
    return words, Request.form(target.parameters(token=token))


def _derived(target: Target, words: str, token: str, shell: str) -> Case:
    """Return a case with a token derived from the right one; reports show it as a shell expression."""
    target.mask.hide(token, shell)
    return _case(target, words, token)


def _token(target: Target) -> str:
    if not target.token:
        raise SkipRule("no authorization token is configured (--token)")
    return target.token


def _require_enforced(target: Target) -> None:
    """Skip a rule that would only repeat that no token is enforced (TP-101, TP-102)."""
    if target.facts.get(FACT, "").startswith(NOT_ENFORCED):
        raise SkipRule("no token is enforced, see TP-101 and TP-102")


def _random_token(target: Target, length: int) -> str:
    letters = string.ascii_letters + string.digits
    source = random.Random(target.settings.seed)  # noqa: S311 - reproducible, and wrong on purpose
    return "".join(source.choice(letters) for _ in range(length))


@rule(
    "TP-111",
    title="refused requests do not lock SolusIO out",
    needs_token=True,
    alone=True,
    # Before requests without the right token that could lock us out unnoticed.
    before="input",
)
def no_lockout(target: Target) -> Iterator[Expect]:
    """All requests from SolusIO come from one address."""
    wrong, valid = Request.form(target.parameters(token=WRONG)), Request.form(target.parameters())
    for count in range(BURST):
        target.send(wrong, f"a wrong token, {count + 1} of {BURST} in a row", judged=False)
    words = f"a valid request after {BURST} wrong tokens"
    exchange = target.send(valid, words, judged=False)
    if exchange.status in (LIMITED, *GATEWAY):
        # Any kind of request can trip a limit, so this is not a lock-out yet.
        exchange = target.send(valid, words)
    if exchange.status is None:
        raise UndecidedError(f"{words}: {exchange.summary}")
    subject = f"after {BURST} wrong tokens in a row"
    expect = Expect.that(exchange.priced, subject, "a price", exchange.summary, exchange)
    yield dataclasses.replace(expect, only=subject)
    if not exchange.priced and not target.watch.recovers():
        target.stop(f"not run: after {BURST} wrong tokens the endpoint refused the right one, see TP-111")


@rule("TP-113", "TP-101", title="whether a token is required", alone=True)
def requirement(target: Target) -> Iterator[Expect]:
    """Tested by request, so that the report says which kind of endpoint it checked."""
    pairs = target.parameters(leave_out="token")
    without = target.ask(pairs, "a valid request without a token")
    if target.token is None:
        wrong = target.ask(
            (("token", WRONG), *pairs), "a valid request with a token, although none is configured"
        )
        target.facts[FACT] = (
            "not required: a valid request without one gets a price, so anyone who knows the URL and a "
            "user id can read prices; set one in SolusIO and in your endpoint, and pass --token"
        )
        yield unharmed(wrong, clause="TP-101")
        return
    wrong = target.ask(target.parameters(token=WRONG), "a valid request with a wrong token")
    enforced = not without.priced and not wrong.priced
    target.facts[FACT] = (
        f"required: without it {without.summary}, with a wrong one {wrong.summary}"
        if enforced
        else f"{NOT_ENFORCED}: --token is given, but the endpoint returns prices without the right token"
    )
    yield Expect.that(True, "the right token", "a price", "a price")


@rule("TP-101", title="a wrong token gets no price", needs_token=True)
def wrong_token(target: Target) -> Iterator[Expect]:
    """Anyone who finds the URL could read all your customers' discounts."""
    token = _token(target)
    cases = [
        _case(target, "a wrong token", WRONG),
        _case(target, "a wrong token of the same length", _random_token(target, len(token))),
        _case(target, "a wrong token of one character", "x" if token != "x" else "y"),
        *(
            _case(target, f"the token {word!r}, left over from an example", word)
            for word in FORGOTTEN
            if word != token
        ),
        _case(target, "a wrong token with quotes", "'\"\\"),
        _case(target, "a wrong token in other alphabets", "ключ-鍵-🔑"),
        ("a wrong token that is not UTF-8", _raw_token(target, b"token=%FF%FE%00")),
        ("a wrong token in a JSON request", _as_json(target.parameters(token=WRONG))),
        (
            "a wrong token, action in lower case",
            Request.form(target.parameters(token=WRONG, action=ACTION.lower())),
        ),
        *(
            (f"a wrong token for user {user}", Request.form(target.parameters(user, token=WRONG)))
            for user in target.priced_users()[1:OTHERS]
        ),
    ]
    return refusals(target, cases)


def _raw_token(target: Target, start: bytes) -> Request:
    return raw_parameter(target, leave_out="token", instead=start)


@rule("TP-102", title="a missing token gets no price", needs_token=True)
def missing_token(target: Target) -> Iterator[Expect]:
    """`if (isset($_POST['token']) && ...)` lets in anyone who leaves it out."""
    parameters = target.parameters(leave_out="token")
    plain = Request.form(parameters)
    # An endpoint may answer GET (TP-220), but not with a price.
    by_get = Request(b"", (("Accept", "application/json"),), "GET", plain.body.decode("ascii"))
    forwarded = (*plain.headers, ("X-Forwarded-For", "127.0.0.1"))
    cases = [
        ("no token", plain),
        ("the token's name only", _raw_token(target, b"token")),
        ("no token in a JSON request", _as_json(parameters)),
        ("no token, and a header that claims the server's own address", Request(plain.body, forwarded)),
        *(
            (f"no token for user {user}", Request.form(target.parameters(user, leave_out="token")))
            for user in target.priced_users()[1:OTHERS]
        ),
    ]
    yield from refusals(target, cases)
    exchange = target.send(by_get, "no token, by GET", keep=False)
    yield Expect.that(not exchange.priced, exchange.description, "no price", exchange.summary, exchange)


def _as_json(parameters: Form) -> Request:
    headers = (("Accept", "application/json"), ("Content-Type", "application/json"))
    return Request(json.dumps(dict(parameters)).encode(), headers)


@rule("TP-103", title="an empty token gets no price", needs_token=True)
def empty_token(target: Target) -> Iterator[Expect]:
    """An empty token does not mean that none is needed."""
    _require_enforced(target)
    cases = [_case(target, "an empty token", ""), _case(target, "a token that is one space", " ")]
    return refusals(target, cases)


@rule("TP-104", title="the endpoint compares the whole token", needs_token=True)
def whole_token(target: Target) -> Iterator[Expect]:
    """If parts match, a token can be guessed letter by letter."""
    _require_enforced(target)
    token = _token(target)
    variable = TOKEN_VARIABLE
    other = "x" if token[-1:] != "x" else "y"
    first = "x" if token[:1] != "x" else "y"
    half = len(token) // 2
    candidates = (
        ("the token without its last character", token[:-1], f"${{{variable}%?}}"),
        ("the token without its first character", token[1:], f"${{{variable}#?}}"),
        ("the token's first character", token[:1], f"${{{variable}:0:1}}"),
        ("the token's first half", token[:half], f"${{{variable}:0:{half}}}"),
        ("the token's second half", token[half:], f"${{{variable}:{half}}}"),
        ("the token with another last character", token[:-1] + other, f"${{{variable}%?}}{other}"),
        ("the token with another first character", first + token[1:], f"{first}${{{variable}#?}}"),
        ("the token with a character after it", token + "x", f"${{{variable}}}x"),
        ("the token with a character before it", "x" + token, f"x${{{variable}}}"),
        ("the token inside another string", f"a-{token}-b", f"a-${{{variable}}}-b"),
        ("the token twice", token + token, f"${{{variable}}}${{{variable}}}"),
        ("the token, a comma and more", f"{token},x", f"${{{variable}}},x"),
        ("the token, a zero byte and more", f"{token}\x00x", f"${{{variable}}}%00x"),
        (
            "the token with its middle character changed",
            _changed(token, half),
            f"${{{variable}:0:{half}}}{_other(token, half)}${{{variable}:{half + 1}}}",
        ),
        (
            "the token with letters instead of punctuation",
            _without_signs(token),
            f"${{{variable}//[^[:alnum:]]/x}}",
        ),
        ("the token without its accents", _without_accents(token), f"${{{variable}_WITHOUT_ACCENTS}}"),
    )
    cases = [
        _derived(target, words, value, shell)
        for words, value, shell in candidates
        if value not in ("", token)
    ]
    return refusals(target, cases)


def _other(token: str, place: int) -> str:
    return "x" if token[place : place + 1] != "x" else "y"


def _changed(token: str, place: int) -> str:
    return token[:place] + _other(token, place) + token[place + 1 :]


def _without_signs(token: str) -> str:
    """Return a string that matches if the token is used as a pattern."""
    return "".join(letter if letter.isalnum() else "x" for letter in token)


def _without_accents(token: str) -> str:
    plain = unicodedata.normalize("NFKD", token)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@rule("TP-105", title="the comparison of the token is case-sensitive", needs_token=True)
def token_case(target: Target) -> Iterator[Expect]:
    """A database collation or strcasecmp makes guessing far easier."""
    _require_enforced(target)
    token = _token(target)
    candidates = (
        ("the token in upper case", token.upper(), f"${{{TOKEN_VARIABLE}^^}}"),
        ("the token in lower case", token.lower(), f"${{{TOKEN_VARIABLE},,}}"),
        (
            "the token with the case of each letter changed",
            token.swapcase(),
            f"${{{TOKEN_VARIABLE}~~}}",
        ),
    )
    cases = [_derived(target, *case) for case in candidates if case[1] != token]
    if not cases:
        raise SkipRule("the token has no letters")
    return refusals(target, cases)


@rule("TP-106", title="the endpoint compares the token as text", needs_token=True)
def token_as_text(target: Target) -> Iterator[Expect]:
    """PHP's == and SQL's LIKE treat different tokens as equal."""
    _require_enforced(target)
    token = _token(target)
    values = [
        *("0", "1", "-1", "true", "false", "null", "undefined", "NaN", "Array", "[object Object]"),
        *(
            "%",
            "_" * len(token),
            "*",
            ".*",
            "' OR '1'='1",
            '" OR ""="',
            "' OR 1=1 -- ",
            "x') OR ('1'='1",
        ),
        *("0e1", "00", "constructor", "__proto__", "toString"),
    ]
    cases = [_case(target, f"token={value!r}", value) for value in values if value != token]
    if _is_number(token):
        for words, value, shell in (
            ("the token with .0 after it", f"{token}.0", f"${{{TOKEN_VARIABLE}}}.0"),
            ("the token with a zero before it", f"0{token}", f"0${{{TOKEN_VARIABLE}}}"),
            ("the token with e0 after it", f"{token}e0", f"${{{TOKEN_VARIABLE}}}e0"),
        ):
            cases.append(_derived(target, words, value, shell))
    return refusals(target, cases)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@rule("TP-107", title="a token that is an array gets no price", needs_token=True)
def token_array(target: Target) -> Iterator[Expect]:
    """In old PHP versions strcmp() of an array is null; hash_equals() of one always stops with an error."""
    _require_enforced(target)
    starts = (b"token[]=", b"token[]=x", b"token[0]=x&token[1]=y", b"token[a]=x", b"token[][]=x")
    return refusals(target, [(start.decode(), _raw_token(target, start)) for start in starts])


@rule("TP-108", title="two wrong tokens get no price", needs_token=True)
def token_doubled(target: Target) -> Iterator[Expect]:
    """Either of two may count, but none of these."""
    _require_enforced(target)
    starts = (b"token=x&token=y", b"token=&token=", b"token=x&token=", b"token=&token=x")
    return refusals(target, [(start.decode(), _raw_token(target, start)) for start in starts])


@rule("TP-109", title="a very long token gets no price", needs_token=True)
def token_long(target: Target) -> Iterator[Expect]:
    """The endpoint must refuse it before the database or a hash function fails on it."""
    _require_enforced(target)
    token = _token(target)
    for length in LONG:
        long = token + "x" * length
        exchange = target.ask(target.parameters(token=long), f"the token with {length} characters after it")
        # The largest may be refused by closing the connection, as a large body may (TP-405).
        closed = length == LONG[-1] and exchange.failure is not None and target.is_up()
        refused = Expect.refused(exchange.description, exchange)
        yield (refused if not closed else Expect.that(True, refused.subject, refused.expected, "closed"))


@rule("TP-110", title="the endpoint does not remember authorization", needs_token=True, long=True)
def token_each_time(target: Target) -> Iterator[Expect]:
    """Behind a proxy many clients share one connection and one address."""
    _require_enforced(target)
    missing = Request.form(target.parameters(leave_out="token"))
    wrong = Request.form(target.parameters(token=WRONG))
    valid = Request.form(target.parameters())
    for words, request in (("no token", missing), ("a wrong token", wrong)):
        if target.send(request, words).priced:
            continue  # not enforced: TP-101, TP-102
        with target.session() as session:
            first = session.send(valid, "a valid request on a connection to be kept open")
            if first.failure is None and first.reusable:
                second = session.send(request, f"{words}, after the right one on the same connection")
                if second.status is not None:
                    yield Expect.refused(f"{words} on a connection that sent the right one", second)
        cookies = _cookies(target.send(valid, "a valid request, for its cookies").headers)
        if cookies:
            headers = (*request.headers, ("Cookie", cookies))
            exchange = target.send(
                Request(request.body, headers), f"{words}, with the cookies of the right one"
            )
            yield Expect.refused(f"{words}, with the cookies of the right one", exchange)
        again = target.send(request, f"{words}, right after the right one")
        yield Expect.refused(f"{words}, right after the right one", again)
    among = [(valid, "a valid request among concurrent ones"), (wrong, "a wrong token among concurrent ones")]
    size = target.crowd(2 * AMONG)
    for exchange in target.send_concurrently((among * AMONG)[:size]) if size > 1 else ():
        if exchange.request.body == wrong.body and exchange.status is not None:
            yield Expect.refused("a wrong token among concurrent valid requests", exchange)


def _cookies(headers: Headers) -> str:
    values = (value.partition(";")[0].strip() for name, value in headers if name.lower() == "set-cookie")
    return "; ".join(value for value in values if "=" in value)


@rule("TP-112", title="the endpoint refuses with a 4xx status")
def refusal_status(target: Target) -> Iterator[Expect]:
    """With status 200 a client must guess from the body that there is no price."""
    cases = [
        ("an unknown user", target.parameters(target.settings.unknown_user)),
        ("a userid that is a word", target.parameters("abc")),
        ("a userid that is a JavaScript keyword", target.parameters("constructor")),
        ("a userid of 0", target.parameters(0)),
        ("a missing userid", target.parameters(leave_out="userid")),
        ("an unknown action", target.parameters(action="NoSuchAction")),
    ]
    if target.token is not None:
        cases.append(("a wrong token", target.parameters(token=WRONG)))
    for words, pairs in cases:
        exchange = target.ask(pairs, words)
        if exchange.priced or exchange.server_error or exchange.failure is not None:
            continue  # checked by the rule for that input
        yield Expect.that(exchange.refused, words, "a 4xx status", exchange.summary, exchange)
