"""Consistency: the same request gets the same response, whatever comes before or at the same time."""

from collections.abc import Iterator

from solusio_contracts.checking.expectations import Case, same
from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Request

REPEATS = 30
"""Number of times the same request is sent (TP-301)."""
LONG_RUN = 200
"""Requests after which a rare other price shows (TP-301)."""
BUDGET = 5.0
"""Seconds that repeating may take; a slow endpoint gets fewer requests, but at least six."""
CROWD = 24
"""Number of mixed concurrent requests (TP-303)."""
ROUNDS = 2
QUEUE = 8.0
"""Extra seconds for requests that do not fit into the server's queue at first."""


@rule("TP-301", title="the same request gets the same price")
def same_answer(target: Target) -> Iterator[Expect]:
    """An error in every fifth request looks like bad luck to the customer who sees it."""
    for position, user in enumerate(target.priced_users()[:3]):
        first = target.first_response(user)
        affordable = int(BUDGET / max(first.seconds, 0.001))
        wanted = REPEATS if position == 0 else REPEATS // 3
        for count in range(max(6, min(wanted, affordable))):
            again = target.price_of(user, f"the same request for user {user}, time {count + 2}")
            yield same(first, again, f"user {user}, request {count + 2} of the same", repeat=REPEATS)


@rule("TP-302", title="each user gets their own price, in any order")
def own_price(target: Target) -> Iterator[Expect]:
    """A cache or a variable without the user in its key shows one customer another's discounts."""
    users = target.priced_users()
    unknown = target.parameters(target.settings.unknown_user)
    # TP-211 checks whether an unknown user alone gets a price.
    stranger = target.ask(unknown, "an unknown user").priced
    for turn in (users, users[::-1], users):
        for user in turn:
            again = target.price_of(user, f"user {user} among others")
            subject = f"user {user} after other users"
            yield same(target.first_response(user), again, subject, only="after requests for other users")
        if not stranger:
            words = "an unknown user right after a known one"
            yield Expect.refused(words, target.ask(unknown, words))
    for user in users:
        after = target.price_of(user, f"user {user} after a refusal")
        yield same(target.first_response(user), after, f"user {user} after a refusal", only="after a refusal")


@rule("TP-303", title="concurrent requests do not mix")
def at_the_same_moment(target: Target) -> Iterator[Expect]:
    """Under load, state that outlives an await or that threads share mixes customers up."""
    users = target.priced_users()
    slowest = max(target.first_response(user).seconds for user in users)
    patience = min(30.0, target.settings.timeout + CROWD * slowest * 2 + QUEUE)
    outsiders = _refused_alone(target)
    requests: list[tuple[Request, str]] = []
    owners: list[int | None] = []
    for place in range(CROWD):
        if place % 6 == 5 and outsiders:
            words, request = outsiders[place // 6 % len(outsiders)]
            owners.append(None)
            requests.append((request, f"{words} among concurrent valid requests"))
        else:
            user = users[place % len(users)]
            words = f"user {user}, concurrent with {CROWD - 1} others"
            owners.append(user)
            requests.append((Request.form(target.parameters(user)), words))
    for _ in range(ROUNDS):
        for owner, exchange in zip(owners, target.send_concurrently(requests, timeout=patience), strict=True):
            if exchange.status is None or exchange.server_error:
                continue  # TP-404 checks whether all get a response
            if owner is None:
                yield Expect.that(
                    not exchange.priced,
                    exchange.description,
                    "no price",
                    f"{exchange.summary}: that of another request",
                    exchange,
                )
            else:
                yield same(
                    target.first_response(owner),
                    exchange,
                    f"user {owner} among {CROWD} concurrent requests",
                )


def _refused_alone(target: Target) -> list[Case]:
    """Return requests that get no price alone, and so must not get one among others either."""
    cases = [("an unknown user", Request.form(target.parameters(target.settings.unknown_user)))]
    if target.token is not None:
        cases.append(("a wrong token", Request.form(target.parameters(token="wrong-on-purpose"))))
    return [(words, request) for words, request in cases if not target.send(request, words).priced]


@rule("TP-301", title="the price stayed the same during the whole run", looks_back=True)
def steady_price(target: Target) -> Iterator[Expect]:
    """No other rule would notice an error in every hundredth request."""
    plain = {Request.form(target.parameters(user)).body: user for user in target.priced_users()}
    for exchange in list(target.exchanges):
        user = plain.get(exchange.request.body)
        if user is not None and exchange.priced:
            yield same(
                target.first_response(user),
                exchange,
                f"user {user}, request {exchange.number}",
                repeat=LONG_RUN,
            )
