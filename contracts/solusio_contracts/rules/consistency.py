"""Consistency: the same question has one answer, whatever is asked before or beside it."""

from collections.abc import Iterator

from solusio_contracts.checking.expectations import Case, same
from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Request

REPEATS = 30
"""Times the same question is asked (TP-301)."""
BUDGET = 5.0
"""Seconds that repeating may take; a slow endpoint is asked less often, but at least six times."""
CROWD = 24
"""Mixed questions at one moment (TP-303)."""
ROUNDS = 2
QUEUE = 8.0
"""Seconds more for whoever does not fit into the server's queue at first."""


@rule("TP-301", title="the same question gets the same price")
def same_answer(target: Target) -> Iterator[Expect]:
    """Faults that show at every fifth call only look like bad luck to whoever has them."""
    for position, user in enumerate(target.priced_users()[:3]):
        first = target.first_answer(user)
        affordable = int(BUDGET / max(first.seconds, 0.001))
        wanted = REPEATS if position == 0 else REPEATS // 3
        for count in range(max(6, min(wanted, affordable))):
            again = target.price_of(user, f"the same question for user {user}, time {count + 2}")
            yield same(first, again, f"user {user}, asked {count + 2} times")


@rule("TP-302", title="each user gets his own price, in any order")
def own_price(target: Target) -> Iterator[Expect]:
    """A cache or a variable without the user in it shows one customer another's discounts."""
    users = target.priced_users()
    unknown = target.question(target.settings.unknown_user)
    # Who gets a price when asked for alone is TP-211's affair.
    stranger = target.ask(unknown, "an unknown user").priced
    for turn in (users, users[::-1], users):
        for user in turn:
            again = target.price_of(user, f"user {user} among others")
            yield same(target.first_answer(user), again, f"user {user} after other users")
        if not stranger:
            words = "an unknown user right after a known one"
            yield Expect.refused(words, target.ask(unknown, words))
    for user in users:
        after = target.price_of(user, f"user {user} after a refusal")
        yield same(target.first_answer(user), after, f"user {user} after a refusal")


@rule("TP-303", title="questions at the same moment do not mix")
def at_the_same_moment(target: Target) -> Iterator[Expect]:
    """State that outlives an await or is shared by threads mixes customers up under load."""
    users = target.priced_users()
    slowest = max(target.first_answer(user).seconds for user in users)
    patience = min(30.0, target.settings.timeout + CROWD * slowest * 2 + QUEUE)
    outsiders = _refused_alone(target)
    questions: list[tuple[Request, str]] = []
    owners: list[int | None] = []
    for place in range(CROWD):
        if place % 6 == 5 and outsiders:
            words, request = outsiders[place // 6 % len(outsiders)]
            owners.append(None)
            questions.append((request, f"{words} among valid questions at one moment"))
        else:
            user = users[place % len(users)]
            words = f"user {user}, with {CROWD - 1} others at one moment"
            owners.append(user)
            questions.append((Request.form(target.question(user)), words))
    for _ in range(ROUNDS):
        for owner, exchange in zip(
            owners, target.send_concurrently(questions, timeout=patience), strict=True
        ):
            if exchange.status is None or exchange.server_error:
                continue  # whether all are answered is TP-404's affair
            if owner is None:
                yield Expect.that(
                    not exchange.priced,
                    exchange.description,
                    "no price",
                    f"{exchange.summary}: that of another question",
                    exchange,
                )
            else:
                yield same(
                    target.first_answer(owner),
                    exchange,
                    f"user {owner} among {CROWD} at one moment",
                )


def _refused_alone(target: Target) -> list[Case]:
    """Return what gets no price when it is asked alone, and so must not get one in a crowd either."""
    cases = [("an unknown user", Request.form(target.question(target.settings.unknown_user)))]
    if target.token is not None:
        cases.append(("a wrong token", Request.form(target.question(token="wrong-on-purpose"))))
    return [(words, request) for words, request in cases if not target.send(request, words).priced]


@rule("TP-301", title="the price stayed the same during the whole run", looks_back=True)
def steady_price(target: Target) -> Iterator[Expect]:
    """What goes wrong at every hundredth call shows in none of the other rules."""
    plain = {Request.form(target.question(user)).body: user for user in target.priced_users()}
    for exchange in list(target.exchanges):
        user = plain.get(exchange.request.body)
        if user is not None and exchange.priced:
            yield same(target.first_answer(user), exchange, f"user {user}, request {exchange.number}")
