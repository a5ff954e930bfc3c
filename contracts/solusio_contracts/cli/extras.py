"""Extras: packages that only one command needs, and that a plain installation leaves out."""

import importlib.util
from typing import Final

import click

PACKAGES: Final = {
    "fuzz": ("hypothesis", "schemathesis"),
    "mcp": ("mcp",),
    "plots": ("matplotlib",),
}
"""What each extra installs, by the names that are imported."""


def require_extra(name: str, purpose: str, otherwise: str = "") -> None:
    """Refuse to start what needs an extra that is not installed; it imports nothing.

    `purpose` is what needs it, and `otherwise` a sentence that says how to do without it.

    Raises:
        click.UsageError: it is missing; the message has the commands that install it.
    """
    if all(importlib.util.find_spec(package) for package in PACKAGES[name]):
        return
    source = f'".[{name}]"'
    message = (
        f"{purpose} needs the extra `{name}`, which is not installed. Add it in a clone of mock-solusio with "
        f"pip install {source} (or uv tool install {source}, pipx install --force {source})."
    )
    raise click.UsageError(f"{message} {otherwise}".rstrip())
