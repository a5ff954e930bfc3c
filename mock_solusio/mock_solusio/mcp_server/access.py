"""What the tools may do: send requests to this machine and to named hosts, and run commands if allowed."""

from dataclasses import dataclass
from pathlib import Path

from solusio_contracts.cli.config import DEFAULT_FILE
from solusio_contracts.decoding import DecodingError, parse_toml, read_text
from solusio_contracts.http.url import Origin, is_loopback


class ToolFailureError(Exception):
    """A tool cannot do what it was asked; the text is for the assistant."""


@dataclass(frozen=True, slots=True)
class Access:
    """The folder of the project, and what was allowed on the command line."""

    folder: Path
    hosts: frozenset[str] = frozenset()
    commands: bool = False

    def require_url(self, url: str) -> None:
        """Refuse a URL of a host that is not allowed.

        Raises:
            ToolFailureError: it is not a URL, or its host is neither this machine nor allowed.
        """
        try:
            host = Origin.of(url).host
        except ValueError as error:
            raise ToolFailureError(str(error)) from None
        if not is_loopback(host) and host.lower() not in self.hosts:
            raise ToolFailureError(
                f"{host} is not this machine. To allow it, start the server with: "
                f"mock-solusio mcp --allow-host {host}"
            )

    def require_configured(self, section: str, *, needs: str) -> None:
        """Refuse what a table of the configuration file leads to: hosts, and commands.

        Raises:
            ToolFailureError: there is no such table with the entry that it `needs`, or it names a host or a
                command that is not allowed.
        """
        texts = self._texts(section)
        if needs not in texts:
            raise ToolFailureError(
                f"expected {needs!r} in the table [{section}] of {self.folder / DEFAULT_FILE}: it says where "
                "the billing system is"
            )
        for name, text in texts.items():
            if text.startswith(("http://", "https://")):
                self.require_url(text)
            elif name in STEPS and not self.commands:
                raise ToolFailureError(
                    f"{DEFAULT_FILE} names a command ([{section}] {name}). To let tools run it, start the "
                    "server with: mock-solusio mcp --allow-commands"
                )

    def _texts(self, section: str) -> dict[str, str]:
        file = self.folder / DEFAULT_FILE
        if not file.is_file():
            return {}
        try:
            document = parse_toml(read_text(file), DEFAULT_FILE)
        except DecodingError as error:
            raise ToolFailureError(str(error)) from None
        table = document.get(section)
        if not isinstance(table, dict):
            return {}
        return {name: value for name, value in table.items() if isinstance(value, str)}


STEPS = frozenset(
    (
        *("prepare", "bill", "invoices"),
        *("create", "update", "suspend", "unsuspend", "lock", "unlock", "delete", "login"),
    )
)
"""The options that take a command or a URL; a test keeps them the same as those of the commands."""
