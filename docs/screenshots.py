"""Takes the screenshots of README.md and docs/walkthrough.md: `nox -s screenshots`.

Checks the PHP example with a misspelled key, runs the demo with a fixed seed and clock, and opens the report
and the pages in Chromium. The same versions of Chromium, fonts and Faker produce the same bytes. Each picture
is reduced to a few colours to keep it small. Needs chromium and php, and port 8080.
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
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, sync_playwright

SEED, CLOCK, TODAY, MONTH = "55", "2026-04-15T12:00:00Z", "15 April 2026", "2026-04"
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
    """Take all pictures."""
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={**SCREEN, "width": 860}, locale="en-GB")
        page.goto(report(Path(folder)).as_uri())
        save("report-finding", page.locator("article").screenshot(), margin=12)
        with demo() as said:
            walk(browser.new_page(viewport=SCREEN, locale="en-GB"), said)
        browser.close()


def walk(page: Page, said: dict[str, str]) -> None:
    """Follow the walkthrough and take its pictures."""
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
    shoot(page, "walkthrough-invoice", page.locator("article"))
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    save("walkthrough-print", page.screenshot(), margin=MARGIN)
    page.emulate_media(media="screen")
    page.set_viewport_size(SCREEN)

    page.request.post(f"{said['Control']}/clock", data={"advance": "P1M"})
    page.goto(f"{said['Customers']}/invoices?period={MONTH}")
    page.get_by_role("button", name="Run billing now").click()
    page.get_by_text("Finished").wait_for()
    shoot(page, "walkthrough-run", page.locator("main > :last-child"))


def date(page: Page) -> None:
    """Date the invoice by the demo's clock; the billing system itself uses the machine's."""
    issued = page.locator("dt", has_text=re.compile("^Issued$")).locator("xpath=following-sibling::dd")
    issued.evaluate("(element, text) => { element.textContent = text }", TODAY)


if __name__ == "__main__":
    main()
