"""User scenarios, as they are read."""

import pytest

from solusio_contracts.contract.clauses import clauses
from solusio_contracts.decoding import DecodingError
from solusio_contracts.users.scenario import (
    AREAS,
    CustomerCreate,
    CustomerEvent,
    Scenario,
    load_scenarios,
    parse_scenario,
)

WHOLE = """
id = "made-up"
area = "create"
reason = "For a test."
clauses = ["UM-040"]
limit_groups = ["large"]
[customers.ann]
limit_group = "large"
[[timeline]]
do = "user.create"
as = "other"
email = "other@example.net"
[[timeline]]
do = "customer.create"
as = ["ann", "ann"]
fault = { kind = "cut", operation = "createUser", after = "handled" }
[expect]
users = [{ as = "ann", status = ["active", "locked"] }]
requests = { at-most = 8 }
"""


def read(text: str = WHOLE) -> Scenario:
    return parse_scenario(text, "made-up.toml")


def test_a_scenario_is_read_with_what_is_left_out():
    scenario = read()
    assert (scenario.requests, scenario.steps, scenario.absent) == (8, ("create",), ())
    (ann,) = scenario.customers
    assert (ann.full_name, ann.email, ann.limit_group) == ("Ann Example", "ann@example.com", "large")
    create = scenario.timeline[1]
    assert isinstance(create, CustomerCreate)
    assert (create.names, create.outcome, len(create.faults)) == (("ann", "ann"), "either", 1)
    (expected,) = scenario.users
    assert expected.statuses == ("active", "locked")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "made-up"', 'id = "other"', "made-up.toml: id: expected the name of the file"),
        ('area = "create"', 'area = "users"', "area: expected"),
        ('"UM-040"', '"UM-999"', "clauses[0]: clauses.toml has no clause UM-999"),
        ('["UM-040"]', '["UM-040", "UM-040"]', "clauses[1]: UM-040 is given twice"),
        ("[customers.ann]", "[customers.bob]", "timeline[1].as: expected the name of a customer"),
        ('limit_group = "large"', 'limit_group = "small"', "customers.ann.limit_group: expected one of"),
        ('do = "user.create"', 'do = "user.make"', "timeline[0].do: expected"),
        ('email = "other@example.net"', "", "timeline[0].email: is missing"),
        ('kind = "cut"', 'kind = "cat"', "timeline[1].faults[0].kind: expected"),
        ("fault = {", "faults = []\nfault = {", "timeline[1].fault: expected either"),
        ('as = "ann", status', 'as = "bob", status', "expect: expected the name of a customer"),
        ("[expect]", '[expect]\nabsent = ["ann"]', "expect: ann is there twice"),
        ("at-most = 8", "at-most = 0", "expect.requests.at-most: expected"),
        ("at-most = 8", "at-least = 8", "expect.requests.at-least: is not a known field"),
        ('as = ["ann", "ann"]', 'on = "ann"', "timeline[1].on: is not a known field"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(old, new, said):
    assert old in WHOLE
    with pytest.raises(DecodingError) as refused:
        read(WHOLE.replace(old, new))
    assert said in str(refused.value)


def test_a_scenario_in_which_nothing_happens_to_a_customer_is_none():
    begin, _, rest = WHOLE.partition('[[timeline]]\ndo = "customer.create"')
    with pytest.raises(DecodingError, match="timeline: expected something that happens to a customer"):
        read(begin + rest[rest.index("[expect]") :])


def test_there_are_scenarios_for_every_area_and_step():
    scenarios = load_scenarios()
    assert len(scenarios) >= 60
    assert {one.area for one in scenarios} == set(AREAS)
    steps = {entry.step for one in scenarios for entry in one.timeline if isinstance(entry, CustomerEvent)}
    assert steps == {"create", "update", "suspend", "unsuspend", "lock", "unlock", "delete", "login"}


def test_every_clause_about_a_billing_systems_users_is_cited():
    cited = {number for one in load_scenarios() for number in one.clauses}
    about = {number for number in clauses() if "UM-040" <= number <= "UM-099" or number[:6] == "SSO-01"}
    assert len(about) > 10
    assert about - cited == set()


def test_each_reason_is_a_sentence_of_its_own():
    reasons = [one.reason for one in load_scenarios()]
    assert len(set(reasons)) == len(reasons)
    assert all(reason.endswith(".") for reason in reasons)
