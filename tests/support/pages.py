"""Reads tables, documents and outputs from pages of docs/."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    """Return the text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what is below a heading, up to the next one."""
    return text.partition(f"\n{heading}\n")[2].partition("\n#")[0]


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its two head lines."""
    lines = [line for line in section(text, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def code(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return [text.replace("\\|", "|") for text in re.findall(r"`([^`]+)`", cell)]


def document(text: str, name: str) -> str:
    """Return the JSON block that is marked with a name."""
    (found,) = re.findall(rf"<!-- document: {name} -->\n```json\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return str(found)


def output(text: str, name: str) -> str:
    """Return the output that is marked with a name."""
    (found,) = re.findall(rf"<!-- output: {name} -->\n```\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return str(found)
