"""Adapters of a billing system: a command or a URL for each step that it takes in a check."""

import re
import shlex
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from solusio_contracts.adapter.command_runner import CommandError, run_command, words_of
from solusio_contracts.adapter.http_caller import CallError, call
from solusio_contracts.http.masking import Mask

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

    def __init__(self, text: str, output: str = "", *, refused: bool = False, ended: bool = True) -> None:
        super().__init__(text)
        self.text = text
        self.output = output
        """The end of its standard error, or the beginning of its response."""
        self.refused = refused
        """Whether it refused in an orderly way: with an exit code from 1 to 127, or a 4xx."""
        self.ended = ended
        """Whether it ended with an exit code or a status; otherwise it crashed, or was stopped."""


class Job(Protocol):
    """What a step is about, and what the billing system needs for it."""

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the placeholders."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that a command gets."""

    def body(self, step: str) -> Any:
        """Return what is posted to the URL of a step, as JSON or bytes; None: the URL gets a GET."""


class Adapter(Protocol):
    """One step of a billing system."""

    def run(self, job: Job) -> bytes:
        """Run the step; return its output or response body.

        Raises:
            UnreachableError: the billing system cannot be started or reached.
            BillingError: the billing system failed.
        """

    def shown(self, job: Job) -> str:
        """Return the command or request, for people."""


@dataclass(frozen=True, slots=True)
class CommandAdapter:
    """A command, run without a shell; its standard output is the result."""

    words: tuple[str, ...]
    timeout: float
    mask: Mask

    def run(self, job: Job) -> bytes:
        """Run the command until it ends. No process is left behind, whatever happens."""
        words = [_filled(word, job.values) for word in self.words]
        try:
            done = run_command(words, job.environment, timeout=self.timeout, largest=LARGEST_OUTPUT)
        except CommandError as error:
            raise UnreachableError(self.mask(f"{shlex.quote(words[0])} cannot be started: {error}")) from None
        name = self.mask(shlex.join(words))
        # By default, PHP writes fatal errors to standard output.
        said = _tail(done.errors, self.mask) or _tail(done.output, self.mask)
        if done.problem:
            raise BillingError(f"`{name}` {done.problem}", said, ended=False)
        if done.code != 0:
            refused = 0 < done.code < 128
            ended = (
                f"was ended by signal {-done.code}" if done.code < 0 else f"ended with exit code {done.code}"
            )
            raise BillingError(f"`{name}` {ended}", said, refused=refused, ended=done.code > 0)
        return done.output

    def shown(self, job: Job) -> str:
        """Return the command with its placeholders replaced."""
        return self.mask(shlex.join(_filled(word, job.values) for word in self.words))


@dataclass(frozen=True, slots=True)
class UrlAdapter:
    """A URL, called over HTTP; any 2xx is a success."""

    step: str
    """The name of the step, which decides what is sent."""
    url: str
    timeout: float
    headers: tuple[tuple[str, str], ...]
    mask: Mask
    follows: bool = False
    """Whether the target of a redirect is a result, too."""

    def run(self, job: Job) -> bytes:
        """Call the URL; return the response body."""
        url = self._filled(job)
        body = job.body(self.step)
        try:
            done = call(url, body, headers=self.headers, timeout=self.timeout, largest=LARGEST_OUTPUT)
        except CallError as error:
            raise UnreachableError(self.mask(f"{url} cannot be reached: {error}")) from None
        request = self.mask(f"{'GET' if body is None else 'POST'} {url}")
        if done.problem:
            raise BillingError(
                f"`{request}` {done.problem}", _tail(done.body, self.mask, head=True), ended=False
            )
        if self.follows and 300 <= done.status < 400 and done.location:
            return urllib.parse.urljoin(url, done.location).encode()
        if not 200 <= done.status < 300:
            where = f" to {done.location}" if done.location else ""
            raise BillingError(
                self.mask(f"`{request}` was answered with status {done.status}{where}"),
                _tail(done.body, self.mask, head=True),
                refused=400 <= done.status < 500,
            )
        return done.body

    def shown(self, job: Job) -> str:
        """Return method and URL with its placeholders replaced."""
        return self.mask(f"{'GET' if job.body(self.step) is None else 'POST'} {self._filled(job)}")

    def _filled(self, job: Job) -> str:
        quoted = {name: urllib.parse.quote(value, safe="") for name, value in job.values.items()}
        return _filled(self.url, quoted)


def adapter_of(
    step: str,
    template: str,
    *,
    placeholders: Sequence[str],
    timeout: float,
    headers: Sequence[tuple[str, str]] = (),
    mask: Mask,
    follows: bool = False,
) -> CommandAdapter | UrlAdapter:
    """Return the adapter for a template: a URL if it begins with http:// or https://, else a command.

    `placeholders` are the names that the template may have in braces. `follows`: the target of a redirect is
    a result, too.

    Raises:
        AdapterError: the template is empty, has an unknown placeholder or an open quote, or is not a URL.
    """
    unknown = [name for name in _PLACEHOLDER.findall(template) if name not in placeholders]
    if unknown:
        known = " ".join(f"{{{name}}}" for name in placeholders)
        raise AdapterError(f"unknown placeholder {{{unknown[0]}}}; known placeholders: {known}")
    if re.match(r"https?://", template, re.IGNORECASE):
        _require_url(template)
        return UrlAdapter(step, template, timeout, tuple(headers), mask, follows)
    try:
        words = words_of(template)
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
