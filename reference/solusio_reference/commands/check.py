"""``mock-solusio reference check``, ``check-invoices``, ``check-users``, ``certify``: check it.

Only click, the standard library and sockets are imported here; each command imports the rest when it runs.
"""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import click

from solusio_reference.listening import listen, url_of

UNKNOWN_USER_ID = 999_999
TOKEN_VARIABLE = "MOCK_SOLUSIO_TOKEN"  # noqa: S105 - a name, not a token
JOBS = 4
"""Scenarios that are checked at a time."""
EVENTS = ("create", "update", "suspend", "unsuspend", "lock", "unlock", "delete", "login")
"""What the adapter accepts about a customer."""


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF CHECK]...")
def check(options: tuple[str, ...]) -> None:
    """Start the reference and run `mock-solusio check` on it.

    OPTIONS are passed on to `mock-solusio check`, for example --no-fuzz or --report json=FILE; see its own
    --help. The exit code is that of the check: 0 means conformant.
    """
    token = secrets.token_urlsafe()
    users = ["--user-id", "1", "--user-id", "2", "--unknown-user-id", str(UNKNOWN_USER_ID)]
    with listen("127.0.0.1", 0) as listener:
        code = run_in_process(
            ["check", url_of(listener, "/"), *users, *options],
            {TOKEN_VARIABLE: token},
            _endpoint(listener, token),
        )
    sys.exit(code)


@click.command(
    "check-invoices", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF INVOICES CHECK]...")
def check_invoices(options: tuple[str, ...]) -> None:
    """Start the reference and run `mock-solusio invoices check` on it.

    OPTIONS are passed on to `mock-solusio invoices check`, for example --only rounding; see its own --help.
    The exit code is that of the check: 0 means conformant.
    """
    with listen("127.0.0.1", 0) as listener:
        command = ["invoices", "check", "--jobs", str(JOBS)]
        for step, address in invoice_steps(url_of(listener, "")).items():
            command += [f"--{step}", address]
        code = run_in_process([*command, *options], {}, _adapters(listener, JOBS))
    sys.exit(code)


@click.command(
    "check-users", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF USERS CHECK]...")
def check_users(options: tuple[str, ...]) -> None:
    """Start the reference and run `mock-solusio users check` on it.

    OPTIONS are passed on to `mock-solusio users check`, for example --only login; see its own --help. The
    exit code is that of the check: 0 means conformant.
    """
    with listen("127.0.0.1", 0) as listener:
        url = url_of(listener, "/1/adapter/users")
        # Without --prepare: an event has all that the reference must know of its customer.
        steps = [part for name in EVENTS for part in (f"--{name}", url)]
        command = ["users", "check", *steps, "--jobs", str(JOBS), "--tls", *options]
        code = run_in_process(command, {}, _adapters(listener, 1))
    sys.exit(code)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF CERTIFY]...")
def certify(options: tuple[str, ...]) -> None:
    """Start the reference and run `mock-solusio certify` on it: steps 6, 8, 9 and 10.

    OPTIONS are passed on to `mock-solusio certify`, for example --badge FILE; see its own --help. The exit
    code is that of the run: 0 means conformant.
    """
    token = secrets.token_urlsafe()
    with (
        listen("127.0.0.1", 0) as for_endpoint,
        listen("127.0.0.1", 0) as for_adapters,
        _endpoint(for_endpoint, token) as endpoint,
        _adapters(for_adapters, JOBS) as adapter,
        tempfile.TemporaryDirectory(prefix="solusio-reference-") as folder,
    ):
        file = Path(folder) / "mock-solusio.toml"
        users = "".join(f'{event} = "{adapter}/1/adapter/users"\n' for event in EVENTS)
        invoices = "".join(f'{step} = "{address}"\n' for step, address in invoice_steps(adapter).items())
        file.write_text(
            f'[check]\nurl = "{endpoint}"\nuser-id = [1, 2]\nunknown-user-id = {UNKNOWN_USER_ID}\n'
            f"[users]\njobs = {JOBS}\ntls = true\n{users}"
            f"[invoices]\njobs = {JOBS}\n{invoices}",
            encoding="utf-8",
        )
        code = run_in_process(["certify", "--config", str(file), *options], {TOKEN_VARIABLE: token})
    sys.exit(code)


def invoice_steps(url: str) -> dict[str, str]:
    """Return the URL of each step of `mock-solusio invoices check`; each job has an adapter of its own."""
    return {
        "prepare": f"{url}/{{job}}/adapter/customers?period={{period}}",
        "bill": f"{url}/{{job}}/adapter/bill",
        "invoices": f"{url}/{{job}}/adapter/invoices?period={{period}}",
    }


@contextmanager
def _endpoint(listener: socket.socket, token: str) -> Iterator[str]:
    """Serve the billing endpoint, with the demo customers, on an open socket; give its URL."""
    from solusio_reference.app import create_app
    from solusio_reference.serving import running
    from solusio_reference.storage.customers import CustomerStore, seed_demo

    with CustomerStore.in_memory() as store:
        seed_demo(store)
        with running(create_app(store, token=token), listener=listener) as url:
            yield url


@contextmanager
def _adapters(listener: socket.socket, jobs: int) -> Iterator[str]:
    """Serve an adapter with an empty store for each job, /1, /2 ..., on an open socket; give its URL."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from solusio_reference.serving import running
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.web.adapter import create_adapter
    from solusio_reference.web.services import BillingService

    with ExitStack() as stack:
        stores = [stack.enter_context(CustomerStore.in_memory()) for _ in range(jobs)]
        routes = [
            Mount(f"/{number}", create_adapter(BillingService(store, solusio=None), allow_remote=False))
            for number, store in enumerate(stores, 1)
        ]
        yield stack.enter_context(running(Starlette(routes=routes), "", listener=listener))


def run_in_process(
    arguments: list[str],
    variables: Mapping[str, str],
    server: AbstractContextManager[object] | None = None,
) -> int:
    """Run `mock-solusio` in another process, and return its exit code as shells report it.

    So the check meets the reference over HTTP only, as it meets any other billing system. ``server`` starts
    while that process does; its socket is open before, so that the first request waits for it.
    """
    command = [sys.executable, "-m", "mock_solusio", *arguments]
    try:
        with subprocess.Popen(command, env={**os.environ, **variables}) as process:  # noqa: S603 - our own command
            try:
                with server or nullcontext():
                    code = process.wait()
            except BaseException:
                process.terminate()
                raise
    except KeyboardInterrupt:
        return 130  # what shells report after Ctrl-C
    return code if code >= 0 else 128 - code  # a negative code is the signal that ended the process
