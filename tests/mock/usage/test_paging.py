"""Pages of /usage while servers come and go: every line once, whoever counts the pages and however."""

import random
from urllib.parse import urlsplit

import pytest


def by_links(api, query, between):
    """Follow `links.next`; return lines and totals of each page."""
    found, totals = [], []
    path = f"usage?{query}"
    while path:
        answer = api.get(path).json
        found += answer["data"]
        totals.append(answer["meta"]["totals"])
        following = answer["links"]["next"]
        parts = urlsplit(following or "")
        path = following and f"{parts.path}?{parts.query}"
        between()
    return found, totals


def by_numbers(api, query, between):
    """Count pages until the last one that the answers name; return lines and totals of each page."""
    found, totals, number = [], [], 0
    while True:
        number += 1
        answer = api.get(f"usage?{query}&page={number}").json
        found += answer["data"]
        totals.append(answer["meta"]["totals"])
        if number >= answer["meta"]["last_page"]:
            return found, totals
        between()


def identity(line):
    return (line["server_id"], line["resource"], line["resource_id"], line["plan"]["id"], line["from"][:7])


@pytest.fixture
def busy(api, server, customer, wait):
    """A fleet, and something that happens to it between two pages."""
    draw = random.Random(20)  # noqa: S311 - repeatable on purpose
    users = [customer(billing_user_id=number) for number in (1, 2, 3)]
    servers = [server(user=draw.choice(users)) for _ in range(30)]

    def happen():
        for _ in range(draw.randint(0, 3)):
            what = draw.choice(["order", "delete", "resize", "ip", "time", "rename"])
            if what == "order":
                if draw.random() < 0.5:
                    servers.append(server(user=draw.choice(users)))
            elif what == "time":
                wait(minutes=draw.choice([1, 20, 61, 300]))
            elif servers:
                key = draw.choice(servers)
                if what == "delete":
                    servers.remove(key)
                    api.delete(f"servers/{key}")
                elif what == "resize":
                    api.post(f"servers/{key}/resize", {"plan_id": draw.randint(1, 4), "preserve_disk": True})
                elif what == "ip":
                    api.post(f"servers/{key}/ips", {"count": 1})
                else:
                    api.patch(f"servers/{key}", {"name": f"renamed-{draw.randint(1, 99)}"})

    for _ in range(10):
        happen()
    return happen


@pytest.mark.parametrize("query", ["", "filter[billing_user_id]=2"])
@pytest.mark.parametrize("per_page", [1, 3, 7, 100])
def test_a_walk_along_the_links_is_one_picture(api, busy, lines, query, per_page):
    before = lines(query)
    names = {line["id"]: line.pop("server_name") for line in before}
    found, totals = by_links(api, f"{query}&per_page={per_page}", busy)
    assert {line.pop("server_name") for line in found} >= {"web.example.com"} & set(names.values())
    assert found == before
    assert len({str(one) for one in totals}) == 1


@pytest.mark.parametrize("query", ["", "filter[billing_user_id]=2"])
@pytest.mark.parametrize("per_page", [1, 3, 7])
def test_who_counts_pages_meets_every_line_once(api, busy, lines, query, per_page):
    before = {line["id"] for line in lines(query)}
    found, _ = by_numbers(api, f"{query}&per_page={per_page}", busy)
    ids = [line["id"] for line in found]
    assert len(set(ids)) == len(ids)
    assert len(set(map(identity, found))) == len(ids)
    assert before <= set(ids), "what was there at the beginning is there"
    assert ids == sorted(ids)
    after = [line["id"] for line in lines(query)]
    assert after[: len(ids)] == ids, "what came meanwhile came at the end"


def test_over_the_end_of_the_month(api, busy, wait, lines):
    """At midnight all lines of the new month appear within an hour, and none twice."""
    wait(days=30, hours=20)
    query = "from=2026-03-01T00:00:00Z&to=2026-05-01T00:00:00Z"
    before = {line["id"] for line in lines(query)}

    def between():
        wait(minutes=7)
        busy()

    found, _ = by_numbers(api, f"{query}&per_page=2", between)
    ids = [line["id"] for line in found]
    assert len(set(ids)) == len(ids)
    assert before <= set(ids)
    assert {line["from"][:7] for line in found} == {"2026-03", "2026-04"}
    assert [line["from"][:7] for line in found] == sorted(line["from"][:7] for line in found)


@pytest.mark.usefixtures("busy")
def test_a_period_of_several_months_is_paged_as_one_list(api, wait, lines):
    wait(days=100)
    query = "from=2026-03-01T00:00:00Z&to=2026-06-15T12:00:00Z"
    whole = lines(query)
    assert len({line["from"][:7] for line in whole}) == 4
    for walk in (by_links, by_numbers):
        found, totals = walk(api, f"{query}&per_page=7", lambda: None)
        assert found == whole
        assert {str(one) for one in totals} == {str(totals[0])}


@pytest.mark.usefixtures("busy")
def test_pages_in_any_order(api, lines):
    whole = lines()
    last = -(-len(whole) // 5)
    order = list(range(1, last + 1))
    random.Random(1).shuffle(order)  # noqa: S311 - repeatable on purpose
    for number in order:
        answer = api.get(f"usage?per_page=5&page={number}").json
        assert answer["data"] == whole[5 * number - 5 : 5 * number]
        assert (answer["meta"]["current_page"], answer["meta"]["last_page"]) == (number, last)
        assert (answer["meta"]["from"], answer["meta"]["total"]) == (5 * number - 4, len(whole))
    assert api.get(f"usage?per_page=5&page={last + 1}").data == []
    assert api.get("usage?page=1000000000&per_page=1000").data == []


def test_links_name_the_period_and_the_moment(api, server, wait):
    server()
    server()
    wait(hours=1)
    running = api.get("usage?per_page=1").json["links"]["next"]
    assert "from=2026-03-01T00%3A00%3A00.000000Z&to=2026-04-01T00%3A00%3A00.000000Z" in running
    assert "as_of=2026-03-01T01%3A00%3A00.000000Z" in running
    wait(days=31)
    closed = api.get("usage?per_page=1&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z").json["links"]
    assert "as_of" not in closed["next"]
