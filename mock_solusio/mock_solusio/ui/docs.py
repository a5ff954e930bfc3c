"""The API reference: the pages `contract export` writes, the documents as files, and the control API."""

import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.ui import messages, responses
from mock_solusio.ui.models import ControlOperation, DocsPage, DocumentCard, Frame, Neighbours
from mock_solusio.ui.render import SITE, render

# solusio_contracts is imported within the functions: it brings YAML, Markdown and the rules, which a mock
# that only serves its API never needs.

MAIN_DOCUMENT = "solusio-api"
"""The document behind `/openapi.json`."""

CONTROL = "mock-control"
"""The document of the control API, which belongs to the mock and is not part of the contract."""

FRAME = Frame()
"""The reference is the same for everybody, so it can be cached."""

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_REVALIDATE = "no-cache"


async def index(request: Request) -> Response:
    """Show which documents there are, and the control API."""
    neighbours: Neighbours = request.app.state.neighbours
    frame = Frame(portal=neighbours.portal, tour=neighbours.tour)
    return responses.html(await run_in_threadpool(_index, frame), cache=_REVALIDATE)


async def document_page(request: Request) -> Response:
    """Show a document of the contract, with all clauses."""
    found = await run_in_threadpool(_exported, request.path_params["document"])
    if found is None:
        return _missing()
    text, style_hash = found
    return responses.html(text, style_hash=style_hash, cache=_REVALIDATE)


async def download(request: Request) -> Response:
    """Send a document as a file: `/docs/NAME.yaml`, `/docs/NAME.json`; `openapi` is the API itself."""
    name = request.path_params.get("document", "openapi")
    form = request.path_params["form"]
    content = await run_in_threadpool(_file, MAIN_DOCUMENT if name == "openapi" else name, form)
    if content is None:
        return _missing()
    media_type = "application/json" if form == "json" else "application/yaml"
    headers = {"x-content-type-options": "nosniff", "cache-control": _REVALIDATE}
    # Tools in a browser (editors, viewers) may read the documents, which hold no secret.
    return Response(content, headers={**headers, "access-control-allow-origin": "*"}, media_type=media_type)


def _missing() -> Response:
    return responses.message(messages.missing(), FRAME)


@functools.cache
def _index(frame: Frame) -> str:
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    # CommonMark without HTML and images is safe to show.
    prose = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])
    SITE.environment.filters["markdown"] = lambda text: Markup(prose.render(text))  # noqa: S704
    *cards, control = (_card(name) for name in (*_contract_documents(), CONTROL))
    return render(DocsPage(tuple(cards), control, tuple(_control_operations())), frame)


def _card(name: str) -> DocumentCard:
    info = _document(name)["info"]
    return DocumentCard(name, info["title"], info.get("summary") or info["description"].partition("\n\n")[0])


def _control_operations() -> Iterator[ControlOperation]:
    for path, item in _document(CONTROL)["paths"].items():
        for method, node in item.items():
            if method != "parameters":
                description = node.get("description", "")
                yield ControlOperation(method, path, node["summary"], description, tuple(_examples(node)))


def _examples(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield title and text of the bodies that a client could send."""
    for media_type, media in node.get("requestBody", {}).get("content", {}).items():
        examples = [(one["summary"], one["value"]) for one in media.get("examples", {}).values()]
        if "example" in media:
            examples.append((media_type, media["example"]))
        for title, value in examples:
            yield title, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


@functools.cache
def _exported(name: str) -> tuple[str, str] | None:
    """Return the exported page with the hash by which browsers accept its style; None: no such page."""
    from solusio_contracts.catalogue.export import to_html

    if name not in _contract_documents():
        return None
    text = to_html([name])
    (style,) = _STYLE.findall(text)
    return text, f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


@functools.cache
def _file(name: str, form: str) -> bytes | None:
    from solusio_contracts.contract.documents import document_text

    if name not in {*_contract_documents(), CONTROL} or form not in {"json", "yaml"}:
        return None
    if form == "json":
        return json.dumps(_document(name), ensure_ascii=False).encode()
    if name == CONTROL:
        return resources.files("mock_solusio.control").joinpath(f"{name}.yaml").read_bytes()
    return document_text(name).encode()


def _contract_documents() -> list[str]:
    """Return the names of the contract's documents, the one that most readers want first."""
    from solusio_contracts.contract.documents import document_names

    return sorted(document_names(), key=lambda name: (name != MAIN_DOCUMENT, name))


def _document(name: str) -> Mapping[str, Any]:
    if name == CONTROL:
        from mock_solusio.control import operations

        found: Mapping[str, Any] = operations.document()
        return found
    from solusio_contracts.contract.documents import document

    return document(name)
