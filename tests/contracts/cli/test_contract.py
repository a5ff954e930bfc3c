"""`mock-solusio contract`: what it shows, and exports that other parsers can read."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from importlib import resources
from itertools import chain, pairwise

import pytest
import yaml
from click.testing import Result

from solusio_contracts.catalogue import export, tables
from solusio_contracts.contract import clauses, documents
from solusio_contracts.contract.clauses import Clause, Level, Provenance
from support.commands import invoke

PACKAGE = resources.files("solusio_contracts")
CLAUSES: list[dict[str, str]] = tomllib.loads(PACKAGE.joinpath("clauses.toml").read_text("utf-8"))["clause"]
CLAUSE_IDS = [entry["id"] for entry in CLAUSES]
# Exporting all documents takes long; one is enough to show what all have in common.
ONE = ("--document", "billing-endpoint")


def run(*arguments: str) -> Result:
    return invoke("contract", *arguments)


def plain(text: str) -> str:
    """Return a text without line breaks, as tables insert them."""
    return " ".join(text.split())


def ids_in(text: str) -> list[str]:
    """Return the ids at the beginning of rows in a table of clauses."""
    return re.findall(r"^ ?([A-Z]+-\d{3}) ", text, re.MULTILINE)


class TestShow:
    def test_all_clauses(self):
        result = run("show")
        assert result.exit_code == 0
        assert ids_in(result.stdout) == sorted(CLAUSE_IDS)

    def test_one_clause_whole(self):
        result = run("show", "TP-041")
        (clause,) = (entry for entry in CLAUSES if entry["id"] == "TP-041")
        shown = plain(result.stdout)
        assert result.exit_code == 0
        for member in ("level", "provenance", "text", "why", "fix", "source"):
            assert plain(clause[member]) in shown
        assert "Where GetTokenPricing: discounts[].multipler" in shown
        assert "Checked by discount-key" in shown
        assert "TP-042" not in shown

    def test_an_assumed_clause_gives_its_reason(self):
        (clause,) = (entry for entry in CLAUSES if entry["id"] == "TP-002")
        shown = plain(run("show", "TP-002").stdout)
        assert f"Reason {plain(clause['reason'])}" in shown
        assert "Source" not in shown

    @pytest.mark.parametrize("word", ["TP-04", "tp-04"])
    def test_a_prefix(self, word):
        result = run("show", word)
        assert ids_in(result.stdout) == ["TP-040", "TP-041", "TP-042", "TP-043"]

    def test_several(self):
        result = run("show", "TP-043", "tp-041")
        assert [line.split()[0] for line in result.stdout.splitlines() if line[:2] == "TP"] == [
            "TP-043",
            "TP-041",
        ]

    @pytest.mark.parametrize("word", ["GetTokenPricing", "gettokenpricing"])
    def test_an_operation_with_its_members_and_clauses(self, word):
        shown = run("show", word).stdout
        for path in ("userid", "currency.code", "discounts[].multipler", "taxes.rates[].rate"):
            assert f" {path} " in shown
        assert "Response 4XX" in shown
        assert {"TP-001", "TP-041", "TP-101", "TP-211"} <= set(ids_in(shown))

    def test_filters_join_within_one_kind_and_meet_between_two(self):
        result = run("show", "--level", "should", "--level", "may", "--provenance", "assumed")
        wanted = [
            entry["id"]
            for entry in CLAUSES
            if entry["level"] in ("should", "may") and entry["provenance"] == "assumed"
        ]
        assert ids_in(result.stdout) == sorted(wanted)
        assert 0 < len(wanted) < len(CLAUSES)

    def test_what_clauses_say_is_not_markup(self, odd_clause):
        assert plain(odd_clause.text) in plain(run("show", odd_clause.id).stdout)
        table = run("show").stdout
        assert "[red]this[/red]" in table
        assert "a project [bold]x[/bold]" in table

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["TP-045"], "TP-040, TP-041, TP-042, TP-043"),
            (["TP-041", "XY"], "'XY'"),
            (["GetTokenPrice"], "Did you mean: GetTokenPricing?"),
            ([""], "'' is not a clause or operation"),
            (["TP-041", "--level", "may"], "none of these clauses"),
            (["--level", "shall"], "shall"),
            (["--provenance", "guessed"], "guessed"),
        ],
    )
    def test_mistakes_exit_2_with_a_hint(self, arguments, message):
        result = run("show", *arguments)
        assert result.exit_code == 2
        assert message in plain(result.stderr)
        assert result.stdout == ""


class TestExport:
    def test_table(self):
        text = run("export", "--format", "table", *ONE).stdout
        assert ids_in(text) == sorted(CLAUSE_IDS)
        assert " discounts[].multipler " in text
        assert "\x1b" not in text
        assert max(len(line) for line in text.splitlines()) <= 120

    def test_json_holds_clauses_and_documents(self):
        exported = json.loads(run("export", "--format", "json").stdout)
        assert exported["format_version"] == "1.0"
        got = {entry["id"]: entry for entry in exported["clauses"]}
        assert sorted(got) == sorted(CLAUSE_IDS)
        for entry in CLAUSES:
            rules = got[entry["id"]].pop("rules")
            assert got[entry["id"]] == {"source": "", "reason": "", **entry}
            assert all(isinstance(name, str) for name in rules)
        assert exported["documents"] == {
            name: yaml.safe_load(PACKAGE.joinpath("openapi", f"{name}.yaml").read_text("utf-8"))
            for name in ("billing-endpoint", "solusio-api")
        }

    def test_yaml_means_the_same_as_json(self):
        text = run("export", "--format", "yaml", *ONE).stdout
        assert yaml.safe_load(text) == json.loads(run("export", "--format", "json", *ONE).stdout)
        assert "£" in text
        assert not re.search(r"[&*]id\d", text), "YAML aliases, which many readers do not know"

    def test_openapi_is_the_document_verbatim(self, tmp_path):
        file = tmp_path / "document.yaml"
        assert run("export", "--format", "openapi", "--output", str(file)).exit_code == 0
        assert file.read_bytes() == PACKAGE.joinpath("openapi", "billing-endpoint.yaml").read_bytes()

    def test_openapi_loads_in_schemathesis(self, tmp_path):
        import schemathesis

        file = tmp_path / "document.yaml"
        run("export", "--format", "openapi", "--output", str(file))
        (loaded,) = schemathesis.openapi.from_path(file).get_all_operations()
        assert loaded.ok().label == "POST /"

    @pytest.mark.parametrize("format_", ["table", "yaml", "json", "html", "openapi"])
    def test_a_file_holds_what_standard_output_shows(self, tmp_path, format_):
        file = tmp_path / "contract"
        result = run("export", "--format", format_, "-o", str(file), *ONE)
        assert (result.exit_code, result.output) == (0, "")
        assert file.read_text("utf-8") == run("export", "--format", format_, *ONE).stdout
        assert file.read_bytes().endswith(b"\n")

    @pytest.mark.parametrize(
        ("name", "beginning"),
        [
            ("c.html", "<!doctype html>"),
            ("c.HTML", "<!doctype html>"),
            ("c.json", "{"),
            ("c.yaml", "format: "),
            ("c.yml", "format: "),
            ("c.txt", " Clause"),
        ],
    )
    def test_the_name_of_the_file_says_the_format(self, tmp_path, name, beginning):
        assert run("export", "--output", str(tmp_path / name), *ONE).exit_code == 0
        assert (tmp_path / name).read_text("utf-8").lstrip("\n").startswith(beginning)

    def test_the_format_may_differ_from_the_name(self, tmp_path):
        run("export", "--output", str(tmp_path / "c.html"), "--format", "json")
        assert json.loads((tmp_path / "c.html").read_text("utf-8"))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--format", "pdf"], "pdf"),
            (["--document", "solusio"], "expected one of billing-endpoint, solusio-api, got 'solusio'"),
            (["--format", "openapi", *["--document", "billing-endpoint"] * 2], "a single document"),
            (["--output", "{tmp}"], "directory"),
            (["--output", "{tmp}/missing/c.html"], "No such file or directory"),
            (["--output", "{tmp}/file/c.html"], "Not a directory"),
        ],
    )
    def test_mistakes_exit_2_with_a_hint(self, tmp_path, arguments, message):
        (tmp_path / "file").touch()
        result = run("export", *(argument.replace("{tmp}", str(tmp_path)) for argument in arguments))
        assert result.exit_code == 2
        assert message.lower() in plain(result.stderr).lower()
        assert result.stdout == ""


VOID = {"meta", "input", "br", "hr", "img", "link", "base", "col", "wbr", "source", "embed"}


class Page(HTMLParser):
    """An independent reader of the page: elements with attributes and text, nesting checked."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "elements that nobody closes"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute of {tag} stands twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, *tags: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.elements if tag in tags)

    def text(self) -> str:
        return plain(" ".join(data for tag, data in self.texts if tag != "style"))

    def style(self) -> str:
        return "".join(data for tag, data in self.texts if tag == "style")


@pytest.fixture
def page() -> Page:
    return Page(run("export", "--format", "html", *ONE).stdout)


class TestHtml:
    def test_every_clause_is_an_anchor_with_all_it_says(self, page):
        anchors = [attributes["id"] for attributes in page.all("article")]
        assert sorted(filter(None, anchors)) == sorted(CLAUSE_IDS)
        text = page.text()
        for clause in CLAUSES:
            for member in ("text", "why", "fix", "source", "reason"):
                wanted = "".join(clause.get(member, "").replace("`", "").split())
                assert wanted in "".join(text.split()), (clause["id"], member)

    def test_the_members_and_examples_are_there(self, page):
        ids = {attributes.get("id") for attributes in page.all("tr")}
        assert "GetTokenPricing-response-200-discounts-multipler" in ids
        assert "GetTokenPricing-request-userid" in ids
        examples = [data for tag, data in page.texts if tag == "code" and data.startswith("{\n")]
        assert len(examples) == 7
        assert all(json.loads(example)["currency"] for example in examples)
        assert ("code", VENDOR_QUESTION) in page.texts

    def test_links_within_the_page_lead_somewhere(self, page):
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        links = [attributes["href"] or "" for attributes in page.all("a")]
        assert {link for link in links if link.startswith("#") and link[1:] not in ids} == set()
        assert {f"#{clause_id}" for clause_id in CLAUSE_IDS} <= set(links)
        labels = [attributes.get("aria-labelledby") for _, attributes in page.elements]
        assert {label for label in labels if label} <= set(ids)

    def test_nothing_is_loaded_and_nothing_runs(self, page):
        assert not {tag for tag, _ in page.elements} & {
            "script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "svg",
        }  # fmt: skip
        names = set(chain.from_iterable(attributes for _, attributes in page.elements))
        assert not names & {"src", "srcset", "data", "action", "style", "background", "poster"}
        assert not {name for name in names if name.startswith("on")}
        for tag, attributes in page.elements:
            assert "href" not in attributes or tag == "a"
            assert (attributes.get("href") or "#").startswith(("#", "https://", "http://"))
        assert not re.search(r"url\(|@import|@font-face", page.style())

    def test_landmarks_headings_and_tables(self, page):
        assert [attributes["lang"] for attributes in page.all("html")] == ["en"]
        assert len(list(page.all("main"))) == len(list(page.all("h1"))) == len(list(page.all("header"))) == 1
        assert all(attributes["aria-label"] for attributes in page.all("nav"))
        assert any(attributes.get("name") == "viewport" for attributes in page.all("meta"))
        assert list(page.all("table"))
        assert all("scope" in attributes for attributes in page.all("th"))
        assert len(list(page.all("caption"))) == len(list(page.all("table")))
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert all(next_ - level <= 1 for level, next_ in pairwise(levels))

    def test_each_filter_has_its_switch(self, page):
        switches = {attributes["id"] for attributes in page.all("input")}
        assert switches == {f"show-{value}" for value in (*Level, *Provenance)}
        for switch in switches:
            assert f"body:has(#{switch}:not(:checked))" in page.style()

    def test_what_clauses_say_is_not_html(self, odd_clause):
        page = Page(run("export", "--format", "html", *ONE).stdout)
        assert "script" not in {tag for tag, _ in page.elements}
        assert "".join(odd_clause.text.replace("`", "").split()) in "".join(page.text().split())
        assert odd_clause.id in [attributes["id"] for attributes in page.all("article")]

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_contrast_is_enough_to_read(self, page, scheme):
        """WCAG 2.2, 1.4.3: 4.5 to 1."""
        light, dark = re.findall(r":root \{(.*?)\}", page.style(), re.DOTALL)
        colours = dict(re.findall(r"--([\w-]+): (#\w+)", light if scheme == "light" else dark))
        pairs = [(name.removesuffix("-bg"), name) for name in colours if name.endswith("-bg")]
        pairs += [(ink, paper) for ink in ("ink", "soft", "link") for paper in ("page", "raised", "mark")]
        assert len(pairs) == 15
        ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
        assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


# The request of the vendor's page, step 6.
VENDOR_QUESTION = "token=xxxxxxx&action=GetTokenPricing&userid=1"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_contrast_is_computed_as_wcag_does():
    # The two extremes in the definition: 1 to 1 and 21 to 1.
    assert contrast("#fff", "#ffffff") == 1
    assert contrast("#000", "#fff") == 21


@pytest.fixture
def odd_clause(monkeypatch: pytest.MonkeyPatch) -> Clause:
    """A clause of another area that nothing cites, with a text that looks like several kinds of markup."""
    odd = Clause(
        id="US-001",
        level=Level.MUST,
        provenance=Provenance.OBSERVED,
        source="a project [bold]x[/bold]",
        text="Not <script>alert(1)</script> nor [red]this[/red] nor &pound; nor *that* nor `a<b`.",
        why="[link=http://example.org]no[/link]",
        fix="![no](http://example.org/x.png)",
    )
    known: Mapping[str, Clause] = {**clauses.clauses(), odd.id: odd}
    for module in (clauses, export, tables):
        monkeypatch.setattr(module, "clauses", lambda: known)
    return odd


def test_importing_the_command_costs_click_alone():
    program = (
        "import sys, solusio_contracts.cli.contract\n"
        "print([name for name in ('rich', 'yaml', 'jinja2', 'msgspec', 'markdown_it', 'schemathesis')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [(), ("show",), ("export",), ("diff",)])
def test_help(arguments):
    result = run(*arguments, "--help")
    assert result.exit_code == 0
    assert "Usage: mock-solusio contract" in result.stdout


def test_every_document_has_operations_to_show():
    for name in documents.document_names():
        ids = [found.id for found in documents.operations(name)][:3]
        assert run("show", *ids).exit_code == 0


def test_a_clause_of_conduct_says_who_checks_it():
    assert "Checked by  mock-solusio serve" in invoke("contract", "show", "CL-022").output
    assert "mock-solusio serve" not in invoke("contract", "show", "UM-002").output
