"""Generates requests from the OpenAPI document, aimed to get past authorization.

Left alone, nearly all generated requests end at a wrong token or an unknown user. So what is generated for
one parameter is sent with the right token, the right action and a known user in the others, and sometimes
appended to the right value, since `1abc` finds more than `abc`. Values come from `values`, and forms that are
always worth a request from `boundaries`.
"""

from __future__ import annotations

import contextlib
import itertools
import string
import tempfile
import urllib.parse
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from solusio_contracts.contract import documents
from solusio_contracts.fuzzing.boundaries import matching_forms, violating_forms
from solusio_contracts.http.exchange import ACTION

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from solusio_contracts.checking.target import TargetSettings

OPERATION = "GetTokenPricing"
FIELDS = ("token", "action", "userid")
"""The parameters of the form, in the order SolusIO sends them."""


@dataclass(frozen=True, slots=True)
class GeneratedForm:
    """A generated form, encoded, with its description."""

    body: bytes
    description: str


Kind = Literal["text", "some text", "number", "anything"]
"""The values of a mutation."""

Transform = Callable[[str, str], tuple[str, Any]]
"""Makes the name and value of a parameter from its right value and a generated text."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to get a parameter wrong: a kind of value, and a change to what is generated."""

    field: str
    kind: Kind
    transform: Transform | None = None
    """None keeps what was generated."""


def _mutations(field: str) -> Iterator[Mutation]:
    yield Mutation(field, "text")
    yield Mutation(field, "some text", lambda right, made: (field, right + made))
    yield Mutation(field, "text", lambda right, made: (f"{field}[{made}]", right))
    yield Mutation(field, "text", lambda right, made: (made, right))
    yield Mutation(field, "some text", lambda right, made: (field, [made, right + made]))
    yield Mutation(field, "anything")


MUTATIONS: tuple[Mutation, ...] = (
    *_mutations("userid"),
    Mutation("userid", "some text", lambda right, made: ("userid", made + right)),
    Mutation("userid", "number"),
    Mutation("userid", "number", lambda right, made: ("userid", f"{right}.{_digits(made)}")),
    Mutation("userid", "number", lambda right, _made: ("userid", f"-{right}")),
    # In a program that keeps 32 or 64 bits, these overflow to the known id.
    Mutation("userid", "number", lambda right, _made: ("userid", str(int(right) + 2**32))),
    Mutation("userid", "number", lambda right, _made: ("userid", str(int(right) + 2**64))),
    *_mutations("action"),
    *_mutations("token"),
)


def _digits(text: str) -> str:
    """Return digits for a fraction that is not zero."""
    return "".join(letter for letter in text if letter in string.digits).strip("0")[:3] or "5"


def form_schema() -> Mapping[str, Any]:
    """Return the schema of the form, without references."""
    operation = documents.operation(OPERATION)
    whole = documents.document(operation.document)
    body = documents.resolve(whole, operation.node["requestBody"])
    return documents.resolve(whole, body["content"][documents.FORM]["schema"])


@contextlib.contextmanager
def quiet_hypothesis() -> Iterator[None]:
    """Silence warnings of Hypothesis and schemathesis, and let them store files in a temporary folder."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="mock-solusio-") as folder:
        warnings.simplefilter("ignore")
        from hypothesis import configuration

        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)


class Generator:
    """Requests to one target: fixed ones, and strategies for generated ones."""

    def __init__(self, settings: TargetSettings) -> None:
        """Prepare; Hypothesis is loaded when it is needed."""
        self._token = settings.token
        self._users = [str(user) for user in settings.users]
        self._unknown = str(settings.unknown_user)

    def boundaries(self, *, valid: bool) -> list[GeneratedForm]:
        """Return the forms at the boundaries of the document that match it, or that violate it."""
        if valid:
            forms, description = matching_forms, "a request at a boundary of the contract"
        else:
            forms, description = violating_forms, "a request just beyond a boundary of the contract"
        right = self.right()
        return [GeneratedForm(encode(fields), description) for fields in forms(form_schema(), right)]

    def valid(self) -> list[SearchStrategy[GeneratedForm]]:
        """Return strategies for forms that match the document, for known, unknown and any users."""
        from hypothesis import strategies as st

        from solusio_contracts.fuzzing import values

        properties = form_schema()["properties"]
        action, any_user = values.matching(properties["action"]), values.matching(properties["userid"])
        any_token = st.none() | values.matching(properties["token"])
        mostly = st.sampled_from([True] * 9 + [False])
        orders = st.sampled_from(list(itertools.permutations(FIELDS)))

        @st.composite
        def draw_valid(draw: DrawFn, users: SearchStrategy[str]) -> GeneratedForm:
            right = self._token is not None and draw(mostly)
            form = {
                "token": self._token if right else draw(any_token),
                "action": draw(action),
                "userid": draw(users),
            }
            sent = {name: form[name] for name in draw(orders) if form[name] is not None}
            extra = draw(values.extra_parameters)
            fields = {**extra, **sent} if draw(st.booleans()) else {**sent, **extra, **sent}
            return GeneratedForm(encode(fields), "a generated request that matches the contract")

        users = (st.sampled_from(self._users), st.just(self._unknown), any_user)
        return [draw_valid(kind) for kind in users]

    def invalid(self) -> list[SearchStrategy[GeneratedForm]]:
        """Return strategies for wrong forms: one for each mutation, and one for several wrong parameters."""
        from hypothesis import strategies as st

        from solusio_contracts.fuzzing import values

        known = st.sampled_from(self._users)

        @st.composite
        def draw_mutated(draw: DrawFn, mutation: Mutation, made: SearchStrategy[Any]) -> GeneratedForm:
            fields = _mutated(mutation, self.right(draw(known)), draw(made))
            return GeneratedForm(encode(fields), f"a generated request with an altered `{mutation.field}`")

        @st.composite
        def draw_several(draw: DrawFn) -> GeneratedForm:
            fields = {**draw(values.extra_parameters), **draw(several)}
            return GeneratedForm(encode(fields), "a generated request with several altered parameters")

        # The right value gets it past authorization, or to the next check.
        each = {name: st.just(value) | values.anything for name, value in self.right().items()}
        several = st.fixed_dictionaries({}, optional=each)
        mutations = [one for one in MUTATIONS if one.field != "token" or self._token is not None]
        return [*(draw_mutated(one, _values(one.kind)) for one in mutations), draw_several()]

    def right(self, user: str | None = None) -> dict[str, str]:
        """Return SolusIO's parameters for a user, in its order; without one, for the first known user."""
        token = {} if self._token is None else {"token": self._token}
        return {**token, "action": ACTION, "userid": self._users[0] if user is None else user}


def _values(kind: Kind) -> SearchStrategy[Any]:
    from solusio_contracts.fuzzing import values

    match kind:
        case "text":
            return values.text
        case "some text":
            return values.some_text
        case "number":
            return values.number
        case "anything":
            return values.anything


def encode(fields: Mapping[str, Any]) -> bytes:
    """Encode a form; each item of a list is a parameter of its own."""
    return urllib.parse.urlencode(fields, doseq=True).encode("ascii")


def _mutated(mutation: Mutation, right: Mapping[str, str], made: Any) -> dict[str, Any]:
    """Return the right form with one parameter altered by a generated value."""
    fields: dict[str, Any] = {}
    for name, value in right.items():
        if name != mutation.field:
            fields[name] = value
        elif mutation.transform is not None:
            key, transformed = mutation.transform(value, str(made))
            fields[key] = transformed
        else:
            fields[name] = made
    return fields
