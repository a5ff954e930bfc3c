"""Measure which tools find the planted faults of `tests/faulty_endpoints`, and which raise false alarms.

Every tool gets each endpoint of the catalogue, newly started: the check with and without fuzzing, plain
`schemathesis run` on the same OpenAPI document, the same with a helpful document and settings, and one
valid call with validation. Writes `results/detection.json` and `docs/detection.md`.
"""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

from detection_page import render
from detection_tools import TOOLS, Job, Tool, Verdict

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "detection.json"
PAGE = ROOT / "docs" / "detection.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the page, or with --page only write it from the last numbers."""
    options = parse(arguments)
    if not options.page:
        measure(options)
    if options.results == RESULTS:
        PAGE.write_text(render(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="endpoints at a time")
    parser.add_argument("--examples", type=int, default=50, help="--max-examples of schemathesis")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for schemathesis per endpoint")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", default="*", metavar="ID", help="endpoints, with * and ?; others keep theirs"
    )
    parser.add_argument(
        "--tools",
        nargs="+",
        default=[tool.name for tool in TOOLS],
        choices=[tool.name for tool in TOOLS],
        help="tools; others keep their numbers",
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="where the numbers go; elsewhere, no page"
    )
    parser.add_argument("--page", action="store_true", help="write only the page, from the last numbers")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> None:
    """Run the tools on the endpoints; write the numbers and keep those of earlier runs that still apply."""
    endpoints = catalogue()
    entries = endpoints.load()
    wanted = [entry for entry in entries if fnmatch.fnmatchcase(entry.id, options.only)]
    if not wanted:
        raise SystemExit(f"no endpoint is named {options.only}")
    tools = [tool for tool in TOOLS if tool.name in options.tools]
    began = time.monotonic()
    progress = Progress(len(wanted))

    def one(entry: Any) -> tuple[str, dict[str, Any]]:
        verdicts = {tool.name: judged(endpoints, entry, tool, options) for tool in tools}
        progress.show(entry, verdicts)
        return entry.id, {name: verdict.as_json() for name, verdict in verdicts.items()}

    earlier = json.loads(options.results.read_text(encoding="utf-8")) if options.results.exists() else {}
    known = {row["id"]: row["verdicts"] for row in earlier.get("endpoints", [])}
    complete = len(wanted) == len(entries) and len(tools) == len(TOOLS)
    document = {
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "minutes": earlier.get("minutes", 0.0),
        "jobs": options.jobs,
        "examples": options.examples,
        "seconds": options.seconds,
        "seed": options.seed,
        "versions": versions(),
        "tools": [{"name": tool.name, "title": tool.title, "command": tool.command} for tool in TOOLS],
    }
    with ThreadPoolExecutor(options.jobs) as pool:
        for name, verdicts in pool.map(one, wanted):
            known[name] = known.get(name, {}) | verdicts
            # Written each time, so that an interrupted run keeps its results.
            rows = [described(entry, known[entry.id]) for entry in entries if entry.id in known]
            write(options.results, {**document, "endpoints": rows})
    if complete:
        document["minutes"] = round((time.monotonic() - began) / 60, 1)
        write(options.results, {**document, "endpoints": rows})


def write(file: Path, document: dict[str, Any]) -> None:
    """Write the results atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(file)


def catalogue() -> Any:
    """Return the module of the tests that reads the catalogue and runs its endpoints."""
    sys.path.insert(0, str(ROOT / "tests"))  # for `support`, which it imports
    path = ROOT / "tests" / "faulty_endpoints" / "conftest.py"
    spec = importlib.util.spec_from_file_location("faulty_endpoints", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def judged(endpoints: Any, entry: Any, tool: Tool, options: argparse.Namespace) -> Verdict:
    """Start the endpoint, run the tool on it in an empty folder, and measure the time."""
    with tempfile.TemporaryDirectory() as folder, endpoints.run_endpoint(entry) as url:
        job = Job(entry, url, Path(folder), options.examples, options.seconds, options.seed)
        began = time.monotonic()
        verdict = tool.judge(job)
        verdict.seconds = round(time.monotonic() - began, 1)
        return verdict


def described(entry: Any, verdicts: dict[str, Any]) -> dict[str, Any]:
    """Return the endpoint's row of the results."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "area": entry.area,
        "level": entry.level,
        "what": entry.fault or entry.style,
        "clauses": [*entry.clauses, *entry.clauses_any],
        "verdicts": {tool.name: verdicts[tool.name] for tool in TOOLS if tool.name in verdicts},
    }


def versions() -> dict[str, str]:
    """Return the versions of all programs involved."""
    found = {name: metadata.version(name) for name in ("mock-solusio", "schemathesis", "hypothesis")}
    found["Python"] = platform.python_version()
    for name, command in (("PHP", ("php", "-r", "echo PHP_VERSION;")), ("Node", ("node", "--version"))):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = done.stdout.strip().removeprefix("v")
    found["cores"] = str(os.cpu_count())
    return found


class Progress:
    """Prints one line per finished endpoint."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.lock = threading.Lock()

    def show(self, entry: Any, verdicts: dict[str, Verdict]) -> None:
        """Print which tools raised an alarm, and their times."""
        with self.lock:
            self.done += 1
            marks = "  ".join(
                f"{name} {'!' if verdict.alarm else '-'} {verdict.seconds:.1f} s"
                for name, verdict in verdicts.items()
            )
            print(f"{self.done:3}/{self.total} {entry.kind} {entry.id}: {marks}", flush=True)


if __name__ == "__main__":
    main()
