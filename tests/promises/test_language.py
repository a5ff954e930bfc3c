"""What people read is plain, current English: no word of language.toml, which says what to write instead."""

import ast
import io
import re
import tokenize
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCOPE = (
    "*.md",
    "*/README.md",
    "contracts/solusio_contracts/clauses.toml",
    "contracts/solusio_contracts/openapi/*.yaml",
    "contracts/solusio_contracts/**/*.py",
    "contracts/solusio_contracts/scenarios/*",
    "contracts/solusio_contracts/**/*.schema.json",
    "contracts/solusio_contracts/**/*.j2",
    "mock_solusio/mock_solusio/**/*.py",
    "mock_solusio/mock_solusio/**/*.yaml",
    "mock_solusio/mock_solusio/**/*.schema.json",
    "mock_solusio/mock_solusio/**/*.j2",
    "reference/solusio_reference/**/*.py",
    "reference/solusio_reference/**/*.j2",
    "tests/reference/**/*.py",
    "benchmarks/*.py",
    "noxfile.py",
    "docs/*.md",
    "docs/*.py",
    "docs/examples/*",
    "mock_solusio/mock_solusio/starter/*/*",
)
"""Globs of what is checked: everything that people read, but for most tests."""


def patterns() -> Iterator[tuple[re.Pattern[str], str]]:
    """Yield each expression of the list with what to write instead."""
    listed = tomllib.loads((ROOT / "tests/promises/language.toml").read_text(encoding="utf-8"))
    for words in listed.values():
        for expression, better in words.items():
            yield re.compile(rf"(?<![\w'’-])(?:{expression})(?![\w-])", re.IGNORECASE), better


PATTERNS = list(patterns())


def found(texts: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    """Yield line, word and better word of everything on the list."""
    for first, text in texts:
        # Lines become one, without indents and comment marks, since an expression may span two of them.
        lines = [" ".join(line.lstrip(" #*>/").split()) for line in blanked(r"`[^`\n]*`", text).split("\n")]
        starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        prose = " ".join(lines)
        for pattern, better in PATTERNS:
            for match in pattern.finditer(prose):
                yield first + bisect_right(starts, match.start()) - 1, match[0], better


def blanked(pattern: str, text: str) -> str:
    """Cut what matches from a text, but leave its lines."""
    return re.sub(
        pattern, lambda match: "`" + "\n" * match[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE
    )


def read(file: Path) -> Iterator[tuple[int, str]]:
    """Yield what people read in a file, with the number of its first line."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        yield 1, blanked(r"^```.*?^```$|<!--.*?-->|\]\([^)]*\)", text)
    elif file.suffix == ".py":
        yield from read_python(text)
    elif file.suffix == ".j2":
        yield 1, blanked(r"\{\{.*?\}\}|\{%.*?%\}", text)
    else:
        yield 1, text


def read_python(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a program and its texts of more than one word."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


@pytest.mark.parametrize("glob", SCOPE)
def test_no_word_of_the_list_is_used(glob):
    files = sorted(one for one in ROOT.glob(glob) if one.is_file() and one.suffix != ".pyc")
    assert files, f"nothing matches {glob}"
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {word!r}; better: {better}"
        for file in files
        for line, word, better in found(read(file))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a billing system that reckons anew", "anew"),
        ("The file is\nno TOML.", "is no"),
        ("Ask him.", "him"),
        ("What a state file tells of a fleet", "tells"),
    ],
)
def test_the_list_finds(text, word):
    assert word in [one for _, one, _ in found([(1, text)])]


@pytest.mark.parametrize(
    "text",
    [
        "There is no price.",
        "It is no longer needed.",
        "It tells you what to fix.",
        "Run `fleet --profile hoster`.",
    ],
)
def test_the_list_leaves(text):
    assert list(found([(1, text)])) == []


def test_a_finding_names_its_line():
    assert [(line, word) for line, word, _ in found(read_python('"""One.\n\nTwo anew."""\n# told\n'))] == [
        (4, "told"),
        (3, "anew"),
    ]
