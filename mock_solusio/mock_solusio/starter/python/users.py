"""The SolusIO users of your customers, and their login: the adapter for `mock-solusio users check`.

    python3 users.py create 7      also update, suspend, unsuspend and delete
    python3 users.py login 7       prints the login link

Environment: SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_CA_FILE, SOLUSIO_CUSTOMERS, SOLUSIO_EMAIL. Customers
come from the file SOLUSIO_CUSTOMERS: replace `customer` with a query to your database. docs/users.md of
mock-solusio explains each event.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import ssl
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

ATTEMPTS = 4


class SolusioError(Exception):
    """SolusIO refused a request; `status` is 0 if there was no response."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class LostResponse(SolusioError):
    """SolusIO may or may not have done it: look before you repeat it."""


class NoRedirect(HTTPRedirectHandler):
    """The access token is for SolusIO alone."""

    def redirect_request(self, *_: Any) -> None:
        """Leave a redirect as the response that it is."""


class Solusio:
    """Calls the API."""

    def __init__(self, url: str, access_token: str, ca_file: str | None) -> None:
        self.url, self.access_token = url, access_token
        self.opener = build_opener(
            HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)), NoRedirect
        )

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request, again if that does no harm; return the document of the response."""
        for attempt in range(ATTEMPTS):
            status, text, wait = self.send(method, path, body)
            document = parsed(text)
            arrived = 0 < status < 500 and (status >= 400 or status == 204 or document is not None)
            if arrived and status < 300:
                return document
            refused_for_now = status == 429 or (status == 503 and wait is not None)
            # A POST that got no response may have made something: repeat it only if it did nothing.
            repeatable = refused_for_now or status == -1 or (not arrived and method != "POST")
            if not repeatable or attempt + 1 == ATTEMPTS or (wait or 0) > 30:
                break
            time.sleep(0.5 * 2**attempt if wait is None else wait)
        what = f"{method} {path}: " + (f"status {status}" if status > 0 else "no response")
        if method == "POST" and status != -1 and not arrived and not refused_for_now:
            raise LostResponse(what)
        if isinstance(document, dict):
            what += f": {document.get('errors') or document.get('message')}"
        raise SolusioError(what, status)

    def send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes, int | None]:
        """Return status (0: no response; -1: nothing was sent), body, and the seconds of Retry-After."""
        headers = {"Authorization": f"Bearer {self.access_token}", "Accept": "application/json"}
        headers |= {"User-Agent": "example-billing/1.0"}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = Request(f"{self.url}/api/v1/{path}", data, headers, method=method)
        try:
            try:
                response = self.opener.open(request, timeout=30)
            except HTTPError as error:
                response = error
            with response:
                wait = response.headers.get("Retry-After", "")
                return response.status, response.read(), int(wait) if wait.isdecimal() else None
        except URLError as error:
            refused = isinstance(error.reason, ConnectionRefusedError | ssl.SSLCertVerificationError)
            return -1 if refused else 0, b"", None
        except (OSError, http.client.HTTPException):
            return 0, b"", None

    def all(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, from all its pages."""
        following: str | None = f"{path}?{urlencode(query)}"
        while following is not None:
            page = self.call("GET", following)
            yield from page["data"]
            link = page["links"]["next"]
            following = None if link is None else f"{path}?{urlsplit(link).query}"


def parsed(text: bytes) -> Any:
    """Return a JSON document; None if it is not one."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def customer(number: int) -> dict[str, Any] | None:
    """Return a customer of the billing system; None if they are gone."""
    with open(os.environ["SOLUSIO_CUSTOMERS"], encoding="utf-8") as file:
        found = [one for one in json.load(file)["customers"] if one["billing_user_id"] == number]
    return found[0] if found else None


def profile(number: int) -> dict[str, Any]:
    """Return what the user of a customer is made from; SolusIO chooses the others."""
    row = customer(number) or {"email": os.environ["SOLUSIO_EMAIL"]}  # somebody who comes back
    names = ("email", "language_id", "limit_group_id")
    return {name: row[name] for name in names if row.get(name) is not None}


class Users:
    """Gives each customer one user in SolusIO, finds them by billing_user_id, and touches nobody else."""

    def __init__(self, solusio: Solusio) -> None:
        self.solusio = solusio

    def find(self, number: int) -> dict[str, Any] | None:
        """Return the user of a customer; None if there is none. Never staff."""
        query = {"filter[billing_user_id]": number, "per_page": 100}
        for user in self.solusio.all("users", **query):
            if user["billing_user_id"] == number:
                if any(role["name"] == "ADMIN" for role in user["roles"]):
                    raise SolusioError(f"SolusIO user {user['id']} is an administrator, not a customer")
                return user
        return None

    def find_or_make(self, number: int) -> dict[str, Any]:
        """Return the user of a customer. After each failure, look: another request may have made them."""
        user = self.find(number)
        attempt = 0
        while user is None:
            fields = {"billing_user_id": number, "status": "active", "password": secrets.token_hex(16)}
            try:
                user = self.solusio.call("POST", "users", profile(number) | fields)["data"]
            except SolusioError as error:
                lost = isinstance(error, LostResponse)
                attempt += 1
                if lost or error.status == 422:
                    user = self.find(number)
                if user is None and (not lost or attempt == 3):
                    raise
        return user

    def create(self, number: int) -> None:
        """Make the user of a customer, or bring an existing one up to date."""
        self.update(number)

    def update(self, number: int) -> None:
        """Take over what changed about a customer."""
        user = self.find_or_make(number)
        for name in ("language", "limit_group"):
            user[f"{name}_id"] = (user.get(name) or {}).get("id")
        self.change(user, profile(number))

    def suspend(self, number: int) -> None:
        """Suspend the user of a customer."""
        self.change(self.find_or_make(number), {"status": "suspended"})

    def unsuspend(self, number: int) -> None:
        """Take a suspension back."""
        self.change(self.find_or_make(number), {"status": "active"})

    def delete(self, number: int) -> None:
        """Delete the user of a customer."""
        user = self.find(number)
        try:
            if user is not None:
                self.solusio.call("DELETE", f"users/{user['id']}")
        except SolusioError as error:
            # Somebody was faster, or the response to our first request was lost.
            if error.status != 404:
                raise

    def login(self, number: int) -> str:
        """Return a link that logs the customer in once. Redirect to it at once: it is worth a password."""
        if customer(number) is None:
            raise LookupError(f"there is no customer {number}")
        user = self.find_or_make(number)
        for attempt in range(3):
            try:
                token = self.solusio.call("POST", f"users/{user['id']}/tokens", {"is_one_time": True})["data"]
            except LostResponse:
                # Nobody has seen a token that was lost: asking for another does no harm.
                if attempt == 2:
                    raise
            else:
                return f"{self.solusio.url}/auth/by_token/{quote(token['access_token'], safe='')}"
        raise AssertionError

    def change(self, user: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Send what differs, if anything does."""
        changes = {name: value for name, value in wanted.items() if user[name] != value}
        if changes:
            self.solusio.call("PUT", f"users/{user['id']}", changes)


EVENTS = ("create", "update", "suspend", "unsuspend", "delete", "login")

if __name__ == "__main__":
    try:
        _, event, argument = sys.argv
        if event not in EVENTS:
            raise ValueError(f"expected {', '.join(EVENTS)}, got {event}")
        environment = os.environ
        solusio = Solusio(
            environment["SOLUSIO_URL"],
            environment["SOLUSIO_ACCESS_TOKEN"],
            environment.get("SOLUSIO_CA_FILE") or None,
        )
        print(getattr(Users(solusio), event)(int(argument)) or "", end="")
    except (SolusioError, LookupError, OSError, ValueError) as error:
        sys.exit(f"users.py: {error}")
