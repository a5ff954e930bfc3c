"""Calls of the control API on behalf of a form, so that the page and the API do the same."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request as PageRequest

from mock_solusio.control.api import Control
from mock_solusio.server.messages import Request

_KEPT = frozenset({b"host", b"user-agent"})


class ControlAnswer(NamedTuple):
    """What the control API answered."""

    status: int
    value: Any
    """The JSON value; None if there is none."""

    @property
    def failed(self) -> bool:
        """Whether the API refused the call."""
        return self.status >= 400

    @property
    def errors(self) -> dict[str, list[str]]:
        """Errors by member."""
        found: dict[str, list[str]] = self.value.get("errors", {})
        return found

    @property
    def problem(self) -> str:
        """Why the API refused the call, with the members that were wrong."""
        return problem_of(str(self.value["message"]), self.errors)


def problem_of(message: str, errors: Mapping[str, Sequence[str]]) -> str:
    """Return an error in a line, with the members that were wrong."""
    texts = [f"{name}: {text}" if name else text for name, all_ in errors.items() for text in all_]
    return "; ".join(texts) or message


async def call(
    control: Control, sender: PageRequest, method: str, path: str, body: Any = None
) -> ControlAnswer:
    """Call the control API for the sender of a form; the journal shows the call with its body."""
    data = b"" if body is None else msgspec.json.encode(body)
    headers = [pair for pair in sender.headers.raw if pair[0] in _KEPT]
    if data:
        headers.append((b"content-type", b"application/json"))
    client = sender.client.host if sender.client else ""
    response = await control.perform(
        Request(method, path, b"", headers, data, sender.scope["scheme"], client)
    )
    return ControlAnswer(response.status, msgspec.json.decode(response.body) if response.body else None)


def value_of(text: str) -> Any:
    """Return an entered text as JSON; what is not JSON stays a text, which the API accepts or refuses."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
