"""The billing system of the demo: the reference, in its own process, reached over HTTP alone."""

import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final, Self

from mock_solusio.demo.story import PATH

PATIENCE: Final = 60.0
"""Seconds that the process may take to start, or to answer a request."""

_LOOK_EVERY = 0.01
_LAST_LINES = 40
_GRACE = 10.0


class BillingSystemError(Exception):
    """The billing system failed; the message says how, for people."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class BillingSystem:
    """The process. It always ends with this one, since its standard input closes then."""

    def __init__(self, *, port: int, solusio_url: str, access_token: str, authorization_token: str) -> None:
        """Start it; `url` waits until it answers.

        Raises:
            BillingSystemError: it cannot be started.
        """
        self._folder = TemporaryDirectory(prefix="mock-solusio-demo-")
        self._file = Path(self._folder.name) / "url"
        command = [sys.executable, "-m", "mock_solusio", "reference", "serve", "--port", str(port)]
        command += ["--solusio-url", solusio_url, "--no-seed-demo", "--until-stdin-closes"]
        command += ["--url-file", str(self._file), "--log-requests"]
        command += ["--tour-url", f"{solusio_url}{PATH}"]
        secrets = {
            "SOLUSIO_ACCESS_TOKEN": access_token,
            "MOCK_SOLUSIO_TOKEN": authorization_token,
        }
        self._log: tuple[float, Callable[[str], None]] | None = None
        self._printed: deque[str] = deque(maxlen=_LAST_LINES)
        self._answers = False
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                env={**os.environ, **secrets},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # Ctrl-C in a terminal reaches all processes of a group, but this one is stopped by `close`.
                start_new_session=True,
            )
        except OSError as error:
            self._folder.cleanup()
            raise BillingSystemError(f"The billing system cannot be started: {error.strerror}.") from error
        self.ended = Event()
        """Set once the process has ended."""
        self._listening = Thread(target=self._listen, name="billing system", daemon=True)
        self._listening.start()

    def url(self) -> str:
        """Return the URL of its billing endpoint, once it answers there.

        Raises:
            BillingSystemError: it ends, or takes too long to start.
        """
        waited = 0.0
        while not self._file.exists():
            if self.ended.wait(_LOOK_EVERY):
                raise self.why_it_ended()
            waited += _LOOK_EVERY
            if waited > PATIENCE:
                raise BillingSystemError(f"The billing system did not start within {PATIENCE:.0f} seconds.")
        found = self._file.read_text(encoding="utf-8").strip()
        self._answers = True
        # Now, not at the end: this process may be killed before.
        self._folder.cleanup()
        return found

    def log_from_now(self, write: Callable[[str], None]) -> None:
        """Give `write` a line of JSON for each request that begins from now on, once it is answered."""
        self._log = time.time(), write

    def why_it_ended(self) -> BillingSystemError:
        """Return why it ended, from the last lines it printed."""
        self._listening.join()
        code = self.process.wait()
        printed = "\n".join(["", *self._printed])
        # A usage error also prints the usage of a command that nobody typed; only the error matters here.
        reason = printed.rpartition("\nError: ")[2].strip() or "it printed nothing"
        return BillingSystemError(f"The billing system ended with exit code {code}: {reason}", exit_code=code)

    def close(self) -> None:
        """Stop it, and leave nothing behind."""
        assert self.process.stdin is not None  # noqa: S101 - it was started with a pipe
        self.process.stdin.close()
        try:
            self.process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listening.join()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self.process.stderr is not None  # noqa: S101 - it was started with a pipe
        with self.process.stderr as lines:
            for line in lines:
                text = line.decode("utf-8", "replace")
                if text.startswith('{"time":'):
                    self._log_request(text)
                    continue
                self._printed.append(text.rstrip())
                if self._answers:
                    # Before that, `why_it_ended` shows it.
                    sys.stderr.write(text)
        self.process.wait()
        self.ended.set()

    def _log_request(self, line: str) -> None:
        # A line is read some time after its answer: the moment of reading does not tell what it belongs to.
        if self._log is not None:
            since, write = self._log
            if json.loads(line)["began"] > since:
                write(line)
