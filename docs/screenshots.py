"""Makes the pictures of docs/walkthrough.md anew: `nox -s screenshots`, or `python docs/screenshots.py`.

Runs the demo with a fixed seed and clock, and opens its pages in Chromium; the same versions of Chromium,
fonts and Faker make the same bytes. Pictures have few colours, so that they stay small.
"""

import io
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, sync_playwright

SEED, CLOCK, TODAY, MONTH = "55", "2026-04-15T12:00:00Z", "15 April 2026", "2026-04"
FOLDER = Path(__file__).parent / "images"
SCREEN: ViewportSize = {"width": 1100, "height": 800}
MARGIN = 53
PAPER: ViewportSize = {"width": 794 - 2 * MARGIN, "height": 1123 - 2 * MARGIN}
"""A4 in CSS pixels, without its margins of 14 mm."""
COLOURS = 160


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """Run the demo; give what it prints, by the names in its list."""
    command = [sys.executable, "-m", "mock_solusio", "demo", "--seed", SEED, "--clock", CLOCK]
    command += ["--port", "0", "--billing-port", "0"]
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
    """Write a picture with few colours."""
    with Image.open(io.BytesIO(data)) as image:
        whole = ImageOps.expand(image.convert("RGB"), margin, "white")
        small = whole.quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(FOLDER / f"walkthrough-{name}.png", optimize=True)


def shoot(page: Page, name: str, last: Locator, first: Locator | None = None, *, more: int = 16) -> None:
    """Take a picture of a page from its top, or from an element, down to the end of another one."""
    top = 0.0 if first is None else box(first)["y"] - 12
    end = box(last)
    height = end["y"] + end["height"] + more - top
    clip: FloatRect = {"x": 0, "y": top, "width": SCREEN["width"], "height": height}
    save(name, page.screenshot(full_page=True, clip=clip))


def box(element: Locator) -> FloatRect:
    """Return where an element is."""
    found = element.bounding_box()
    if found is None:
        raise SystemExit(f"{element} is not to be seen")
    return found


def main() -> None:
    """Make all pictures."""
    chromium = shutil.which("chromium")
    with demo() as said, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SCREEN, locale="en-GB")
        take(page, said)
        browser.close()


def take(page: Page, said: dict[str, str]) -> None:
    """Go through the steps, and take a picture wherever there is something to see."""
    page.goto(said["Customers"])
    shoot(page, "customers", page.locator("tbody tr").nth(8), more=0)

    page.goto(said["Customer"])
    shoot(page, "customer", page.locator("tbody").last)

    page.get_by_role("button", name="Log in to SolusIO").click()
    page.get_by_role("heading", name="My servers").wait_for()
    shoot(page, "area", page.locator(".servers"))
    shoot(page, "plans", page.locator(".plans"), page.get_by_role("heading", name="Plans"))

    page.goto(said["Invoices"])
    shoot(page, "invoices", page.locator("tbody tr").nth(8), more=0)
    page.goto(said["Invoice"])
    date(page)
    shoot(page, "invoice", page.locator("article"))
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    save("print", page.screenshot(), margin=MARGIN)
    page.emulate_media(media="screen")
    page.set_viewport_size(SCREEN)

    page.request.post(f"{said['Control']}/clock", data={"advance": "P1M"})
    page.goto(f"{said['Customers']}/invoices?period={MONTH}")
    page.get_by_role("button", name="Run billing now").click()
    page.get_by_text("Finished").wait_for()
    shoot(page, "run", page.locator("main > :last-child"))


def date(page: Page) -> None:
    """Date an invoice by the clock of the demo: the billing system's own is the machine's."""
    issued = page.locator("dt", has_text=re.compile("^Issued$")).locator("xpath=following-sibling::dd")
    issued.evaluate("(element, text) => { element.textContent = text }", TODAY)


if __name__ == "__main__":
    main()
