"""`mock-solusio mcp`, as an editor uses it: the SDK's own client over standard input and output."""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from mock_solusio.invoices.command import invoices
from mock_solusio.mcp_server.access import STEPS, Access, ToolFailureError
from mock_solusio.mcp_server.checks import Checks
from mock_solusio.mcp_server.explanations import explain
from mock_solusio.users.certificate import CERTIFICATE
from mock_solusio.users.command import users
from mock_solusio.users.run import all_items
from solusio_contracts.invoices.numbers import NUMBERS
from solusio_contracts.invoices.verdict import METHOD
from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo

TOKEN = "t0ken-of-the-billing-endpoint"
LIMIT = 300
"""Seconds after which a test gives up."""
ROOT = Path(__file__).parents[3]
BILLING = ROOT / "tests" / "faulty_billing" / "server.py"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


class Session:
    """A session with the server. What a tool returns must have the form that the server has announced."""

    def __init__(self, client: Any, schemas: dict[str, Any]) -> None:
        self._client = client
        self.schemas = schemas

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Return the structured result."""
        result = await self._client.call_tool(tool, arguments)
        assert not result.is_error, result.content[0].text
        jsonschema_rs.validator_for(self.schemas[tool]).validate(result.structured_content)
        found = result.structured_content
        return found["result"] if found.keys() == {"result"} else found

    async def refused(self, tool: str, **arguments: Any) -> str:
        """Return the error."""
        result = await self._client.call_tool(tool, arguments)
        assert result.is_error
        return str(result.content[0].text)


def use(folder: Path, script: Callable[[Session], Awaitable[None]], *options: str) -> None:
    """Run a script in a session with `mock-solusio mcp` in a folder."""
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mock_solusio", "mcp", *options],
        cwd=folder,
        env={"MOCK_SOLUSIO_TOKEN": TOKEN},
    )

    async def session() -> None:
        async with asyncio.timeout(LIMIT), Client(stdio_client(server)) as client:
            tools = (await client.list_tools()).tools
            await script(Session(client, {tool.name: tool.output_schema for tool in tools}))

    asyncio.run(session())


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A billing endpoint that misspells the key of discounts and requires the authorization token."""

    async def misspelling(scope: Any, receive: Any, send: Any) -> None:
        async def changed(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [pair for pair in message["headers"] if pair[0] != b"content-length"]
                message = {**message, "headers": [*headers, (b"connection", b"close")]}
            elif message["type"] == "http.response.body":
                message = {**message, "body": message["body"].replace(b"multipler", b"multiplier")}
            await send(message)

        await app(scope, receive, changed)

    with CustomerStore.in_memory() as store:
        seed_demo(store)
        app = create_app(store, token=TOKEN)
        with running(misspelling) as url:
            yield url


@contextmanager
def billing_system(variant: str) -> Iterator[str]:
    """Give the configuration for a billing system with a planted mistake."""
    with subprocess.Popen(
        [sys.executable, str(BILLING)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            where = f"{process.stdout.readline().strip()}/{variant}"
            yield (
                f'[invoices]\nprepare = "{where}/customers?period={{period}}"\nbill = "{where}/bill"\n'
                f'invoices = "{where}/invoices?period={{period}}"\n'
            )
        finally:
            process.stdin.close()
            process.wait(LIMIT)


def configure(folder: Path, text: str) -> None:
    (folder / "mock-solusio.toml").write_text(text, encoding="utf-8")


# Mocks


def test_a_mock_is_driven_and_ends_with_the_session(tmp_path):
    urls = []

    async def script(session: Session) -> None:
        mock = await session.call("start_mock", clock="2026-01-31T00:00:00Z", seed="7")
        name, users = mock["mock"], f"{mock['url']}/api/v1/users"
        headers = {"Authorization": f"Bearer {mock['access_token']}", "Accept": "application/json"}
        urls.append(users)
        clock = await session.call("advance_clock", mock=name, span="P1M")
        assert (clock["now"], clock["mode"]) == ("2026-02-28T00:00:00.000000Z", "frozen")
        clock = await session.call("advance_clock", mock=name, moment="2026-04-01T00:00:00Z")
        assert clock["now"] == "2026-04-01T00:00:00.000000Z"

        fault = {"status": 503, "operation": "listUsers"}
        ordered = await session.call("order_fault", mock=name, kind="status", fields=fault)
        assert (ordered["left"], ordered["hits"]) == (1, 0)
        async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
            assert (await client.get(users)).status_code == 503
            assert (await client.get(users)).status_code == 200
            # An access token in a URL ends up in logs.
            await client.get(users, params={"access_token": mock["access_token"]})
        assert [one["hits"] for one in await session.call("list_faults", mock=name)] == [1]
        assert await session.call("clear_faults", mock=name) == []

        exchanges = await session.call("read_journal", mock=name, operation="listUsers")
        assert [one["status"] for one in exchanges] == [503, 200, 200]
        assert [one["status"] for one in await session.call("read_journal", mock=name, status="5xx")] == [503]
        assert mock["access_token"] not in json.dumps(exchanges)
        findings = await session.call("read_findings", mock=name)
        assert findings
        assert all(one["clause"].startswith("CL-") and one["exchanges"] for one in findings)
        explained = await session.call("explain", name=findings[0]["clause"])
        assert explained["clauses"][0]["fix"] == findings[0]["fix"]

        other = await session.call("start_mock")
        assert await session.call("stop_mock", mock=other["mock"]) == [name]
        with pytest.raises(httpx.ConnectError):
            httpx.get(other["url"], trust_env=False)

    use(tmp_path, script)
    with pytest.raises(httpx.ConnectError):
        httpx.get(urls[0], trust_env=False)


def test_what_is_wrong_is_named(tmp_path):
    async def script(session: Session) -> None:
        page = (ROOT / "docs" / "assistants.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", " ".join(rows))) == session.schemas.keys()
        assert all(session.schemas.values())
        for tool, arguments, message in [
            ("explain", {"name": "discount-kee"}, "Did you mean: discount-key?"),
            ("list_scenarios", {"kind": "users", "only": ["nothing"]}, "is not a scenario, area or clause"),
            (
                "explain_invoice_difference",
                {"scenario": "resize-mid-mont"},
                "Did you mean: resize-mid-month?",
            ),
            ("check_endpoint", {}, "expected 'url' in the table [check] of"),
            ("check_endpoint", {"url": "http://127.0.0.1:9/"}, "Missing option '--user-id'"),
            ("check_endpoint", {"url": "--list-rules"}, "expected http://HOST/PATH"),
            (
                "check_endpoint",
                {"url": "http://127.0.0.1:9/", "user_ids": [1], "max_seconds": 0},
                "max_seconds: expected 1 to 600, got 0",
            ),
            (
                "check_endpoint",
                {"url": "https://billing.test/"},
                "mcp --allow-host billing.test",
            ),
            ("start_mock", {"billing_url": "http://10.0.0.1/"}, "10.0.0.1 is not this machine"),
            ("start_mock", {"clock": "soon"}, "expected a moment such as 2026-03-01T00:00:00Z, got 'soon'"),
            ("run_scenarios", {"kind": "users"}, "expected 'create' in the table [users] of"),
            ("read_journal", {"mock": "mock-1"}, "there is no mock 'mock-1'; start one with start_mock."),
        ]:
            assert message in await session.refused(tool, **arguments), tool
        name = (await session.call("start_mock"))["mock"]
        for tool, arguments, message in [
            ("order_fault", {"kind": "statuss"}, "Did you mean: status?"),
            ("order_fault", {"kind": "status", "fields": {"kind": "cut"}}, "kind: expected beside fields"),
            ("advance_clock", {"span": "1M"}, "such as PT1H, P1D or P1M, got '1M'"),
            ("advance_clock", {}, "expected either span or moment"),
            ("read_journal", {"status": "abc"}, "status: "),
            ("read_journal", {"limit": 1000}, "limit: expected 1 to 100, got 1000"),
            ("stop_mock", {"mock": "mock-2"}, "there is no mock 'mock-2'; running: mock-1."),
        ]:
            assert message in await session.refused(tool, **{"mock": name, **arguments}), tool
        for _ in range(3):
            await session.call("start_mock")
        assert "4 mocks are running already" in await session.refused("start_mock")

    use(tmp_path, script)


# Checks and scenarios


def test_an_endpoint_is_checked_and_its_failure_explained(tmp_path, endpoint):
    configure(tmp_path, f'[check]\nurl = "{endpoint}"\nuser-id = [1]\n')

    async def script(session: Session) -> None:
        result = await session.call("check_endpoint", only=["fields", "values"])
        assert (result["verdict"], result["counts"]["fail"]) == ("not-conformant", 1)
        (problem,) = [one for one in result["problems"] if one["level"] == "must"][:1]
        assert (problem["rule"], problem["clause"]) == ("discount-key", "TP-041")
        assert "`multiplier` instead" in problem["actual"]
        assert problem["reproduce"].startswith("curl ")
        assert TOKEN not in json.dumps(result)
        explained = await session.call("explain", name=problem["rule"])
        assert (explained["kind"], explained["clauses"][0]["id"]) == ("rule", "TP-041")
        again = await session.call("check_endpoint", url=endpoint, user_ids=[1], only=["answered"])
        assert again["verdict"] == "conformant"

    use(tmp_path, script)


def test_scenarios_run_and_a_difference_is_explained(tmp_path):
    async def script(session: Session) -> None:
        listed = await session.call("list_scenarios", kind="invoices", only=["vendor-7*"])
        assert [one["id"] for one in listed] == ["vendor-700-hours", "vendor-730-hours"]
        result = await session.call("run_scenarios", kind="invoices", only=["vendor-7*"])
        assert result["verdict"] == "not-conformant"
        assert {one["rule"] for one in result["problems"]} == {"vendor-730-hours"}
        explained = await session.call("explain_invoice_difference", scenario="vendor-730-hours")
        assert re.search("without .* cap", " ".join(explained["probable_mistakes"]))
        assert explained["expected"]["invoices"][0]["lines"][0]["tokens"] == 5000

    with billing_system("no-cap") as table:
        configure(tmp_path, table)
        use(tmp_path, script)


def test_every_name_in_a_report_is_explained():
    runs = {METHOD, NUMBERS, "valid-requests"}
    for name in runs.union(one.rule for one in all_items()):
        explained = explain(name)
        assert explained.clauses, name
        assert (explained.scenario is not None) == (explained.kind == "scenario")
    assert explain("tp-041").name == "TP-041"
    certificate = explain(CERTIFICATE.rule).clauses
    assert [one.id for one in certificate] == list(CERTIFICATE.clauses)


# Access


def test_commands_run_only_if_they_are_allowed(tmp_path):
    text = '[invoices]\nbill = "php billing.php"\ninvoices = "http://127.0.0.1:9/"\n'
    configure(tmp_path, text)
    with pytest.raises(ToolFailureError, match=r"names a command \(\[invoices\] bill\).*--allow-commands"):
        Access(tmp_path).require_configured("invoices", needs="bill")
    Access(tmp_path, commands=True).require_configured("invoices", needs="bill")


def test_configured_urls_reach_allowed_hosts_only(tmp_path):
    configure(tmp_path, '[users]\ncreate = "https://billing.test/users"\n')
    with pytest.raises(ToolFailureError, match=r"--allow-host billing\.test"):
        Access(tmp_path, commands=True).require_configured("users", needs="create")
    Access(tmp_path, frozenset({"billing.test"})).require_configured("users", needs="create")


def test_every_step_of_an_adapter_is_known():
    of_commands = {
        option.name.rstrip("_")
        for command in (invoices.commands["check"], users.commands["check"])
        for option in command.params
        if option.metavar == "COMMAND|URL"
    }
    assert of_commands == STEPS


def test_a_command_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("mock_solusio.mcp_server.checks.GRACE", 0)
    configure(
        tmp_path,
        f"[invoices]\nbill = '{sys.executable} -c \"import time; time.sleep(3600)\"'\ninvoices = 'true'\n",
    )
    checks = Checks(Access(tmp_path, commands=True))
    with pytest.raises(ToolFailureError, match="it did not end within 1 s"):
        asyncio.run(checks.run_scenarios("invoices", max_seconds=1))


# The process


def test_a_signal_ends_it():
    with subprocess.Popen(
        [sys.executable, "-m", "mock_solusio", "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "mock-solusio"
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 128 + signal.SIGTERM


def test_on_a_terminal_it_says_what_it_waits_for():
    controller, terminal = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "mock_solusio", "mcp"],
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith(b"Waiting for an editor")
            process.kill()
    finally:
        os.close(controller)
        os.close(terminal)
