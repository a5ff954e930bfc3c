"""Correct billing systems, each in its own way."""

from __future__ import annotations

import http.client
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from users import Lost, Refused, Row, Solusio, Users


class Plain(Users):
    """As it is."""


class IdsKept(Users):
    """Keeps SolusIO's ids, and checks them before it relies on them."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.ids: dict[int, int] = {}

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        key = customer["billing_user_id"]
        if key in self.ids:
            try:
                user: Row = solusio.call("GET", f"users/{self.ids[key]}")["data"]
            except Refused as error:
                if error.status != 404:
                    raise
            else:
                if user["billing_user_id"] == key:
                    return self.not_staff(user)
        found = super().find(solusio, customer)
        if found is not None:
            self.ids[key] = found["id"]
        return found


class ByMailVerified(Users):
    """Searches by address first, as the public modules do, but takes only the customer's own user."""

    def candidates(self, solusio: Solusio, customer: Row) -> Iterator[Row]:
        yield from solusio.all("users", **{"filter[search]": customer["email"]})
        yield from super().candidates(solusio, customer)


class PatchInstead(Users):
    def change(self, solusio: Solusio, user: Row, changes: Row) -> None:
        solusio.call("PATCH", f"users/{user['id']}", changes)


class NoPassword(Users):
    """Customers log in by link only."""

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        return {key: value for key, value in super().fields(solusio, customer).items() if key != "password"}


class DefaultRole(Users):
    """Leaves role and status to SolusIO."""

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        fields = super().fields(solusio, customer)
        left = {"roles"} if fields["status"] != "active" else {"roles", "status"}
        return {name: value for name, value in fields.items() if name not in left}

    def role(self, solusio: Solusio) -> int:  # noqa: ARG002
        return 0


class OwnRole(Users):
    """Customers have a role of the provider's own, with the permissions of CLIENT."""

    lock_of_roles = threading.Lock()

    def role(self, solusio: Solusio) -> int:
        with self.lock_of_roles:
            roles = list(solusio.all("roles"))
            for role in roles:
                if role["name"] == "Hosting customers":
                    return int(role["id"])
            (client,) = [role for role in roles if role["name"] == "CLIENT"]
            full = solusio.call("GET", f"roles/{client['id']}")["data"]
            fields = {
                "name": "Hosting customers",
                "permissions": [one["id"] for one in full.get("permissions", [])],
            }
            return int(solusio.call("POST", "roles", fields)["data"]["id"])


class DigitsAsText(Users):
    """Sends billing_user_id as a string of digits, as the Blesta module does."""

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        return super().fields(solusio, customer) | {"billing_user_id": str(customer["billing_user_id"])}


class Queue(Users):
    """Puts each change into a queue, which it works off with every event; what fails stays in it."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.waiting: list[tuple[str, Row]] = []
        self.working = threading.RLock()

    def create(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "create", customer)

    def update(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "update", customer)

    def suspend(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "suspend", customer)

    def unsuspend(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "unsuspend", customer)

    def lock(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "lock", customer)

    def unlock(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "unlock", customer)

    def delete(self, solusio: Solusio, customer: Row) -> None:
        self.put(solusio, "delete", customer)

    def login(self, solusio: Solusio, customer: Row) -> str:
        with self.working:
            self.work(solusio)
            return super().login(solusio, customer)

    def put(self, solusio: Solusio, event: str, customer: Row) -> None:
        with self.working:
            if (event, customer) not in self.waiting:
                self.waiting.append((event, customer))
            self.work(solusio)

    def work(self, solusio: Solusio) -> None:
        while self.waiting:
            event, customer = self.waiting[0]
            try:
                getattr(Users, event)(self, solusio, customer)
            except Refused as error:
                if isinstance(error, Lost) or error.status in (-1, 0, 429) or error.status >= 500:
                    raise  # the next event tries again
                self.waiting.pop(0)  # it would be refused for ever: somebody has to look
                raise
            self.waiting.pop(0)


class NumbersOfPages(Users):
    """Counts pages instead of following links, with SolusIO's default size."""

    def candidates(self, solusio: Solusio, customer: Row) -> Iterator[Row]:
        number = 1
        while True:
            query = {"filter[billing_user_id]": customer["billing_user_id"], "page": number}
            page = solusio.call("GET", f"users?{urllib.parse.urlencode(query)}")
            yield from page["data"]
            if number >= page["meta"]["last_page"]:
                return
            number += 1


class OneConnection(Users):
    """Keeps one connection open, as a long-running worker does."""

    class Kept(Solusio):
        connection: http.client.HTTPConnection | None = None

        def send(self, method: str, path: str, body: Row | None) -> tuple[int, Any, int | None]:
            if self.url.startswith("https:"):
                return super().send(method, path, body)
            parts = urllib.parse.urlsplit(self.address(path))
            if self.connection is None:
                self.connection = http.client.HTTPConnection(parts.netloc, timeout=10)
            try:
                target = parts.path + (f"?{parts.query}" if parts.query else "")
                self.connection.request(method, target, self.encoded(body), self.headers(body))
                response = self.connection.getresponse()
                seconds = response.headers.get("Retry-After", "")
                answer = self.decoded(response)
            except ConnectionRefusedError:
                self.connection = None
                return -1, None, None
            except (OSError, http.client.HTTPException):
                self.connection = None
                return 0, None, None
            good = 200 <= response.status < 300
            return response.status, answer if good else None, int(seconds) if seconds.isdigit() else None

    solusio_class = Kept


class LowerCase(Users):
    """Addresses in lower case: SolusIO tells them apart by nothing else."""

    def email(self, customer: Row) -> str:
        return str(customer["email"]).lower()


class OneStatus(Users):
    """Knows one status at a time, as SolusIO does: the end of a suspension ends a lock as well."""

    def mark(self, customer: Row, status: str) -> None:
        self.marks[customer["billing_user_id"]] = {status}

    def unmark(self, customer: Row, status: str) -> None:  # noqa: ARG002
        self.marks.pop(customer["billing_user_id"], None)


class WholeUser(Users):
    """Always sends the whole profile and the status that it shows, so that nothing else changes."""

    def change(self, solusio: Solusio, user: Row, changes: Row) -> None:
        whole = {"email": user["email"], "status": user["status"], **changes}
        solusio.call("PUT", f"users/{user['id']}", whole)
