"""Where a mock SolusIO and the billing system under check meet: an address, a URL and a folder."""

import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class MeetingPointError(ValueError):
    """The two cannot meet there; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPoint:
    """Where the mock listens, and where the billing system finds it and the documents for it."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: a free one."""
    solusio_url: str = ""
    """The URL for the billing system; {port} stands for the port. Empty: the URL on this machine."""
    exchange_dir: Path | None = None
    """A folder that the billing system also sees; None: a new one."""

    def __post_init__(self) -> None:
        if self.solusio_url:
            _require_url(self.solusio_url)

    def url_for(self, url: str) -> str:
        """Return the URL for the billing system if the mock listens at `url`."""
        given = (self.solusio_url or url).replace("{port}", url.rpartition(":")[2])
        return given.rstrip("/").removesuffix("/api/v1")

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give the folder for documents.

        Raises:
            MeetingPointError: it cannot be created.
        """
        if self.exchange_dir is None:
            with tempfile.TemporaryDirectory(prefix="mock-solusio-") as folder:
                yield Path(folder)
            return
        try:
            self.exchange_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MeetingPointError(f"cannot create {self.exchange_dir}: {error.strerror}") from error
        yield self.exchange_dir

    def advice(self, url: str) -> str:
        """Return what to do if the billing system never reaches the mock that listens at `url`."""
        told = self.url_for(url)
        given = f" and was given as {told}" if told != url else ""
        steps = [
            f"The billing system never asked the mock SolusIO, which listens at {url}{given}.",
            "Does it use SOLUSIO_URL, {solusio_url} or solusio_url of the request?",
            "In a container, 127.0.0.1 is the container: use --host, --solusio-url and --exchange-dir.",
        ]
        if urllib.request.getproxies():
            steps.append("A proxy is set in the environment: add the mock's host to NO_PROXY.")
        steps.append("Does a firewall allow the connection?")
        return " ".join(steps)


def _require_url(text: str) -> None:
    try:
        parts = urlsplit(text.replace("{port}", "1"))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        good = good and not (parts.query or parts.fragment or parts.username) and text.isprintable()
    except ValueError:
        good = False
    if not good or " " in text:
        raise MeetingPointError(f"expected a URL such as http://host.docker.internal:{{port}}, got {text!r}")
