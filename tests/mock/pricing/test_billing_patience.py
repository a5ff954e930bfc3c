"""How often the billing endpoint is asked: what is kept, shared questions, and repeated failures."""

import asyncio
import gc

import pytest

from mock_solusio.billing.client import STOPPED
from mock_solusio.moment import DAY, SECOND


def users_of(endpoint):
    return [int(request.rpartition(b"userid=")[2]) for request in endpoint.requests]


# --- what is kept ----------------------------------------------------------------------------


def test_a_price_is_kept_for_virtual_time(run, lab, monotonic):
    async def scenario():
        async with lab.serving(lab.good) as endpoint, lab.asking(monotonic=monotonic) as (prices, exchanges):
            integration = lab.Integration(endpoint.url)
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

    run(scenario())


def test_a_clock_that_was_set_back_makes_it_ask_again(run, lab):
    async def scenario():
        async with lab.serving(lab.good) as endpoint, lab.asking() as (prices, _):
            integration = lab.Integration(endpoint.url)
            await prices.ask(integration, 1, DAY)
            assert prices.cached(integration, 1, DAY - 1) is None

    run(scenario())


def test_a_refused_request_is_repeated_after_a_real_second(run, lab, monotonic):
    async def scenario():
        refusal = lab.http(b"", "404 Not Found")
        async with lab.serving(refusal) as endpoint, lab.asking(monotonic=monotonic) as (prices, exchanges):
            integration = lab.Integration(endpoint.url)
            first = await prices.ask(integration, 1, 0)
            assert first.fresh_until == 0
            monotonic.seconds += 0.999
            later = await prices.ask(integration, 1, DAY)  # virtual time does not matter
            assert (later.pricing, later.reason, later.fresh_until) == (None, first.reason, DAY)
            assert len(exchanges) == 1
            monotonic.seconds += 0.001
            endpoint.respond = lab.good
            assert prices.cached(integration, 1, DAY) is None
            assert (await prices.ask(integration, 1, DAY)).reason == ""
        assert users_of(endpoint) == [1, 1]

    run(scenario())


def test_a_request_that_timed_out_is_repeated_after_as_long_as_it_took(run, lab, monotonic):
    async def hang(_writer):
        monotonic.seconds += 5
        await asyncio.Event().wait()

    async def scenario():
        async with (
            lab.serving(hang) as endpoint,
            lab.asking(monotonic=monotonic, timeout=0.5) as (prices, exchanges),
        ):
            integration = lab.Integration(endpoint.url)
            assert "no complete answer" in (await prices.ask(integration, 1, 0)).reason
            assert exchanges[0].duration == 5
            monotonic.seconds += 4.999
            assert prices.cached(integration, 1, 0) is not None
            monotonic.seconds += 0.001
            endpoint.respond = lab.good
            assert (await prices.ask(integration, 1, 0)).reason == ""
        assert users_of(endpoint) == [1, 1]

    run(scenario())


def test_what_is_kept_is_of_one_user_url_and_authorization_token(run, lab):
    async def scenario():
        async with lab.serving(lab.good) as endpoint, lab.asking() as (prices, _):
            await prices.ask(lab.Integration(endpoint.url, "a"), 1, 0)
            assert prices.cached(lab.Integration(endpoint.url, "a"), 1, 0) is not None
            assert prices.cached(lab.Integration(endpoint.url, "a"), 2, 0) is None
            assert prices.cached(lab.Integration(endpoint.url, "b"), 1, 0) is None
            assert prices.cached(lab.Integration(endpoint.url + "x", "a"), 1, 0) is None

    run(scenario())


def test_what_was_used_least_recently_goes_first(run, lab):
    async def scenario():
        async with lab.serving(lab.good) as endpoint, lab.asking(capacity=2) as (prices, _):
            integration = lab.Integration(endpoint.url)
            await prices.ask(integration, 1, 0)
            await prices.ask(integration, 2, 0)
            prices.cached(integration, 1, 0)
            await prices.ask(integration, 3, 0)
            assert [bool(prices.cached(integration, user, 0)) for user in (1, 2, 3)] == [True, False, True]

    run(scenario())


def test_forget(run, lab, monotonic):
    async def scenario():
        async with lab.serving(lab.good) as endpoint, lab.asking(monotonic=monotonic) as (prices, _):
            integration = lab.Integration(endpoint.url)
            await prices.ask(integration, 1, 0)
            prices.forget()
            assert prices.cached(integration, 1, 0) is None
            endpoint.respond = lab.http(b"", "404 Not Found")
            await prices.ask(integration, 1, 0)
            prices.forget()
            endpoint.respond = lab.good
            assert (await prices.ask(integration, 1, 0)).reason == ""

    run(scenario())


def test_an_answer_that_comes_after_forget_is_not_kept(run, lab):
    async def scenario():
        gate = asyncio.Event()
        async with lab.serving(lab.waiting(gate, lab.good)) as endpoint, lab.asking() as (prices, _):
            integration = lab.Integration(endpoint.url)
            asked = asyncio.create_task(prices.ask(integration, 1, 0))
            await endpoint.asked.wait()
            prices.forget()
            anew = asyncio.create_task(prices.ask(integration, 1, 0))
            endpoint.asked.clear()
            await endpoint.asked.wait()  # a question of its own
            prices.forget()
            gate.set()
            assert (await asked).reason == ""
            assert (await anew).reason == ""
            assert prices.cached(integration, 1, 0) is None
        assert users_of(endpoint) == [1, 1]

    run(scenario())


# --- shared questions ------------------------------------------------------------------------


def test_a_hundred_who_ask_at_once_share_one_question(run, lab):
    async def scenario():
        gate = asyncio.Event()
        async with lab.serving(lab.waiting(gate, lab.good)) as endpoint, lab.asking() as (prices, exchanges):
            integration = lab.Integration(endpoint.url)
            tasks = [asyncio.create_task(prices.ask(integration, 1, now)) for now in range(100)]
            await endpoint.asked.wait()
            gate.set()
            answers = await asyncio.gather(*tasks)
            assert all(answer is answers[0] for answer in answers)
            assert answers[0].reason == ""
        assert users_of(endpoint) == [1]
        assert len(exchanges) == 1

    run(scenario())


def test_different_users_are_asked_for_at_the_same_time(run, lab):
    async def scenario():
        gate = asyncio.Event()
        async with lab.serving(lab.waiting(gate, lab.good)) as endpoint, lab.asking() as (prices, _):
            integration = lab.Integration(endpoint.url)
            tasks = [asyncio.create_task(prices.ask(integration, user, 0)) for user in range(1, 21)]
            while len(endpoint.requests) < 20:  # none is answered before all have asked
                endpoint.asked.clear()
                await endpoint.asked.wait()
            gate.set()
            assert {answer.reason for answer in await asyncio.gather(*tasks)} == {""}
        assert sorted(users_of(endpoint)) == list(range(1, 21))

    run(scenario())


def test_who_gives_up_takes_the_answer_from_nobody(run, lab):
    async def scenario():
        gate = asyncio.Event()
        async with lab.serving(lab.waiting(gate, lab.good)) as endpoint, lab.asking() as (prices, _):
            integration = lab.Integration(endpoint.url)
            impatient = asyncio.create_task(prices.ask(integration, 1, 0))
            patient = asyncio.create_task(prices.ask(integration, 1, 0))
            await endpoint.asked.wait()
            impatient.cancel()
            await asyncio.wait([impatient])
            assert impatient.cancelled()
            gate.set()
            assert (await patient).reason == ""
        assert users_of(endpoint) == [1]

    run(scenario())


def test_a_question_that_nobody_waits_for_any_more_is_still_answered(run, lab):
    async def scenario():
        gate = asyncio.Event()
        async with lab.serving(lab.waiting(gate, lab.good)) as endpoint, lab.asking() as (prices, exchanges):
            integration = lab.Integration(endpoint.url)
            alone = asyncio.create_task(prices.ask(integration, 1, 0))
            await endpoint.asked.wait()
            alone.cancel()
            await asyncio.wait([alone])
            gc.collect()
            gate.set()
            assert (await prices.ask(integration, 1, 0)).reason == ""
            assert len(exchanges) == 1

    run(scenario())


def test_closing_gives_up_what_is_under_way(run, lab):
    async def scenario():
        async with lab.serving(lab.silent()) as endpoint, lab.asking() as (prices, _):
            asked = asyncio.create_task(prices.ask(lab.Integration(endpoint.url), 1, 0))
            await endpoint.asked.wait()
            await prices.aclose()
            answer = await asked
            assert (answer.pricing, answer.reason) == (None, STOPPED)
            await prices.aclose()  # again, and after that it can be used anew
            endpoint.respond = lab.good
            assert (await prices.ask(lab.Integration(endpoint.url), 1, 0)).reason == ""

    run(scenario())


def test_one_after_the_other_event_loop(run, lab):
    from mock_solusio.billing.client import BillingPrices

    prices = BillingPrices()

    async def scenario(user):
        async with lab.serving(lab.good) as endpoint:
            assert (await prices.ask(lab.Integration(endpoint.url), user, 0)).reason == ""
        await prices.aclose()

    run(scenario(1))
    run(scenario(2))


def test_what_the_journal_raises_reaches_who_asked(run, lab):
    def broken(_exchange):
        raise LookupError("the journal is broken")

    async def scenario():
        from mock_solusio.billing.client import BillingPrices

        prices = BillingPrices(on_exchange=broken)
        async with lab.serving(lab.good) as endpoint:
            with pytest.raises(LookupError, match="the journal is broken"):
                await prices.ask(lab.Integration(endpoint.url), 1, 0)
        await prices.aclose()

    run(scenario())


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda lab: lab.raw(b""),
        lambda lab: lab.http(b"", "503 Service Unavailable"),
        lambda lab: lab.http(b"", "401 Unauthorized"),
        lambda lab: lab.http(b"<html>"),
    ],
)
def test_an_endpoint_that_failed_is_asked_for_the_next_user_at_once(run, lab, make, monotonic):
    async def scenario():
        async with lab.serving(make(lab)) as endpoint, lab.asking(monotonic=monotonic) as (prices, _):
            integration = lab.Integration(endpoint.url)
            for user in range(1, 21):
                await prices.ask(integration, user, 0)
            endpoint.respond = lab.good
            assert (await prices.ask(integration, 21, 0)).reason == ""
            assert users_of(endpoint) == list(range(1, 22))

    run(scenario())


def test_endpoints_come_and_go_without_piling_up(run, lab):
    async def scenario():
        async with lab.asking(capacity=3) as (prices, _):
            gone = [lab.Integration(f"nonsense{number}") for number in range(20)]
            for integration in gone:
                await prices.ask(integration, 1, 0)
            assert [one for one in gone if prices.cached(one, 1, 0)] == gone[-3:]

    run(scenario())
