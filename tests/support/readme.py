"""The commands of the documents, and a fresh copy of this project to paste them into."""

import re
import shutil
import subprocess
from pathlib import Path


def marked(text: str, marker: str) -> str:
    """Return the block of shell commands below a comment such as `<!-- main -->`."""
    (found,) = re.findall(rf"<!-- {marker} -->\n```sh\n(.*?)\n```\n", text, re.DOTALL)
    return str(found)


def first_block(text: str) -> str:
    """Return the first block of shell commands of a page."""
    found = re.search(r"^```sh\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def fresh_copy(root: Path, copy: Path) -> Path:
    """Copy the files under version control, including uncommitted changes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)
    return copy
