"""The measured tools: each gets a running endpoint and returns a verdict."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jsonschema_rs
import yaml

DOCUMENT = Path(__file__).parents[1] / "contracts/solusio_contracts/openapi/billing-endpoint.yaml"
CHECK_SECONDS = 180.0  # limit of a check, which normally ends much earlier
STOPPING = 20.0  # seconds for an interrupted tool to write its report
HELP = """\
[phases.coverage]
# How the endpoint refuses other methods does not matter here (TP-220).
unexpected-methods = []
"""


@dataclasses.dataclass(frozen=True)
class Job:
    """One endpoint to judge, and a folder for the tool."""

    entry: Any
    url: str
    folder: Path
    examples: int
    seconds: float
    seed: int

    @property
    def timeout(self) -> str:
        """Response timeout in seconds: that of the catalogue, or the check's default."""
        pairs = dict(zip(self.entry.args, self.entry.args[1:], strict=False))
        return str(pairs.get("--timeout", "5"))

    @property
    def users(self) -> list[int]:
        """The customers passed to the check."""
        pairs = zip(self.entry.args, self.entry.args[1:], strict=False)
        return [int(value) for option, value in pairs if option == "--user-id"]


@dataclasses.dataclass
class Verdict:
    """A tool's verdict on an endpoint."""

    alarm: bool
    """Whether the tool reports a fault: a hit on a faulty endpoint, a false alarm on a correct one."""
    names: list[str]
    """What it reports: clauses, or kinds of failures."""
    right: bool = False
    """Whether it names the clauses of the planted fault."""
    stopped: bool = False
    """Whether it was interrupted by the time limit."""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the members that are set."""
        return {
            name: value
            for name, value in dataclasses.asdict(self).items()
            if value or name in {"alarm", "names"}
        }


@dataclasses.dataclass(frozen=True)
class Tool:
    """One column of the table."""

    name: str
    title: str
    command: str
    judge: Callable[[Job], Verdict]


def program(name: str) -> str:
    """Return the path of a command installed with this Python."""
    return str(Path(sys.executable).with_name(name))


def finish(command: Sequence[str], job: Job, limit: float) -> tuple[int, bool]:
    """Run a command; after the time limit interrupt it like Ctrl-C, so that it still reports."""
    environment = {name: value for name, value in os.environ.items() if name != "MOCK_SOLUSIO_TOKEN"}
    with subprocess.Popen(
        command, cwd=job.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            return process.wait(limit), False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        try:
            return process.wait(STOPPING), True
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(), True


# This project's check


def check_without_fuzzing(job: Job) -> Verdict:
    """Run only the rules."""
    return check(job, "--no-fuzz")


def check(job: Job, *more: str) -> Verdict:
    """Run `mock-solusio check` with the options of the catalogue."""
    report = job.folder / "report.json"
    command = [program("mock-solusio"), "check", job.url, *job.entry.check_options, "--seed", str(job.seed)]
    command += ["--quiet", "--report", f"json={report}", *more]
    code, stopped = finish(command, job, CHECK_SECONDS)
    if not report.exists():
        return Verdict(code != 0, [f"exit {code}"], stopped=stopped)
    advice = job.entry.level == "should"
    wanted = "should" if advice else "must"
    results = json.loads(report.read_text(encoding="utf-8"))["results"]
    findings = [finding for result in results for finding in result["findings"]]
    names = {finding["clause"] for finding in findings if finding["level"] == wanted}
    any_of = set(job.entry.clauses_any)
    named = bool(names) and set(job.entry.clauses) <= names and (not any_of or bool(names & any_of))
    if advice:  # expected result: only a warning
        return Verdict(code != 0 or bool(names), sorted(names), named and code == 0, stopped)
    return Verdict(code != 0, sorted(names), named and code == 1, stopped)


# schemathesis


def plain(job: Job) -> Verdict:
    """Run schemathesis on the published document."""
    return schemathesis(job, DOCUMENT, job.url.removesuffix("/"))


def helped(job: Job) -> Verdict:
    """Run it on a document that knows this endpoint's address, token and customers."""
    document = job.folder / "helped.yaml"
    document.write_text(yaml.safe_dump(adapted(job), allow_unicode=True), encoding="utf-8")
    (job.folder / "schemathesis.toml").write_text(HELP, encoding="utf-8")
    parts = urlsplit(job.url)
    return schemathesis(job, document, f"{parts.scheme}://{parts.netloc}")


def schemathesis(job: Job, document: Path, base: str) -> Verdict:
    """Run schemathesis with its default checks."""
    report = job.folder / "schemathesis.json"
    command = [program("schemathesis"), "run", str(document), "--url", base, "--seed", str(job.seed)]
    command += ["--max-examples", str(job.examples), "--request-timeout", job.timeout]
    command += ["--report", "json", "--report-json-path", str(report)]
    code, stopped = finish(command, job, job.seconds)
    if not report.exists():
        return Verdict(code != 0 and not stopped, [f"exit {code}"], stopped=stopped)
    found = json.loads(report.read_text(encoding="utf-8"))
    names = {f"{one['title']} ({place})" for one in found["failures"] for place in one["operations"]}
    names |= {str(one["title"]) for one in found["errors"]}
    return Verdict(bool(names), sorted(names), stopped=stopped)


def adapted(job: Job) -> dict[str, Any]:
    """Return the document with address, token and customers of the endpoint as constants and examples."""
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    token, users = job.entry.token, job.users
    question = document["components"]["schemas"]["TokenPricingQuestion"]
    properties = question["properties"]
    properties["userid"] |= {"enum": users, "examples": users[:1]}
    if token:
        properties["token"] |= {"const": token, "examples": [token]}
        question["required"] = ["token", *question["required"]]
    sent = {"token": token} if token else {}
    examples = {
        f"user{user}": {"value": {**sent, "action": "GetTokenPricing", "userid": user}} for user in users
    }
    path = document["paths"].pop("/")
    post = path["post"]
    post["requestBody"]["content"]["application/x-www-form-urlencoded"]["examples"] = examples
    parts = urlsplit(job.url)
    post["parameters"] = [
        {"name": name, "in": "query", "required": True, "schema": {"const": value}}
        for name, value in parse_qsl(parts.query)
    ]
    document["paths"][parts.path] = path
    return document


# One call


def one_call(job: Job) -> Verdict:
    """Send one request for the first customer and check status, type and schema of the response."""
    token = {"token": job.entry.token} if job.entry.token else {}
    form = urlencode({**token, "action": "GetTokenPricing", "userid": job.users[0]})
    parts = urlsplit(job.url)
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection(parts.netloc, timeout=float(job.timeout))
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl(), form, headers)
        answer = connection.getresponse()
        status, kind, body = answer.status, answer.getheader("Content-Type", ""), answer.read()
    except (OSError, http.client.HTTPException) as error:
        return Verdict(True, [type(error).__name__])
    finally:
        connection.close()
    problem = problem_with(status, kind, body)
    return Verdict(problem is not None, [problem] if problem else [])


def problem_with(status: int, kind: str, body: bytes) -> str | None:
    """Return what a single call and a schema validator find wrong with a response."""
    if status != 200:
        return f"status {status}"
    if kind.partition(";")[0].strip() != "application/json":
        return "Content-Type"
    try:
        value = json.loads(body.decode())
    except ValueError as error:
        return type(error).__name__
    components = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["components"]
    schema = {"$ref": "#/components/schemas/TokenPricing", "components": components}
    return None if jsonschema_rs.Draft202012Validator(schema).is_valid(value) else "schema"


TOOLS = (
    Tool(
        "rules",
        "`check --no-fuzz`",
        "mock-solusio check URL --token T --user-id 1 --user-id 2 --user-id 3 --unknown-user-id X --no-fuzz",
        check_without_fuzzing,
    ),
    Tool(
        "check",
        "`check`",
        "mock-solusio check URL --token T --user-id 1 --user-id 2 --user-id 3 --unknown-user-id X",
        check,
    ),
    Tool(
        "plain",
        "`schemathesis run`",
        "schemathesis run billing-endpoint.yaml --url URL --max-examples N --request-timeout S",
        plain,
    ),
    Tool(
        "helped",
        "the same, helped",
        "schemathesis run helped.yaml --url URL --max-examples N --request-timeout S",
        helped,
    ),
    Tool(
        "call", "one valid call", "POST for customer 1, then status, type and schema of the answer", one_call
    ),
)
