"""The endpoints that the check is held to are what the catalogue says they are.

Without the check: each correct endpoint gives every customer their price; each planted fault shows, by
itself in a plain valid call or under its probe; and no probe makes a correct endpoint look faulty.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import math
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote_plus, urlsplit

import pytest

HERE = Path(__file__).parent
LANGUAGES = {"php": "*.php", "node": "*.mjs", "python": "*.py"}
FORM = "application/x-www-form-urlencoded"
PATIENCE = 2.0  # seconds after which no answer comes any more


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int  # 0: none came
    headers: str = ""
    content_type: str = ""
    encoding: str = ""
    body: bytes = b""


NOTHING = Answer(0)


def form(token: str, user: object) -> str:
    sent = f"token={quote_plus(token)}&" if token else ""
    return f"{sent}action=GetTokenPricing&userid={user}"


def call(url: str, body: str, timeout: float = 10, **headers: str) -> Answer:
    """Send one POST on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    sent = {"Accept": "application/json", "Content-Type": FORM, "Connection": "close"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        target = parts._replace(scheme="", netloc="").geturl()
        connection.request("POST", target, body.encode(), sent)
        got = connection.getresponse()
        kind, encoding = got.getheader("Content-Type", ""), got.getheader("Content-Encoding", "")
        return Answer(got.status, str(got.headers), kind, encoding, got.read())
    except (OSError, http.client.HTTPException):
        return NOTHING
    finally:
        connection.close()


def problems(answer: Answer, expected: dict[str, Any]) -> list[str]:
    """Return what is wrong with the answer to a valid call; what is more than expected is right."""
    if answer.status != 200:
        return [f"status {answer.status}"]
    if not re.fullmatch(r"(?i)application/json(;\s*charset=utf-8)?", answer.content_type):
        return [f"content type {answer.content_type!r}"]
    if answer.encoding:
        return [f"encoded as {answer.encoding}"]
    try:
        text = answer.body.decode("utf-8")
        page = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
        json.dumps(page, ensure_ascii=False).encode("utf-8")  # fails for half a character
    except ValueError as error:
        return [f"body {answer.body!r}: {error}"]
    return list(differences(expected, page, "answer"))


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def differences(expected: Any, actual: Any, place: str) -> Iterable[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from differences(value, actual[key], f"{place}.{key}")
            else:
                yield f"{place}.{key} is missing"
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, value in enumerate(expected):
            yield from differences(value, actual[index], f"{place}[{index}]")
    elif isinstance(expected, float) and type(actual) in (int, float):
        if not math.isclose(expected, actual, rel_tol=1e-9):
            yield f"{place}: {actual!r} instead of {expected!r}"
    elif type(expected) is not type(actual) or expected != actual:
        yield f"{place}: {actual!r} instead of {expected!r}"


# Faults that take more than form bodies to show. Each function returns whether the fault is there.


def gzip_is_broken(url: str, entry: Any) -> bool:
    answer = call(url, form(entry.token, 1), Accept_Encoding="gzip")
    return answer.encoding in {"", "gzip"} and unzipped(answer) is None


def unzipped(answer: Answer) -> bytes | None:
    if answer.encoding != "gzip":
        return answer.body or None
    stream = zlib.decompressobj(wbits=31)
    with contextlib.suppress(zlib.error):
        body = stream.decompress(answer.body)
        return body if stream.eof and not stream.unused_data else None
    return None


def request(body: str, kind: str = FORM) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: a", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


def received(connection: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
    """Return what comes until it is enough, or the end, or nothing for a while."""
    data = b""
    connection.settimeout(PATIENCE)
    with contextlib.suppress(OSError):
        while not enough(data) and (piece := connection.recv(1 << 16)):
            data += piece
    return data


def complete(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= declared(head)


def declared(head: bytes) -> int:
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return int(length[1]) if length else 0


def after_one_answer(data: bytes) -> bytes:
    """Return what follows the first answer, whose body is as long as it declares."""
    head, _, body = data.partition(b"\r\n\r\n")
    return body[declared(head) :]


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10)


def second_answer(url: str, first: bytes, second: bytes) -> bytes:
    """Send two requests on one connection; return what comes after the answer to the first."""
    with connect(url) as connection:
        connection.sendall(first)
        data = received(connection, complete)
        connection.sendall(second)
        data += received(connection, lambda more: complete(after_one_answer(data + more)))
        return after_one_answer(data)


def answers_200(data: bytes) -> bool:
    return data.startswith(b"HTTP/1.1 200 ")


def second_valid_call_fails(url: str, entry: Any) -> bool:
    valid = request(form(entry.token, 1))
    return not answers_200(second_answer(url, valid, valid))


def call_after_refused_json_fails(url: str, entry: Any) -> bool:
    json_call = request('{"action": "GetTokenPricing", "userid": 1}', "application/json")
    return not answers_200(second_answer(url, json_call, request(form(entry.token, 1))))


def call_after_refusal_fails(url: str, entry: Any) -> bool:
    refused, valid = request(form(entry.token, "abc")), request(form(entry.token, 1))
    return not answers_200(second_answer(url, refused, valid))


def connection_stays_authorised(url: str, entry: Any) -> bool:
    return answers_200(second_answer(url, request(form(entry.token, 1)), request(form("wrong", 1))))


def half_a_body_is_answered(url: str, entry: Any) -> bool:
    with connect(url) as connection:
        connection.sendall(request(form(entry.token, 12))[:-10])
        return received(connection, complete) != b""


def chunked_request_is_an_error(url: str, entry: Any) -> bool:
    body = form(entry.token, 1)
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(url) as connection:
        connection.sendall(f"{head}{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode())
        return received(connection, complete).startswith(b"HTTP/1.1 500 ")


def json_needs_no_token(url: str, _entry: Any) -> bool:
    body = '{"action": "GetTokenPricing", "userid": 1}'
    return call(url, body, Content_Type="application/json").status == 200


def idle_connection_blocks(url: str, entry: Any) -> bool:
    with connect(url) as idle:
        idle.sendall(request(form(entry.token, 1)))
        received(idle, complete)
        return call(url, form(entry.token, 2), timeout=PATIENCE) is NOTHING


def form_with_charset_is_refused(url: str, entry: Any) -> bool:
    return call(url, form(entry.token, 1), Content_Type=f"{FORM}; charset=utf-8").status == 415


def cookie_opens(url: str, entry: Any) -> bool:
    """Send a wrong token with the cookies that came with the answer to a right one."""
    given = re.findall(r"(?im)^set-cookie: ([^;\r\n]+)", call(url, form(entry.token, 1)).headers)
    return bool(given) and call(url, form("wrong", 1), Cookie="; ".join(given)).status == 200


def first_price_takes_a_second(url: str, entry: Any) -> bool:
    began = time.monotonic()
    return call(url, form(entry.token, 3)).status == 200 and time.monotonic() - began > 1


def slow_form_is_refused(url: str, entry: Any) -> bool:
    """Send the last byte only once an answer has come, or after half a second without one."""
    whole = request(form(entry.token, 1))
    with connect(url) as connection:
        connection.sendall(whole[:-1])
        connection.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            connection.recv(1, socket.MSG_PEEK)
        connection.sendall(whole[-1:])
        return received(connection, complete).startswith(b"HTTP/1.1 408 ")


def together_is_different(url: str, entry: Any) -> bool:
    """Fifty calls at once, for two customers in turn."""
    gate = threading.Barrier(50)

    def one(user: int) -> list[str]:
        gate.wait(10)
        return problems(call(url, form(entry.token, user)), entry.expect[user])

    with ThreadPoolExecutor(50) as pool:
        return any(pool.map(one, [1, 2] * 25))


WIRE: dict[str, Callable[[str, Any], bool]] = {
    "php-form-charset-415": form_with_charset_is_refused,
    "php-gzip-length-of-plain": gzip_is_broken,
    "php-token-session-remembered": cookie_opens,
    "node-gzip-header-only": gzip_is_broken,
    "node-gzip-truncated": gzip_is_broken,
    "node-json-body-skips-authorization": json_needs_no_token,
    "node-first-chunk-only": half_a_body_is_answered,
    "node-first-price-slow": first_price_takes_a_second,
    "node-slow-form-408": slow_form_is_refused,
    "node-shared-variable-across-await": together_is_different,
    "node-too-busy-503": together_is_different,
    "python-bytes-after-content-length": second_valid_call_fails,
    "python-closes-unannounced": second_valid_call_fails,
    "python-keep-alive-broken": second_valid_call_fails,
    "python-refusal-leaves-body": call_after_refused_json_fails,
    "python-refusal-without-length": call_after_refusal_fails,
    "python-second-request-ignored": second_valid_call_fails,
    "python-token-remembered-per-connection": connection_stays_authorised,
    "python-chunked-request-500": chunked_request_is_an_error,
    "python-shared-attribute-across-threads": together_is_different,
    "python-lock-under-load-500": together_is_different,
    "python-idle-connection-blocks": idle_connection_blocks,
}


def shows(entry: Any, url: str) -> bool:
    """Return whether the fault of the entry shows at the endpoint behind the URL."""
    if entry.id in WIRE:
        return WIRE[entry.id](url, entry)
    answer, token = NOTHING, quote_plus(entry.token)
    for body in entry.probe:
        filled = body.replace("{token}", token).replace("{padding}", "x" * 100_000)
        answer = call(url, filled, timeout=PATIENCE if entry.probe_status == 0 else 10)
    if entry.probe_status is not None:
        return bool(answer.status == entry.probe_status)
    if entry.probe_text is not None:
        text = answer.headers + answer.body.decode("utf-8", "replace")
        return str(entry.probe_text).replace("{token}", token) in text
    return bool(answer.body == entry.probe_body.encode())


def all_of(entries: Iterable[Any], examine: Callable[[Any], list[str]]) -> list[str]:
    """Examine endpoints side by side; return one line for each thing that is not as it should be."""
    with ThreadPoolExecutor(8) as pool:
        return [line for lines in pool.map(examine, entries) for line in lines]


@pytest.fixture(params=LANGUAGES)
def endpoints(request: pytest.FixtureRequest, catalogue: Any) -> list[Any]:
    return [entry for entry in catalogue if entry.language == request.param]


def test_the_catalogue_names_every_program_once(catalogue):
    found = {
        f"{folder}/{path.name}"
        for folder, pattern in LANGUAGES.items()
        for path in (HERE / folder).glob(pattern)
        if not path.name.startswith("_")
    }
    assert sorted(entry.file for entry in catalogue) == sorted(found)
    assert len({entry.id for entry in catalogue}) == len(catalogue)


def test_every_entry_says_what_it_is_and_why(catalogue):
    areas = {"http", "body", "fields", "values", "auth", "input", "consistency", "robustness", "security"}
    for entry in catalogue:
        assert entry.area in areas, entry.id
        assert entry.why, entry.id
        assert entry.level in {"must", "should"}, entry.id
        assert bool(entry.clauses or entry.clauses_any) == (entry.kind == "faulty"), entry.id
        assert not entry.warns or entry.kind == "correct", entry.id
        assert (bool(entry.fault), bool(entry.style)) == (
            entry.kind == "faulty",
            entry.kind == "correct",
        ), entry.id


def test_every_hidden_fault_has_one_proof(catalogue):
    for entry in catalogue:
        answers = (entry.probe_status, entry.probe_text, entry.probe_body)
        given = sum(answer is not None for answer in answers)
        assert given == bool(entry.probe), entry.id
        assert (entry.id in WIRE) + bool(entry.probe) == (not entry.visible), entry.id
    assert set(WIRE) <= {entry.id for entry in catalogue}


def test_correct_endpoints_answer_every_customer(endpoints, serve):
    def examine(entry: Any) -> list[str]:
        pairs = zip(entry.args, entry.args[1:], strict=False)
        users = [int(value) for option, value in pairs if option == "--user-id"]
        with serve(entry) as url:
            found = []
            for user in users:
                found += problems(call(url, form(entry.token, user)), entry.expect[user])
            stranger = call(url, form(entry.token, 987654))
            if not 400 <= stranger.status < 500:
                found.append(f"an unknown user is answered with {stranger.status}")
            return [f"{entry.id}: {line}" for line in found]

    assert all_of([entry for entry in endpoints if entry.kind == "correct"], examine) == []


def test_hidden_faults_show_when_probed_and_only_then(endpoints, serve):
    def examine(entry: Any) -> list[str]:
        with serve(entry) as url:
            found = problems(call(url, form(entry.token, 1)), entry.expect[1])
            if not shows(entry, url):
                found.append("the probe does not show the fault")
        return [f"{entry.id}: {line}" for line in found]

    assert all_of([entry for entry in endpoints if not entry.visible], examine) == []


def test_visible_faults_show_in_a_plain_call(endpoints, serve):
    def examine(entry: Any) -> list[str]:
        with serve(entry) as url:
            wrong = problems(call(url, form(entry.token, 1)), entry.expect[1])
        return [] if wrong else [f"{entry.id}: the answer is right"]

    faulty = [entry for entry in endpoints if entry.kind == "faulty" and entry.visible]
    assert all_of(faulty, examine) == []


def test_no_probe_shows_a_fault_at_a_correct_endpoint(endpoints, serve):
    plain = next(entry for entry in endpoints if entry.id.endswith("-ok-plain"))
    hidden = [entry for entry in endpoints if not entry.visible]

    def examine(token: str) -> list[str]:
        with serve(dataclasses.replace(plain, token=token)) as url:
            probes = [entry for entry in hidden if entry.token == token]
            return [entry.id for entry in probes if shows(entry, url)]

    assert all_of({entry.token for entry in hidden}, examine) == []


def test_gzip_on_request_is_right(catalogue, serve):
    entry = next(entry for entry in catalogue if entry.id == "php-ok-gzip-when-asked")
    with serve(entry) as url:
        answer = call(url, form(entry.token, 1), Accept_Encoding="gzip")
    assert answer.encoding == "gzip"
    plain = dataclasses.replace(answer, encoding="", body=unzipped(answer) or b"")
    assert problems(plain, entry.expect[1]) == []


def test_an_endpoint_is_gone_after_its_block(catalogue, serve):
    entry = next(entry for entry in catalogue if entry.id == "python-ok-plain")
    with serve(entry) as url:
        assert call(url, form(entry.token, 1)).status == 200
    with pytest.raises(ConnectionRefusedError):
        connect(url)


def test_stderr_comes_with_a_failure(catalogue, serve):
    entry = next(entry for entry in catalogue if entry.id == "python-unknown-user-500")

    def fail() -> NoReturn:
        with serve(entry) as url:
            call(url, form(entry.token, 987654))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failure:
        fail()
    assert "KeyError: 987654" in failure.value.__notes__[0]


def test_a_program_that_does_not_start_says_why(catalogue, serve):
    entry = next(entry for entry in catalogue if entry.id == "python-ok-plain")
    broken = dataclasses.replace(entry, file="python/no_such_file.py")
    with pytest.raises(Exception, match="No such file or directory"), serve(broken):
        pass
