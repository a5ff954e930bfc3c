"""The API reference: the OpenAPI documents as pages, made once each, from local files alone."""

import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.ui import messages, responses
from mock_solusio.ui.models import (
    DocsPage,
    DocumentCard,
    DocumentPage,
    Frame,
    OperationLine,
    OperationPage,
    Page,
)
from mock_solusio.ui.render import environment, render

# solusio_contracts is imported within the functions: with it come YAML, Markdown and the rules, which a mock
# that serves its API alone never needs.

MAIN_DOCUMENT = "solusio-api"
"""The document that `/openapi.json` is."""

CONTRACT = "billing-endpoint"
"""The document whose whole contract, clauses and all, is at `/docs/contract`."""

FRAME = Frame()
"""The reference is the same for everybody, and so can be kept."""

CONTROL = "mock-control"
"""The document of the control API, which is the mock's own and no part of the contract."""

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_HOST = re.compile(r"^(\{[^}]*\}|https?://[^/]*)")
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})

_FRESH = "no-cache"


async def index(_request: Request) -> Response:
    """Show which documents there are."""
    return responses.html(await run_in_threadpool(_index), cache=_FRESH)


async def document_page(request: Request) -> Response:
    """Show the operations of a document."""
    text = await run_in_threadpool(_document, request.path_params["document"])
    return responses.html(text, cache=_FRESH) if text else _missing()


async def operation_page(request: Request) -> Response:
    """Show an operation with its parameters, bodies and responses."""
    names = request.path_params["document"], request.path_params["operation"]
    text = await run_in_threadpool(_operation, *names)
    return responses.html(text, cache=_FRESH) if text else _missing()


async def contract(_request: Request) -> Response:
    """Show the whole contract of the billing endpoint."""
    text, style_hash = await run_in_threadpool(_contract)
    return responses.html(text, style_hash=style_hash, cache=_FRESH)


async def download(request: Request) -> Response:
    """Give a document as a file: `/docs/NAME.yaml`, `/docs/NAME.json`; `openapi` is the API itself."""
    name = request.path_params.get("document", "openapi")
    form = request.path_params.get("form", "json")
    content = await run_in_threadpool(_file, MAIN_DOCUMENT if name == "openapi" else name, form)
    if content is None:
        return _missing()
    media_type = "application/json" if form == "json" else "application/yaml"
    headers = {"x-content-type-options": "nosniff", "cache-control": _FRESH}
    # Tools in a browser (editors, viewers) may read the documents: they are the same for everybody.
    return Response(content, headers={**headers, "access-control-allow-origin": "*"}, media_type=media_type)


def _missing() -> Response:
    return responses.message(messages.missing(), FRAME)


@functools.cache
def _prepared() -> None:
    """Give the templates what turns a description into HTML: CommonMark without HTML and images is safe."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    prose = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])
    environment().filters["markdown"] = lambda text: Markup(prose.render(text))  # noqa: S704


def _render(page: Page) -> str:
    _prepared()
    return render(page, FRAME)


@functools.cache
def _index() -> str:
    cards = []
    for name in _names():
        info = _whole(name)["info"]
        about = info.get("summary") or info.get("description", "").strip().partition("\n\n")[0]
        cards.append(DocumentCard(name, info["title"], about, sum(1 for _ in _operations(name))))
    return _render(DocsPage(tuple(cards)))


def _names() -> list[str]:
    """Return the documents, the most wanted first."""
    from solusio_contracts.contract.documents import document_names

    return [MAIN_DOCUMENT, *sorted({*document_names(), CONTROL} - {MAIN_DOCUMENT})]


def _whole(name: str) -> Mapping[str, Any]:
    """Return a document."""
    if name == CONTROL:
        from mock_solusio.control import api

        found: Mapping[str, Any] = api.document()
        return found
    from solusio_contracts.contract.documents import document

    return document(name)


def _operations(name: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield method, path and node of each operation of a document."""
    for path, item in _whole(name)["paths"].items():
        for method, node in item.items():
            if method in METHODS:
                yield method, path, node


@functools.cache
def _document(name: str) -> str:
    """Return the page of a document, empty when there is none."""
    if name not in _names():
        return ""
    info = _whole(name)["info"]
    about = info.get("description", "")
    return _render(DocumentPage(name, info["title"], about, _groups(name), contract=name == CONTRACT))


@functools.lru_cache(maxsize=64)
def _operation(name: str, operation_id: str) -> str:
    """Return the page of an operation, empty when there is none."""
    from solusio_contracts.contract.documents import document, document_names, operations
    from solusio_contracts.contract.outline import outline

    if name not in document_names():
        return ""
    for found in operations(name):
        if found.id == operation_id:
            title = document(name)["info"]["title"]
            return _render(OperationPage(name, title, outline(found), _base(document(name))))
    return ""


def _base(whole: Mapping[str, Any]) -> str:
    """Return what stands before every path, such as `/api/v1`: the path of the first server."""
    servers = whole.get("servers") or [{"url": ""}]
    url = str(servers[0]["url"])
    return _HOST.sub("", url).rstrip("/")


def _groups(name: str) -> tuple[tuple[str, tuple[OperationLine, ...]], ...]:
    """Return the operations by their first tag, in the order of the document's tags."""
    whole = _whole(name)
    known = [tag["name"] for tag in whole.get("tags", ())]
    base = _base(whole)
    by_tag: dict[str, list[OperationLine]] = {}
    for method, path, node in _operations(name):
        tag = next(iter(node.get("tags", ())), "Operations")
        line = OperationLine(method, base + path, node.get("summary", node["operationId"]))
        if name == CONTROL:  # without provenance there is no page for each operation, so all is said here
            line = replace(line, about=node.get("description", ""), examples=tuple(_examples(node)))
        else:
            line = replace(line, link=node["operationId"])
        by_tag.setdefault(tag, []).append(line)
    ordered = sorted(by_tag, key=lambda tag: (known.index(tag) if tag in known else len(known), tag))
    return tuple((tag, tuple(by_tag[tag])) for tag in ordered)


def _examples(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield title and text of the bodies that somebody could send."""
    for media_type, media in node.get("requestBody", {}).get("content", {}).items():
        shown = [(one.get("summary", ""), one["value"]) for one in media.get("examples", {}).values()]
        if "example" in media:
            shown.append((media_type, media["example"]))
        for title, value in shown:
            yield title, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


@functools.cache
def _contract() -> tuple[str, str]:
    """Return the exported contract, and the hash by which the browser accepts the style within it."""
    from solusio_contracts.catalogue.export import to_html

    text = to_html([CONTRACT])
    found = _STYLE.search(text)
    digest = hashlib.sha256((found[1] if found else "").encode()).digest()
    return text, f"sha256-{base64.b64encode(digest).decode()}"


@functools.cache
def _file(name: str, form: str) -> bytes | None:
    from solusio_contracts.contract.documents import document_text

    if name not in _names() or form not in {"json", "yaml"}:
        return None
    if form == "json":
        return json.dumps(_whole(name), ensure_ascii=False).encode()
    if name == CONTROL:
        return resources.files("mock_solusio.control").joinpath(f"{name}.yaml").read_bytes()
    return document_text(name).encode()
