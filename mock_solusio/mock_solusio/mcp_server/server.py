"""The MCP server: registers the tools, bounds each in time, and stops the mocks at the end."""

import asyncio
import functools
import inspect
import os
import signal
from collections.abc import Callable
from importlib import metadata
from types import FrameType
from typing import Any, Final, NoReturn

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from mock_solusio.domain.errors import DomainError
from mock_solusio.mcp_server import explanations
from mock_solusio.mcp_server.access import Access, ToolFailureError
from mock_solusio.mcp_server.checks import GRACE, MOST_SECONDS, Checks
from mock_solusio.mcp_server.mocks import Mocks

SECONDS: Final = 60.0
"""How long a tool may take that does not run a command."""
CHECK_SECONDS: Final = MOST_SECONDS + 2.0 * GRACE
"""How long one may take that does; its own limit comes first."""

INSTRUCTIONS: Final = (
    "Checks and mocks the custom (postpaid) billing integration of SolusIO / SolusVM 2. To validate a "
    "billing endpoint, use check_endpoint, then explain for each rule that failed. To see how a billing "
    "system behaves towards SolusIO, start_mock, point the system to its url and access_token, then "
    "read_findings and read_journal. run_scenarios checks invoices to the cent, and users."
)

Tool = Callable[..., Any]


def create_server(mocks: Mocks, checks: Checks) -> MCPServer:
    """Return the server with all tools."""
    server = MCPServer(
        "mock-solusio",
        instructions=INSTRUCTIONS,
        version=metadata.version("mock-solusio"),
        log_level="WARNING",
    )
    running: tuple[Tool, ...] = (
        checks.check_endpoint,
        checks.run_scenarios,
        checks.explain_invoice_difference,
    )
    reading: tuple[Tool, ...] = (
        explanations.explain,
        explanations.list_scenarios,
        mocks.list_faults,
        mocks.read_journal,
        mocks.read_findings,
    )
    changing: tuple[Tool, ...] = (
        mocks.start_mock,
        mocks.stop_mock,
        mocks.advance_clock,
        mocks.order_fault,
        mocks.clear_faults,
    )
    for tool in (*running, *reading, *changing):
        server.add_tool(
            _bounded(tool, CHECK_SECONDS if tool in running else SECONDS),
            annotations=ToolAnnotations(read_only_hint=tool in reading, open_world_hint=False),
        )
    return server


def serve(access: Access) -> None:
    """Serve over standard input and output until the client closes them, Ctrl-C or SIGTERM."""
    mocks, checks = Mocks(access), Checks(access)

    def end(number: int, _: FrameType | None) -> NoReturn:
        checks.close()
        # The mocks end with the process. A thread waits for standard input, and would hold up any other exit.
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        create_server(mocks, checks).run()
    finally:
        checks.close()
        mocks.close()


def _bounded(function: Tool, seconds: float) -> Tool:
    """Return a tool that runs a function, in a thread if it is not a coroutine, and explains failures."""

    @functools.wraps(function)
    async def tool(**arguments: Any) -> Any:
        try:
            async with asyncio.timeout(seconds):
                if inspect.iscoroutinefunction(function):
                    return await function(**arguments)
                return await asyncio.to_thread(function, **arguments)
        except TimeoutError:
            raise ToolError(f"{function.__name__} did not finish within {seconds:g} s") from None
        except (ToolFailureError, DomainError, ValueError, OSError) as error:
            raise ToolError(str(error)) from None

    return tool
