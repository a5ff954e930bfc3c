"""Speed and memory of the reference turning usage into invoices, up to 2 x 10^6 lines.

    python benchmarks/invoicing.py           # also writes results/invoicing.json and docs/billing-scale.md
    python benchmarks/invoicing.py --lines 200000 --database sqlite
    python benchmarks/invoicing.py --azure2017 1.0

The usage of 5,958 customers comes from a synthetic server, or with --azure2017 from `mock-solusio serve` on a
generated fleet of this scale. Each run is a new process, so its peak memory is that of the billing run. For
comparison, plain INSERTs write the same rows to the same table, also 1,000 per transaction: the cost of the
database itself. PostgreSQL is a temporary cluster made with `initdb`, with default settings.

Lines per second are by the clock: reading includes the wait for the server, storing and invoicing the wait
for the disk. `processor` is that of the billing run alone, which other programs disturb less.
"""

import argparse
import datetime
import json
import os
import platform
import pwd
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from invoicing_page import goals, render, table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "invoicing.json"
PAGE = ROOT / "docs" / "billing-scale.md"
LINES = {"sqlite": (200_000, 2_000_000), "postgresql": (200_000,)}
CUSTOMERS = 5_958
PER_PAGE = 1000
TOKEN = "benchmarks-own-access-token"  # noqa: S105 - of a short-lived server


def main() -> None:
    """Measure, and print a table in Markdown; a run without options writes results and page, too."""
    options = parse()
    if options.child:
        print(json.dumps(CHILDREN[options.child](options)), flush=True)
        return
    if not options.page:
        runs = measure(options)
        print(f"{table(runs)}\n\n{goals(runs)}")
        if options.azure2017 or options.lines or options.database:
            return
        document = {
            "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "runs": runs,
        }
        RESULTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(render(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the selected measurements."""
    runs = []
    for name in options.database or LINES:
        if options.azure2017:
            runs.append(measured_fleet(name, options.azure2017))
        else:
            runs += [measured(name, lines) for lines in options.lines or LINES[name]]
    return runs


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, action="append", help="usage lines; may be given again")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--azure2017", type=float, metavar="SCALE", help="bill a generated fleet instead")
    parser.add_argument("--page", action="store_true", help="write only the page, from the last numbers")
    parser.add_argument("--child", choices=tuple(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--place", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--period", help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(name: str, lines: int) -> dict[str, Any]:
    """Bill synthetic usage; for comparison, insert the same rows without billing."""
    with database(name) as place, database(name) as other, served(str(lines)) as url:
        child("customers", "--place", place, "--lines", str(CUSTOMERS))
        billed = child("bill", "--place", place, "--url", url, "--period", "2026-03")
        inserted = child("insert", "--place", other, "--lines", str(lines))
    assert billed["lines"] == lines, billed
    assert billed["invoices"] == min(lines, CUSTOMERS), billed
    return billed | inserted | {"database": name}


def measured_fleet(name: str, scale: float) -> dict[str, Any]:
    """Bill a month of a generated fleet that a real mock serves."""
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "fleet.db")
        mock = [sys.executable, "-m", "mock_solusio"]
        generate = ["fleet", "generate", "--profile", "azure2017", "--scale", str(scale), "--state", state]
        subprocess.run([*mock, *generate], check=True, stdout=subprocess.DEVNULL)
        serve = ["serve", "--quiet", "--port", "0", "--state", state, "--clock", "2026-07-02T00:00:00Z"]
        environment = os.environ | {"SOLUSIO_ACCESS_TOKEN": TOKEN}
        with running([*mock, *serve], r"listening at (\S+)", environment) as url, database(name) as place:
            child("customers", "--place", place, "--url", url)
            billed = child("bill", "--place", place, "--url", url, "--period", "2026-06")
            return billed | {"database": name}


def child(what: str, *arguments: str) -> dict[str, Any]:
    """Run a part in a fresh process."""
    command = [sys.executable, __file__, "--child", what, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=3600)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@contextmanager
def served(lines: str) -> Iterator[str]:
    """Serve synthetic usage."""
    with running([sys.executable, __file__, "--child", "serve", "--lines", lines], r"(http\S+)") as url:
        yield url


@contextmanager
def running(command: list[str], pattern: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """Run a server; give the URL it prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            found = next(filter(None, (re.search(pattern, said) for said in process.stdout)))
            yield found[1]
        finally:
            process.kill()


@contextmanager
def database(name: str) -> Iterator[str]:
    """Give an empty database, by path or URL."""
    folder = Path(tempfile.mkdtemp(prefix="db-"))
    try:
        if name == "sqlite":
            yield str(folder / "billing.db")
            return
        initdb = shutil.which("initdb") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))
        programs = Path(initdb).resolve().parent
        users = {one.pw_name for one in pwd.getpwall()}
        # PostgreSQL does not run as root.
        user = None if os.getuid() else ("postgres" if "postgres" in users else "nobody")
        if user is not None:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, cwd=folder, user=user, stdout=subprocess.DEVNULL)

        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        run(
            *("pg_ctl", "-w", "-l", str(folder / "log")),
            *("-o", f"-k {folder} -c listen_addresses=", "start"),
        )
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def usage_line(number: int) -> dict[str, Any]:
    """Return a synthetic usage line, derived from its number."""
    customer = number * 7919 % CUSTOMERS + 1
    hours = number * 104_729 % 744 + 1
    per_hour = 7 * (number % 4 + 1)
    tokens = min(hours * per_hour, 5000 * (number % 4 + 1))
    return {
        "id": number,
        "user_id": 100_000 + customer,
        "billing_user_id": customer,
        "server_id": number,
        "server_name": f"vm-{number}",
        "resource": "server",
        "resource_id": number,
        "plan": {"id": number % 4 + 1, "name": f"plan {number % 4 + 1}"},
        "from": "2026-03-01T00:00:00.000000Z",
        "to": "2026-04-01T00:00:00.000000Z",
        "hours": hours,
        "tokens_per_hour": per_hour,
        "tokens_per_month": 5000 * (number % 4 + 1),
        "charge": "hourly" if tokens == hours * per_hour else "monthly",
        "tokens": tokens,
    }


def serve(options: argparse.Namespace) -> None:
    """Serve /usage until killed."""
    count = options.lines[0]
    totals = {"lines": count, "hours": 0, "tokens": 0}
    for number in range(1, count + 1):
        made = usage_line(number)
        totals["hours"] += made["hours"]
        totals["tokens"] += made["tokens"]
    period = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    meta = {"period": period, "closed": True, "metered_until": period["to"], "totals": totals}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer one page."""
            page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
            numbers = range((page - 1) * PER_PAGE + 1, min(page * PER_PAGE, count) + 1)
            following = f"{url}/api/v1/usage?page={page + 1}" if page * PER_PAGE < count else None
            document = {"data": [usage_line(number) for number in numbers]}
            # As fast as Python can, since the billing system is measured, not its SolusIO.
            body = msgspec.json.encode(document | {"links": {"next": following}, "meta": meta})
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        print(url, flush=True)
        server.serve_forever()


def customers(options: argparse.Namespace) -> dict[str, Any]:
    """Save customers: synthetic ones, or all users of a SolusIO."""
    from decimal import Decimal

    from solusio_reference.pricing import Currency, Customer, Discount, Tax
    from solusio_reference.solusio.client import SolusioClient
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.database import Database

    numbers: set[int] = set(range(1, options.lines[0] + 1)) if options.lines else set()
    if options.url:
        with SolusioClient(options.url, TOKEN) as solusio:
            numbers = {user.billing_user_id for user in solusio.users() if user.billing_user_id is not None}
    discounts, taxes = (Discount("Loyal", "", Decimal("0.95")),), (Tax("VAT", Decimal(19)),)
    prices = Decimal("0.00091"), Currency("EUR"), discounts, taxes
    with CustomerStore(Database.at(options.place)) as store:
        store.save(*(Customer(number, f"Customer {number}", *prices) for number in sorted(numbers)))
    return {}


def bill(options: argparse.Namespace) -> dict[str, Any]:
    """Bill the period; return time and memory."""
    from solusio_reference.billing_run import collect, invoice
    from solusio_reference.period import Period
    from solusio_reference.solusio.client import SolusioClient
    from solusio_reference.solusio.responses import UsagePage
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.database import Database
    from solusio_reference.storage.ledger import Ledger

    class TimedClient(SolusioClient):
        seconds = 0.0

        def usage_pages(self, period: Period, start: str | None = None) -> Iterator[UsagePage]:
            """Read pages; add up the time that this takes."""
            began = time.perf_counter()
            for page in super().usage_pages(period, start):
                self.seconds += time.perf_counter() - began
                yield page
                began = time.perf_counter()

    period = Period.parse(options.period)
    with Database.at(options.place) as opened, TimedClient(options.url, TOKEN) as solusio:
        store, ledger = CustomerStore(opened), Ledger(opened)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        worked, began = time.process_time(), time.perf_counter()
        run = collect(period, solusio, ledger.usage)
        collected = time.perf_counter()
        made = invoice(period, store, ledger)
        done = time.perf_counter()
        return {
            "lines": run.lines,
            "customers": made + len({one.billing_user_id for one in ledger.unbilled(period)}),
            "invoices": made,
            "read_seconds": solusio.seconds,
            "store_seconds": collected - began - solusio.seconds,
            "invoice_seconds": done - collected,
            "processor_seconds": time.process_time() - worked,
            "before_mib": before / 1024,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def insert(options: argparse.Namespace) -> dict[str, Any]:
    """Insert the same rows with the database's own driver."""
    from solusio_reference.storage.database import Database
    from solusio_reference.storage.tables import usage_lines

    count = options.lines[0]
    columns = [column.name for column in usage_lines.columns]
    seconds = 0.0
    with Database.at(options.place) as opened:
        mark = "?" if opened.engine.dialect.name == "sqlite" else "%s"
        marks = ", ".join([mark] * len(columns))
        statement = f"INSERT INTO usage_lines ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        connection = opened.engine.raw_connection()
        cursor = connection.cursor()
        for begin in range(1, count + 1, PER_PAGE):
            rows = [plain_row(number) for number in range(begin, min(begin + PER_PAGE, count + 1))]
            began = time.perf_counter()
            if mark == "?":  # psycopg starts transactions automatically
                cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(statement, rows)
            connection.commit()
            seconds += time.perf_counter() - began
        connection.close()
    return {"insert_seconds": seconds}


def plain_row(number: int) -> tuple[Any, ...]:
    """Return a usage line as its row, in the order of the columns."""
    made = usage_line(number)
    plan = made.pop("plan")
    values = list(made.values())
    return ("2026-03", *values[:7], plan["id"], plan["name"], *values[7:])


CHILDREN = {"serve": serve, "customers": customers, "bill": bill, "insert": insert}


if __name__ == "__main__":
    main()
