"""A real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support.programs import need

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

PATIENCE = 120_000
"""Milliseconds that a page may take on a loaded machine."""


# Not for the whole session: while Playwright runs, no other event loop can start in this thread.
@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """Chromium, without a window."""
    from playwright.sync_api import expect, sync_playwright

    path = need("chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(chromium: "Browser", url: str, **options: Any) -> "Iterator[Page]":
    """Open a page that shares nothing with others; a complaint of the browser fails the test."""
    context = chromium.new_context(base_url=url, **options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []

    def listen(said: "ConsoleMessage") -> None:
        if said.type in ("error", "warning") and "Failed to load resource" not in said.text:
            complaints.append(said.text)

    def look(response: "Response") -> None:
        # A page may answer 404; a style or script may not.
        if response.status >= 400 and response.request.resource_type != "document":
            complaints.append(f"{response.url}: {response.status}")

    page.on("console", listen)
    page.on("response", look)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert complaints == []
