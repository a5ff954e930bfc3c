"""How a billing system is told to bill: a command, or a URL, for each of three steps."""

import re
import shlex
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from solusio_contracts.http.masking import Mask

PLACEHOLDERS: Final = ("period", "from", "to", "customers", "solusio_url")
"""What may stand in braces in a command or URL."""
TAIL: Final = 1200
"""Characters of the end of an error output, or of the beginning of an answer, that are kept to be shown."""
LARGEST_OUTPUT: Final = 256 * 1024 * 1024
"""Bytes that the invoices of a period may have; 10,000 lines take two million."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class AdapterError(Exception):
    """A command or URL cannot be used as it is written; the text says why."""


class UnreachableError(Exception):
    """The billing system cannot be started or reached at all, so nothing can be decided."""


class BillingError(Exception):
    """The billing system was asked, and failed."""

    def __init__(self, text: str, output: str = "", *, refused: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.output = output
        """The end of what it said: of its standard error, or its answer."""
        self.refused = refused
        """It came to an orderly end and said no: an exit code below 128 but 255, or a 4xx."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the billing system is asked to do."""

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
    """Where it lies as well."""

    @property
    def values(self) -> dict[str, str]:
        """What the placeholders stand for."""
        values = (self.period, self.since, self.until, str(self.customers_file), self.solusio_url)
        return dict(zip(PLACEHOLDERS, values, strict=True))


class Step(Protocol):
    """One of the three things that a billing system is told to do."""

    def run(self, order: Order) -> bytes:
        """Do it and return what it printed or answered.

        Raises:
            UnreachableError: it cannot be started or reached.
            BillingError: it failed.
        """

    def shown(self, order: Order) -> str:
        """Return what is done, for people."""


@dataclass(frozen=True, slots=True)
class CommandAdapter:
    """A command, run without a shell. What it prints on standard output is its answer."""

    words: tuple[str, ...]
    timeout: float
    mask: Mask

    def run(self, order: Order) -> bytes:
        """Run it to its end; nothing of it is left behind, whatever happens."""
        # Imported where it is used: subprocesses are of no use to who only reads a contract.
        from solusio_contracts.invoices.command_runner import ProcessError, run_process

        words = [_filled(word, order.values) for word in self.words]
        environment = {
            "SOLUSIO_URL": order.solusio_url,
            "SOLUSIO_ACCESS_TOKEN": order.access_token,
            "SOLUSIO_PERIOD": order.period,
            "SOLUSIO_CUSTOMERS": str(order.customers_file),
        }
        try:
            done = run_process(words, environment, timeout=self.timeout, largest=LARGEST_OUTPUT)
        except ProcessError as error:
            raise UnreachableError(self.mask(f"{shlex.quote(words[0])} cannot be started: {error}")) from None
        name = self.mask(shlex.join(words))
        # What PHP dies of stands on standard output unless it was told otherwise.
        said = _tail(done.errors, self.mask) or _tail(done.output, self.mask)
        if done.trouble:
            raise BillingError(f"`{name}` {done.trouble}", said)
        if done.code != 0:
            refused = 0 < done.code < 128
            ended = (
                f"was ended by signal {-done.code}" if done.code < 0 else f"ended with exit code {done.code}"
            )
            raise BillingError(f"`{name}` {ended}", said, refused=refused)
        return done.output

    def shown(self, order: Order) -> str:
        """Return the command with its placeholders filled."""
        return self.mask(shlex.join(_filled(word, order.values) for word in self.words))


@dataclass(frozen=True, slots=True)
class UrlAdapter:
    """A URL, called over HTTP. Any 2xx is a success."""

    step: str
    """`prepare`, `bill` or `invoices`: what is sent depends on it."""
    url: str
    timeout: float
    headers: tuple[tuple[str, str], ...]
    mask: Mask

    def run(self, order: Order) -> bytes:
        """Call it and return the body."""
        from solusio_contracts.invoices.http_caller import CallError, call

        url = self._filled(order)
        body: Any = None
        if self.step == "prepare":
            body = order.customers
        elif self.step == "bill":
            body = {
                "period": order.period,
                "from": order.since,
                "to": order.until,
                "solusio_url": order.solusio_url,
                "access_token": order.access_token,
            }
        try:
            answer = call(url, body, headers=self.headers, timeout=self.timeout, largest=LARGEST_OUTPUT)
        except CallError as error:
            raise UnreachableError(self.mask(f"{url} cannot be reached: {error}")) from None
        asked = self.mask(f"{'GET' if body is None else 'POST'} {url}")
        if answer.trouble:
            raise BillingError(f"`{asked}` {answer.trouble}", _tail(answer.body, self.mask, head=True))
        if not 200 <= answer.status < 300:
            where = f" to {answer.location}" if answer.location else ""
            raise BillingError(
                self.mask(f"`{asked}` was answered with status {answer.status}{where}"),
                _tail(answer.body, self.mask, head=True),
                refused=400 <= answer.status < 500,
            )
        return answer.body

    def shown(self, order: Order) -> str:
        """Return method and URL with its placeholders filled."""
        return self.mask(f"{'GET' if self.step == 'invoices' else 'POST'} {self._filled(order)}")

    def _filled(self, order: Order) -> str:
        quoted = {name: urllib.parse.quote(value, safe="") for name, value in order.values.items()}
        return _filled(self.url, quoted)


def adapter_of(
    step: str,
    template: str,
    *,
    timeout: float,
    headers: Sequence[tuple[str, str]] = (),
    mask: Mask,
) -> CommandAdapter | UrlAdapter:
    """Return what a template stands for: a URL if it begins with http:// or https://, else a command.

    Raises:
        AdapterError: it is empty, has a placeholder that does not exist, an open quote, or is no URL.
    """
    unknown = [name for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS]
    if unknown:
        known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise AdapterError(f"there is no placeholder {{{unknown[0]}}}; there are {known}")
    if re.match(r"https?://", template, re.IGNORECASE):
        _require_url(template)
        return UrlAdapter(step, template, timeout, tuple(headers), mask)
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise AdapterError(f"no command: {str(error).lower()}") from None
    if not words:
        raise AdapterError("expected a command or an http(s) URL, got nothing")
    return CommandAdapter(tuple(words), timeout, mask)


def without_password(template: str, mask: Mask) -> str:
    """Return a template as it may be shown: a password in its URL is hidden from now on."""
    if re.match(r"https?://", template, re.IGNORECASE):
        try:
            password = urllib.parse.urlsplit(template).password
        except ValueError:
            return template
        if password:
            mask.hide(password, "***")
    return mask(template)


def _require_url(template: str) -> None:
    try:
        # A placeholder is no part of a host or port.
        parts = urllib.parse.urlsplit(template)
        good = bool(parts.hostname) and parts.port != 0 and "{" not in parts.netloc
    except ValueError:
        good = False
    if not good or not template.isprintable() or " " in template:
        raise AdapterError(f"no URL: {template!r}")


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _tail(output: bytes, mask: Mask, *, head: bool = False) -> str:
    """Return the end (or the beginning) of an output as text; what is no UTF-8 shows as escapes."""
    # More than is shown, so that a secret on the edge is masked whole.
    cut = output[: 4 * TAIL] if head else output[-4 * TAIL :]
    text = mask(cut.decode("utf-8", "backslashreplace")).strip()
    if len(text) <= TAIL:
        return text
    return text[:TAIL] + "…" if head else "…" + text[-TAIL:]
