"""`preflight` as people run it, and what its report says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from support.commands import invoke


@dataclass(frozen=True)
class Run:
    """A run of the command."""

    exit_code: int
    output: str
    report: dict[str, Any]

    def outcome(self, name: str) -> str:
        (found,) = [one["outcome"] for one in self.report["results"] if one["rule"] == name]
        return found

    @property
    def found(self) -> dict[str, list[str]]:
        """What each judgement found, by name; those without findings are left out."""
        return {
            one["rule"]: [f"{each['subject']}: {each['actual']}" for each in one["findings"]]
            for one in self.report["results"]
            if one["findings"]
        }

    @property
    def undecided(self) -> dict[str, str]:
        return {one["rule"]: one["reason"] for one in self.report["results"] if one["outcome"] == "error"}

    @property
    def facts(self) -> dict[str, str]:
        return {one["name"]: one["text"] for one in self.report["facts"]}


Preflight = Callable[..., Run]


@pytest.fixture
def preflight(tmp_path, monkeypatch) -> Preflight:
    """Run the command with an access token, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(url: str, token: str, *words: object) -> Run:
        env: dict[str, str | None] = {"SOLUSIO_ACCESS_TOKEN": token}
        file = tmp_path / "report.json"
        done = invoke("preflight", url, "--report", f"json={file}", *words, env=env)
        return Run(done.exit_code, done.output, json.loads(file.read_text()) if file.exists() else {})

    return run
