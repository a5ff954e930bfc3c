"""Accessibility of a page in a real browser, by axe-core."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def assert_accessible(page: "Page") -> None:
    """Fail with each violation that axe finds on the page, and with the elements that show it."""
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert results.response["passes"], f"axe checked nothing on {page.url}"
    found = [
        f"{violation['id']} ({violation['help']}): {node['html'][:300]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
    assert found == [], page.url
