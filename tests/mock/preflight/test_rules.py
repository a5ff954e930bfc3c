"""Rules of metering, and judgements about hosts that no test can reach."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from mock_solusio.moment import HOUR, MINUTE, parse_moment
from mock_solusio.preflight import metered
from mock_solusio.preflight.client import Access, Reader
from mock_solusio.preflight.installation import Installation, Questions
from mock_solusio.preflight.judgement import all_judgements
from mock_solusio.preflight.run import judge
from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.reporting.report import Outcome

OCTOBER, NOVEMBER = parse_moment("2026-10-01T00:00:00Z"), parse_moment("2026-11-01T00:00:00Z")


def line(hours: Any, per_hour: Any, per_month: Any, tokens: Any) -> metered.Line:
    return metered.understood(
        {"hours": hours, "tokens_per_hour": per_hour, "tokens_per_month": per_month, "tokens": tokens}
    )


def test_the_examples_of_the_vendor_fit_one_rule_alone():
    lines = [line(700, 7, 5000, 4900), line(730, 7, 5000, 5000), line(744, 7, 5000, 5000)]
    found = metered.tokens(lines, 744)
    ours, *others = found.fits
    assert (found.compared, found.wrong) == (3, 0)
    assert ours.fits == 3
    assert max(one.fits for one in others) < 3


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([line(730, 7, 5000, 5110), line(744, 7, 5000, 5208)], "per_month is not a cap"),
        ([line(5, 7, 5000, 5000), line(60, 7, 5000, 5000)], "always the monthly price"),
        ([line(372, 7, 5000, 2500), line(186, 7, 5000, 1250)], "in proportion to the hours"),
    ],
)
def test_another_rule_that_fits_is_named(lines, rule):
    found = metered.tokens(lines, 744)
    assert found.wrong == 2
    assert found.best_other is not None
    assert rule in found.best_other.rule
    assert (found.best_other.fits, found.best_other.telling) == (2, 2)


def test_lines_that_are_not_understood_do_not_count():
    lines = [line(10, 7, 5000, 70), line("10", 7, 5000, 1), line(10, None, 5000, 1), line(10, 7, 5000, True)]
    assert metered.tokens(lines, 744).compared == 1


def test_each_pair_of_prices_has_its_clause():
    lines = [line(10, 7, 5000, 70), line(10, 7, 0, 70), line(10, 0, 5000, 5000), line(10, 0, 0, 5)]
    assert list(metered.by_clause(lines)) == [
        ("US-020", True),
        ("US-021", True),
        ("US-022", True),
        ("US-023", False),
    ]


@pytest.mark.parametrize(
    ("minutes", "hours", "fitting"),
    [
        # From 10:30 to 12:00: two started hours, one full one, two of the clock.
        (90, 2, {"started hours from creation", "hours of the clock, each that was begun"}),
        (90, 1, {"full hours from creation", "hours of the clock, without the first"}),
        # From 10:30 to 12:20, 110 minutes: two started hours, one full one, three of the clock.
        (110, 3, {"hours of the clock, each that was begun"}),
        (110, 2, {"started hours from creation"}),
    ],
)
def test_hours_of_a_server(minutes, hours, fitting):
    begin = OCTOBER + 10 * HOUR + 30 * MINUTE
    found = metered.hours([(hours, begin, begin + minutes * MINUTE)])
    assert {one.rule for one in found.fits if one.fits} == fitting


def test_where_all_rules_agree_nothing_is_shown():
    found = metered.hours([(5, OCTOBER, OCTOBER + 5 * HOUR)])
    assert (found.compared, found.wrong, found.fits[0].telling) == (1, 0, 0)
    assert "all rules agree" in str(found)


# Hosts


class Canned(Reader):
    """Answers from a table instead of a network."""

    def __init__(self, url: str, **values: Any) -> None:
        super().__init__(Access.of(url, "an-access-token"))
        self.values = {"account": {"id": 1, "roles": []}, **values}

    def send(self, request: Request, description: str) -> Exchange:
        name = request.path.removeprefix("/api/v1/")
        content = json.dumps({"data": self.values[name]}).encode()
        return Exchange(number=1, request=request, description=description, status=200, content=content)

    def elsewhere(self, url: str) -> Exchange:
        return Exchange(number=2, request=Request(b"", method="GET"), description=url, status=405)


def judged(name: str, reader: Reader, questions: Questions | None = None) -> Any:
    (judgement,) = [one for one in all_judgements() if one.name == name]
    return judge(judgement, Installation(reader, questions or Questions()))


def with_billing(url: str) -> dict[str, Any]:
    return {"billing_integration": {"type": "custom", "drivers": {"custom": {"url": url, "token": "x"}}}}


@pytest.mark.parametrize(
    ("url", "actual"),
    [
        ("http://127.0.0.1:8000/solusio/", "the machine of SolusIO itself"),
        ("http://localhost/solusio/", "the machine of SolusIO itself"),
        ("http://billing.example.com/", "http: the authorization token and the customers' discounts travel"),
        ("https://billing.example.com/", ""),
    ],
)
def test_where_the_billing_endpoint_is(url, actual):
    result = judged(
        "billing-url-is-reachable", Canned("https://solus.example.com", settings=with_billing(url))
    )
    assert [one.actual[: len(actual)] for one in result.findings] == ([actual] if actual else [])


def test_an_access_token_over_http():
    result = judged("tls-protects", Canned("http://solus.example.com"))
    assert result.outcome is Outcome.WARN
    assert "unprotected" in result.findings[0].actual


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://solus.example.com", "https://solus.example.com"),
        ("https://solus.example.com/", "https://solus.example.com"),
        ("https://solus.example.com/api/v1/", "https://solus.example.com"),
        ("https://example.com/solus/api/v1", "https://example.com/solus"),
    ],
)
def test_the_url_may_end_in_the_path_of_the_api(given, url):
    assert Access.of(given, "an-access-token").url == url


def test_a_type_of_integration_that_nobody_knows_is_a_note():
    settings = {"billing_integration": {"type": "custom_billing", "drivers": {}}}
    result = judged("billing-is-on", Canned("https://solus.example.com", settings=settings))
    assert result.outcome is Outcome.PASS
    assert "custom_billing" in result.notes[0]
    result = judged("billing-url-is-set", Canned("https://solus.example.com", settings=settings))
    assert result.outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 00:00:30 GMT", 30.0),
        ("Sat, 28 Feb 2026 00:00:00 GMT", 0.0),
        ("soon", 1.0),
    ],
)
def test_how_long_a_429_lets_wait(text, seconds):
    waits: list[float] = []
    now = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    answers = [(429, (("Retry-After", text),)), (200, ())]

    class Limited(Reader):
        def _once(self, request: Request, description: str) -> Exchange:
            status, headers = answers.pop(0)
            return Exchange(
                number=1,
                request=request,
                description=description,
                status=status,
                headers=headers,
                content=b'{"data": {}}',
            )

    access = Access.of("https://solus.example.com", "an-access-token")
    reader = Limited(access, sleep=waits.append, now=lambda: now)
    reader.get("getAccount", "account")
    assert waits == [seconds]
    assert reader.waited == seconds
