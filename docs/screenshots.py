"""Takes the screenshots of README.md, docs/walkthrough.md and docs/mock.md: `nox -s screenshots`.

Checks the PHP example with a misspelled key, runs the demo with a fixed seed and clock, and opens the report
and the pages in Chromium. The same versions of Chromium, fonts and Faker produce the same bytes. Each picture
is reduced to a few colours to keep it small. Needs chromium and php, and port 8080.

`nox -s screenshots -- --pages FOLDER` writes every page of the demo to a folder instead, to look at: on a
screen and a phone, light and dark.
"""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, sync_playwright

SEED, CLOCK, TODAY, DUE = "55", "2026-04-15T12:00:00Z", "15 April 2026", "29 April 2026"
DOCS = Path(__file__).parent
FOLDER = DOCS / "images"
ENDPOINT, TOKEN = "http://127.0.0.1:8080/solusio/api/", "a-long-random-text"
SCREEN: ViewportSize = {"width": 1100, "height": 800}
MARGIN = 53
PAPER: ViewportSize = {"width": 794 - 2 * MARGIN, "height": 1123 - 2 * MARGIN}
"""A4 in CSS pixels, without its margins of 14 mm."""
COLOURS = 160


@contextmanager
def misspelled(folder: Path) -> Iterator[None]:
    """Serve the PHP example with the most likely mistake of an integrator: `multiplier`."""
    php = shutil.which("php")
    if php is None:
        raise SystemExit("php is not installed")
    source = (DOCS.parent / "mock_solusio/mock_solusio/starter/php/endpoint.php").read_text(encoding="utf-8")
    program = folder / "endpoint.php"
    program.write_text(source.replace("'multipler' =>", "'multiplier' =>"), encoding="utf-8")
    command = [php, "-d", "display_errors=0", "-S", "127.0.0.1:8080", str(program)]
    env = {**os.environ, "SOLUSIO_TOKEN": TOKEN}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stderr is not None  # noqa: S101 - it was started with a pipe
            if "started" not in process.stderr.readline():
                raise SystemExit("port 8080 is in use")
            yield
        finally:
            process.kill()


def report(folder: Path) -> Path:
    """Check the misspelled endpoint; return the HTML report."""
    written = folder / "report.html"
    command = [sys.executable, "-m", "mock_solusio", "check", ENDPOINT, "--user-id", "1", "--user-id", "2"]
    command += ["--only", "discount-key", "--quiet", "--report", f"html={written}"]
    with misspelled(folder):
        env = {**os.environ, "MOCK_SOLUSIO_TOKEN": TOKEN}
        subprocess.run(command, env=env, check=False)  # noqa: S603 - our own; it exits with 1
    return written


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """Run the demo; give the values it prints, by name."""
    command = [sys.executable, "-m", "mock_solusio", "demo", "--seed", SEED, "--clock", CLOCK]
    command += ["--port", "0", "--billing-port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None  # noqa: S101 - it was started with a pipe
            said: dict[str, str] = {}
            for line in process.stdout:
                found = re.match(r"  (\w[\w ]*?) {2,}(\S+)", line)
                if found:
                    said[found[1]] = found[2]
                if "Ctrl-C" in line:
                    break
            yield said
        finally:
            process.send_signal(signal.SIGINT)


def save(name: str, data: bytes, *, margin: int = 0) -> None:
    """Write a picture reduced to a few colours."""
    with Image.open(io.BytesIO(data)) as image:
        whole = ImageOps.expand(image.convert("RGB"), margin, "white")
        small = whole.quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(FOLDER / f"{name}.png", optimize=True)


def shoot(page: Page, name: str, last: Locator, first: Locator | None = None, *, more: int = 16) -> None:
    """Take a picture of a page, from its top or the element `first` to the end of `last`."""
    top = 0.0 if first is None else box(first)["y"] - 12
    end = box(last)
    height = end["y"] + end["height"] + more - top
    clip: FloatRect = {"x": 0, "y": top, "width": SCREEN["width"], "height": height}
    save(name, page.screenshot(full_page=True, clip=clip))


def box(element: Locator) -> FloatRect:
    """Return the position and size of an element."""
    found = element.bounding_box()
    if found is None:
        raise SystemExit(f"{element} is not visible")
    return found


def main() -> None:
    """Take all pictures, or those of every page."""
    chromium = shutil.which("chromium")
    if sys.argv[1:2] == ["--pages"]:
        target = Path(sys.argv[2])
        target.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright, demo() as said:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            every_page(browser, said, target)
            browser.close()
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={**SCREEN, "width": 860}, locale="en-GB")
        page.goto(report(Path(folder)).as_uri())
        save("report-finding", page.locator("article").screenshot(), margin=12)
        with demo() as said:
            walk(browser.new_page(viewport=SCREEN, locale="en-GB"), said)
        browser.close()


STEADY = r"""all => { for (const one of all) one.innerHTML = one.innerHTML
  .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8080").replace(/[\d.]+ ms/g, "1.0 ms")
  .replace(/\w+, \d+ \w+ \d+ [\d:]+ GMT/g, "Wed, 15 Apr 2026 12:00:00 GMT") }"""
"""Replaces what differs each time: ports, durations and the machine's time."""

SIZES = {
    "screen": ViewportSize(width=1280, height=800),
    "phone": ViewportSize(width=390, height=844),
}


def every_page(browser: Browser, said: dict[str, str], folder: Path) -> None:
    """Take a picture of every page of both sites of the demo, in both sizes and colour schemes."""
    solusio, billing = said["API"].removesuffix("/api/v1"), said["Customers"]
    visits = browser.new_context()
    visitor = visits.new_page()
    visitor.goto(said["User area"])
    server = (visitor.locator(".servers a").first.get_attribute("href") or "").removesuffix("/delete")
    session = visits.storage_state()
    addresses = {
        "tour": f"{solusio}/demo",
        "tour-advanced": f"{solusio}/demo?advanced=1",
        "area": f"{solusio}/",
        "area-search": f"{solusio}/?q=1",
        "server": f"{solusio}{server}",
        "server-new": f"{solusio}/servers/new",
        "server-delete": f"{solusio}{server}/delete",
        "docs": f"{solusio}/docs",
        "not-found": f"{solusio}/nowhere",
        "used-link": f"{solusio}/auth/by_token/unknown",
        "billing-customers": billing,
        "billing-search": f"{billing}?q=smith",
        "billing-customer": said["Customer"],
        "billing-invoices": f"{billing}/invoices",
        "billing-invoices-billed": f"{billing}/invoices?period=2026-03",
        "billing-found": f"{billing}/invoices?q=a",
        "billing-invoice": said["Invoice"],
        "billing-not-found": f"{billing}/nowhere",
        **operator_pages(browser, solusio),
    }
    for size, viewport in SIZES.items():
        for scheme in ("light", "dark"):
            guest = browser.new_context(viewport=viewport, color_scheme=scheme, locale="en-GB")
            user = browser.new_context(
                viewport=viewport, color_scheme=scheme, locale="en-GB", storage_state=session
            )
            page = guest.new_page()
            page.goto(f"{solusio}/login")
            page.screenshot(path=folder / f"login-{size}-{scheme}.png", full_page=True)
            page = user.new_page()
            for name, address in addresses.items():
                page.goto(address)
                page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
            for context in (guest, user):
                context.close()
    visits.close()


def operator_pages(browser: Browser, solusio: str) -> dict[str, str]:
    """Give every operator's page something to show; return the addresses by name."""
    operator = browser.new_page()
    for page, field, value, button in (
        ("faults?kind=status", "Operation", "createServer", "Inject the fault"),
        ("state", "Name", "before", "Save a snapshot"),
        ("billing", "Billing user id", "1001", "Ask for the price"),
    ):
        operator.goto(f"{solusio}/_mock/operator/{page}")
        operator.locator("main").get_by_label(field).fill(value)
        operator.get_by_role("button", name=button).click()
        operator.locator(".notice").wait_for()
    operator.close()
    below = f"{solusio}/_mock/operator"
    paths = {
        "exchange": "journal/1",
        "findings": "findings",
        "faults": "faults",
        "faults-random": "faults?kind=random",
        "users": "users",
        "billing": "billing",
        "webhooks": "webhooks",
        "state": "state",
        "reset": "reset",
        "not-found": "nowhere",
    }
    return {
        "operator": f"{solusio}/_mock/",
        **{f"operator-{name}": f"{below}/{path}" for name, path in paths.items()},
    }


def walk(page: Page, said: dict[str, str]) -> None:
    """Follow the walkthrough and take its pictures."""
    page.goto(said["Start here"])
    shoot(page, "walkthrough-tour", page.locator(".sheet").nth(1))

    page.goto(said["Customers"])
    shoot(page, "walkthrough-customers", page.locator("tbody tr").nth(8), more=0)

    page.goto(said["Customer"])
    shoot(page, "walkthrough-customer", page.locator("tbody").last)

    page.get_by_role("button", name="Log in to SolusIO").click()
    page.get_by_role("heading", name="My servers").wait_for()
    shoot(page, "walkthrough-area", page.locator(".servers"))
    shoot(page, "walkthrough-plans", page.locator(".plans"), page.get_by_role("heading", name="Plans"))

    page.goto(said["Invoices"])
    shoot(page, "walkthrough-invoices", page.locator("tbody tr").nth(8), more=0)
    page.goto(said["Invoice"])
    date(page)
    shoot(page, "walkthrough-invoice", page.locator(".sums"), more=10)
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    save("walkthrough-print", page.screenshot(), margin=MARGIN)
    page.emulate_media(media="screen")
    page.set_viewport_size(SCREEN)

    page.goto(said["Start here"])
    page.get_by_role("button", name="Advance a month").click()
    page.get_by_role("link", name="Bill it").click()
    page.get_by_role("button", name="Run billing now for April 2026").click()
    page.get_by_text("Finished").wait_for()
    shoot(page, "walkthrough-run", page.locator("main > :last-child"))

    page.set_viewport_size(SIZES["screen"])
    page.goto(f"{said['API'].removesuffix('/api/v1')}/_mock/")
    page.locator(".entry", has=page.locator(".billing")).first.click()
    page.locator("#pane .what").wait_for()
    page.locator("#entries, #pane").evaluate_all(STEADY)
    save("operator-page", page.screenshot())


def date(page: Page) -> None:
    """Date the invoice by the demo's clock; the billing system itself uses the machine's."""
    for label, text in (("Issued", TODAY), ("Due", DUE)):
        shown = page.locator("dt", has_text=re.compile(f"^{label}$")).locator("xpath=following-sibling::dd")
        shown.evaluate("(element, text) => { element.textContent = text }", text)


if __name__ == "__main__":
    main()
