"""The line under a finding shows the fault again, or says that one curl cannot; bash and curl run it."""

import os
import subprocess

from msgspec.structs import replace

from solusio_contracts.http.connection import Connection, exchange_on
from solusio_contracts.http.curl import reproduction
from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.http.masking import Mask
from solusio_contracts.http.url import Origin
from support.endpoint import Asked, Response, endpoint
from support.programs import need

TOKEN = "kZ7-qf3XwT9b"
VALID = Request.form((("token", TOKEN), ("action", "GetTokenPricing"), ("userid", "1")))
WRONG = Request.form((("token", "a b+{}"), ("action", "GetTokenPricing"), ("userid", "1")))
URL = "http://127.0.0.1:8000/solusio/api/"


def mask() -> Mask:
    made = Mask()
    made.hide(TOKEN, "${MOCK_SOLUSIO_TOKEN}")
    return made


def output(line: str) -> str:
    need("curl")
    environment = {**os.environ, "MOCK_SOLUSIO_TOKEN": TOKEN, "NO_PROXY": "*"}
    done = subprocess.run(
        ["bash", "-c", line], env=environment, capture_output=True, check=True, timeout=60, text=True
    )
    return done.stdout


def test_a_crowd_is_sent_at_once():
    # Nobody is answered before all twenty are there.
    waiting: list[Asked] = []

    def answer(asked: Asked) -> Response:
        waiting.append(asked)
        while len(waiting) < 20:
            server.released.wait(0.01)
        return 503, {}, b""

    with endpoint(answer) as server:
        shown = Exchange(number=1, request=VALID, status=503, concurrent=20)
        line = reproduction(shown, server.url, mask())
        assert line.startswith("seq 20 | xargs -P20 ")
        assert output(line).split() == ["20", "503"]
    assert {asked.body for asked in server.asked} == {VALID.body}


def test_the_request_before_on_the_same_connection_is_sent_first():
    with endpoint(lambda _: (200, {}, b"")) as server:
        with Connection(Origin.of(server.url), tls=None, timeout=5) as connection:
            first = exchange_on(connection, WRONG, number=1, description="")
            second = exchange_on(connection, VALID, number=2, description="")
        assert (first.after, second.after) == (None, WRONG)
        output(reproduction(second, server.url, mask()))
    assert [asked.body for asked in server.asked[2:]] == [WRONG.body, VALID.body]


def test_a_rare_response_is_counted():
    def answer(_: Asked) -> Response:
        return 200, {}, b"odd" if len(server.asked) % 5 == 0 else b"even"

    with endpoint(answer) as server:
        shown = Exchange(number=1, request=VALID, status=200)
        counted = output(reproduction(shown, server.url, mask(), repeat=10))
    assert sorted(counted.split()) == ["2", "8", "even", "odd"]


def test_what_curl_cannot_do_is_said():
    shown = Exchange(number=1, request=VALID, status=400)
    plain = reproduction(shown, URL, mask())
    assert "#" not in plain
    line = reproduction(shown, URL, mask(), only="after a refusal")
    assert line == f"{plain} # only after a refusal; one curl alone may not show it"
    line = reproduction(replace(shown, pieces=3), URL, mask())
    assert line == f"{plain} # sends it whole; this needs 3 pieces with pauses, which curl cannot"


def test_a_body_too_long_for_a_line_stays_described():
    long = Exchange(number=1, request=Request(b"x=1&" * 100_000), status=500, concurrent=50)
    assert "# a body of 400000 bytes" in reproduction(long, URL, mask())
