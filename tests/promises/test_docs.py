"""The documents name commands, options, clauses, files and modules that exist."""

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mock_solusio.cli import cli
from solusio_contracts.cli.config import DEFAULT_FILE
from solusio_contracts.cli.reporting import INTERRUPTED
from solusio_contracts.contract.clauses import AREAS, clauses
from solusio_contracts.fuzzing import campaign
from solusio_contracts.reporting.report import Exit
from solusio_contracts.rules import all_rules

CLAUSE_ID = re.compile(rf"\b(?:{'|'.join(AREAS)})-\d{{3}}\b")
INVENTED = ("TP-000", "TP-045")
"""Examples of an id and of a mistyped one."""
RETIRED = ("UM-011", "UM-012", "SSO-004")
"""Clauses that were given up; their numbers stay unused, and the changelog says why."""
CONTROL = re.compile(r"[|&;<>()#]+|\d?>.*")
"""Words that end a command in a shell line."""


# The page of `check`


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its two head lines."""
    section = text.partition(f"\n{heading}\n")[2]
    lines = [line for line in section.partition("\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_table_of_options_is_that_of_the_command(documents, commands):
    command = commands["mock-solusio check"]
    # The help option gets its names from the context.
    context = click.Context(command, help_option_names=["-h", "--help"])
    true = {}
    for option in (*command.params, command.get_help_option(context)):
        if not isinstance(option, click.Option):
            continue
        names = frozenset((*option.opts, *option.secondary_opts))
        true[names] = "" if option.is_flag else option.make_metavar(context)
    table = rows(documents["docs/check.md"], "## Options")
    written = {frozenset(code(row[0])): "".join(code(row[1])) for row in table}
    assert written == true


def test_the_defaults_in_the_table_are_those_of_the_command(documents, commands):
    options = {option.opts[0]: option for option in commands["mock-solusio check"].params}
    for names, _, default, _ in rows(documents["docs/check.md"], "## Options"):
        name = next(one for one in code(names) if len(one) > 2)
        if name == "--fuzz":
            assert (code(default), options[name].default) == (["--fuzz"], True)
        elif name not in ("--help", "--config"):  # --config finds its file itself
            option = options.get(name) or options[code(names)[1]]
            shown = option.default if isinstance(option.default, int | float) and not option.is_flag else ""
            assert "".join(code(default)) == str(shown), name
            assert (default == "required") is option.required, name


def test_the_examples_of_a_long_search_are_those_of_the_campaign(documents):
    assert f"from {campaign.LONG:,} examples on, schemathesis" in documents["docs/check.md"]


def test_the_configuration_file_is_named_as_it_is(documents):
    table = {code(row[0])[0]: row[2] for row in rows(documents["docs/check.md"], "## Options")}
    assert code(table["--config"]) == [DEFAULT_FILE]


def test_the_table_of_exit_codes(documents):
    written = [int(row[0]) for row in rows(documents["docs/check.md"], "## Exit codes")]
    assert written == [*Exit, INTERRUPTED]


def test_the_table_of_what_is_sent_names_every_area(documents):
    written = [
        area for row in rows(documents["docs/check.md"], "## What is sent") for area in row[0].split(", ")
    ]
    # Rules of `security` send no requests of their own: they look at all responses.
    assert {rule.area for rule in all_rules()} - set(written) <= {"security"}
    assert set(written) <= {rule.area for rule in all_rules()} | {"fuzz"}


# All documents


def test_every_relative_link_leads_somewhere(documents, root):
    missing = []
    for name, text in documents.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = ((root / name).parent / path).resolve() if path else root / name
            if not file.exists():
                missing.append(f"{name}: {target}")
            elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
                missing.append(f"{name}: {target} (no such heading)")
    assert missing == []


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub and GitLab create for headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def test_every_document_is_listed_in_the_index(documents):
    listed = documents["docs/README.md"]
    for name in documents:
        if name.startswith("docs/") and name != "docs/README.md":
            assert f"({name.removeprefix('docs/')})" in listed, name


def test_every_clause_mentioned_exists(documents, root):
    texts = dict(documents)
    for folder in ("contracts", "mock_solusio", "reference", "docs", "benchmarks"):
        for file in (root / folder).rglob("*"):
            if file.suffix in (".py", ".toml", ".yaml", ".php", ".mjs", ".j2", ".json") and file.is_file():
                texts[str(file.relative_to(root))] = file.read_text(encoding="utf-8")
    unknown = {
        f"{name}: {found}"
        for name, text in texts.items()
        for found in CLAUSE_ID.findall(text)
        if found not in clauses() and found not in (*INVENTED, *RETIRED)
    }
    assert unknown == set()
    assert CLAUSE_ID.findall(texts["docs/check.md"])


# Files and modules in documents

PACKAGES = {
    "contracts/README.md": "contracts/solusio_contracts",
    "contracts/solusio_contracts/scenarios/README.md": "contracts/solusio_contracts/scenarios",
    "mock_solusio/README.md": "mock_solusio/mock_solusio",
    "reference/README.md": "reference/solusio_reference",
    "CONTRIBUTING.md": "tests",
}
"""The documents that describe the tree, and the folder from which each of them names files."""


def files_named(text: str) -> Iterator[str]:
    """Yield what is written as code and reads as a file or folder of the tree."""
    for span in re.findall(r"`([\w][\w./-]*)`", without_code(text)):
        media_type = span.startswith(("application/", "text/"))
        if ("/" in span and not media_type) or span.endswith((".py", ".toml", ".yaml", ".php", ".mjs")):
            yield span


def exists(named: str, folder: Path, root: Path) -> bool:
    """Whether a path exists from the root, from beside the package or within it; or a bare name below it."""
    if "/" in named:
        return any((base / named).exists() for base in (root, folder.parent, folder))
    return (root / named).is_file() or any(folder.rglob(named))


@pytest.mark.parametrize(("name", "package"), PACKAGES.items())
def test_every_file_named_exists(documents, root, name, package):
    named = list(files_named(documents[name]))
    assert named, "nothing is named"
    assert [one for one in named if not exists(one, root / package, root)] == []


def test_every_module_named_exists(documents):
    named = {
        found
        for text in documents.values()
        for found in re.findall(
            r"\b(?:solusio_contracts|mock_solusio|solusio_reference)(?:\.[A-Za-z]\w*)+", text
        )
        if not found.endswith((".py", ".md"))
    }
    assert "solusio_contracts.contract.documents" in named
    for one in named:
        module, _, attribute = one.rpartition(".")
        try:
            importlib.import_module(one)
        except ImportError:
            assert hasattr(importlib.import_module(module), attribute), one


# Command lines in documents


def command_lines(text: str) -> Iterator[str]:
    """Yield the `mock-solusio` commands of a document, from code blocks and prose."""
    for block in re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            yield from re.findall(r"(?:^|[\s/])(mock-solusio [^`]*)", line.strip().removeprefix("$ "))
    yield from re.findall(r"`(?:\S*=\S+ )?(?:\S*/)?(mock-solusio [^`]+)`", without_code(text))


def commands_meant(words: list[str]) -> tuple[list[click.Command], list[str]]:
    """Return the commands and the words after them; `show|export` in prose means both."""
    chosen: list[click.Command] = [cli]
    while words and all(isinstance(one, click.Group) for one in chosen) and not words[0].startswith("-"):
        names = words[0].strip(",").split("|")
        groups = [one for one in chosen if isinstance(one, click.Group)]
        chosen = [
            found
            for group in groups
            for name in names
            if (found := group.get_command(click.Context(group), name)) is not None
        ]
        assert len(chosen) == len(names), f"no command {words[0]!r}"
        words = words[1:]
    return chosen, words


def test_every_command_line_uses_commands_and_options_that_exist(documents, commands):
    seen = 0
    for name, text in documents.items():
        for line in command_lines(text):
            words = shlex.split(line, comments=True)[1:]
            end = next((place for place, word in enumerate(words) if CONTROL.fullmatch(word)), len(words))
            chosen, rest = commands_meant(words[:end])
            if commands["mock-solusio reference check"] in chosen:
                chosen.append(commands["mock-solusio check"])  # it takes the remaining options
            known = {"--help", "-h"}
            for command in chosen:
                for parameter in command.params:
                    known |= {*parameter.opts, *parameter.secondary_opts}
            for word in rest:
                if word.startswith("-"):
                    assert word.partition("=")[0] in known, f"{name}: {line}"
            seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    ("line", "wrong"), [("mock-solusio chekc URL", "chekc"), ("mock-solusio contract shw|export", "shw")]
)
def test_the_reader_of_command_lines_finds_wrong_commands(line, wrong):
    with pytest.raises(AssertionError, match=wrong):
        commands_meant(line.split()[1:])


def test_options_and_rules_named_in_prose_exist(documents, commands):
    """Every `--option` in docs/check.md, and every selector of `--skip` or `--only`, exists."""
    options = {"--help"}
    for option in commands["mock-solusio check"].params:
        options |= {*option.opts, *option.secondary_opts}
    names = {"fuzz"}.union(*({rule.name, rule.area} for rule in all_rules()))
    text = documents["docs/check.md"]
    for option in re.findall(r"`(--[a-z-]+)", without_code(text)):
        assert option in options, option
    for selector in re.findall(r"--(?:skip|only) '?([a-z0-9*?-]+)", text):
        pattern = selector.replace("*", ".*").replace("?", ".")
        assert any(re.fullmatch(pattern, name) for name in names), selector
