"""Lists on terminals of different widths."""

import re

import pytest

from solusio_contracts.reporting import printing

HEADINGS = ("Rule", "Area", "Clauses", "What it checks")
ROWS = [
    ("answered", "http", "TP-001 TP-002", "a valid request returns status 200"),
    ("no-more-than-a-few-words", "robustness", "TP-003", "the response to whatever it is has few words " * 2),
]


def shown(monkeypatch, capsys, **environment: str) -> list[str]:
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    printing.print_list(HEADINGS, ROWS)
    return capsys.readouterr().out.splitlines()


def test_a_list_in_a_pipe_has_a_line_for_each_entry(monkeypatch, capsys):
    heading, first, second = shown(monkeypatch, capsys, COLUMNS="60")
    assert heading.split()[:3] == ["Rule", "Area", "Clauses"]
    assert first.rstrip().endswith("a valid request returns status 200")
    assert second.startswith("no-more-than-a-few-words")


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_narrow_terminal_shows_all_of_it(columns, monkeypatch, capsys):
    terminal = {"COLUMNS": str(columns), "TTY_COMPATIBLE": "1", "NO_COLOR": "1", "TERM": "xterm"}
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in shown(monkeypatch, capsys, **terminal)]
    assert max(map(len, lines)) <= columns
    words = " ".join(lines).split()
    for row in ROWS:
        assert set(" ".join(row).split()) <= set(words), "no word is broken or left out"
    assert [line.split()[0] for line in lines if not line.startswith(" ")][:1] == ["answered"]
