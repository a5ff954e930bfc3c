"""The command line, in this process."""

from typing import Any

from click.testing import CliRunner, Result

from mock_solusio.cli import cli


def invoke(*arguments: object, env: dict[str, str | None] | None = None, **more: Any) -> Result:
    """Run `mock-solusio` with these arguments; what it does not catch, this raises."""
    words = [str(argument) for argument in arguments]
    result = CliRunner(env=env).invoke(cli, words, prog_name="mock-solusio", **more)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
