"""What the commands share that check a billing system through its adapter.

Only click and the standard library are imported here; the functions import the rest when they are called.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from solusio_contracts.cli.types import Header, Seconds, UserId

if TYPE_CHECKING:
    from mock_solusio.meeting_point import MeetingPoint
    from mock_solusio.timed_adapter import TimedAdapter
    from solusio_contracts.adapter.steps import CommandAdapter
    from solusio_contracts.http.masking import Mask

ACCESS_TOKEN = "SOLUSIO_ACCESS_TOKEN"  # noqa: S105 - the name of a variable

DEFAULT_HOST = "127.0.0.1"

F = TypeVar("F", bound=Callable[..., Any])


def run_options(command: F) -> F:
    """Add the options about which scenarios run, against which mock, and how long it may take."""
    options = (
        click.option(
            "--only",
            multiple=True,
            metavar="SELECTOR",
            help="Only these scenarios, areas or clauses; * and ? match.",
        ),
        click.option(
            "--skip", multiple=True, metavar="SELECTOR", help="Skip these scenarios, areas or clauses."
        ),
        click.option(
            "--first-customer-id",
            type=UserId(1, 9_000_000_000_000_000),
            default=700_001,
            show_default=True,
            metavar="N",
            help="The billing_user_id of the first customer; the others follow. A new one avoids what an "
            "earlier run left.",
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=0,
            metavar="PORT",
            help="Port on which the mock SolusIO listens.  [default: a free one]",
        ),
        click.option(
            "--host",
            default=DEFAULT_HOST,
            show_default=True,
            metavar="ADDRESS",
            help="Address on which the mock SolusIO listens, such as 0.0.0.0 for a billing system in a "
            "container.",
        ),
        click.option(
            "--solusio-url",
            metavar="URL",
            help="URL by which the billing system reaches the mock, such as "
            "http://host.docker.internal:{port}.  [default: that of this machine]",
        ),
        click.option(
            "--exchange-dir",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="FOLDER",
            help="Folder for the file {customers}, which the billing system also sees; a relative one stays "
            "relative.  [default: a temporary one]",
        ),
        click.option(
            "--access-token",
            envvar=ACCESS_TOKEN,
            show_envvar=True,
            metavar="T",
            help="Access token of the administrator of the mock SolusIO.  [default: a new one]",
        ),
        click.option(
            "--timeout",
            type=Seconds(0.1, 3600),
            default=60.0,
            show_default=True,
            metavar="S",
            help="Seconds after which a command or call is ended.",
        ),
        click.option(
            "--max-seconds",
            type=Seconds(1),
            default=None,
            metavar="S",
            help="Stop after so many seconds; scenarios that have not run are undecided.  "
            "[default: no limit]",
        ),
        click.option(
            "--header",
            "headers",
            type=Header(),
            multiple=True,
            help="Send this header to the URLs too. Reports mask its value.",
        ),
    )
    # click lists options in the order of the decorators from top to bottom, and applies them upwards.
    for option in reversed(options):
        command = option(command)
    return command


def jobs_option(text: str) -> Callable[[F], F]:
    """Add `--jobs`; `text` completes its help."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 16),
        default=1,
        show_default=True,
        metavar="N",
        help="Scenarios that are played at a time, each on a mock SolusIO of its own with another URL"
        f"{text}.",
    )


def jobs_of(options: Mapping[str, Any]) -> int:
    """Return how many scenarios are played at a time.

    Raises:
        click.UsageError: several mocks cannot have the one port of --port.
    """
    if options["jobs"] > 1 and options["port"]:
        raise click.UsageError("--port is for one mock SolusIO; use it without --jobs")
    return int(options["jobs"])


@dataclass(frozen=True, slots=True)
class AdapterSteps:
    """The steps that an adapter offers, by name."""

    steps: "Mapping[str, TimedAdapter]"
    mask: "Mask"
    """Hides the secrets of the run."""
    alone: Callable[[str], str]
    """Returns the command line that runs a single scenario; of an empty name, that of the run."""


def adapter_steps(
    templates: Mapping[str, str | None],
    options: Mapping[str, Any],
    access_token: str,
    *,
    command: Sequence[str],
    placeholders: Mapping[str, Sequence[str]] | Sequence[str],
    follows: Sequence[str] = (),
) -> AdapterSteps:
    """Return the steps for the templates that are given; `options` are those of `run_options`.

    `placeholders` are the same for all steps, or given for each. A redirect is a result of the steps in
    `follows`.

    Raises:
        click.UsageError: a template is not valid, or --header has no URL that it is for.
    """
    from mock_solusio.timed_adapter import TimedAdapter
    from solusio_contracts.adapter.steps import AdapterError, UrlAdapter, adapter_of, hide_password
    from solusio_contracts.checking.pace import Pace
    from solusio_contracts.http.masking import Mask

    mask = Mask()
    pace = Pace(seconds=options["max_seconds"])
    mask.hide(access_token, f"${{{ACCESS_TOKEN}}}")
    for _, value in options["headers"]:
        mask.hide(value, "***")
    steps: dict[str, CommandAdapter | UrlAdapter] = {}
    for name, template in templates.items():
        if template is None:
            continue
        hide_password(template, mask)
        try:
            steps[name] = adapter_of(
                name,
                template,
                placeholders=placeholders[name] if isinstance(placeholders, Mapping) else placeholders,
                timeout=options["timeout"],
                headers=options["headers"],
                mask=mask,
                follows=name in follows,
            )
        except AdapterError as error:
            raise click.BadParameter(str(error), param_hint=f"--{name}") from error
    if options["headers"] and not any(isinstance(step, UrlAdapter) for step in steps.values()):
        raise click.UsageError("--header is for URLs, and there are only commands")
    words = ["mock-solusio", *command]
    for name, template in templates.items():
        if template is not None:
            words += [f"--{name}", mask(template)]
    for name in ("host", "solusio_url", "exchange_dir"):
        if options[name] is not None and (name, options[name]) != ("host", DEFAULT_HOST):
            words += [f"--{name.replace('_', '-')}", str(options[name])]
    for name, _ in options["headers"]:
        words += ["--header", f"{name}: ***"]

    def alone(scenario: str) -> str:
        return shlex.join([*words, "--only", scenario] if scenario else words)

    return AdapterSteps({name: TimedAdapter(step, pace) for name, step in steps.items()}, mask, alone)


def meeting_point(options: Mapping[str, Any]) -> "MeetingPoint":
    """Return where mock and billing system meet, by the options of `run_options`.

    Raises:
        click.BadParameter: --solusio-url is not a URL.
    """
    from mock_solusio.meeting_point import MeetingPoint, MeetingPointError

    try:
        return MeetingPoint(
            host=options["host"],
            port=options["port"],
            solusio_url=options["solusio_url"] or "",
            exchange_dir=options["exchange_dir"],
        )
    except MeetingPointError as error:
        raise click.BadParameter(str(error), param_hint="--solusio-url") from error


def access_token_of(given: str | None) -> str:
    """Return the access token of the mock: the given one, or a new one.

    Raises:
        click.BadParameter: it cannot be sent in a header.
    """
    import re
    import secrets

    if given is None:
        return secrets.token_urlsafe(30)
    if not re.fullmatch("[!-~]+", given):
        # Not repeated: it is a secret.
        raise click.BadParameter(
            "expected ASCII letters, digits and signs, without spaces", param_hint="--access-token"
        )
    return given
