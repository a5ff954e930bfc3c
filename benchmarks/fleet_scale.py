"""Time and memory of `fleet generate` and `fleet describe`, from small fleets to azure2017.

    python benchmarks/fleet_scale.py [--scale 0.005 --scale 0.05 --scale 1] [--page docs/fleet-scale.md]

Each run is a separate process; the operating system counts its time and peak memory.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SCALES = (0.005, 0.05, 0.5, 1.0)


class Run(NamedTuple):
    """Time and memory of one command."""

    wall: float
    processor: float
    peak_mib: float


def measured(*arguments: str) -> Run:
    """Run the command line with arguments."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "mock_solusio", *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, arguments
    return Run(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, action="append", help="Of azure2017; may be given again.")
    parser.add_argument("--page", type=Path, help="Write the table there, too.")
    options = parser.parse_args()
    lines = [
        "| servers | file, MB | generate, s | processor, s | peak, MiB | describe, s | peak, MiB |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for scale in options.scale or SCALES:
            file = Path(folder) / "fleet.db"
            made = measured(
                *("fleet", "generate", "--profile", "azure2017"),
                *("--scale", str(scale), "--state", str(file)),
            )
            told = measured("fleet", "describe", str(file))
            servers = round(2_013_767 * max(1, round(5_958 * scale)) / 5_958)
            lines.append(
                f"| {servers:,} | {file.stat().st_size / 1e6:,.0f} | {made.wall:.1f} | {made.processor:.1f}"
                f" | {made.peak_mib:.0f} | {told.wall:.1f} | {told.peak_mib:.0f} |"
            )
            print(lines[-1], flush=True)
            file.unlink()
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}"
    text = "\n".join([*lines, "", machine, ""])
    print(text)
    if options.page is not None:
        options.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
