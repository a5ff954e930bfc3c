"""Real web servers before a real PHP endpoint, each in the foreground on a free port of 127.0.0.1.

The configurations beside this module are as an administrator writes them, except that `@name@` stands for
what changes from test to test.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from solusio_contracts.checking import interference
from solusio_contracts.http.masking import TOKEN_VARIABLE
from solusio_contracts.reporting import sections
from solusio_contracts.reporting.advice import advise, clause_texts
from solusio_contracts.reporting.report import Report
from support.commands import invoke
from support.listening import listening
from support.ports import reserved_port
from support.programs import missing, need

HERE = Path(__file__).parent
TOKEN = "kZ7-qf3XwT9b"
PAGE = "/solusio/index.php"
"""Where the endpoint is below the document root."""

Run = Callable[..., AbstractContextManager[str]]
"""Runs a server with what its configuration lacks; gives the URL of the endpoint behind it."""


def beside_path(program: str) -> str:
    """Return the path of a program; Debian keeps those for administrators out of a user's PATH."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or need(program)


def installed(file: str) -> Path:
    """Return a file of a Debian package; without it, skip the test or fail it."""
    return Path(file) if Path(file).exists() else missing(f"{file} is not installed")


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Return a folder that every user may enter: Apache never stays root, and pytest's are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture(scope="session")
def site(folder: Path) -> Path:
    """Return the document root with the endpoint of the documentation, which is slow as `slow.php`."""
    page = folder / "site" / PAGE.lstrip("/")
    page.parent.mkdir(parents=True)
    shutil.copy(HERE.parents[1] / "mock_solusio/mock_solusio/starter/php/endpoint.php", page)
    page.with_name("slow.php").write_text("<?php usleep(100_000); require 'index.php';", encoding="utf-8")
    return folder / "site"


def filled(template: str, values: dict[str, object]) -> str:
    """Replace each `@name@`; one without a value leaves nothing."""
    return re.sub(r"@(\w+)@", lambda found: str(values.get(found[1], "")), template)


@contextmanager
def running(folder: Path, name: str, command: Sequence[str], **given: object) -> Iterator[int]:
    """Run a server with `{name}.conf`, which replaces `@file@` in the command; yield its port."""
    template = (HERE / f"{name}.conf").read_text(encoding="utf-8")
    program, *arguments = command
    program = beside_path(program)
    with tempfile.TemporaryDirectory(dir=folder) as own, reserved_port() as port:
        Path(own).chmod(0o777)  # as above
        file = Path(own) / f"{name}.conf"
        file.write_text(filled(template, {**given, "port": port, "folder": own}), encoding="utf-8")
        words = [program, *(word.replace("@file@", str(file)) for word in arguments)]
        # Caddy keeps its state below HOME.
        with listening(words, port, name=name, env={**os.environ, "HOME": own, "XDG_DATA_HOME": own}):
            yield port


@pytest.fixture(scope="session")
def php(folder: Path) -> Iterator[int]:
    """Return the port of php-fpm."""
    command = (php_fpm(), "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", "@file@")
    with running(folder, "php-fpm", command, token=TOKEN) as port:
        yield port


def php_fpm() -> str:
    """Return the path of php-fpm, whose name carries its version on Debian."""
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    return str(found[-1]) if found else need("php-fpm")


@pytest.fixture(scope="session")
def nginx(folder: Path, site: Path, php: int) -> Run:
    """Return what runs nginx before php-fpm; the slots are `http`, `server`, `location` and `listen`."""
    installed("/etc/nginx/fastcgi.conf")

    @contextmanager
    def run(**given: object) -> Iterator[str]:
        user = "user root;" if os.geteuid() == 0 else ""
        command = ("nginx", "-c", "@file@")
        with running(folder, "nginx", command, **{"site": site, "php": php, "user": user, **given}) as port:
            yield f"http://127.0.0.1:{port}{PAGE}"

    return run


@pytest.fixture(scope="session")
def backend(nginx: Run) -> Iterator[str]:
    """Return the URL of nginx before php-fpm, for other servers to stand before it."""
    with nginx() as url:
        yield url


@pytest.fixture(scope="session")
def apache(folder: Path, site: Path, php: int) -> Run:
    """Return what runs Apache before php-fpm; the slots are `load` and `more`."""
    modules = installed("/usr/lib/apache2/modules")

    @contextmanager
    def run(*load: str, **given: object) -> Iterator[str]:
        needed = [(name, installed(f"{modules}/mod_{name}.so")) for name in load]
        lines = "\n".join(f"LoadModule {name}_module {file}" for name, file in needed)
        values = {"site": site, "php": php, "modules": modules, "load": lines, **given}
        with running(folder, "apache", ("apache2", "-D", "FOREGROUND", "-f", "@file@"), **values) as port:
            yield f"http://127.0.0.1:{port}{PAGE}"

    return run


@pytest.fixture(scope="session")
def firewall(apache: Run, folder: Path) -> Run:
    """Return what runs Apache with ModSecurity, as Debian recommends, and the core rule set."""
    settings = installed("/etc/modsecurity/modsecurity.conf-recommended")
    core_rules = installed("/usr/share/modsecurity-crs/owasp-crs.load")
    text = settings.read_text(encoding="utf-8")
    # The log would need the rights of root, and a relative path is one beside the file.
    text = re.sub(r"(?m)^SecAuditLog .*", f"SecAuditLog {folder}/audit.log", text)
    text = re.sub(r"(?m)^SecUnicodeMapFile ", f"SecUnicodeMapFile {settings.parent}/", text)
    (folder / "modsecurity.conf").write_text(text.replace("DetectionOnly", "On"), encoding="utf-8")

    def run(more: str = "") -> AbstractContextManager[str]:
        lines = [f"Include {folder}/modsecurity.conf", more, f"Include {core_rules}"]
        return apache("unique_id", "security2", more="\n".join(lines))

    return run


@pytest.fixture(scope="session")
def caddy(folder: Path, backend: str) -> Run:
    """Return what runs Caddy as a reverse proxy; the slots are `scheme` and `more`."""
    return before(folder, backend, "caddy", ("caddy", "run", "--adapter", "caddyfile", "--config", "@file@"))


@pytest.fixture(scope="session")
def haproxy(folder: Path, backend: str) -> Run:
    """Return what runs HAProxy; the slots are `bind`, `frontend`, `backend_options` and `server_options`."""
    return before(folder, backend, "haproxy", ("haproxy", "-db", "-f", "@file@"))


def before(folder: Path, backend: str, name: str, command: Sequence[str]) -> Run:
    @contextmanager
    def run(**given: object) -> Iterator[str]:
        values = {"backend": urlsplit(backend).port, "scheme": "http", **given}
        with running(folder, name, command, **values) as port:
            yield f"http://127.0.0.1:{port}{PAGE}"

    return run


@dataclass(frozen=True)
class Judged:
    """What a check said."""

    exit: int
    output: str
    report: Report

    @property
    def first(self) -> "FirstFinding":
        """What the reader mends first."""
        report = self.report
        groups = [*sections.obstacles(report), *sections.failures(report), *sections.warnings(report)]
        assert groups, self.output
        group = groups[0]
        fix = group.cause.fix if group.cause else ""
        advice = advise(group.results[0].findings, clause_texts(report), fix)
        return FirstFinding(
            group.title,
            " ".join(finding.actual for one in advice for finding in one.findings),
            " ".join(text for one in advice for text in one.fixes),
        )


@dataclass(frozen=True)
class FirstFinding:
    """The finding that a report shows first."""

    title: str
    actual: str
    advice: str
    """All that it says to change."""


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here recovers, so that waiting for it proves nothing."""
    monkeypatch.setattr(interference, "BACKOFF", tuple(0.01 for _ in interference.BACKOFF))


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Judged]:
    """Return what checks an endpoint as its author does, without generated data."""
    monkeypatch.chdir(tmp_path)

    def run(url: str, *options: object) -> Judged:
        file = tmp_path / "report.json"
        plain = ("--user-id", 1, "--user-id", 2, "--seed", 1, "--no-fuzz", "--report", f"json={file}")
        found = invoke("check", url, *plain, *options, env={TOKEN_VARIABLE: TOKEN})
        text = found.output
        return Judged(
            found.exit_code, text, msgspec.json.decode(file.read_bytes(), type=Report, strict=False)
        )

    return run
