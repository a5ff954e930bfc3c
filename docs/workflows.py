"""Writes every GitHub workflow of this project into a folder, to be linted: `nox -s workflows`."""

import re
import sys
from pathlib import Path

from mock_solusio.starter.ci_jobs import PLACEHOLDER, WORKFLOW, files
from mock_solusio.starter.languages import LANGUAGES

PAGE = Path(__file__).with_name("ci.md")


def main(folder: Path) -> None:
    """Write the recipe of docs/ci.md and what `init` writes in each language."""
    folder.mkdir(parents=True, exist_ok=True)
    (recipe,) = re.findall(
        r"<!-- recipe: github -->\n```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (folder / "recipe.yml").write_text(recipe, encoding="utf-8")
    for language in LANGUAGES.values():
        text = dict(files(language, PLACEHOLDER))[WORKFLOW]
        (folder / f"{language.name}.yml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
