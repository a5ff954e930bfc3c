"""Consistency: the same request gets the same response, whatever comes before or at the same time."""

from collections.abc import Iterator

from solusio_contracts.checking.expectations import same
from solusio_contracts.checking.rule import Expect, SkipRule, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import FailureKind, Request

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


@rule("TP-301", title="the same request gets the same price", long=True)
def same_answer(target: Target) -> Iterator[Expect]:
    """An error in every fifth request looks like bad luck to the customer who sees it."""
    for position, user in enumerate(target.priced_users()[:3]):
        first = target.first_response(user)
        affordable = int(BUDGET / max(first.seconds, 0.001))
        wanted = REPEATS if position == 0 else REPEATS // 3
        for count in range(max(6, min(wanted, affordable))):
            again = target.price_of(user, f"the same request for user {user}, time {count + 2}")
            yield same(first, again, f"user {user}, request {count + 2} of the same", repeat=REPEATS)


@rule("TP-302", title="each user gets their own price, in any order", long=True)
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


@rule("TP-303", title="concurrent requests do not mix", crowd=True)
def at_the_same_moment(target: Target) -> Iterator[Expect]:
    """Under load, state that outlives an await or that threads share mixes customers up."""
    users = target.priced_users()
    size = target.crowd(CROWD)
    if size < 2:
        raise SkipRule("--concurrency and --rate leave no two requests at once")
    slowest = max(target.first_response(user).seconds for user in users)
    patience = min(30.0, target.settings.timeout + size * slowest * 2 + QUEUE)
    words = "an unknown user"
    unknown = Request.form(target.parameters(target.settings.unknown_user))
    # Only what is refused alone must be refused among others; what hangs alone would hang here, too.
    outsider = target.send(unknown, words).refused
    requests: list[tuple[Request, str]] = []
    owners: list[int | None] = []
    for place in range(size):
        if place % 6 == 5 and outsider:
            owners.append(None)
            requests.append((unknown, f"{words} among concurrent valid requests"))
        else:
            user = users[place % len(users)]
            owners.append(user)
            described = f"user {user}, concurrent with {size - 1} others"
            requests.append((Request.form(target.parameters(user)), described))
    for _ in range(ROUNDS):
        late = False
        for owner, exchange in zip(owners, target.send_concurrently(requests, timeout=patience), strict=True):
            late = late or exchange.failure is FailureKind.TIMEOUT
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
                    target.first_response(owner), exchange, f"user {owner} among {size} concurrent requests"
                )
        if late:
            return


@rule("TP-301", title="the price stayed the same during the whole run", looks_back=True)
def steady_price(target: Target) -> Iterator[Expect]:
    """No other rule would notice an error in every hundredth request."""
    plain = {Request.form(target.parameters(user)).body: user for user in target.priced_users()}
    # By place, not by number: the order of the log does not depend on which rules ran at the same time.
    for place, exchange in enumerate(list(target.exchanges), 1):
        user = plain.get(exchange.request.body)
        if user is not None and exchange.priced:
            yield same(
                target.first_response(user),
                exchange,
                f"user {user}, request {place}",
                repeat=LONG_RUN,
            )
