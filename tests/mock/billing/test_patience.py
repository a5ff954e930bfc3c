"""How often the billing endpoint is asked: what is kept, shared questions, and repeated failures."""

import asyncio
import gc

import pytest

from mock_solusio.billing.client import STOPPED, BillingClient
from mock_solusio.moment import DAY, SECOND
from support.async_endpoint import http, raw, serving, silent, waiting
from support.prices import GOOD, Integration, asking

pytestmark = pytest.mark.anyio


def users_of(endpoint):
    return [int(request.rpartition(b"userid=")[2]) for request in endpoint.requests]


# --- what is kept ----------------------------------------------------------------------------


async def test_a_price_is_kept_for_virtual_time(monotonic):
    async with serving(GOOD) as endpoint, asking(monotonic=monotonic) as (prices, exchanges):
        integration = Integration(endpoint.url)
        assert prices.cached(integration, 1, 0) is None
        first = await prices.ask(integration, 1, 10 * SECOND)
        monotonic.seconds += 1_000_000  # real time does not matter
        assert prices.cached(integration, 1, 10 * SECOND) is first
        assert await prices.ask(integration, 1, 70 * SECOND - 1) is first
        assert len(exchanges) == 1
        assert prices.cached(integration, 1, 70 * SECOND) is None
        again = await prices.ask(integration, 1, 70 * SECOND)
        assert again.fresh_until == 130 * SECOND
    assert users_of(endpoint) == [1, 1]


async def test_a_clock_that_was_set_back_makes_it_ask_again():
    async with serving(GOOD) as endpoint, asking() as (prices, _):
        integration = Integration(endpoint.url)
        await prices.ask(integration, 1, DAY)
        assert prices.cached(integration, 1, DAY - 1) is None


async def test_a_refused_request_is_repeated_after_a_real_second(monotonic):
    refusal = http(b"", "404 Not Found")
    async with serving(refusal) as endpoint, asking(monotonic=monotonic) as (prices, exchanges):
        integration = Integration(endpoint.url)
        first = await prices.ask(integration, 1, 0)
        assert first.fresh_until == 0
        monotonic.seconds += 0.999
        later = await prices.ask(integration, 1, DAY)  # virtual time does not matter
        assert (later.pricing, later.reason, later.fresh_until) == (None, first.reason, DAY)
        assert len(exchanges) == 1
        monotonic.seconds += 0.001
        endpoint.respond = GOOD
        assert prices.cached(integration, 1, DAY) is None
        assert (await prices.ask(integration, 1, DAY)).reason == ""
    assert users_of(endpoint) == [1, 1]


async def test_a_request_that_timed_out_is_repeated_after_as_long_as_it_took(monotonic):
    async def hang(_writer):
        monotonic.seconds += 5
        await asyncio.Event().wait()

    async with (
        serving(hang) as endpoint,
        asking(monotonic=monotonic, timeout=0.5) as (prices, exchanges),
    ):
        integration = Integration(endpoint.url)
        assert "no complete answer" in (await prices.ask(integration, 1, 0)).reason
        assert exchanges[0].duration == 5
        monotonic.seconds += 4.999
        assert prices.cached(integration, 1, 0) is not None
        monotonic.seconds += 0.001
        endpoint.respond = GOOD
        assert (await prices.ask(integration, 1, 0)).reason == ""
    assert users_of(endpoint) == [1, 1]


async def test_what_is_kept_is_of_one_user_url_and_authorization_token():
    async with serving(GOOD) as endpoint, asking() as (prices, _):
        await prices.ask(Integration(endpoint.url, "a"), 1, 0)
        assert prices.cached(Integration(endpoint.url, "a"), 1, 0) is not None
        assert prices.cached(Integration(endpoint.url, "a"), 2, 0) is None
        assert prices.cached(Integration(endpoint.url, "b"), 1, 0) is None
        assert prices.cached(Integration(endpoint.url + "x", "a"), 1, 0) is None


async def test_what_was_used_least_recently_goes_first():
    async with serving(GOOD) as endpoint, asking(capacity=2) as (prices, _):
        integration = Integration(endpoint.url)
        await prices.ask(integration, 1, 0)
        await prices.ask(integration, 2, 0)
        prices.cached(integration, 1, 0)
        await prices.ask(integration, 3, 0)
        assert [bool(prices.cached(integration, user, 0)) for user in (1, 2, 3)] == [True, False, True]


async def test_forget(monotonic):
    async with serving(GOOD) as endpoint, asking(monotonic=monotonic) as (prices, _):
        integration = Integration(endpoint.url)
        await prices.ask(integration, 1, 0)
        prices.forget()
        assert prices.cached(integration, 1, 0) is None
        endpoint.respond = http(b"", "404 Not Found")
        await prices.ask(integration, 1, 0)
        prices.forget()
        endpoint.respond = GOOD
        assert (await prices.ask(integration, 1, 0)).reason == ""


async def test_an_answer_that_comes_after_forget_is_not_kept():
    gate = asyncio.Event()
    async with serving(waiting(gate, GOOD)) as endpoint, asking() as (prices, _):
        integration = Integration(endpoint.url)
        asked = asyncio.create_task(prices.ask(integration, 1, 0))
        await endpoint.question(1)
        prices.forget()
        again = asyncio.create_task(prices.ask(integration, 1, 0))
        await endpoint.question(2)  # a question of its own
        prices.forget()
        gate.set()
        assert (await asked).reason == ""
        assert (await again).reason == ""
        assert prices.cached(integration, 1, 0) is None
    assert users_of(endpoint) == [1, 1]


# --- shared questions ------------------------------------------------------------------------


async def test_a_hundred_who_ask_at_once_share_one_question():
    gate = asyncio.Event()
    async with serving(waiting(gate, GOOD)) as endpoint, asking() as (prices, exchanges):
        integration = Integration(endpoint.url)
        tasks = [asyncio.create_task(prices.ask(integration, 1, now)) for now in range(100)]
        await endpoint.question(1)
        gate.set()
        answers = await asyncio.gather(*tasks)
        assert all(answer is answers[0] for answer in answers)
        assert answers[0].reason == ""
    assert users_of(endpoint) == [1]
    assert len(exchanges) == 1


async def test_different_users_are_asked_for_at_the_same_time():
    gate = asyncio.Event()
    async with serving(waiting(gate, GOOD)) as endpoint, asking() as (prices, _):
        integration = Integration(endpoint.url)
        tasks = [asyncio.create_task(prices.ask(integration, user, 0)) for user in range(1, 21)]
        await endpoint.question(20)  # none is answered before all have asked
        gate.set()
        assert {answer.reason for answer in await asyncio.gather(*tasks)} == {""}
    assert sorted(users_of(endpoint)) == list(range(1, 21))


async def test_who_gives_up_takes_the_answer_from_nobody():
    gate = asyncio.Event()
    async with serving(waiting(gate, GOOD)) as endpoint, asking() as (prices, _):
        integration = Integration(endpoint.url)
        impatient = asyncio.create_task(prices.ask(integration, 1, 0))
        patient = asyncio.create_task(prices.ask(integration, 1, 0))
        await endpoint.question(1)
        impatient.cancel()
        await asyncio.wait([impatient])
        assert impatient.cancelled()
        gate.set()
        assert (await patient).reason == ""
    assert users_of(endpoint) == [1]


async def test_a_question_that_nobody_waits_for_any_more_is_still_answered():
    gate = asyncio.Event()
    async with serving(waiting(gate, GOOD)) as endpoint, asking() as (prices, exchanges):
        integration = Integration(endpoint.url)
        alone = asyncio.create_task(prices.ask(integration, 1, 0))
        await endpoint.question(1)
        alone.cancel()
        await asyncio.wait([alone])
        gc.collect()
        gate.set()
        assert (await prices.ask(integration, 1, 0)).reason == ""
        assert len(exchanges) == 1


async def test_closing_gives_up_what_is_under_way():
    async with serving(silent()) as endpoint, asking() as (prices, _):
        asked = asyncio.create_task(prices.ask(Integration(endpoint.url), 1, 0))
        await endpoint.question(1)
        await prices.aclose()
        answer = await asked
        assert (answer.pricing, answer.reason) == (None, STOPPED)
        await prices.aclose()  # again, and after that it can be used again
        endpoint.respond = GOOD
        assert (await prices.ask(Integration(endpoint.url), 1, 0)).reason == ""


def test_one_event_loop_after_the_other():
    prices = BillingClient()

    async def ask(user):
        async with serving(GOOD) as endpoint:
            assert (await prices.ask(Integration(endpoint.url), user, 0)).reason == ""
        await prices.aclose()

    asyncio.run(ask(1))
    asyncio.run(ask(2))


async def test_what_the_journal_raises_reaches_who_asked():
    def broken(_exchange):
        raise LookupError("the journal is broken")

    prices = BillingClient(on_exchange=broken)
    async with serving(GOOD) as endpoint:
        with pytest.raises(LookupError, match="the journal is broken"):
            await prices.ask(Integration(endpoint.url), 1, 0)
    await prices.aclose()


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "respond",
    [
        raw(b""),
        http(b"", "503 Service Unavailable"),
        http(b"", "401 Unauthorized"),
        http(b"<html>"),
    ],
)
async def test_an_endpoint_that_failed_is_asked_for_the_next_user_at_once(respond, monotonic):
    async with serving(respond) as endpoint, asking(monotonic=monotonic) as (prices, _):
        integration = Integration(endpoint.url)
        for user in range(1, 21):
            await prices.ask(integration, user, 0)
        endpoint.respond = GOOD
        assert (await prices.ask(integration, 21, 0)).reason == ""
        assert users_of(endpoint) == list(range(1, 22))


async def test_endpoints_come_and_go_without_piling_up():
    async with asking(capacity=3) as (prices, _):
        gone = [Integration(f"nonsense{number}") for number in range(20)]
        for integration in gone:
            await prices.ask(integration, 1, 0)
        assert [one for one in gone if prices.cached(one, 1, 0)] == gone[-3:]
