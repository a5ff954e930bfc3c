"""Lists of servers: pages and filters (facts, section 2)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def fleet(api, customer, wait):
    """Create ten servers of two users on two compute resources, three of them stopped."""
    users = [customer(), customer()]
    for number in range(10):
        body = {
            "name": f"server-{number}",
            "user": users[number % 2],
            "compute_resource": 1 + (number // 2) % 2,
        }
        assert api.post("servers", body).status == 201
    wait(10)
    for key in (1, 2, 3):
        api.post(f"servers/{key}/stop")
    wait(10)
    return api.get("servers?per_page=100").data


def test_each_filter(api, fleet):
    def ids(query: str) -> list[int]:
        return [one["id"] for one in api.get(f"servers?per_page=100&{query}").data]

    user = fleet[0]["user"]["id"]
    assert ids(f"filter[user_id]={user}") == [1, 3, 5, 7, 9]
    assert ids("filter%5Bcompute_resource_id%5D=2") == [3, 4, 7, 8]
    assert ids("filter[status]=stopped") == [1, 2, 3]
    assert ids(f"filter[status]=started&filter[user_id]={user}") == [5, 7, 9]
    assert ids("filter[virtualization_type]=vz") == []
    assert ids("filter[search]=SERVER-7") == [8]
    assert ids("filter[user_id]=999") == []
    for wrong in ("filter[user_id]=x", "filter[status]=running", "page=0"):
        assert api.get(f"servers?{wrong}").status == 422


@pytest.mark.usefixtures("fleet")
def test_links_keep_the_filters(api):
    first = api.get("servers?filter[status]=started&per_page=3").json
    assert first["meta"]["total"] == 7
    seen, url = [], first["links"]["first"]
    while url:
        page = api.get(url.partition("/api/v1/")[2]).json
        seen += [one["id"] for one in page["data"]]
        url = page["links"]["next"]
    assert seen == [4, 5, 6, 7, 8, 9, 10]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(per_page=st.integers(1, 120), status=st.sampled_from([None, "started", "stopped"]))
def test_every_walk_sees_every_server_once(api, fleet, per_page, status):
    query = f"per_page={per_page}" + (f"&filter[status]={status}" if status else "")
    expected = [one["id"] for one in fleet if status in (None, one["status"])]
    seen = []
    for number in range(1, 12):
        page = api.get(f"servers?{query}&page={number}").json
        seen += [one["id"] for one in page["data"]]
        assert page["meta"]["total"] == len(expected)
        if number == page["meta"]["last_page"]:
            break
    assert seen == expected


def test_a_response_is_cached_only_while_it_is_current(api, server, wait):
    key = server()
    first = api.get(f"servers/{key}").body
    assert api.get(f"servers/{key}").body == first
    wait(300)
    assert api.get(f"servers/{key}").data["usage"] != {}
    assert api.get(f"servers/{key}").body != first, "the traffic has grown"
