"""Plans and projects with the customer's prices: steps 6 and 7 of the vendor's page, facts 0.2 and 0.4."""


def test_a_plan_is_priced_for_the_actor(api, prices, cost):
    prices[7] = cost("0.001")
    boss = api.post("users", {"email": "boss@example.com", "billing_user_id": 7, "roles": [1]}).data
    shown = api.as_user(boss["id"]).get("plans/1").data
    assert shown["price"] == {
        "per_hour": "$0.007",
        "per_month": "$5.00",
        "additional_ips_per_hour": "$0.001",
        "additional_ips_per_month": "$0.70",
        "backup_price": "$0.50",
        "total_price_without_backups": "$5.00",
        "total_price": "$5.50",
        "currency_code": "USD",
        "taxes_inclusive": True,
        "taxes": [{"label": "Sales Tax", "rate": 6}],
    }
    assert "price" not in api.get("plans/1").data
    assert all("price" in one for one in api.as_user(boss["id"]).get("plans").data)


def test_the_plans_of_a_project_are_priced_for_its_owner(api, person, prices, cost):
    prices[7], prices[8] = cost("0.001"), cost("0.002")
    ada, bob = person("ada", billing_user_id=7), person("bob", billing_user_id=8)
    project = ada.post("projects", {"name": "shared"}).data
    ada.post(f"projects/{project['id']}/members", {"email": bob.email})
    for caller in (api, ada, bob):
        first = caller.get(f"projects/{project['id']}/plans").data[0]
        assert first["price"]["per_month"] == "$5.00"
    own = bob.get("projects").data[0]
    assert bob.get(f"projects/{own['id']}/plans").data[0]["price"]["per_month"] == "$10.00"


def test_hidden_plans_are_not_for_projects(api, person):
    ada = person("ada")
    project = ada.get("projects").data[0]
    api.patch("plans/2", {"is_visible": False})
    for caller in (ada, api):
        assert [one["id"] for one in caller.get(f"projects/{project['id']}/plans").data] == [1, 3, 4]


def test_a_project_says_what_a_token_costs_its_owner(person, prices, cost):
    prices[7] = cost("0.00109")
    ada = person("ada", billing_user_id=7)
    project = ada.get("projects").data[0]
    assert project["token_pricing"] == {
        "unit_cost": 0.00109,
        "currency_code": "USD",
        "currency_decimals": 2,
        "currency_decimals_separator": ".",
        "currency_prefix": "$",
        "currency_suffix": "",
        "currency_thousands_separator": ",",
        "taxes_inclusive": True,
        "taxes": [{"label": "Sales Tax", "rate": 6}],
    }
    # Absent, since null breaks a client.
    assert "token_pricing" not in person("bob").get("projects").data[0]
    assert "token_pricing" not in person("eve", billing_user_id=8).get("projects").data[0]
