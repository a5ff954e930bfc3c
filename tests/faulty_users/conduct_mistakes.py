"""Mistakes in how requests are sent, whatever they are about."""

from __future__ import annotations

import base64
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from users import Lost, Refused, Row, Solusio, Users


class TokenInUrl(Users):
    class Open(Solusio):
        def address(self, path: str) -> str:
            sign = "&" if "?" in path else "?"
            return f"{super().address(path)}{sign}api_token={self.access_token}"

    solusio_class = Open


class BasicAuthorization(Users):
    """The access token as the password of Basic authorization."""

    class Basic(Solusio):
        def headers(self, body: Row | None) -> dict[str, str]:
            pair = base64.b64encode(f"api:{self.access_token}".encode()).decode()
            return super().headers(body) | {"Authorization": f"Basic {pair}"}

    solusio_class = Basic


class FormBody(Users):
    class Form(Solusio):
        def encoded(self, body: Row | None) -> bytes | None:
            return None if body is None else urllib.parse.urlencode(body, doseq=True).encode()

        def headers(self, body: Row | None) -> dict[str, str]:
            headers = super().headers(body)
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            return headers if body is None else headers | form

    solusio_class = Form


class PasswordInUrl(Users):
    def post(self, solusio: Solusio, customer: Row) -> Row:
        fields = self.fields(solusio, customer)
        query = urllib.parse.urlencode({"password": fields.pop("password")})
        made: Row = solusio.call("POST", f"users?{query}", fields)["data"]
        return made


class RefusedAgain(Users):
    """Every refusal is asked for again, ten times."""

    class Stubborn(Solusio):
        def call(self, method: str, path: str, body: Row | None = None) -> Any:
            for _ in range(10):
                try:
                    return super().call(method, path, body)
                except Lost:
                    raise
                except Refused as error:
                    last = error
            raise last

    solusio_class = Stubborn


class RetryAfterIgnored(Users):
    class Hasty(Solusio):
        def wait(self, attempt: int, retry_after: int | None) -> None:
            super().wait(attempt, None if retry_after is None else 0)

    solusio_class = Hasty


class NoWait(Users):
    """After a failure it asks again at once, twelve times."""

    class Hasty(Solusio):
        def call(self, method: str, path: str, body: Row | None = None) -> Any:
            for _ in range(3):
                try:
                    return super().call(method, path, body)
                except Lost:
                    raise
                except Refused as error:
                    last = error
            raise last

        def wait(self, attempt: int, retry_after: int | None) -> None:
            if retry_after is not None:
                super().wait(attempt, retry_after)

    solusio_class = Hasty


class NoRetry(Users):
    """The first 429 or 503 ends everything: correct, if somebody does it again. Nobody does."""

    class Fragile(Solusio):
        def repeatable(self, method: str, status: int, retry_after: int | None) -> bool:  # noqa: ARG002
            return False

    solusio_class = Fragile

    def create(self, solusio: Solusio, customer: Row) -> None:
        try:
            super().create(solusio, customer)
        except Refused:
            self.failed = True  # ... and reports success


class AnyCertificate(Users):
    class Careless(Solusio):
        def trust(self, ca_file: str | None) -> ssl.SSLContext | None:  # noqa: ARG002
            careless = ssl.create_default_context()
            careless.check_hostname = False
            careless.verify_mode = ssl.CERT_NONE
            return careless if self.url.startswith("https:") else None

    solusio_class = Careless


class AsksThirtyTimes(Users):
    """After each change it reads the user thirty times, to see the change arrive."""

    def change(self, solusio: Solusio, user: Row, changes: Row) -> None:
        super().change(solusio, user, changes)
        for _ in range(30):
            solusio.call("GET", f"users/{user['id']}")


class SamePageAgain(Users):
    """The number of the page is never increased; after fifty pages it gives up."""

    def candidates(self, solusio: Solusio, customer: Row) -> Iterator[Row]:
        for _ in range(50):
            page = solusio.call("GET", "users?page=1&per_page=20")
            yield from page["data"]
            if page["meta"]["last_page"] == 1:
                return
        yield from super().candidates(solusio, customer)


class SharedVariable(Users):
    """Two events at one moment share a variable, and the customer of the later one wins."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.together = threading.Barrier(max(1, len(self.customers)))

    def create(self, solusio: Solusio, customer: Row) -> None:
        self.current = customer
        self.together.wait(30)
        super().create(solusio, self.current)
