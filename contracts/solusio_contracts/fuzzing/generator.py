"""Generates requests from the OpenAPI document, aimed to get past authorization.

Left alone, nearly all generated requests end at a wrong token or an unknown user. So what is generated for
one parameter is sent with the right token, the right action and a known user in the others, and sometimes
appended to the right value, since `1abc` finds more than `abc`. Values that match the schema, and any text,
number or JSON value, come from `values`. Violations of the schema come from schemathesis, for the whole form
and for each parameter alone.
"""

from __future__ import annotations

import contextlib
import copy
import string
import tempfile
import urllib.parse
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from solusio_contracts.contract import documents
from solusio_contracts.http.exchange import ACTION

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

    from solusio_contracts.checking.target import TargetSettings

OPERATION = "GetTokenPricing"
FIELDS = ("token", "action", "userid")
"""The parameters of the form, in the order SolusIO sends them."""

_ANYWHERE = "http://endpoint.invalid"
"""A base URL, because schemathesis needs one; nothing is sent there."""


@dataclass(frozen=True, slots=True)
class GeneratedForm:
    """A generated form, encoded, with its description."""

    body: bytes
    description: str


Kind = Literal["text", "some text", "number", "anything", "broken"]
"""The values of a mutation; those of `broken` violate the schema of the parameter."""

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
    yield Mutation(field, "broken")
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


def variants() -> dict[str, Any]:
    """Return an OpenAPI document: `/` takes the whole form, `/F` the parameter F alone.

    Of a form with all parameters, schemathesis would break one or the other; these say which.
    """
    schema = form_schema()
    paths = {"/": _path(schema)}
    for field in FIELDS:
        alone = {
            "type": "object",
            "required": [field],
            "properties": {field: schema["properties"][field]},
            "additionalProperties": False,
        }
        paths[f"/{field}"] = _path(alone)
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
    """Strategies for requests to one target."""

    def __init__(self, settings: TargetSettings) -> None:
        """Prepare; schemathesis is loaded when it is needed."""
        self._token = settings.token
        self._users = [str(user) for user in settings.users]
        self._unknown = str(settings.unknown_user)

    @cached_property
    def _schema(self) -> BaseSchema:
        import schemathesis
        from schemathesis.config import SchemathesisConfig

        # Without a configuration of our own, a schemathesis.toml in the current folder would apply.
        config = SchemathesisConfig()
        # See `values`: all of Unicode except surrogates, quickly.
        config.projects.default.generation.codec = None
        return schemathesis.openapi.from_dict(variants(), config=config)

    def _broken(self, path: str) -> SearchStrategy[Any]:
        """Return a strategy for forms that violate the schema of a variant."""
        from schemathesis import GenerationMode

        return self._schema[path]["POST"].as_strategy(generation_mode=GenerationMode.NEGATIVE).map(fields_of)

    def valid(self) -> list[SearchStrategy[GeneratedForm]]:
        """Return strategies for forms that match the document, for known, unknown and any users."""
        from hypothesis import strategies as st

        from solusio_contracts.fuzzing import values

        schema = form_schema()
        members = {name: values.matching(schema["properties"][name]) for name in FIELDS}
        needed = {name: member for name, member in members.items() if name in schema["required"]}
        forms = st.fixed_dictionaries(
            needed, optional={name: member for name, member in members.items() if name not in needed}
        )
        tokens = st.sampled_from([self._token] * 9 + [None])

        @st.composite
        def draw_valid(draw: DrawFn, users: SearchStrategy[str | None]) -> GeneratedForm:
            form = draw(forms)
            # None keeps what was generated.
            for field, value in (("userid", draw(users)), ("token", draw(tokens))):
                if value is not None:
                    form[field] = value
            extra = draw(values.extra_parameters)
            before = draw(st.booleans())
            fields = {**extra, **form} if before else {**form, **extra, **form}
            return GeneratedForm(encode(fields), "a generated request that matches the contract")

        users = (st.sampled_from(self._users), st.just(self._unknown), st.none())
        return [draw_valid(kind) for kind in users]

    def invalid(self) -> list[SearchStrategy[GeneratedForm]]:
        """Return strategies for wrong forms: one for each mutation, and one for several wrong parameters."""
        from hypothesis import strategies as st

        known = st.sampled_from(self._users)
        lucky = st.sampled_from((True, True, False))

        @st.composite
        def draw_mutated(draw: DrawFn, mutation: Mutation, values: SearchStrategy[Any]) -> GeneratedForm:
            made = draw(values)
            right = {"token": self._token, "action": ACTION, "userid": draw(known)}
            fields = _mutated(mutation, right, made) if isinstance(made, dict) else made
            return GeneratedForm(encode(fields), f"a generated request with an altered `{mutation.field}`")

        @st.composite
        def draw_broken(draw: DrawFn, forms: SearchStrategy[Any]) -> GeneratedForm:
            fields = draw(forms)
            # The right token gets it past authorization.
            if isinstance(fields, dict) and self._token is not None and draw(lucky):
                fields["token"] = self._token
            return GeneratedForm(encode(fields), "a generated request that violates the contract")

        mutations = [one for one in MUTATIONS if one.field != "token" or self._token is not None]
        mutated = [draw_mutated(one, self._values(one)) for one in mutations]
        return [*mutated, draw_broken(self._broken("/"))]

    def _values(self, mutation: Mutation) -> SearchStrategy[Any]:
        """Return a strategy for a form with the parameter of a mutation alone."""
        from hypothesis import strategies as st

        from solusio_contracts.fuzzing import values

        match mutation.kind:
            case "broken":
                return self._broken(f"/{mutation.field}")
            case "text":
                value: SearchStrategy[Any] = values.text
            case "some text":
                value = values.some_text
            case "number":
                value = values.number
            case "anything":
                value = values.anything
        return st.fixed_dictionaries({mutation.field: value})


def fields_of(case: Case[Any]) -> Any:
    """Return the form of a case before encoding: a mapping, or in rare cases text, bytes or None."""
    data = case.as_transport_kwargs(base_url=_ANYWHERE).get("data")
    return dict(data) if isinstance(data, Mapping) else data


def encode(fields: Any) -> bytes:
    """Encode a form as schemathesis does: each item of a list, or each key of an object, is a parameter."""
    if isinstance(fields, str):
        return fields.encode()
    if isinstance(fields, bytes):
        return fields
    pairs = [
        (name, one)
        for name, value in (fields or {}).items()
        for one in (value if isinstance(value, list | dict) else [value])
        if one is not None
    ]
    return urllib.parse.urlencode(pairs, doseq=True).encode("ascii")


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
