"""The languages of `mock-solusio init`: how to recognise a project, what is written, and what to run."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

FOLDER = "solusio"
"""Where the programs are written, within the project."""
CONFIGURATION = "mock-solusio.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language: its files are in the folder of its name beside this module."""

    name: str
    title: str
    marks: tuple[str, ...]
    """Names of files that a project in this language has in its folder; * is a wildcard."""
    serve: str
    """The command that starts the endpoint on port 8080, in the folder of the project."""
    needs: str
    """What must be installed to run all programs."""
    github: str
    """The steps of a GitHub workflow that install it, as YAML."""
    gitlab: str
    """The Debian packages that a GitLab job installs."""

    @property
    def endpoint(self) -> str:
        """The path of the endpoint within the project."""
        return self.serve.rpartition(" ")[2]

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the path within the project, with slashes, and the text of each file of this language."""
        folder = resources.files(__package__).joinpath(self.name)
        yield CONFIGURATION, folder.joinpath(CONFIGURATION).read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.is_file() and file.name != CONFIGURATION:
                yield f"{FOLDER}/{file.name}", file.read_text("utf-8")


def _setup(action: str, name: str, version: str) -> str:
    return f'- uses: {action}\n        with:\n          {name}: "{version}"'


LANGUAGES = MappingProxyType(
    {
        language.name: language
        for language in (
            Language(
                name="php",
                title="PHP",
                marks=("composer.json", "*.php"),
                serve="php -d display_errors=0 -S 127.0.0.1:8080 solusio/endpoint.php",
                needs="PHP 8.1 or later with curl and pdo_sqlite",
                github=_setup("shivammathur/setup-php@v2", "php-version", "8.3"),
                gitlab="php-cli php-curl php-sqlite3",
            ),
            Language(
                name="go",
                title="Go",
                marks=("go.mod",),
                serve="go run solusio/endpoint.go",
                needs="Go 1.19 or later",
                github=_setup("actions/setup-go@v5", "go-version", "stable"),
                gitlab="golang-go",
            ),
            Language(
                name="python",
                title="Python",
                marks=("pyproject.toml", "requirements.txt", "setup.py", "manage.py"),
                serve="python3 solusio/endpoint.py",
                needs="Python 3.10 or later",
                github=_setup("actions/setup-python@v5", "python-version", "3.12"),
                gitlab="",
            ),
            Language(
                name="node",
                title="Node",
                marks=("package.json",),
                serve="node solusio/endpoint.mjs",
                needs="Node 20 or later",
                github=_setup("actions/setup-node@v4", "node-version", "22"),
                gitlab="nodejs",
            ),
        )
    }
)
"""By name, in the order in which a folder is examined: projects in any language may have a package.json."""


def recognised(folder: Path) -> tuple[Language, str] | None:
    """Return the language of the project in a folder and the file that shows it; None if no file does."""
    for language in LANGUAGES.values():
        for mark in language.marks:
            found = min(folder.glob(mark), default=None)
            if found is not None:
                return language, found.name
    return None
