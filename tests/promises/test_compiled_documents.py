"""Promise: the JSON that programs read is the document that people read; a stale one is not used."""

from typing import Any

import pytest

from solusio_contracts.contract import compile as compiling
from solusio_contracts.contract import documents, signatures

FILES = compiling.files()


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_compiled_from_the_present_text(name):
    assert documents.COMPILED.joinpath(name).read_bytes() == FILES[name], "run `nox -s compile_documents`"


def test_there_is_no_compiled_file_without_a_text():
    assert {file.name for file in documents.COMPILED.iterdir()} == set(FILES)


def test_what_was_compiled_from_another_text_is_not_used(monkeypatch, tmp_path):
    parts = ("", signatures.SIGNATURES, signatures.BODIES)
    fresh = [documents.read_compiled("solusio-api", documents.Compiled[Any], part) for part in parts]
    text = documents.document_text("solusio-api").replace("title: SolusIO API", "title: Another API", 1)
    tmp_path.joinpath("solusio-api.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    stale = [documents.read_compiled("solusio-api", documents.Compiled[Any], part) for part in parts]
    assert all(fresh)
    assert stale == [None, None, None]
    assert documents.document.__wrapped__("solusio-api")["info"]["title"] == "Another API"


def test_every_operation_that_takes_a_body_has_a_schema_for_it():
    taking = {one.id for one in signatures.signatures("solusio-api").values() if one.takes_body}
    assert taking == set(signatures.body_schemas("solusio-api"))
