"""docs/fleet.md shows what the commands print."""

import re
import shlex
from pathlib import Path

from support.commands import invoke

PAGE = (Path(__file__).parents[3] / "docs" / "fleet.md").read_text(encoding="utf-8")


def plain(text: str) -> list[str]:
    """Return the lines, without the sizes of files: those depend on the version of Faker."""
    return [re.sub(r"[\d,]+ bytes", "N bytes", line.rstrip()) for line in text.splitlines()]


def test_the_output_on_the_page_is_what_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"^```console\n\$ mock-solusio ([^\n]*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(shown) == 2
    for command, output in shown:
        printed = plain(invoke(*shlex.split(command)).output)
        begin = plain(output)
        assert len(begin) > 3
        assert printed[: len(begin)] == begin  # the page leaves out further tables
