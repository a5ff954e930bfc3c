"""What a domain error means for a form: which field is wrong, or the whole form."""

from collections.abc import Collection, Mapping

from mock_solusio.domain.errors import DomainError
from mock_solusio.ui.models import Problem


def problems_of(
    error: DomainError, fields: Collection[str], names: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """Return what a form shall say about an error.

    `fields` are the inputs of the form; `names` gives the input for a field that the domain calls otherwise.
    """
    if not error.errors:
        return (Problem(error.message),)
    found = []
    for field, texts in error.errors.items():
        inside = (names or {}).get(field, field)
        found += [Problem(text, inside if inside in fields else "") for text in texts]
    return tuple(dict.fromkeys(found))
