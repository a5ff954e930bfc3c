"""Writes what programs read of the OpenAPI documents as JSON, which loads a hundred times faster than YAML.

Run it after changing a document: ``python -m solusio_contracts.contract.compile``.
"""

from solusio_contracts.contract.documents import (
    COMPILED,
    compiled,
    document_names,
    document_text,
    parse_document,
)
from solusio_contracts.contract.signatures import (
    BODIES,
    SIGNATURES,
    read_body_schemas,
    read_signatures,
)


def files() -> dict[str, bytes]:
    """Return the content of each file in `openapi/compiled`."""
    found = {}
    for name in document_names():
        found[f"{name}.json"] = compiled(name, parse_document(document_text(name)))
        found[f"{name}{SIGNATURES}.json"] = compiled(name, read_signatures(name))
        found[f"{name}{BODIES}.json"] = compiled(name, read_body_schemas(name))
    return found


def main() -> None:
    """Write each document, and what requests to it consist of, into `openapi/compiled`."""
    COMPILED.mkdir(exist_ok=True)
    for name, content in files().items():
        COMPILED.joinpath(name).write_bytes(content)


if __name__ == "__main__":
    main()
