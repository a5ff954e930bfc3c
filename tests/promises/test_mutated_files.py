"""Every command that reads a file survives any file: it ends with a message, never with a traceback."""

import json
import os
import re
import socket
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.commands import invoke

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
MUTATIONS = int(os.environ.get("MOCK_SOLUSIO_MUTATIONS", "20"))
"""Files for each command; `nox -s adversary` tries more."""
HOSTILE = (
    *(
        b"",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\r",
        b"\x1b[31m",
        b'"\\u001b[31m" = 1\n',
        b"null",
    ),
    *(b"[" * 5000, b"{" * 300, b'{"a":' * 300, b"a." * 3000, b"9" * 25, b"1" * 5000, b"-1", b"0", b"1e400"),
    *(
        b"1e-99999999999999999999",
        b"NaN",
        b"true",
        b'"\\ud800"',
        b'""',
        b"[]",
        b"{}",
        b"9999-12-31T23:59:59Z",
    ),
    *(
        b"0001-01-01T00:00:00Z",
        b"2026-02-30",
        b"'",
        b'"',
        b"\\",
        b"#",
        b"=",
        b"[[",
        b"]]",
        b"\n",
        b"\xe2\x80\xae",
    ),
)
"""What breaks readers: pieces of no format or of another, and values at the ends of their range."""

TOKEN = re.compile(rb'"[^"\n]*"|[A-Za-z0-9_.:-]+|\W')


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    """Give a file with a few of its tokens replaced, repeated, dropped or cut off, or with other bytes."""
    tokens = TOKEN.findall(original)
    for _ in range(draw(st.integers(1, 3))):
        if not tokens:
            break
        at = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["hostile", "before", "other", "drop", "repeat", "cut", "byte"])):
            case "hostile":
                tokens[at] = draw(st.sampled_from(HOSTILE))
            case "before":
                tokens.insert(at, draw(st.sampled_from(HOSTILE)))
            case "other":
                tokens[at] = draw(st.sampled_from(tokens))
            case "drop":
                del tokens[at : at + draw(st.integers(1, 10))]
            case "repeat":
                tokens[at:at] = tokens[at : at + draw(st.integers(1, 40))]
            case "cut":
                del tokens[at:]
            case "byte":
                tokens[at] = draw(st.binary(min_size=1, max_size=3))
    return b"".join(tokens)


HAR = {
    "log": {
        "entries": [
            {
                "startedDateTime": "2026-03-01T10:00:00.000Z",
                "time": 5,
                "request": {
                    "method": "POST",
                    "url": "https://panel.test/api/v1/users?page=2",
                    "headers": [{"name": "Accept", "value": "application/json"}],
                    "postData": {"mimeType": "application/json", "text": '{"email": "ann@x.test"}'},
                },
                "response": {
                    "status": 200,
                    "headers": [{"name": "ETag", "value": "1"}],
                    "content": {"size": 11, "mimeType": "application/json", "text": '{"data":[]}'},
                },
            }
        ]
    }
}
EXCHANGE = {
    "number": 1,
    "moment": "2026-03-01T10:00:00.000Z",
    "milliseconds": 5.0,
    "request": {
        "method": "POST",
        "path": "/api/v1/users",
        "query": [["page", "2"]],
        "headers": [["accept", "application/json"]],
        "body": {"kind": "json", "value": {"email": "ann@x.test", "id": 7}},
    },
    "response": {
        "status": 200,
        "headers": [["content-type", "application/json"]],
        "body": {"kind": "json", "value": {"data": []}},
    },
    "replaced": {"request.body/email": {"email": 1}},
}
HEAD = {"format": "mock-solusio recording", "version": 1, "origin": "https://x.test", "fingerprint": "f"}
CUSTOMERS = {
    "customers": [
        {
            "billing_user_id": 7,
            "name": "Ann",
            "email": "ann@example.com",
            "pricing": {
                "base_token_unit_cost": 0.01,
                "user_token_unit_cost": 0.01,
                "currency": {
                    "code": "EUR",
                    "display_prefix": "",
                    "display_suffix": " EUR",
                    "thousands_separator": ".",
                    "decimals_separator": ",",
                },
                "discounts": [],
                "taxes": {"compound": False, "rates": [{"label": "VAT", "rate": 0}]},
            },
        }
    ]
}
OPENAPI = """openapi: 3.1.0
info: {title: SolusIO, version: '2'}
servers: [{url: https://p.test/api/v1}]
paths:
  /users:
    $ref: '#/components/pathItems/users'
components:
  pathItems:
    users:
      get:
        parameters: [{name: page, in: query, schema: {type: integer}}]
        responses:
          200: {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}
  schemas:
    User:
      type: object
      required: [id]
      properties: {id: {type: integer}, parent: {$ref: '#/components/schemas/User'}}
"""
BASELINE = b'version = 1\n[[accept]]\nrule = "discounts"\nclause = "TP-041"\nsubject = "x"\nreason = "y"\n'
CONFIG = b'[check]\nuser-id = [1, 2]\ntimeout = 0.5\nonly = ["TP-001"]\nfuzz = false\nheader = ["A: b"]\n'


@pytest.fixture(scope="module")
def taken():
    """A port that another program listens on: `serve` reads its files, and then cannot start."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def nowhere():
    """A URL that nothing listens at, and nothing can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/"


@contextmanager
def recording(folder: Path, name: str, content: bytes):
    (folder / "exchanges").mkdir(parents=True, exist_ok=True)
    (folder / "recording.json").write_text(json.dumps(HEAD))
    (folder / "exchanges/000001.json").write_text(json.dumps(EXCHANGE))
    (folder / name).write_bytes(content)
    yield folder


def encoded(value) -> bytes:
    return json.dumps(value, indent=1).encode()


CASES = {
    "check --config": (CONFIG, ["check", "{nowhere}", "--user-id", "1", "--config", "{file}"]),
    "check --baseline": (
        BASELINE,
        ["check", "{nowhere}", "--user-id", "1", "--no-fuzz", "--baseline", "{file}"],
    ),
    "contract diff, YAML": (OPENAPI.encode(), ["contract", "diff", "{file}"]),
    "fleet describe, timeline": (
        (EXAMPLES / "timeline.ndjson").read_bytes(),
        ["fleet", "describe", "{file}"],
    ),
    "fleet describe, fixtures": ((EXAMPLES / "world.toml").read_bytes(), ["fleet", "describe", "{file}"]),
    "pricing": ((EXAMPLES / "price-list.toml").read_bytes(), ["pricing", "{file}"]),
    "record --check": (encoded(EXCHANGE), ["record", "--check", "{recording}"]),
    "record --import-har": (encoded(HAR), ["record", "--import-har", "{file}", "--out", "{new}"]),
    "reference customers import": (
        encoded(CUSTOMERS),
        ["reference", "customers", "import", "{file}", "--store", "{new}"],
    ),
    "serve --fixtures": (
        (EXAMPLES / "world.toml").read_bytes(),
        ["serve", "--port", "{taken}", "--fixtures", "{file}"],
    ),
    "serve --recorded": (encoded(EXCHANGE), ["serve", "--port", "{taken}", "--recorded", "{recording}"]),
    "serve --replay": (
        (EXAMPLES / "timeline.ndjson").read_bytes(),
        ["serve", "--port", "{taken}", "--replay", "{file}"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mutated_file_ends_with_a_message(name, taken, nowhere, tmp_path_factory):
    original, words = CASES[name]
    verdicts = {"pricing", "record --check", "contract diff, YAML"}
    codes = {0, 2, 3} | ({1} if name in verdicts else set())

    @settings(max_examples=MUTATIONS)
    @given(mutated(original))
    def run(content):
        folder = tmp_path_factory.mktemp("mutated")
        file = folder / "file"
        file.write_bytes(content)
        with recording(folder / "recording", "exchanges/000001.json", content) as recorded:
            places = {"file": file, "recording": recorded, "new": folder / "new"}
            arguments = [one.format(taken=taken, nowhere=nowhere, **places) for one in words]
            result = invoke(*arguments)
        assert result.exit_code in codes, result.output
        assert "fault of mock-solusio" not in result.output
        assert "Traceback" not in result.output
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", result.output), result.output

    run()


@pytest.mark.parametrize("name", CASES)
def test_files_of_windows_are_read_like_others(name, taken, nowhere, tmp_path):
    original, words = CASES[name]

    def output(content, folder):
        with recording(tmp_path / folder / "recording", "exchanges/000001.json", content) as recorded:
            file = tmp_path / folder / "file"
            file.write_bytes(content)
            places = {"file": file, "recording": recorded, "new": tmp_path / folder / "new"}
            result = invoke(*[one.format(taken=taken, nowhere=nowhere, **places) for one in words])
        said = result.output.replace(str(tmp_path / folder), "")
        return result.exit_code, re.sub(r"\d+\.\d s\b", "... s", said)  # how long it took

    expected = output(original, "plain")
    assert output(b"\xef\xbb\xbf" + original.replace(b"\n", b"\r\n"), "marked") == expected
    utf_16 = output(original.decode().encode("utf-16"), "utf-16")
    if "timeline" in name or "replay" in name:
        # Positions in a timeline are bytes, and it may be larger than memory.
        assert (utf_16[0], "is UTF-16" in utf_16[1]) == (2, True)
    else:
        assert utf_16 == expected
