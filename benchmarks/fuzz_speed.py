"""Requests per second of our fuzzing and of `schemathesis run`: same document, endpoint, number of examples.

Both run alternately as separate programs against one small Starlette endpoint on uvicorn. The endpoint counts
requests, different request bodies, and the time from the first request to the last: *sending* excludes what a
program needs to start and finish, *in all* is the wall time of the whole program. Processor time is that of
the program without the endpoint. Each program runs once before that, to compile its modules.

`schemathesis run` fuzzes positive and negative data with its default checks and one worker. Ours judges
each response as a check does, keeps all bytes, and opens a connection for each request (schemathesis keeps
one open). Different bodies are counted because schemathesis repeats requests and ours does not.

Usage: python benchmarks/fuzz_speed.py [--examples N] [--rounds N] [--json FILE]
"""

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

GOALS = {"rate": 6.0, "rate_in_all": 4.0}
"""Ratios to reach."""
USER = 1
PRICE = {
    "base_token_unit_cost": 0.001,
    "user_token_unit_cost": 0.001,
    "currency": {
        "code": "USD",
        "display_prefix": "$",
        "display_suffix": "",
        "thousands_separator": ",",
        "decimals_separator": ".",
    },
    "discounts": [],
    "taxes": {"compound": False, "rates": []},
}
OURS = """
import sys
from solusio_contracts.fuzzing import campaign
from solusio_contracts.checking.target import TargetSettings, Target
settings = TargetSettings(
    url=sys.argv[1], users=(1,), seed=int(sys.argv[3]), fuzz_examples=int(sys.argv[2]), fuzz_seconds=600
)
target = Target(settings)
families = (campaign.VALID, campaign.INVALID)
raise SystemExit(not all(one.ok for family in families for one in campaign.expectations(target, family)))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one program, as counted by the endpoint."""

    requests: int
    different: int
    sending: float
    """Seconds from the first request to the last."""
    wall: float
    """Seconds of the whole program."""
    processor: float
    """Seconds of processor time of the whole program."""

    @property
    def rate(self) -> float:
        """Requests per second of sending."""
        return (self.requests - 1) / self.sending

    @property
    def rate_different(self) -> float:
        """Different requests per second of sending."""
        return self.different / self.sending

    @property
    def rate_in_all(self) -> float:
        """Requests per second of the whole program."""
        return self.requests / self.wall


def serve() -> None:
    """Serve the endpoint on a free port and print its number; GET returns the counts and resets them."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    seen: list[tuple[float, bytes]] = []

    async def price(request: Request) -> JSONResponse:
        seen.append((time.perf_counter(), await request.body()))
        form = await request.form()
        if form.get("action") != "GetTokenPricing":
            return JSONResponse({"error": "unknown action"}, 400)
        if form.get("userid") != str(USER):
            return JSONResponse({"error": "unknown user"}, 404)
        return JSONResponse(PRICE)

    async def counts(_: Request) -> JSONResponse:
        sending = seen[-1][0] - seen[0][0] if seen else 0.0
        answer = {
            "requests": len(seen),
            "different": len({body for _, body in seen}),
            "sending": sending,
        }
        seen.clear()
        return JSONResponse(answer)

    app = Starlette(routes=[Route("/", price, methods=["POST"]), Route("/counts", counts)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        # The parent closes standard input to stop this process.
        threading.Thread(
            target=lambda: (sys.stdin.read(), setattr(server, "should_exit", True)), daemon=True
        ).start()
        server.run(sockets=[listener])


def measure(command: list[str], url: str, folder: str, compiled: str) -> Run:
    """Run a program in an empty folder and return what the endpoint counted.

    Compiled modules are read from the folder `compiled`, and written to it.
    """
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    used, began = processor_time(), time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    wall, used = time.perf_counter() - began, processor_time() - used
    with urllib.request.urlopen(f"{url}counts") as answer:  # noqa: S310 - our own server
        counts: dict[str, Any] = json.load(answer)
    # schemathesis exits with 1 if a check fails, which some do even on a correct endpoint.
    if done.returncode not in (0, 1) or counts["requests"] < 2:
        raise SystemExit(f"{command[:3]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Run(counts["requests"], counts["different"], counts["sending"], wall, used)


def processor_time() -> float:
    """Return the seconds of processor time of all ended children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def programs(url: str, examples: int, seed: int, document: Path) -> dict[str, list[str]]:
    """Return the two command lines."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    return {
        "mock-solusio": [sys.executable, "-c", OURS, url, str(examples), str(seed)],
        "schemathesis": [
            *(str(schemathesis), "run", str(document), "--url", url.rstrip("/")),
            *("--phases", "fuzzing", "--mode", "all", "--max-examples", str(examples)),
            *("--seed", str(seed), "--workers", "1", "--no-color"),
        ],
    }


def compare(url: str, examples: int, rounds: int) -> dict[str, list[Run]]:
    """Run both programs alternately, each round with a new seed and the other one first.

    Round 0 compiles the modules and is not kept.
    """
    from solusio_contracts.contract import documents

    runs: dict[str, list[Run]] = {"mock-solusio": [], "schemathesis": []}
    with tempfile.TemporaryDirectory() as compiled:
        for number in range(rounds + 1):
            with tempfile.TemporaryDirectory() as folder:
                document = Path(folder) / "billing-endpoint.yaml"
                document.write_text(documents.document_text("billing-endpoint"), encoding="utf-8")
                commands = list(programs(url, examples, number, document).items())
                for name, command in commands if number % 2 else reversed(commands):
                    run = measure(command, url, folder, compiled)
                    if number:
                        runs[name].append(run)
    return runs


def report(runs: dict[str, list[Run]], examples: int) -> dict[str, Any]:
    """Return the medians and the ratios as data."""
    rates = ("rate", "rate_different", "rate_in_all")
    return {
        "examples": examples,
        "rounds": len(runs["mock-solusio"]),
        "cpus": os.cpu_count(),
        "median": {
            name: {
                **{key: statistics.median(asdict(run)[key] for run in each) for key in asdict(each[0])},
                **{rate: statistics.median(getattr(run, rate) for run in each) for rate in rates},
            }
            for name, each in runs.items()
        },
        # One ratio per round, since both programs of a round run under the same load.
        "median_ratio": {
            rate: statistics.median(
                getattr(ours, rate) / getattr(theirs, rate)
                for ours, theirs in zip(runs["mock-solusio"], runs["schemathesis"], strict=True)
            )
            for rate in rates
        },
        "goals": GOALS,
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as a Markdown table."""
    ours, theirs = result["median"]["mock-solusio"], result["median"]["schemathesis"]
    lines = [
        f"{result['examples']} examples, median of {result['rounds']} rounds, {result['cpus']} CPUs",
        "",
        "| | mock-solusio | schemathesis run | ratio | wanted |",
        "|---|---:|---:|---:|---:|",
    ]
    for label, key, digits in (
        ("requests", "requests", 0),
        ("different requests", "different", 0),
        ("seconds of sending", "sending", 2),
        ("seconds in all", "wall", 2),
        ("seconds of processor time", "processor", 2),
        ("requests/s while sending", "rate", 1),
        ("different requests/s while sending", "rate_different", 1),
        ("requests/s in all", "rate_in_all", 1),
    ):
        ratio = result["median_ratio"].get(key)
        shown = f"{ratio:.2f}" if ratio is not None else ""
        wanted = f"{GOALS[key]:g}" if key in GOALS else ""
        lines.append(f"| {label} | {ours[key]:.{digits}f} | {theirs[key]:.{digits}f} | {shown} | {wanted} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description="Compare the speed of our fuzzing with `schemathesis run`.")
    parser.add_argument("--examples", type=int, default=150, help="examples of each run [150]")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each program [5]")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as endpoint:
        port = endpoint.stdout.readline() if endpoint.stdout else ""
        runs = compare(f"http://127.0.0.1:{int(port)}/", options.examples, options.rounds)
        if endpoint.stdin:
            endpoint.stdin.close()
    result = report(runs, options.examples)
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
