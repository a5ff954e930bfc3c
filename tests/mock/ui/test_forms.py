"""Forms: what is read of them, what is refused, and the proof that they come from our own pages."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from mock_solusio.domain.errors import Invalid, TooMany
from mock_solusio.ui.forms import MOST_BYTES, FormError, is_cross_site, proof, proven, read_form
from mock_solusio.ui.messages import problems_of
from mock_solusio.ui.models import Problem

FORM = "application/x-www-form-urlencoded"


def request(
    body: bytes = b"", media_type: str = FORM, headers: Mapping[str, str] | None = None, parts: int = 1
) -> Request:
    lines = [(b"content-type", media_type.encode()), (b"host", b"mock.test:8008")]
    lines += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    size = max(1, -(-len(body) // parts))
    chunks = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    messages = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    return Request(
        {"type": "http", "method": "POST", "path": "/", "headers": lines, "scheme": "http"}, receive
    )


def fields(*args: object, **kwargs: object) -> dict[str, str]:
    return asyncio.run(read_form(request(*args, **kwargs)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=&b=2", {"a": "", "b": "2"}),
        (b"name=%3Cscript%3E+%C3%A4", {"name": "<script> ä"}),
        (b"a=1&a=2", {"a": "2"}),
    ],
)
def test_form_is_read(body, expected):
    assert fields(body) == expected
    assert fields(body, parts=3) == expected
    assert fields(body, f"{FORM.upper()}; charset=UTF-8") == expected


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"a=1", "multipart/form-data; boundary=x", 415),
        (b"a=1", "", 415),
        (b"a=" + b"x" * MOST_BYTES, FORM, 413),
        (b"&".join(b"f%d=" % number for number in range(51)), FORM, 400),
        (b"a=%FF%FE", FORM, 400),
        (b"a=\xc3\xa4", FORM, 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused(body, media_type, status):
    with pytest.raises(FormError) as caught:
        fields(body, media_type, parts=4)
    assert caught.value.status == status


def test_form_of_exactly_the_largest_size_is_read():
    value = "x" * (MOST_BYTES - 2)
    assert fields(f"a={value}".encode()) == {"a": value}


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body):
    status, found = 200, {}
    try:
        found = fields(body)
    except FormError as wrong:
        status = wrong.status
    assert status in {200, 400}
    assert all(isinstance(text, str) for pair in found.items() for text in pair)


def test_proof_holds_for_its_own_secret_alone():
    assert proven("secret", proof("secret"))
    assert not proven("secret", proof("other"))
    assert not proven("secret", "")
    assert not proven("secret", "ä")
    assert not proven("", proof(""))
    assert "secret" not in proof("secret")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),  # no browser
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"origin": "http://mock.test:8008"}, False),
        ({"origin": "https://mock.test:8008"}, False),
        ({"origin": "http://mock.test"}, True),
        ({"origin": "http://elsewhere.test:8008"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://["}, True),
        ({"origin": ""}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://mock.test:8008"}, True),
    ],
)
def test_form_from_another_site_is_recognised(headers: dict[str, str], *, expected: bool) -> None:
    assert is_cross_site(request(headers=headers)) is expected


def test_errors_of_the_domain_lead_to_their_fields():
    wrong = Invalid({"name": ["A", "B"], "vms": ["C"]})
    assert problems_of(wrong, ("name", "plan")) == (
        Problem("A", "name"),
        Problem("B", "name"),
        Problem("C"),
    )
    assert problems_of(TooMany(3, "Wait."), ("name",)) == (Problem("Wait."),)
