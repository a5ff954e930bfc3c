"""A large installation is read in part, within the limit, and the report says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mock_solusio.preflight.listing import spread
from support.bent_solusio import BentSolusio, bent_solusio, last_month
from support.endpoint import Asked, Response

SIZES = {"users": 5_000, "servers": 100_000, "usage": 130_000}


@pytest.fixture(scope="module")
def large():
    with bent_solusio() as made:
        yield made


def enlarged(bent: BentSolusio, path: str) -> Any:
    """Answer a list as if it were much longer: other pages repeat its rows, for others than the customers."""
    total = SIZES[path]
    query = {**last_period(), "per_page": "1000"} if path == "usage" else {"per_page": "100"}
    value = bent.solusio.client.get(path, params=query).json()
    own = value["data"]
    old = own[1]  # stopped all the time

    def answer(asked: Asked) -> Response | None:
        query = parse_qs(urlsplit(asked.target).query)
        page, per_page = int(query.get("page", ["1"])[0]), int(query["per_page"][0])
        if "filter[user_id]" in query:
            wanted = int(query["filter[user_id]"][0])
            rows = [one for one in own if one["user_id"] == wanted] or [other(old, wanted - 1000)]
            return answered({**value, "data": rows, "meta": {**value["meta"], "total": len(rows)}})
        first = (page - 1) * per_page
        rows = [other(old, number) for number in range(first, min(first + per_page, total))]
        if page == 1:
            rows[: len(own)] = own
        last = -(-total // per_page)
        meta = {**value["meta"], "current_page": page, "last_page": last, "total": total}
        return (
            200,
            {"Content-Type": "application/json"},
            json.dumps({**value, "data": rows, "meta": meta}).encode(),
        )

    def other(row: dict[str, Any], number: int) -> dict[str, Any]:
        made = {**row, "id": 1000 + number}
        if path == "users":
            made["billing_user_id"] = 10_000 + number
        elif path == "servers":
            made["user"] = {**row["user"], "id": 1000 + number}
        else:
            made |= {"user_id": 1000 + number, "server_id": 1000 + number}
        return made

    return answer


def answered(value: Any) -> Response:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def last_period() -> dict[str, str]:
    month = last_month(datetime.now(UTC))
    after = (month + timedelta(days=40)).replace(day=1)
    return {"from": month.isoformat(), "to": after.isoformat()}


def test_few_requests_and_a_sample(preflight, large):
    large.straighten()
    large.answers |= {path: enlarged(large, path) for path in SIZES}
    large.asked.clear()
    run = preflight(large.url, large.solusio.admin_token, "--max-requests", 40, "--verbose")
    assert run.report["requests"] <= 40
    assert run.found == {}, run.output
    text = " ".join(run.output.split())
    assert "of 5,000 users" in text
    (usage,) = [text for name, text in run.facts.items() if name.startswith("Usage of 2")]
    assert "of 130,000 lines" in usage
    notes = {one["rule"]: " ".join(one["notes"]) for one in run.report["results"]}
    for name in (
        "customers-have-billing-user-id",
        "one-user-per-billing-user-id",
        "lines-cost-by-their-prices",
    ):
        assert notes[name].startswith("Judged on a sample: "), name
    pages = [one.target for one in large.asked if one.target.startswith("/api/v1/users?")]
    assert pages[-1].endswith("page=50")  # the last page is among them


@pytest.mark.parametrize(
    ("last", "count", "pages"),
    [
        (1, 5, [1]),
        (5, 5, [1, 2, 3, 4, 5]),
        (50, 4, [1, 17, 34, 50]),
        (9, 1, [1]),
        (0, 3, [1]),
        (100, 2, [1, 100]),
    ],
)
def test_the_pages_of_a_sample(last, count, pages):
    assert spread(last, count) == pages
