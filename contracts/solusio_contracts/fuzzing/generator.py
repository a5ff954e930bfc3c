"""Generates requests from the OpenAPI document with schemathesis, aimed to get past authorization.

Left alone, nearly all generated requests end at a wrong token or an unknown user. So schemathesis gets
several variants of the document: the document itself, and for each parameter one with that parameter alone,
with its bounds violated or its type changed to any text, number or JSON value. What it generates for one
parameter is sent with the right token, the right action and a known user in the others, and sometimes
appended to the right value, since `1abc` finds more than `abc`. All values and their encoding are
schemathesis's own.
"""

from __future__ import annotations

import contextlib
import copy
import string
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from solusio_contracts.contract import documents
from solusio_contracts.http.exchange import ACTION

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from schemathesis import Case

    from solusio_contracts.checking.target import TargetSettings

OPERATION = "GetTokenPricing"
FIELDS = ("token", "action", "userid")
"""The parameters of the form, in the order SolusIO sends them."""

_ANYWHERE = "http://endpoint.invalid"
"""A base URL, because schemathesis needs one; nothing is sent there."""
_TURNED: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "glue": {"type": "string", "minLength": 1},
    "number": {"type": "number"},
    "anything": {},
}
"""Schemas that replace that of a parameter, by the kind of variant."""


@dataclass(frozen=True, slots=True)
class GeneratedForm:
    """A generated form, encoded, with its description."""

    body: bytes
    description: str


Transform = Callable[[str, str], tuple[str, Any]]
"""Makes the name and value of a parameter from its right value and a generated text."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to get a parameter wrong: a variant of the document, and a change to what it generates."""

    field: str
    kind: str
    transform: Transform | None = None
    """None keeps what was generated."""


def _mutations(field: str) -> Iterator[Mutation]:
    yield Mutation(field, "text")
    yield Mutation(field, "glue", lambda right, made: (field, right + made))
    yield Mutation(field, "text", lambda right, made: (f"{field}[{made}]", right))
    yield Mutation(field, "broken")
    yield Mutation(field, "glue", lambda right, made: (field, [made, right + made]))
    yield Mutation(field, "anything")


MUTATIONS: tuple[Mutation, ...] = (
    *_mutations("userid"),
    Mutation("userid", "glue", lambda right, made: ("userid", made + right)),
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


def variants() -> dict[str, Any]:
    """Return an OpenAPI document with one path for each variant of the operation.

    `/` is the operation itself. `/broken/F` has only the parameter F, for data that violates its schema; the
    other kinds give F another type.
    """
    schema = form_schema()
    paths = {"/": _path(schema)}
    for field in FIELDS:
        for kind, turned in {"broken": schema["properties"][field], **_TURNED}.items():
            alone = {
                "type": "object",
                "required": [field],
                "properties": {field: turned},
                "additionalProperties": False,
            }
            paths[f"/{kind}/{field}"] = _path(alone)
    whole = documents.document(documents.operation(OPERATION).document)
    return {
        "openapi": whole["openapi"],
        "info": {"title": "variants of the billing endpoint", "version": "1"},
        "paths": paths,
        # schemathesis resolves references in place, so it gets a copy of the shared document.
        "components": copy.deepcopy(whole.get("components", {})),
    }


def _path(schema: Mapping[str, Any]) -> dict[str, Any]:
    content = {documents.FORM: {"schema": copy.deepcopy(dict(schema))}}
    return {
        "post": {
            "requestBody": {"required": True, "content": content},
            "responses": {"default": {"description": "any"}},
        }
    }


@contextlib.contextmanager
def quiet_hypothesis() -> Iterator[None]:
    """Silence warnings of Hypothesis and schemathesis, and let them store files in a temporary folder."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="mock-solusio-") as folder:
        warnings.simplefilter("ignore")
        from hypothesis import configuration

        before = configuration.storage_directory(intent_to_write=False).path
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)


class Generator:
    """Strategies for requests to one target; built once, since loading the document takes time."""

    def __init__(self, settings: TargetSettings) -> None:
        """Prepare the variants of the document."""
        import schemathesis
        from schemathesis.config import SchemathesisConfig

        self._token = settings.token
        self._users = [str(user) for user in settings.users]
        self._unknown = str(settings.unknown_user)
        # Without a configuration of our own, a schemathesis.toml in the current folder would apply.
        config = SchemathesisConfig()
        # All of Unicode except surrogates. "utf-8" means the same, but Hypothesis would spend seconds on
        # trying every code point.
        config.projects.default.generation.codec = None
        self._schema = schemathesis.openapi.from_dict(variants(), config=config)

    def _cases(self, path: str, *, valid: bool) -> SearchStrategy[Case[Any]]:
        from schemathesis import GenerationMode

        mode = GenerationMode.POSITIVE if valid else GenerationMode.NEGATIVE
        return self._schema[path]["POST"].as_strategy(generation_mode=mode)

    def valid(self) -> list[SearchStrategy[GeneratedForm]]:
        """Return strategies for forms that match the document, for known, unknown and any users."""
        from hypothesis import strategies as st

        cases = self._cases("/", valid=True)
        tokens = st.sampled_from([self._token] * 9 + [None])

        @st.composite
        def draw_valid(draw: DrawFn, users: SearchStrategy[str | None]) -> GeneratedForm:
            fields = _fields(draw(cases))
            # None keeps what was generated.
            for field, value in (("userid", draw(users)), ("token", draw(tokens))):
                if isinstance(fields, dict) and value is not None:
                    fields[field] = value
            return GeneratedForm(_encode(fields), "a generated request that matches the contract")

        users = (st.sampled_from(self._users), st.just(self._unknown), st.none())
        return [draw_valid(kind) for kind in users]

    def invalid(self) -> list[SearchStrategy[GeneratedForm]]:
        """Return strategies for wrong forms: one for each mutation, and one for several wrong parameters."""
        from hypothesis import strategies as st

        known = st.sampled_from(self._users)
        lucky = st.sampled_from((True, True, False))

        @st.composite
        def draw_mutated(draw: DrawFn, mutation: Mutation, cases: SearchStrategy[Case[Any]]) -> GeneratedForm:
            made = _fields(draw(cases))
            right = {"token": self._token, "action": ACTION, "userid": draw(known)}
            fields = _mutated(mutation, right, made) if isinstance(made, dict) else made
            return GeneratedForm(_encode(fields), f"a generated request with an altered `{mutation.field}`")

        @st.composite
        def draw_broken(draw: DrawFn, cases: SearchStrategy[Case[Any]]) -> GeneratedForm:
            fields = _fields(draw(cases))
            # The right token gets it past authorization.
            if isinstance(fields, dict) and self._token is not None and draw(lucky):
                fields["token"] = self._token
            return GeneratedForm(_encode(fields), "a generated request that violates the contract")

        mutations = [one for one in MUTATIONS if one.field != "token" or self._token is not None]
        mutated = [
            draw_mutated(one, self._cases(f"/{one.kind}/{one.field}", valid=one.kind != "broken"))
            for one in mutations
        ]
        return [*mutated, draw_broken(self._cases("/", valid=False))]


def _fields(case: Case[Any]) -> Any:
    """Return the form of a case before encoding: a mapping, or in rare cases text, bytes or None."""
    data = case.as_transport_kwargs(base_url=_ANYWHERE).get("data")
    return dict(data) if isinstance(data, Mapping) else data


def _encode(fields: Any) -> bytes:
    """Encode a form as schemathesis does, which uses requests for this."""
    import requests

    body: Any = requests.Request("POST", _ANYWHERE, data=fields).prepare().body
    return body.encode("utf-8") if isinstance(body, str) else body or b""


def _mutated(mutation: Mutation, right: Mapping[str, str | None], made: Mapping[str, Any]) -> dict[str, Any]:
    """Combine a generated parameter with the right ones, in SolusIO's order."""
    fields: dict[str, Any] = {}
    for name in FIELDS:
        value = right[name]
        if name != mutation.field:
            if value is not None:
                fields[name] = value
        elif mutation.transform is not None:
            key, transformed = mutation.transform(value or "", str(made[name]))
            fields[key] = transformed
        elif name in made:
            fields[name] = made[name]
    return fields
