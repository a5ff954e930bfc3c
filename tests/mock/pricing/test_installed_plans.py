"""`pricing --from` and `--apply`: the prices of a SolusIO's plans as a price list, and back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mock_solusio.price_list.model import PlanPrice
from mock_solusio.price_list.reading import read
from mock_solusio.pricing.changes import differences
from support.bent_solusio import BentSolusio, bent_solusio
from support.commands import invoke

FIRST = "1 Core, 1 GB RAM"


@pytest.fixture
def front():
    with bent_solusio() as made:
        yield made


def pricing(front: BentSolusio, *words: object) -> Any:
    return invoke("pricing", *words, env={"SOLUSIO_ACCESS_TOKEN": front.solusio.admin_token})


def plans(front: BentSolusio) -> dict[str, dict[str, Any]]:
    """Return the plans, straight from the mock."""
    return {one["name"]: one for one in front.solusio.client.get("plans").json()["data"]}


def listed(front: BentSolusio, tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    assert pricing(front, "--from", front.url, "-o", file).exit_code == 0
    return file


def edited(file: Path, old: str, new: str) -> Path:
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    return file


def sent(front: BentSolusio) -> list[str]:
    return [asked.method for asked in front.asked if asked.method != "GET"]


def test_the_list_is_a_price_list_with_the_prices_of_the_plans(front, tmp_path):
    plan = {"name": 'Ann\'s "big" \\ plan ü', "params": {"disk": 1, "ram": 1, "vcpu": 1}}
    more = {"virtualization_type": "kvm", "storage_type": "fb", "image_format": "raw", "tokens_per_hour": 3}
    front.solusio.client.post("plans", json={**plan, **more}).raise_for_status()
    prices, problems = read(listed(front, tmp_path).read_bytes())
    assert prices is not None
    assert not problems
    own = {one.name: (one.tokens_per_hour, one.tokens_per_month) for one in prices.plans}
    for name, plan in plans(front).items():
        assert own[name] == (plan["tokens_per_hour"], plan["tokens_per_month"])
        assert own[f"{name}: additional IP"] == (plan["ip_tokens_per_hour"], plan["ip_tokens_per_month"])
    done = pricing(front, tmp_path / "prices.toml", "--apply", front.url)
    assert (done.exit_code, sent(front)) == (0, [])
    assert "have these prices" in done.output


def test_prices_that_are_not_integers_are_named(front):
    front.bends["plans"] = lambda value: value["data"][0].update(tokens_per_hour=7.5)
    done = pricing(front, "--from", front.url)
    assert done.exit_code == 1
    assert "tokens_per_hour is the number 7.5, not an integer" in done.output
    assert "tokens_per_hour = 7.5" not in done.output


def test_on_this_machine_the_prices_are_set_and_nothing_else(front, tmp_path):
    before = plans(front)
    file = edited(listed(front, tmp_path), "tokens_per_hour = 7", "tokens_per_hour = 8")
    edited(file, "ip_tokens_per_month = 700", "ip_tokens_per_month = 750")
    done = pricing(front, file, "--apply", front.url)
    assert done.exit_code == 0, done.output
    assert "tokens_per_hour 7 → 8, ip_tokens_per_month 700 → 750" in done.output
    assert "read back as wanted" in done.output
    assert sent(front) == ["PUT"]
    after = {**before[FIRST], "tokens_per_hour": 8, "ip_tokens_per_month": 750}
    assert plans(front) == {**before, FIRST: after}


def test_a_server_that_takes_the_body_for_the_whole_plan_loses_nothing(front, tmp_path):
    file = edited(listed(front, tmp_path), "tokens_per_hour = 7", "tokens_per_hour = 8")
    pricing(front, file, "--apply", front.url)
    (body,) = [json.loads(asked.body) for asked in front.asked if asked.method == "PUT"]
    plan = plans(front)[FIRST]
    never = {"id", "params", "virtualization_type", "storage_type", "image_format", "is_snapshot_available"}
    assert plan.keys() - body.keys() == never
    assert set(plan["limits"]) - set(body["limits"]) == {"disk_bandwidth", "disk_iops"}


def test_the_printed_call_does_the_same(front, tmp_path):
    file = edited(listed(front, tmp_path), "tokens_per_hour = 7", "tokens_per_hour = 8")
    plain = front._right
    front.answers["plans/1"] = lambda asked: (403, {}, b"{}") if asked.method == "PUT" else plain(asked)
    done = pricing(front, file, "--apply", front.url)
    assert done.exit_code == 3
    assert "was not changed: status 403" in done.output
    assert front.solusio.admin_token not in done.output
    front.answers.clear()
    script = done.output.partition("Calls:\n")[2].partition("\n\n")[0]
    env = {"SOLUSIO_ACCESS_TOKEN": front.solusio.admin_token, "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-c", script], check=True, env=env, capture_output=True, timeout=60)
    assert plans(front)[FIRST]["tokens_per_hour"] == 8


def test_elsewhere_nothing_is_changed_without_the_option(front, tmp_path, monkeypatch):
    monkeypatch.setattr("mock_solusio.pricing.installed.is_loopback", lambda _: False)
    file = edited(listed(front, tmp_path), "tokens_per_hour = 7", "tokens_per_hour = 8")
    done = pricing(front, file, "--apply", front.url)
    assert (done.exit_code, sent(front)) == (1, [])
    assert "--yes-change-plans makes these calls" in done.output
    done = pricing(front, file, "--apply", front.url, "--yes-change-plans")
    assert (done.exit_code, sent(front)) == (0, ["PUT"])


def test_what_is_read_back_otherwise_is_said(front, tmp_path):
    file = edited(listed(front, tmp_path), "tokens_per_hour = 7", "tokens_per_hour = 8")
    plain = front._right

    def stubborn(asked):
        if asked.method == "PUT":
            return 200, {"Content-Type": "application/json"}, b'{"data":{}}'
        front._kept.clear()
        return plain(asked)

    front.answers["plans/1"] = stubborn
    done = pricing(front, file, "--apply", front.url)
    assert done.exit_code == 1
    assert "tokens_per_hour is 7 instead of 8" in done.output

    def forgetful(asked):
        front._kept.clear()
        response = plain(asked)
        if asked.method == "PUT":
            front.solusio.client.patch("plans/1", json={"is_visible": False}).raise_for_status()
        return response

    front.answers["plans/1"] = forgetful
    done = pricing(front, file, "--apply", front.url)
    assert done.exit_code == 1
    assert "is_visible has changed, too" in done.output


def test_names_that_do_not_say_which_plan_change_nothing(front, tmp_path):
    file = edited(listed(front, tmp_path), f'name = "{FIRST}"', 'name = "1 Core, 1 GB RAMS"')
    edited(file, "tokens_per_hour = 14", "tokens_per_hour = 15")
    done = pricing(front, file, "--apply", front.url)
    assert (done.exit_code, sent(front)) == (1, [])
    assert f"no plan is named ‘1 Core, 1 GB RAMS’; did you mean ‘{FIRST}’?" in done.output


def test_plans_and_prices_of_the_same_name_are_not_guessed_at():
    price = PlanPrice("small", 1, 2, "plans[0]")
    rows = [{"id": 1, "name": "small"}, {"id": 2, "name": "small"}]
    assert differences(rows, [price]) == ([], ["‘small’ is the name of several plans: 1, 2"])
    changes, problems = differences(rows[:1], [price, PlanPrice("small", 3, 4, "plans[1]")])
    assert problems == ["‘small’ is twice in the price list"]
    assert len(changes) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "URL", "--apply", "URL"), "exclude each other"),
        (("--apply", "URL"), "needs a price list as FILE"),
        (("--from", "URL", "--hours", "3"), "cannot be combined"),
        (("--yes-change-plans",), "--yes-change-plans needs --apply"),
        (("--insecure",), "need --from or --apply"),
        (("--from", "ftp://x"), "http"),
    ],
)
def test_wrong_usage_is_explained(words, message):
    done = invoke("pricing", *words, env={"SOLUSIO_ACCESS_TOKEN": "t"})
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_a_refused_access_token_ends_with_3(front):
    done = invoke("pricing", "--from", front.url, env={"SOLUSIO_ACCESS_TOKEN": "wrong"})
    assert done.exit_code == 3
    assert "does not accept the access token" in done.output
