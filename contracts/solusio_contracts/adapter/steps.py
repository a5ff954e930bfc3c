"""Adapters of a billing system: a command or a URL for each of the steps prepare, bill and invoices."""

import re
import shlex
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from solusio_contracts.adapter.command_runner import CommandError, run_command
from solusio_contracts.adapter.http_caller import CallError, call
from solusio_contracts.http.masking import Mask

PLACEHOLDERS: Final = ("period", "from", "to", "customers", "solusio_url")
"""The names that a command or URL may have in braces."""
TAIL: Final = 1200
"""Characters that are kept of the end of an output, or of the beginning of a response."""
LARGEST_OUTPUT: Final = 256 * 1024 * 1024
"""Largest output in bytes; 10,000 lines take two million."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class AdapterError(Exception):
    """A command or URL is not valid; the text says why."""


class UnreachableError(Exception):
    """The billing system cannot be started or reached, so nothing can be decided."""


class BillingError(Exception):
    """The billing system ran, and failed."""

    def __init__(self, text: str, output: str = "", *, refused: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.output = output
        """The end of its standard error, or the beginning of its response."""
        self.refused = refused
        """Whether it refused in an orderly way: with an exit code from 1 to 127, or a 4xx."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingJob:
    """A period to bill, and what the billing system needs for it."""

    period: str
    since: str
    until: str
    """RFC 3339; the period is half-open."""
    solusio_url: str
    """Base URL of the mock, without `/api/v1`."""
    access_token: str
    customers: bytes
    """The customers document."""
    customers_file: Path
    """A file with the same document."""

    @property
    def values(self) -> dict[str, str]:
        """The values of the placeholders."""
        values = (self.period, self.since, self.until, str(self.customers_file), self.solusio_url)
        return dict(zip(PLACEHOLDERS, values, strict=True))


class Adapter(Protocol):
    """One step of a billing system."""

    def run(self, job: BillingJob) -> bytes:
        """Run the step; return its output or response body.

        Raises:
            UnreachableError: the billing system cannot be started or reached.
            BillingError: the billing system failed.
        """

    def shown(self, job: BillingJob) -> str:
        """Return the command or request, for people."""


@dataclass(frozen=True, slots=True)
class CommandAdapter:
    """A command, run without a shell; its standard output is the result."""

    words: tuple[str, ...]
    timeout: float
    mask: Mask

    def run(self, job: BillingJob) -> bytes:
        """Run the command until it ends. No process is left behind, whatever happens."""
        words = [_filled(word, job.values) for word in self.words]
        environment = {
            "SOLUSIO_URL": job.solusio_url,
            "SOLUSIO_ACCESS_TOKEN": job.access_token,
            "SOLUSIO_PERIOD": job.period,
            "SOLUSIO_CUSTOMERS": str(job.customers_file),
        }
        try:
            done = run_command(words, environment, timeout=self.timeout, largest=LARGEST_OUTPUT)
        except CommandError as error:
            raise UnreachableError(self.mask(f"{shlex.quote(words[0])} cannot be started: {error}")) from None
        name = self.mask(shlex.join(words))
        # By default, PHP writes fatal errors to standard output.
        said = _tail(done.errors, self.mask) or _tail(done.output, self.mask)
        if done.problem:
            raise BillingError(f"`{name}` {done.problem}", said)
        if done.code != 0:
            refused = 0 < done.code < 128
            ended = (
                f"was ended by signal {-done.code}" if done.code < 0 else f"ended with exit code {done.code}"
            )
            raise BillingError(f"`{name}` {ended}", said, refused=refused)
        return done.output

    def shown(self, job: BillingJob) -> str:
        """Return the command with its placeholders replaced."""
        return self.mask(shlex.join(_filled(word, job.values) for word in self.words))


@dataclass(frozen=True, slots=True)
class UrlAdapter:
    """A URL, called over HTTP; any 2xx is a success."""

    step: str
    """`prepare`, `bill` or `invoices`, which decides what is sent."""
    url: str
    timeout: float
    headers: tuple[tuple[str, str], ...]
    mask: Mask

    def run(self, job: BillingJob) -> bytes:
        """Call the URL; return the response body."""
        url = self._filled(job)
        body: Any = None
        if self.step == "prepare":
            body = job.customers
        elif self.step == "bill":
            body = {
                "period": job.period,
                "from": job.since,
                "to": job.until,
                "solusio_url": job.solusio_url,
                "access_token": job.access_token,
            }
        try:
            done = call(url, body, headers=self.headers, timeout=self.timeout, largest=LARGEST_OUTPUT)
        except CallError as error:
            raise UnreachableError(self.mask(f"{url} cannot be reached: {error}")) from None
        request = self.mask(f"{'GET' if body is None else 'POST'} {url}")
        if done.problem:
            raise BillingError(f"`{request}` {done.problem}", _tail(done.body, self.mask, head=True))
        if not 200 <= done.status < 300:
            where = f" to {done.location}" if done.location else ""
            raise BillingError(
                self.mask(f"`{request}` was answered with status {done.status}{where}"),
                _tail(done.body, self.mask, head=True),
                refused=400 <= done.status < 500,
            )
        return done.body

    def shown(self, job: BillingJob) -> str:
        """Return method and URL with its placeholders replaced."""
        return self.mask(f"{'GET' if self.step == 'invoices' else 'POST'} {self._filled(job)}")

    def _filled(self, job: BillingJob) -> str:
        quoted = {name: urllib.parse.quote(value, safe="") for name, value in job.values.items()}
        return _filled(self.url, quoted)


def adapter_of(
    step: str,
    template: str,
    *,
    timeout: float,
    headers: Sequence[tuple[str, str]] = (),
    mask: Mask,
) -> CommandAdapter | UrlAdapter:
    """Return the adapter for a template: a URL if it begins with http:// or https://, else a command.

    Raises:
        AdapterError: the template is empty, has an unknown placeholder or an open quote, or is not a URL.
    """
    unknown = [name for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS]
    if unknown:
        known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise AdapterError(f"unknown placeholder {{{unknown[0]}}}; known placeholders: {known}")
    if re.match(r"https?://", template, re.IGNORECASE):
        _require_url(template)
        return UrlAdapter(step, template, timeout, tuple(headers), mask)
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise AdapterError(f"not a valid command: {str(error).lower()}") from None
    if not words:
        raise AdapterError("expected a command or an http(s) URL, got nothing")
    return CommandAdapter(tuple(words), timeout, mask)


def hide_password(template: str, mask: Mask) -> None:
    """Let `mask` hide the password in a template that is a URL."""
    if re.match(r"https?://", template, re.IGNORECASE):
        try:
            password = urllib.parse.urlsplit(template).password
        except ValueError:
            return
        if password:
            mask.hide(password, "***")


def _require_url(template: str) -> None:
    try:
        # Host and port cannot have placeholders.
        parts = urllib.parse.urlsplit(template)
        good = bool(parts.hostname) and parts.port != 0 and "{" not in parts.netloc
    except ValueError:
        good = False
    if not good or not template.isprintable() or " " in template:
        raise AdapterError(f"not a valid URL: {template!r}")


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _tail(output: bytes, mask: Mask, *, head: bool = False) -> str:
    """Return the end (or the beginning) of an output as text; bytes that are not UTF-8 become escapes."""
    # More than is shown, so that a secret at the edge is masked whole.
    cut = output[: 4 * TAIL] if head else output[-4 * TAIL :]
    text = mask(cut.decode("utf-8", "backslashreplace")).strip()
    if len(text) <= TAIL:
        return text
    return text[:TAIL] + "…" if head else "…" + text[-TAIL:]
