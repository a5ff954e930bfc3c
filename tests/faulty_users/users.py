"""A plain billing system that manages SolusIO's users correctly; the *_mistakes.py plant mistakes in it.

It uses only the standard library, and no code of the project.
"""

from __future__ import annotations

import gzip
import http.client
import json
import secrets
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]
TIMEOUT = 10
ATTEMPTS = 4
PATIENCE = 30  # seconds of Retry-After that it waits


class Refused(Exception):  # noqa: N818 - named for what happened
    """SolusIO did not do it, for sure."""

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


class Lost(Refused):
    """SolusIO may or may not have done it."""


class Gone(Refused):
    """The customer was deleted."""


class Solusio:
    """Calls the API."""

    def __init__(self, url: str, access_token: str, ca_file: str | None = None) -> None:
        self.url = url
        self.access_token = access_token
        self.tls = self.trust(ca_file)

    def call(self, method: str, path: str, body: Row | None = None) -> Any:
        """Send a request, again if that does no harm; return the response."""
        for attempt in range(ATTEMPTS):
            status, answer, retry_after = self.send(method, path, body)
            if 200 <= status < 300 and answer is not None:
                return answer
            if attempt == ATTEMPTS - 1 or not self.repeatable(method, status, retry_after):
                break
            self.wait(attempt, retry_after)
        what = f"{method} {path}: status {status}"
        done = status == -1 or 300 <= status < 500 or (status == 503 and retry_after is not None)
        raise Refused(what, status) if done or method != "POST" else Lost(what, status)

    def repeatable(self, method: str, status: int, retry_after: int | None) -> bool:
        if status == 429 or (status == 503 and retry_after is not None):
            return retry_after is None or retry_after <= PATIENCE
        return status == -1 or (method != "POST" and (status < 300 or status >= 500))

    def wait(self, attempt: int, retry_after: int | None) -> None:
        time.sleep(0.5 * 2**attempt if retry_after is None else retry_after)

    def send(self, method: str, path: str, body: Row | None) -> tuple[int, Any, int | None]:
        """Return the status (0: no response, -1: nothing was sent), the JSON, and Retry-After in seconds."""
        request = urllib.request.Request(  # noqa: S310 - the URL of the mock
            self.address(path), self.encoded(body), self.headers(body), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=self.tls) as response:  # noqa: S310
                return response.status, self.decoded(response), None
        except urllib.error.HTTPError as error:
            with error:
                seconds = error.headers.get("Retry-After", "")
                error.read()
                return error.code, None, int(seconds) if seconds.isdigit() else None
        except urllib.error.URLError as error:
            return -1 if isinstance(error.reason, ConnectionRefusedError) else 0, None, None
        except (OSError, http.client.HTTPException):
            return 0, None, None

    def trust(self, ca_file: str | None) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=ca_file) if self.url.startswith("https:") else None

    def address(self, path: str) -> str:
        return f"{self.url}/api/v1/{path}"

    def encoded(self, body: Row | None) -> bytes | None:
        return None if body is None else json.dumps(body).encode()

    def headers(self, body: Row | None) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.access_token}",
            "Accept": "application/json",
            "User-Agent": "plain-billing/1.0",
        }
        return headers if body is None else headers | {"Content-Type": "application/json"}

    def decoded(self, response: Any) -> Any:
        """Return the JSON of a response; None if there is none although there should be."""
        body = response.read()
        if response.status == 204:
            return {}
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            answer = json.loads(body)
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None

    def pages(self, path: str, **query: Any) -> Iterator[list[Row]]:
        page = f"{path}?{urllib.parse.urlencode(query)}"
        while page:
            answer = self.call("GET", page)
            yield answer["data"]
            link = answer["links"]["next"]
            page = f"{path}?{urllib.parse.urlsplit(link).query}" if link else ""

    def all(self, path: str, **query: Any) -> Iterator[Row]:
        for page in self.pages(path, per_page=100, **query):
            yield from page


class Users:
    """The users of customers in one SolusIO. A variant overrides a method to plant a mistake."""

    solusio_class = Solusio

    def __init__(self) -> None:
        self.marks: dict[int, set[str]] = {}
        self.deleted: set[int] = set()
        self.prepare({"customers": []})

    def connect(self, url: str, access_token: str, ca_file: str | None) -> Solusio:
        return self.solusio_class(url, access_token, ca_file)

    # Events of the check

    def prepare(self, document: Row) -> None:
        """Take in these customers, and forget what was known of their users."""
        self.customers = [one["billing_user_id"] for one in document["customers"]]
        for number in self.customers:
            self.marks.pop(number, None)
            self.deleted.discard(number)

    def create(self, solusio: Solusio, customer: Row) -> None:
        if customer["billing_user_id"] in self.deleted:
            self.deleted.discard(customer["billing_user_id"])
            self.marks.pop(customer["billing_user_id"], None)
        self.bring_up_to_date(solusio, customer)

    def update(self, solusio: Solusio, customer: Row) -> None:
        self.require_customer(customer)
        self.bring_up_to_date(solusio, customer)

    def suspend(self, solusio: Solusio, customer: Row) -> None:
        self.mark(customer, "suspended")
        self.set_status(solusio, customer)

    def unsuspend(self, solusio: Solusio, customer: Row) -> None:
        self.unmark(customer, "suspended")
        self.set_status(solusio, customer)

    def lock(self, solusio: Solusio, customer: Row) -> None:
        self.mark(customer, "locked")
        self.set_status(solusio, customer)

    def unlock(self, solusio: Solusio, customer: Row) -> None:
        self.unmark(customer, "locked")
        self.set_status(solusio, customer)

    def delete(self, solusio: Solusio, customer: Row) -> None:
        self.deleted.add(customer["billing_user_id"])
        user = self.find(solusio, customer)
        if user is not None:
            self.remove(solusio, user)

    def login(self, solusio: Solusio, customer: Row) -> str:
        self.require_customer(customer)
        user = self.user(solusio, customer)
        return self.link(solusio, self.token(solusio, user))

    # Users

    def user(self, solusio: Solusio, customer: Row) -> Row:
        """Return the customer's user, who is created if there is none."""
        return self.find(solusio, customer) or self.make(solusio, customer)

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        for user in self.candidates(solusio, customer):
            if user["billing_user_id"] == customer["billing_user_id"]:
                return self.not_staff(user)
        return None

    def candidates(self, solusio: Solusio, customer: Row) -> Iterator[Row]:
        return solusio.all("users", **{"filter[billing_user_id]": customer["billing_user_id"]})

    def not_staff(self, user: Row) -> Row:
        if any(role["name"] == "ADMIN" for role in user["roles"]):
            raise Refused(f"user {user['id']} is an administrator")
        return user

    def make(self, solusio: Solusio, customer: Row) -> Row:
        for attempt in range(ATTEMPTS):
            try:
                return self.post(solusio, customer)
            except Refused as error:
                lost = isinstance(error, Lost)
                found = self.find(solusio, customer) if lost or error.status == 422 else None
                if found is not None:
                    return found
                if not lost or attempt == ATTEMPTS - 1:
                    raise
            solusio.wait(attempt, None)
        raise AssertionError

    def post(self, solusio: Solusio, customer: Row) -> Row:
        made: Row = solusio.call("POST", "users", self.fields(solusio, customer))["data"]
        return made

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        return {
            **self.profile(customer),
            "billing_user_id": customer["billing_user_id"],
            "status": self.status(customer),
            "password": self.password(customer),
            "roles": [self.role(solusio)],
        }

    def profile(self, customer: Row) -> Row:
        profile = {"email": self.email(customer)}
        for name in ("language_id", "limit_group_id"):
            if customer.get(name) is not None:
                profile[name] = customer[name]
        return profile

    def email(self, customer: Row) -> str:
        return str(customer["email"])

    def password(self, customer: Row) -> str:  # noqa: ARG002 - some mistakes ask
        return secrets.token_urlsafe(24)

    def role(self, solusio: Solusio) -> int:
        (client,) = [one["id"] for one in solusio.all("roles") if one["name"] == "CLIENT"]
        return int(client)

    def bring_up_to_date(self, solusio: Solusio, customer: Row) -> None:
        user = self.user(solusio, customer)
        shown = {
            "email": user["email"],
            "language_id": (user["language"] or {}).get("id"),
            "limit_group_id": (user["limit_group"] or {}).get("id"),
        }
        profile = self.profile(customer)
        changes = {name: value for name, value in profile.items() if shown[name] != value}
        if changes:
            self.change(solusio, user, changes)

    def set_status(self, solusio: Solusio, customer: Row) -> None:
        self.require_customer(customer)
        user = self.user(solusio, customer)
        if user["status"] != self.status(customer):
            self.change(solusio, user, {"status": self.status(customer)})

    def change(self, solusio: Solusio, user: Row, changes: Row) -> None:
        solusio.call("PUT", f"users/{user['id']}", changes)

    def remove(self, solusio: Solusio, user: Row) -> None:
        try:
            solusio.call("DELETE", f"users/{user['id']}")
        except Refused as error:
            if error.status != 404:  # somebody was faster, or our first response was lost
                raise

    # What the billing system knows

    def require_customer(self, customer: Row) -> None:
        if customer["billing_user_id"] in self.deleted:
            raise Gone("the customer was deleted")

    def mark(self, customer: Row, status: str) -> None:
        self.marks.setdefault(customer["billing_user_id"], set()).add(status)

    def unmark(self, customer: Row, status: str) -> None:
        self.marks.get(customer["billing_user_id"], set()).discard(status)

    def status(self, customer: Row) -> str:
        marks = self.marks.get(customer["billing_user_id"], set())
        return next((one for one in ("suspended", "locked") if one in marks), "active")

    # Login

    def token(self, solusio: Solusio, user: Row) -> str:
        for attempt in range(ATTEMPTS):
            try:
                answer = solusio.call("POST", f"users/{user['id']}/tokens", self.token_fields())
            except Lost:  # nobody has seen it
                if attempt == ATTEMPTS - 1:
                    raise
                solusio.wait(attempt, None)
            else:
                return str(answer["data"]["access_token"])
        raise AssertionError

    def token_fields(self) -> Row:
        return {"is_one_time": True}

    def link(self, solusio: Solusio, token: str) -> str:
        return f"{solusio.url}/auth/by_token/{urllib.parse.quote(token, safe='')}"
