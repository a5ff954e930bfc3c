"""The customers document: what scenarios tell of customers."""

import json
from importlib import resources

import jsonschema_rs

from solusio_contracts.adapter.customers import CustomersDocument, customers_schema
from solusio_contracts.decoding import from_json
from solusio_contracts.invoices.scenario import customers_document, load_scenarios


def test_the_committed_schema_is_that_of_the_models():
    file = resources.files("solusio_contracts").joinpath("adapter", "customers.schema.json")
    assert json.loads(file.read_text("utf-8")) == customers_schema()


def test_what_scenarios_tell_of_customers_fits_the_schema():
    schema = jsonschema_rs.validator_for(customers_schema())
    told = 0
    for one in load_scenarios():
        for period in one.periods:
            content = customers_document(one, {customer.name: 7 for customer in one.customers}, period)
            assert schema.is_valid(json.loads(content)), one.id
            told += len(from_json(content, CustomersDocument).customers)
    assert told > 100
