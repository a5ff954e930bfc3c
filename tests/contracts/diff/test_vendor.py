"""Vendor documents: what is read, what is refused, and with which message."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from solusio_contracts.diff import vendor
from solusio_contracts.diff.vendor import VendorDocumentError, load, parse, shown

URL = "https://panel.example.com/docs/api-docs.json"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "Käse", "version": "1"},
    "paths": {"/x": {"get": {"responses": {"200": {"description": "OK"}}}}},
}
TEXT = json.dumps(DOCUMENT)
YAML = """\
openapi: 3.0.0
info: {title: Käse, version: "1"}
paths:
  /x:
    get:
      responses:
        200: {description: OK}
"""


@pytest.fixture
def message() -> Callable[..., str]:
    """Return the message of a refusal."""

    def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        with pytest.raises(VendorDocumentError) as caught:
            call(*arguments, **options)
        return str(caught.value)

    return refused


class TestParse:
    @pytest.mark.parametrize(
        "data",
        [
            TEXT.encode(),
            json.dumps(DOCUMENT, ensure_ascii=False).encode(),
            b"\xef\xbb\xbf" + TEXT.encode(),
            TEXT.encode("utf-16"),
            b"\n\n  " + TEXT.encode(),
            YAML.encode(),
            b"# a comment\n---\n" + YAML.encode(),
            b"{openapi: 3.0.0, info: {title: K\xc3\xa4se, version: '1'}, "
            b"paths: {/x: {get: {responses: {200: {description: OK}}}}}}",
        ],
    )
    def test_json_and_yaml(self, data):
        assert parse(data) == DOCUMENT

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "empty"),
            (b" \n ", "empty"),
            (b"<!DOCTYPE html><html></html>", "storage/api-docs/api-docs.json"),
            (b"<?xml version='1.0'?>", "HTML"),
            (b"[]", "not an OpenAPI document"),
            (b'"text"', "not an OpenAPI document"),
            (b"{}", "no version in `openapi`"),
            (b'{"openapi": null}', "3.1"),
            (b'{"openapi": "4.0.0"}', "got 4.0.0"),
            (b'{"openapi": "3.10.0"}', "got 3.10.0"),
            (b'{"openapi": "3.0.0"}', "no operations in `paths`"),
            (b'{"openapi": "3.0.0", "paths": []}', "no operations in `paths`"),
            (b'{"swagger": "2.0", "paths": {"/x": {}}}', "npx swagger2openapi"),
            (b'{"openapi": "3.0.0",\n "paths": {"a" "b"}}', "line 2, column 16"),
            (b"openapi: 3.0.0\npaths: [", "neither JSON nor YAML"),
            (b"a: b: c", "line 1"),
            (b"\x89PNG\r\n\x1a\n\x00", "UTF-8"),
            (b"a: \x07", "neither JSON nor YAML"),
            (b"[" * 100_000, "nested deeper"),
            (b'{"a":' * 300 + b"1" + b"}" * 300, "nested deeper"),
            (b"[" + b"9" * 5000 + b"]", "not usable JSON"),
            (b"a: !!python/object/apply:os.getcwd []", "neither JSON nor YAML"),
            (b"a: 2026-13-45", "neither JSON nor YAML"),
        ],
    )
    def test_what_is_refused(self, data, words, message):
        assert words in message(parse, data)

    def test_aliases_that_multiply_or_lead_back_cost_nothing(self):
        lines = ["x0: &x0 {a: b}"]
        lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 60)]
        lines += ["round: &round {again: *round}"]
        assert "round" in parse("\n".join([*lines, YAML]).encode())


class TestFiles:
    def test_a_file(self, tmp_path):
        file = tmp_path / "api-docs.json"
        file.write_text(TEXT, encoding="utf-8")
        assert load(str(file)) == DOCUMENT

    def test_standard_input(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(YAML.encode())))
        assert load("-") == DOCUMENT

    def test_what_cannot_be_read(self, tmp_path, message):
        assert "No such file" in message(load, str(tmp_path / "none.json"))
        assert "directory" in message(load, str(tmp_path))
        assert "not a usable file name" in message(load, "a\0b")

    def test_too_large(self, tmp_path, monkeypatch, message):
        monkeypatch.setattr(vendor, "LARGEST", 1024**2)
        file = tmp_path / "api-docs.json"
        file.write_bytes(b" " * 1024**2 + b"{}")
        assert message(load, str(file)) == "The file is larger than 1 MiB."


class TestUrls:
    @respx.mock
    def test_fetched(self):
        respx.get(URL).respond(content=TEXT)
        assert load(URL) == DOCUMENT

    @respx.mock
    def test_redirected_and_compressed(self):
        respx.get("http://panel.example.com/docs").respond(302, headers={"Location": URL})
        respx.get(URL).respond(content=gzip.compress(TEXT.encode()), headers={"Content-Encoding": "gzip"})
        assert load("http://panel.example.com/docs") == DOCUMENT

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ({"status_code": 404}, "status 404"),
            ({"status_code": 401}, "pass the file"),
            ({"status_code": 200, "text": "<html>"}, "HTML"),
        ],
    )
    @respx.mock
    def test_no_document(self, answer, words, message):
        respx.get(URL).respond(**answer)
        assert words in message(load, URL)

    @respx.mock
    def test_redirected_forever(self, message):
        respx.get(URL).respond(302, headers={"Location": URL})
        assert "redirects more than 5 times" in message(load, URL)

    @pytest.mark.parametrize(
        "target",
        [
            "https://elsewhere.example.com/docs",
            "http://panel.example.com/docs",
            "https://panel.example.com:8443/docs",
            "file://localhost/etc/hosts",
        ],
    )
    @respx.mock
    def test_redirected_to_another_host(self, target, message):
        respx.get(URL).respond(302, headers={"Location": target})
        assert message(load, URL) == f"{URL} redirects to {target}. If that is right, name that URL."

    @respx.mock
    def test_redirected_with_credentials(self):
        first = respx.get(URL).respond(302, headers={"Location": "/other"})
        second = respx.get("https://panel.example.com/other").respond(content=TEXT)
        assert load(URL.replace("//", "//user:secret@")) == DOCUMENT
        sent = [route.calls.last.request.headers["authorization"] for route in (first, second)]
        assert sent == ["Basic dXNlcjpzZWNyZXQ="] * 2

    @pytest.mark.parametrize(
        "error",
        [
            httpx.ConnectError("All connection attempts failed"),
            httpx.ReadTimeout("x"),
            httpx.RemoteProtocolError("bad https://user:secret@panel.example.com"),
        ],
    )
    @respx.mock
    def test_no_message_shows_credentials(self, error, message):
        respx.route().mock(side_effect=error)
        text = message(load, "https://user:secret@panel.example.com/docs?key=secret#secret")
        assert "https://panel.example.com/docs" in text
        assert "secret" not in text

    @pytest.mark.parametrize("url", ["https://", "http://[broken", "https://a:b:c/", "http://x\x00y/"])
    def test_no_url(self, url, message):
        assert message(load, url).startswith("Cannot fetch")

    @respx.mock
    def test_too_large(self, monkeypatch, message):
        monkeypatch.setattr(vendor, "LARGEST", 1024**2)
        # It is small when compressed; the decompressed size counts.
        bomb = gzip.compress(b" " * (1024**2 + 1))
        respx.get(URL).respond(content=bomb, headers={"Content-Encoding": "gzip"})
        assert message(load, URL) == f"The document at {URL} is larger than 1 MiB."

    @pytest.mark.parametrize(
        ("begin", "piece"),
        [
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
        ids=["body", "head", "informational"],
    )
    def test_one_that_drips(self, begin, piece, scripted, message):
        def drip(peer: Any) -> None:
            peer.head()
            peer.send(begin)
            try:
                while not peer.stopped.is_set():
                    peer.send(piece)
                    peer.pause(0.05)
            except OSError:
                pass

        text = message(load, scripted(drip).url, seconds=0.3)
        assert text.endswith("did not send the document within 0.3 seconds.")

    def test_an_untrusted_certificate(self, scripted, server_tls, message):
        def answer(peer: Any) -> None:
            peer.head()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(TEXT)}\r\nConnection: close\r\n\r\n"
            peer.send((head + TEXT).encode())

        server = scripted(answer, tls=server_tls)
        assert "--insecure" in message(load, server.url)
        assert load(server.url, insecure=True) == DOCUMENT


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("-", "standard input"),
        ("docs/api-docs.json", "docs/api-docs.json"),
        ("https://user:secret@panel.example.com:8443/a/b?key=secret#x", "https://panel.example.com:8443/a/b"),
        ("http://[broken", "the URL"),
    ],
)
def test_how_a_source_is_shown(source, name):
    assert shown(source) == name
