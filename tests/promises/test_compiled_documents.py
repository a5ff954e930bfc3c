"""Promise: the JSON that programs read is the document that people read; a stale one is not used."""

import pytest

from solusio_contracts.contract import documents
from solusio_contracts.contract.compile import FOLDER


@pytest.mark.parametrize("name", documents.document_names())
def test_each_document_is_compiled_from_its_present_text(name):
    compiled = FOLDER.joinpath(f"{name}.json").read_bytes()
    assert compiled == documents.compile_document(documents.document_text(name)), (
        "run `nox -s compile_documents`"
    )


def test_there_is_no_compiled_document_without_a_text():
    assert {file.stem for file in FOLDER.iterdir()} == set(documents.document_names())


def test_what_was_compiled_from_another_text_is_not_used(monkeypatch):
    text = documents.document_text("billing-endpoint")
    changed = text.replace("title: SolusIO billing endpoint", "title: Another endpoint", 1)
    monkeypatch.setattr(documents, "document_text", lambda _: changed)
    loaded = documents.document.__wrapped__("billing-endpoint")
    assert loaded["info"]["title"].startswith("Another endpoint")
