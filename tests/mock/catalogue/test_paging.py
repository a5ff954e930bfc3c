"""Lists compared with a model: all pages of all searches and filters, while rows are added (facts, 2)."""

from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = st.lists(st.text("aB%_é ", min_size=1, max_size=4), max_size=12)
SEARCHES = st.one_of(st.just(""), st.text("AbE%_é ", min_size=1, max_size=2))


def folded(text):
    # SQLite ignores the case of ASCII letters only.
    return "".join(one.lower() if one.isascii() else one for one in text)


def follow(api, path):
    """Yield the pages of a list as the Go SDK reads them: by links.next, until it is null."""
    while path:
        answer = api.get(path)
        assert answer.status == 200, answer
        yield answer.json
        path = (answer.json["links"]["next"] or "").removeprefix("http://mock.test")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES, search=SEARCHES, disk=st.sampled_from([0, 1, 2]), per_page=st.integers(1, 5))
def test_all_pages_of_a_list_are_the_list(api, names, search, disk, per_page):
    old = [one["id"] for one in api.get("plans?per_page=100").data]
    if old:
        assert api.delete("plans", {"ids": old}).status == 200
    expected = []
    for index, name in enumerate(names):
        params = {"disk": index % 2 + 1, "ram": 1, "vcpu": 1}
        body = {"name": name, "params": params, "storage_type": "fb", "image_format": "raw"}
        made = api.post("plans", body).data
        if folded(search) in folded(name) and disk in (0, params["disk"]):
            expected.append((folded(name) != folded(search), made["id"]))
    expected.sort()
    if not search:
        expected = sorted((False, key) for _, key in expected)
    path = f"/api/v1/plans?per_page={per_page}"
    path += f"&filter[search]={quote(search)}" if search else ""
    path += f"&filter[disk]={disk}" if disk else ""
    pages = list(follow(api, path))
    assert [row["id"] for page in pages for row in page["data"]] == [key for _, key in expected]
    assert len(pages) == max(1, -(-len(expected) // per_page))
    for number, page in enumerate(pages, 1):
        meta = page["meta"]
        assert (meta["current_page"], meta["last_page"]) == (number, len(pages))
        assert (meta["total"], meta["per_page"]) == (len(expected), per_page)
        if page["data"]:
            assert meta["to"] - meta["from"] + 1 == len(page["data"])
            assert meta["from"] == (number - 1) * per_page + 1
        else:
            assert (meta["from"], meta["to"], meta["total"]) == (None, None, 0)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(per_page=st.integers(1, 4), added=st.lists(st.integers(0, 2), min_size=1, max_size=6))
def test_rows_added_between_two_pages_change_neither(api, per_page, added):
    before = [row["id"] for page in follow(api, "/api/v1/locations?per_page=100") for row in page["data"]]
    seen = []
    for page, more in zip(
        follow(api, f"/api/v1/locations?per_page={per_page}"), added + [0] * 999, strict=False
    ):
        seen += [row["id"] for row in page["data"]]
        for _ in range(more):
            assert api.post("locations", {"name": "new"}).status == 201
    assert seen[: len(before)] == before
    assert len(set(seen)) == len(seen)
