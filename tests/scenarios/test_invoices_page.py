"""What docs/invoices.md says of options, documents and areas is so."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import click
import pytest

from mock_solusio.cli import cli
from solusio_contracts.adapter.customers import CustomersDocument
from solusio_contracts.decoding import from_json
from solusio_contracts.invoices.documents import read_invoices
from solusio_contracts.invoices.job import PLACEHOLDERS
from solusio_contracts.invoices.scenario import load_scenarios
from support.pages import code, document, page, rows, section

PAGE = page("invoices.md")


@pytest.fixture
def command() -> click.Command:
    group = cli.get_command(click.Context(cli), "invoices")
    assert isinstance(group, click.Group)
    found = group.get_command(click.Context(group), "check")
    assert found is not None
    return found


def test_the_options_are_those_of_the_command_and_the_others_those_of_check(command):
    def names(option: click.Parameter) -> frozenset[str]:
        return frozenset((*option.opts, *option.secondary_opts))

    context = click.Context(command)
    written = {frozenset(code(row[0])): "".join(code(row[1])) for row in rows(PAGE, "## Options")}
    options = {names(one): one for one in command.params if isinstance(one, click.Option)}
    assert {name: options[name].make_metavar(context) for name in written} == written
    sentence = re.search(r"^((?:`--[\w-]+`,?\s+)+)and the exit codes", PAGE, re.MULTILINE)
    assert sentence is not None
    shared = set(code(sentence[1]))
    others = {name for name in options if name not in written}
    assert shared == {one for name in others for one in name if one.startswith("--")}
    check = cli.get_command(click.Context(cli), "check")
    assert check is not None
    assert others <= {names(one) for one in check.params}


def test_the_defaults_in_the_table_are_those_of_the_command(command):
    options = {option.opts[0]: option for option in command.params}
    for names, _, default, _ in rows(PAGE, "## Options"):
        name = code(names)[0]
        if name in options and name != "--config":  # which looks for its file itself
            option = options[name]
            assert (default == "required") is option.required, name
            if code(default):
                assert code(default) == [str(option.default)], name


def test_the_placeholders_are_those_that_there_are():
    written = {found for row in rows(PAGE, "## The adapter") for found in re.findall(r"{(\w+)}", row[0])}
    below = section(PAGE, "## The adapter")
    assert written <= set(PLACEHOLDERS)
    assert set(PLACEHOLDERS) == set(re.findall(r"`{(\w+)}`", below))


def test_the_documents_shown_are_such():
    (customer,) = from_json(document(PAGE, "customers"), CustomersDocument).customers
    (invoice,), _ = read_invoices(document(PAGE, "invoices").encode())
    assert invoice.billing_user_id == customer.billing_user_id
    # Nothing is shown that is not read: a member that nobody knows would be ignored.
    for name, read in (("customers", customer), ("invoices", invoice)):
        shown: Any = json.loads(document(PAGE, name))[name][0]
        assert set(shown) == set(read.__struct_fields__)


def test_the_invoice_shown_is_right():
    """By hand: 13020 tokens x 0.001 = 13.02; 5 % off: 0.651; 20 % of 12.369: 2.4738; 14.8428."""
    (customer,) = from_json(document(PAGE, "customers"), CustomersDocument).customers
    (invoice,), _ = read_invoices(document(PAGE, "invoices").encode())
    assert invoice.tokens == 13020
    assert customer.pricing.user_token_unit_cost == Decimal("0.00114")
    parts = (invoice.subtotal, invoice.discounts[0].amount, invoice.taxes[0].amount, invoice.rounding)
    assert parts == (Decimal("13.02"), Decimal("-0.65"), Decimal("2.47"), Decimal("0.00"))
    assert (invoice.total, invoice.display_total) == (Decimal("14.84"), "$14.84")


def test_the_page_names_every_area():
    below = section(PAGE, "## What the scenarios cover")
    written = [name for name in code(below) if re.fullmatch(r"[a-z]+", name)]
    assert sorted(written) == sorted({scenario.area for scenario in load_scenarios()})


def test_the_first_run_is_the_one_that_is_tested():
    """The page about PHP begins with the same commands; test_php_billing.py runs them."""
    other = page("php-invoices.md")
    first, same = (re.search(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) for text in (PAGE, other))
    assert first is not None
    assert same is not None
    assert "--bill" in first[1]
    assert first[1] == same[1]
