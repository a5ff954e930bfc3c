"""docs/walkthrough.md: its commands do what it says on a demo, and its pictures are there."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from mock_solusio.demo.command import demo as command

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
PICTURES = sorted((ROOT / "docs" / "images").glob("walkthrough-*.png"))


def blocks():
    """Return the blocks of shell commands, without the first two, which start the demo and name it."""
    found = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert "demo --open" in found[0]
    assert "export URL=" in found[1]
    return found[2:]


def test_there_are_the_ten_steps_in_order():
    assert re.findall(r"^## (\d+)\.", TEXT, re.MULTILINE) == [str(number) for number in range(1, 11)]


def test_every_command_works_on_a_demo(demonstrating):
    with demonstrating("--users", "5") as demo:
        script = [
            "set -euo pipefail",
            # The same command, of this environment.
            f'mock-solusio() {{ "{sys.executable}" -m mock_solusio "$@"; }}',
            # Whatever is answered as an error must not pass.
            'curl() { command curl -sS --fail "$@"; }',
            f"export URL={demo.solusio} BILLING={demo.billing}",
            f"export TOKEN={demo.shown('Access token')} BILLING_TOKEN={demo.shown('Its token')}",
            f"export CUSTOMER={demo.shown('Customer').rpartition('/')[2]}",
            *blocks(),
        ]
        result = subprocess.run(
            ["bash", "-c", "\n".join(script)], capture_output=True, text=True, timeout=120, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        assert '"user_token_unit_cost":' in result.stdout
        assert '"status":"suspended"' in result.stdout
        assert '"allow_registration":false' in result.stdout
        assert "2026-04-15T12:00:00.000000Z" in result.stdout


def test_every_picture_is_shown_and_described():
    shown = dict(re.findall(r"^!\[(.+)\]\(images/(walkthrough-\w+\.png)\)$", TEXT, re.MULTILINE))
    assert sorted(shown.values()) == [picture.name for picture in PICTURES] != []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_small(picture):
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert 700 <= width <= 1100
    assert height <= 1400
    assert len(data) <= 120_000


def test_the_options_are_those_of_the_command():
    rows = re.findall(r"^\| (`-.*?) \|", TEXT, re.MULTILINE)
    written = {name for row in rows for name in re.findall(r"`(-[\w-]+)`", row)}
    assert written == {name for option in command.params for name in option.opts}
