"""A login link of a billing system, opened in a real browser."""

from __future__ import annotations

from mock_solusio.sandbox import Sandbox
from mock_solusio.users.world import ScenarioWorld
from solusio_contracts.users.customers import PRICING, UserCustomer
from solusio_contracts.users.job import CustomerJob
from solusio_contracts.users.scenario import load_scenarios
from support.browser import opened
from support.customer_system import CustomerSystem


def test_a_link_logs_its_customer_in_once(chromium, tmp_path):
    scenario = next(one for one in load_scenarios() if one.id == "login")
    world = ScenarioWorld.of(scenario, {"ann": 700_001}, "t" * 30)
    steps = CustomerSystem().steps
    sandbox = Sandbox()
    with sandbox.open() as url:
        sandbox.show(world.mock)
        ann = UserCustomer(
            billing_user_id=700_001, name="Ann Example", email="ann@example.com", pricing=PRICING
        )
        job = CustomerJob(
            customer=ann,
            solusio_url=url,
            access_token="t" * 30,
            ca_file=None,
            customers=(ann,),
            customers_file=tmp_path / "customers.json",
        )
        steps["create"].run(job)
        link = steps["login"].run(job).decode()
        with opened(chromium, url) as page:
            page.goto(link)
            assert "ann@example.com" in page.content()
            assert "/auth/by_token/" not in page.url
        with opened(chromium, url) as page:
            page.goto(link)
            assert "ann@example.com" not in page.content()
