"""The CI jobs that `mock-solusio init` writes: a workflow for GitHub and a job for GitLab."""

import importlib.metadata
import json
import string
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from mock_solusio.starter.languages import FOLDER, Language

WORKFLOW = ".github/workflows/solusio.yml"
GITLAB = ".gitlab-ci.yml"
GITLAB_JOB = f"{FOLDER}/gitlab-ci.yml"
"""The job has a file of its own, so that an existing pipeline can include it."""
INCLUDE = f"include:\n  - local: {GITLAB_JOB}\n"


class _Template(string.Template):
    """Placeholders such as %{serve}: workflows and shells use $ themselves."""

    delimiter = "%"


@dataclass(frozen=True, slots=True)
class Source:
    """Where CI gets mock-solusio from."""

    requirement: str = "git+https://git.example.com/mock-solusio.git@v0.1.0"
    """What pip installs."""
    action: str = "OWNER/mock-solusio@v0.1.0"
    """The action for GitHub."""


PLACEHOLDER = Source()
"""Used if nobody knows a better one; the user has to replace it."""


def files(language: Language, source: Source) -> Iterator[tuple[str, str]]:
    """Yield the path within the project and the text of each file for CI."""
    values = {
        "setup": language.github,
        "serve": language.serve,
        "endpoint": language.endpoint,
        "packages": " ".join(filter(None, (language.gitlab, "curl git openssl"))),
        "action": source.action,
        "requirement": source.requirement,
    }
    folder = resources.files(__package__).joinpath("ci")
    for path, name in ((WORKFLOW, "github.yml"), (GITLAB_JOB, "gitlab.yml")):
        yield path, _Template(folder.joinpath(name).read_text("utf-8")).substitute(values)
    yield GITLAB, INCLUDE


def installed_from() -> Source:
    """Return the Git repository and commit from which mock-solusio was installed, else `PLACEHOLDER`.

    Installers record them (PEP 610). Only a repository on GitHub can be used as an action there.
    """
    try:
        record = importlib.metadata.distribution("mock-solusio").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return PLACEHOLDER
    origin = json.loads(record or "{}")
    vcs = origin.get("vcs_info", {})
    url = urllib.parse.urlsplit(origin.get("url", ""))
    if vcs.get("vcs") != "git" or url.scheme not in ("https", "ssh") or origin.get("subdirectory"):
        return PLACEHOLDER
    # A password in the URL is nobody else's business.
    plain = url._replace(netloc=url.netloc.rpartition("@")[2] if url.scheme == "https" else url.netloc)
    commit = vcs["commit_id"]
    action = PLACEHOLDER.action
    if url.hostname == "github.com":
        action = f"{url.path.strip('/').removesuffix('.git')}@{commit}"
    return Source(f"git+{plain.geturl()}@{commit}", action)
