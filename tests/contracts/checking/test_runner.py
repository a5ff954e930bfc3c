"""Running rules: which ones fail, which are undecided, and how much each finding weighs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from solusio_contracts.checking import runner
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.rule import Expect, Rule, SkipRule, clause_of
from solusio_contracts.checking.runner import level_of, run, run_rule
from solusio_contracts.checking.target import Target, TargetSettings
from solusio_contracts.contract.clauses import Level, clause
from solusio_contracts.http.exchange import Request
from solusio_contracts.reporting.report import Exit, Outcome

TOKEN = "kZ7-qf3XwT9b"
BODY = b'{"base_token_unit_cost": 1.34, "user_token_unit_cost": 1.2}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

Check = Callable[[Target], Iterator[Expect]]


def passing(_: Target) -> Iterator[Expect]:
    yield Expect.that(True, "a", "b", "c")


def make(
    check: Check = passing, name: str = "some-rule", clauses: tuple[str, ...] = ("TP-041",), **changes: Any
) -> Rule:
    """Return a rule: TP-041 is a must, TP-070 a should, TP-113 a may."""
    members: dict[str, Any] = {
        "name": name,
        "area": "fields",
        "title": "a title",
        "reason": "a reason",
        "clauses": tuple(map(clause, clauses)),
        "check": check,
        "needs_price": False,
        "needs_token": False,
        "looks_back": False,
        "broad": False,
    }
    return Rule(**(members | changes))


def always(answer: bytes) -> Callable[[Any], None]:
    def script(peer: Any) -> None:
        peer.request()
        peer.send(answer)

    return script


@pytest.fixture
def target_of(scripted: Any) -> Callable[..., Target]:
    """Return a factory of targets whose server sends one of the responses on each connection, in turn."""

    def build(*answers: bytes, **settings: Any) -> Target:
        server = scripted(*map(always, answers or (GOOD,)))
        return Target(TargetSettings(**({"url": server.url, "users": (1,), "timeout": 5.0} | settings)))

    return build


@pytest.fixture
def target(target_of: Callable[..., Target]) -> Target:
    return target_of()


# Weight


@pytest.mark.parametrize(
    ("clause_id", "own", "level"),
    [
        ("TP-041", None, Level.MUST),
        ("TP-041", Level.SHOULD, Level.SHOULD),
        ("TP-041", Level.MAY, Level.MAY),
        ("TP-041", Level.MUST, Level.MUST),
        ("TP-070", None, Level.SHOULD),
        # An expectation may weigh less than its clause, never more.
        ("TP-070", Level.MUST, Level.SHOULD),
        ("TP-070", Level.MAY, Level.MAY),
        ("TP-113", None, Level.MAY),
        ("TP-113", Level.MUST, Level.MAY),
        ("", None, Level.MUST),
    ],
)
def test_the_level_of_an_expectation(clause_id, own, level):
    rule = make(clauses=("TP-041", "TP-070", "TP-113"))
    expect = Expect.that(False, "a", "b", "c", clause=clause_id, level=own)
    assert level_of(rule, expect) is level
    assert clause_of(rule, expect).id == (clause_id or "TP-041")


def test_a_clause_that_a_rule_does_not_declare(target):
    expect = Expect.that(True, "a", "b", "c", clause="TP-001")
    with pytest.raises(ValueError, match="some-rule yields an expectation of TP-001"):
        clause_of(make(), expect)
    result = run_rule(make(lambda _: iter([expect])), target)
    assert result.outcome is Outcome.ERROR
    assert "TP-001, which it does not declare" in result.reason


def unmet(*clause_ids: str, level: Level | None = None) -> Check:
    def check(_: Target) -> Iterator[Expect]:
        yield Expect.that(True, "met", "x", "x")
        for place, clause_id in enumerate(clause_ids):
            yield Expect.that(False, f"place {place}", "x", "y", clause=clause_id, level=level)

    return check


@pytest.mark.parametrize(
    ("clause_ids", "level", "outcome", "findings", "notes"),
    [
        ((), None, Outcome.PASS, [], ()),
        (("TP-041",), None, Outcome.FAIL, ["TP-041"], ()),
        (("TP-070",), None, Outcome.WARN, ["TP-070"], ()),
        (("TP-113",), None, Outcome.PASS, [], ("place 0: y",)),
        (("TP-113", "TP-070", "TP-041"), None, Outcome.FAIL, ["TP-041", "TP-070"], ("place 0: y",)),
        (("TP-113", "TP-070"), None, Outcome.WARN, ["TP-070"], ("place 0: y",)),
        (("TP-041",), Level.SHOULD, Outcome.WARN, ["TP-041"], ()),
        (("TP-041", "TP-070"), Level.MAY, Outcome.PASS, [], ("place 0: y", "place 1: y")),
    ],
)
def test_outcomes(target, clause_ids, level, outcome, findings, notes):
    rule = make(unmet(*clause_ids, level=level), clauses=("TP-041", "TP-070", "TP-113"))
    result = run_rule(rule, target)
    assert (result.outcome, [one.clause for one in result.findings], result.notes) == (
        outcome,
        findings,
        notes,
    )
    assert (result.rule, result.area, result.title, result.reason) == ("some-rule", "fields", "a title", "")
    assert (result.clauses, result.checks) == (("TP-041", "TP-070", "TP-113"), 1 + len(clause_ids))


def test_findings_are_capped_and_the_rest_is_counted(target, monkeypatch):
    monkeypatch.setattr(runner, "MAX_FINDINGS", 3)
    # Failures are kept, even late ones.
    rule = make(unmet(*["TP-070"] * 4, *["TP-113"] * 2, "TP-041"), clauses=("TP-041", "TP-070", "TP-113"))
    result = run_rule(rule, target)
    assert [one.clause for one in result.findings] == ["TP-041", "TP-070", "TP-070"]
    assert result.notes == ("place 4: y", "place 5: y", "2 more of the same kind")
    assert (result.outcome, result.checks) == (Outcome.FAIL, 8)


# Rules that raise or find nothing


def test_a_rule_that_raises_at_once(target_of):
    def check(target: Target) -> Iterator[Expect]:
        raise RuntimeError(f"with {target.token} in it")

    result = run_rule(make(check), target_of(token=TOKEN))
    assert (result.outcome, result.checks, result.findings) == (Outcome.ERROR, 0, ())
    assert result.reason == "the rule itself failed: RuntimeError: with ${MOCK_SOLUSIO_TOKEN} in it"


@pytest.mark.parametrize(
    ("before", "outcome"),
    [
        ([], Outcome.ERROR),
        (["TP-113"], Outcome.ERROR),
        (["TP-070"], Outcome.ERROR),
        (["TP-041"], Outcome.FAIL),
    ],
)
def test_a_rule_that_raises_later(target, before, outcome):
    """A failure that was seen stays one; any other outcome needs the rule to finish."""

    def check(target: Target) -> Iterator[Expect]:
        yield from unmet(*before)(target)
        raise KeyError("x")

    result = run_rule(make(check, clauses=("TP-041", "TP-070", "TP-113")), target)
    assert result.outcome is outcome
    assert "the rule itself failed: KeyError: 'x'" in (*result.notes, result.reason)
    assert len(result.findings) == (outcome is Outcome.FAIL)


def test_a_rule_that_has_nothing_to_look_at(target):
    def check(_: Target) -> Iterator[Expect]:
        raise SkipRule("there is nothing")
        yield

    result = run_rule(make(check), target)
    assert (result.outcome, result.reason) == (Outcome.SKIP, "there is nothing")


def test_a_rule_that_yields_nothing(target):
    result = run_rule(make(lambda _: iter(())), target)
    assert (result.outcome, result.reason) == (Outcome.SKIP, "no response contains what this rule checks")


@pytest.mark.parametrize(("seen", "outcome"), [([], Outcome.ERROR), (["TP-041"], Outcome.FAIL)])
def test_a_rule_that_cannot_be_tested(target, seen, outcome):
    def check(target: Target) -> Iterator[Expect]:
        yield from unmet(*seen)(target)
        raise UndecidedError("something is in the way")

    result = run_rule(make(check), target)
    assert result.outcome is outcome
    assert (*result.notes, result.reason)[0] == "something is in the way"


def test_what_was_seen_before_a_skip_counts(target):
    def check(target: Target) -> Iterator[Expect]:
        yield from unmet("TP-041")(target)
        raise SkipRule("the rest is nothing")

    result = run_rule(make(check), target)
    assert (result.outcome, result.checks, len(result.findings)) == (Outcome.FAIL, 2, 1)


@pytest.mark.parametrize(("seen", "outcome"), [([], Outcome.ERROR), (["TP-041"], Outcome.FAIL)])
def test_an_interrupt_keeps_what_was_found(target, seen, outcome):
    def check(target: Target) -> Iterator[Expect]:
        yield from unmet(*seen)(target)
        raise KeyboardInterrupt

    rules = [make(check, "interrupted"), make(name="after")]
    report = run(target, rules)
    assert [one.outcome for one in report.results] == [outcome, Outcome.ERROR]
    assert {"not run: the check was interrupted"} == {
        text for one in report.results for text in (*one.notes, one.reason) if text
    }
    assert report.exit is (Exit.NOT_CONFORMANT if seen else Exit.INCONCLUSIVE)


def test_a_rule_that_needs_a_token(target, target_of):
    rule = make(needs_token=True)
    assert run_rule(rule, target).outcome is Outcome.SKIP
    assert run_rule(rule, target).reason == "no authorization token is configured (--token)"
    assert run_rule(rule, target_of(token=TOKEN)).outcome is Outcome.PASS


def test_a_rule_that_needs_a_price(target, target_of):
    rule = make(needs_price=True)
    assert run_rule(rule, target).outcome is Outcome.PASS
    undecided = run_rule(rule, target_of(REFUSED))
    assert (undecided.outcome, undecided.reason) == (Outcome.ERROR, "no valid request returned a price")
    # One user with a price is enough.
    assert run_rule(rule, target_of(REFUSED, GOOD, users=(1, 2))).outcome is Outcome.PASS


def test_what_breaks_while_prices_are_asked_for(target, monkeypatch):
    def fails(_: Target) -> list[int]:
        raise OSError("Too many open files")

    monkeypatch.setattr(Target, "priced_users", fails)
    result = run_rule(make(needs_price=True), target)
    assert (result.outcome, result.reason) == (
        Outcome.ERROR,
        "the rule itself failed: OSError: Too many open files",
    )


# Whole runs


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only briefly for an endpoint to come back up."""
    is_up = Target.is_up
    monkeypatch.setattr(Target, "is_up", lambda self, wait=0.1: is_up(self, min(wait, 0.1)))


def test_a_run(target):
    seen: list[tuple[str, int, int]] = []
    target.facts["a fact"] = "found out"
    rules = [make(name="one"), make(unmet("TP-070"), name="two", clauses=("TP-070", "TP-041"))]
    report = run(target, rules, progress=lambda rule, at, total: seen.append((rule.name, at, total)))
    assert seen == [("one", 0, 2), ("two", 1, 2)]
    assert [(one.rule, one.outcome) for one in report.results] == [
        ("one", Outcome.PASS),
        ("two", Outcome.WARN),
    ]
    assert report.exit is Exit.CONFORMANT
    assert (report.target, report.users, report.seed) == (target.settings.url, (1,), 0)
    assert report.requests == target.requests_sent == 1
    assert [(one.name, one.text) for one in report.facts] == [("a fact", "found out")]
    assert [one.id for one in report.clauses] == ["TP-041", "TP-070"]
    assert report.clauses[1].source == clause("TP-070").reason
    assert report.started.endswith("Z")
    assert report.stale == ()


def test_the_token_is_in_no_text_of_a_report(target_of):
    target = target_of(token=TOKEN)
    target.facts["token"] = f"{TOKEN} is required"

    def check(target: Target) -> Iterator[Expect]:
        exchange = target.price_of(1, f"asked with {TOKEN}")
        yield Expect.that(False, TOKEN, TOKEN, TOKEN, exchange, hint=TOKEN)
        yield Expect.that(False, TOKEN, TOKEN, TOKEN, exchange, level=Level.MAY)

    report = run(target, [make(check)])
    assert report.results[0].findings
    assert report.results[0].notes
    assert TOKEN not in repr(report)
    assert TOKEN in repr(target.exchanges)


def test_an_endpoint_that_cannot_be_reached(closed_port):
    def never(_: Target) -> Iterator[Expect]:
        raise AssertionError("nothing must be checked")

    target = Target(TargetSettings(url=f"http://127.0.0.1:{closed_port}/", users=(1, 2), timeout=5.0))
    report = run(target, [make(never, "one"), make(never, "two", looks_back=True)])
    assert [one.outcome for one in report.results] == [Outcome.ERROR, Outcome.ERROR]
    assert report.results[0].reason == "the endpoint cannot be reached: Connection refused"
    assert report.exit is Exit.INCONCLUSIVE


def test_a_request_that_cannot_be_made(target, monkeypatch):
    def fails(_: Target, user: int) -> Any:
        raise OSError(f"Too many open files for {user}")

    monkeypatch.setattr(Target, "first_response", fails)
    report = run(target, [make()])
    assert report.results[0].reason == "no request could be sent: OSError: Too many open files for 1"
    assert report.exit is Exit.INCONCLUSIVE


@pytest.mark.parametrize("answer", [REFUSED, b"no HTTP at all\r\n\r\n", b""])
def test_an_endpoint_that_responds_badly_was_reached(target_of, answer):
    (result,) = run(target_of(answer), [make(unmet("TP-041"))]).results
    assert result.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("check", "outcome"),
    [(passing, Outcome.ERROR), (unmet("TP-070"), Outcome.WARN), (unmet("TP-041"), Outcome.FAIL)],
)
def test_without_a_price_nothing_passes(target_of, check, outcome):
    """Whatever refused the valid request may have refused all others, too."""
    report = run(target_of(REFUSED), [make(check, clauses=("TP-041", "TP-070"))])
    assert report.results[0].outcome is outcome
    assert report.exit is not Exit.CONFORMANT
    assert report.unpriced == (1,)


def test_a_user_without_a_price_beside_one_with(target_of):
    report = run(target_of(GOOD, REFUSED, users=(1, 2)), [make()])
    assert report.results[0].outcome is Outcome.PASS
    assert (report.unpriced, report.exit) == ((2,), Exit.INCONCLUSIVE)


def test_responses_are_counted_by_status(target_of):
    def check(target: Target) -> Iterator[Expect]:
        for _ in range(3):
            target.send(Request.form(target.parameters()), "a question", judged=False)
        yield Expect.that(True, "a", "b", "c")

    report = run(target_of(GOOD, REFUSED, REFUSED, b"no HTTP at all\r\n\r\n"), [make(check)])
    assert list(report.statuses.items()) == [("200", 1), ("403", 2), ("no response", 1)]


def test_a_run_in_which_nothing_was_checked_is_never_a_pass(target_of):
    rules = [make(needs_token=True), make(needs_price=True), make(lambda _: iter(()))]
    report = run(target_of(REFUSED), rules)
    assert [one.outcome for one in report.results] == [Outcome.SKIP, Outcome.ERROR, Outcome.SKIP]
    assert report.exit is Exit.INCONCLUSIVE
    assert run(target_of(), []).exit is Exit.INCONCLUSIVE


@pytest.mark.usefixtures("impatient")
def test_an_endpoint_that_dies_in_mid_run(scripted):
    server = scripted(always(GOOD))
    target = Target(TargetSettings(url=server.url, users=(1,), timeout=5.0))
    looked: list[int] = []

    def fatal(target: Target) -> Iterator[Expect]:
        target.price_of(1, "the question before the end")
        server.stop()
        exchange = target.price_of(1, "the question after the end")
        yield Expect.that(exchange.ok, "a", "a price", exchange.summary, exchange)

    def never(_: Target) -> Iterator[Expect]:
        raise AssertionError("nothing must be sent")

    def looking_back(target: Target) -> Iterator[Expect]:
        looked.append(len(target.exchanges))
        yield Expect.that(target.is_up(0.1), "the endpoint", "up", "down")

    rules = [
        make(name="before"),
        make(fatal, "fatal"),
        make(never, "after"),
        make(looking_back, "looking-back", looks_back=True),
    ]
    report = run(target, rules)
    assert [one.outcome for one in report.results] == [
        Outcome.PASS,
        Outcome.FAIL,
        Outcome.ERROR,
        Outcome.FAIL,
    ]
    gone = "the endpoint stopped accepting connections during the rule fatal"
    assert report.results[2].reason == gone
    assert looked == [3]
    assert report.exit is Exit.NOT_CONFORMANT


@pytest.mark.usefixtures("impatient")
def test_an_endpoint_that_dies_unnoticed_is_inconclusive(scripted):
    """No rule fails, and nothing is known about the rules that follow."""
    server = scripted(always(GOOD))
    target = Target(TargetSettings(url=server.url, users=(1,), timeout=5.0))

    def fatal(target: Target) -> Iterator[Expect]:
        server.stop()
        exchange = target.price_of(1)
        yield Expect.that(exchange.ok, "a", "b", "c", level=Level.MAY)

    report = run(target, [make(fatal, "fatal"), make(name="after")])
    assert [one.outcome for one in report.results] == [Outcome.PASS, Outcome.ERROR]
    assert report.exit is Exit.INCONCLUSIVE


def test_an_endpoint_that_is_only_away_for_a_moment(scripted, monkeypatch):
    """A process manager restarts it, and the run continues."""
    server = scripted(always(GOOD), lambda _: None)  # the second connection closes at once
    target = Target(TargetSettings(url=server.url, users=(1,), timeout=5.0))
    asked: list[Target] = []
    monkeypatch.setattr(Target, "is_up", lambda self: not asked.append(self))

    def check(target: Target) -> Iterator[Expect]:
        yield Expect.that(target.price_of(1).ok, "a", "b", "c")

    report = run(target, [make(check), make(name="after")])
    # After the rule whose last request got no response.
    assert asked == [target]
    assert [one.outcome for one in report.results] == [Outcome.FAIL, Outcome.PASS]
