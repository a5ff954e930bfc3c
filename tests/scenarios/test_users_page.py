"""What docs/users.md says of options, placeholders, documents, areas and findings is so."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import click
import pytest
from rich.console import Console

from mock_solusio.cli import cli
from mock_solusio.users.command import STEPS
from mock_solusio.users.run import CONDUCT, CustomerSystem, Settings, numbered, run
from solusio_contracts.reporting.console import render
from solusio_contracts.users.customers import PRICING, UserCustomer
from solusio_contracts.users.job import PLACEHOLDERS, CustomerJob
from solusio_contracts.users.scenario import AREAS, load_scenarios
from support.customer_system import CustomerSystem as Planted
from support.customer_system import Step
from support.pages import code, document, output, page, rows, section

PAGE = page("users.md")


@pytest.fixture
def command() -> click.Command:
    group = cli.get_command(click.Context(cli), "users")
    assert isinstance(group, click.Group)
    found = group.get_command(click.Context(group), "check")
    assert found is not None
    return found


def test_the_options_are_those_of_the_command(command):
    context = click.Context(command)
    options = {one.opts[0]: one for one in command.params if isinstance(one, click.Option)}
    table = rows(PAGE, "## Options")
    for name, value, default, _ in table:
        option = options[code(name)[0]]
        assert "".join(code(value)) == ("" if option.is_flag else option.make_metavar(context)), name
        assert (default == "required") is option.required, name
        assert code(default) in ([], [str(option.default)]), name
    written = [code(row[0])[0] for row in table]
    others = set(re.findall(r"`(--[\w-]+)`", section(PAGE, "## Options"))) - set(written)
    names = {name for option in options.values() for name in option.opts if name.startswith("--")}
    assert set(written) | others == names - {"--help"}


def test_the_steps_and_placeholders_are_those_that_there_are():
    below = section(PAGE, "## The adapter")
    steps = {name for row in rows(PAGE, "## The adapter") for name in code(row[0])}
    assert {name for name in steps if name.startswith("--")} == {f"--{name}" for name in STEPS}
    assert set(PLACEHOLDERS) == set(re.findall(r"`{(\w+)}`", below))


def test_the_variables_are_those_that_a_command_gets(tmp_path):
    below = section(PAGE, "## The adapter")
    assert set(re.findall(r"`(SOLUSIO_\w+)`", below)) == set(job(tmp_path).environment)


def job(folder) -> CustomerJob:
    customer = UserCustomer(
        billing_user_id=700011, name="Ann Example", email="ann@example.com", pricing=PRICING, limit_group_id=2
    )
    return CustomerJob(
        customer=customer,
        solusio_url="http://127.0.0.1:40123",
        access_token="...",
        ca_file=None,
        customers=(customer,),
        customers_file=folder / "customers.json",
    )


def test_the_event_shown_is_such(tmp_path):
    shown, sent = json.loads(document(PAGE, "event")), job(tmp_path).body("update")
    shown["customer"]["pricing"] = sent["customer"]["pricing"]
    assert shown == sent
    members = {name for row in rows(PAGE, "### The customers document") for name in code(row[0])}
    assert members == set(sent["customer"])


def test_the_page_names_every_area():
    written = [code(row[0])[0] for row in rows(PAGE, "## What the scenarios cover")]
    assert written == [*AREAS, CONDUCT]


@dataclass(frozen=True)
class Php(Step):
    """A step that the page calls a PHP program."""

    def shown(self, job):
        return f"php users.php {self.name} {job.values['customer']}"


def test_the_finding_shown_is_what_a_billing_system_with_this_mistake_gets():
    planted = Planted(frozenset({"first-row"}))
    steps = {name: Php(planted, name) for name in planted.steps}
    chosen = [one for one in load_scenarios() if one.id == "similar-mail"]
    report = run(
        CustomerSystem(steps=steps, described="php users.php create {customer}"),
        numbered(chosen, 700_001),
        Settings(access_token="t" * 30, curl_of=lambda one: f"mock-solusio users check ... --only {one}"),
    )
    console = Console(width=80, highlight=False, force_terminal=False, record=True, quiet=False)
    with console.capture() as captured:
        render(report, console, verbose=False)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    begin = next(place for place, line in enumerate(lines) if line.startswith("✗ you probably"))
    end = next(place for place, line in enumerate(lines) if line.startswith("Not conformant"))
    assert "\n".join(lines[begin:end]).strip() == output(PAGE, "first-row").strip()


def test_the_first_run_is_the_one_that_is_tested():
    """The page about PHP begins with the same commands."""
    first, same = (
        re.search(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for text in (PAGE, page("php-users.md"))
    )
    assert first is not None
    assert same is not None
    assert "--create" in first[1]
    assert first[1] == same[1]
