"""Mistakes in who may do what: suspension, lock, deletion and login."""

from __future__ import annotations

import urllib.parse
import urllib.request

from users import Refused, Row, Solusio, Users

# Suspension and lock


class LockInstead(Users):
    """Suspended customers are only locked."""

    def status(self, customer: Row) -> str:
        return "active" if super().status(customer) == "active" else "locked"


class SuspendInstead(Users):
    """Locked customers are suspended at once."""

    def status(self, customer: Row) -> str:
        return "active" if super().status(customer) == "active" else "suspended"


class UnsuspendForgotten(Users):
    def unsuspend(self, solusio: Solusio, customer: Row) -> None:
        """Somebody does that by hand on Monday."""


class SuspensionToggles(Users):
    """The second suspension reactivates."""

    def suspend(self, solusio: Solusio, customer: Row) -> None:
        if self.status(customer) == "suspended":
            self.unsuspend(solusio, customer)
        else:
            super().suspend(solusio, customer)


class ServersOnly(Users):
    """The servers are stopped, and the user may start them again."""

    def suspend(self, solusio: Solusio, customer: Row) -> None:
        user = self.user(solusio, customer)
        for server in solusio.all("servers", **{"filter[user_id]": user["id"]}):
            solusio.call("POST", f"servers/{server['id']}/stop")


class SuspendsAllFound(Users):
    """Everybody that a search for the name before the @ finds."""

    def suspend(self, solusio: Solusio, customer: Row) -> None:
        super().suspend(solusio, customer)
        name = customer["email"].partition("@")[0]
        for user in solusio.all("users", **{"filter[search]": name}):
            self.change(solusio, user, {"status": "suspended"})


class IdsMixedUp(Users):
    """SolusIO's id of the user is searched for as if it were a customer's number."""

    def set_status(self, solusio: Solusio, customer: Row) -> None:
        user = self.user(solusio, customer)
        found = self.find(solusio, {"billing_user_id": user["id"]})
        self.change(solusio, found or user, {"status": self.status(customer)})


class SuspensionDeletes(Users):
    def suspend(self, solusio: Solusio, customer: Row) -> None:
        user = self.find(solusio, customer)
        if user is not None:
            self.remove(solusio, user)


class WrongWord(Users):
    """SolusIO refuses the word with 422, which is taken for success."""

    def status(self, customer: Row) -> str:
        return {"suspended": "suspend", "locked": "lock"}.get(super().status(customer), "active")

    def set_status(self, solusio: Solusio, customer: Row) -> None:
        try:
            super().set_status(solusio, customer)
        except Refused as error:
            if error.status != 422:
                raise


class FailureSwallowed(Users):
    """What fails is reported as done, and never made up for."""

    def set_status(self, solusio: Solusio, customer: Row) -> None:
        try:
            super().set_status(solusio, customer)
        except Refused:
            self.done = False

    def suspend(self, solusio: Solusio, customer: Row) -> None:
        if "suspended" not in self.marks.get(customer["billing_user_id"], set()):
            super().suspend(solusio, customer)


# Deletion


class OnlySuspended(Users):
    """Deleted customers are suspended, in case they come back."""

    def remove(self, solusio: Solusio, user: Row) -> None:
        self.change(solusio, user, {"status": "suspended"})


class DeletesFirstFound(Users):
    """The first user that a search for the name before the @ finds."""

    def delete(self, solusio: Solusio, customer: Row) -> None:
        name = customer["email"].partition("@")[0]
        for user in solusio.all("users", **{"filter[search]": name}):
            self.remove(solusio, user)
            return


class RefusedDeletionIgnored(Users):
    """A user with servers stays, and nobody is told."""

    def remove(self, solusio: Solusio, user: Row) -> None:
        try:
            super().remove(solusio, user)
        except Refused as error:
            if error.status != 409:
                raise


# Login


class LinkForEver(Users):
    def token_fields(self) -> Row:
        return {"is_one_time": False}


class LinkKept(Users):
    """One link per customer, made with the first click."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.links: dict[int, str] = {}

    def login(self, solusio: Solusio, customer: Row) -> str:
        key = customer["billing_user_id"]
        if key not in self.links:
            self.links[key] = super().login(solusio, customer)
        return self.links[key]


class LinkInAdvance(Users):
    """The link of the first click is made with the order, and is old when the click comes."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.links: dict[int, str] = {}

    def create(self, solusio: Solusio, customer: Row) -> None:
        super().create(solusio, customer)
        self.links[customer["billing_user_id"]] = super().login(solusio, customer)

    def login(self, solusio: Solusio, customer: Row) -> str:
        link = self.links.pop(customer["billing_user_id"], None)
        return link or super().login(solusio, customer)


class WrongPath(Users):
    def link(self, solusio: Solusio, token: str) -> str:
        return super().link(solusio, token).replace("/auth/by_token/", "/auth/token/")


class LinkToTheApi(Users):
    def link(self, solusio: Solusio, token: str) -> str:
        return super().link(solusio, token).replace("/auth/", "/api/v1/auth/")


class TokenInQuery(Users):
    def link(self, solusio: Solusio, token: str) -> str:
        return f"{solusio.url}/auth/by_token?token={token}"


class AdministratorsLink(Users):
    """The link has the access token of the billing system itself."""

    def token(self, solusio: Solusio, user: Row) -> str:  # noqa: ARG002
        return solusio.access_token


class LoginOfFirstFound(Users):
    """The first user that a search for the address finds."""

    def login(self, solusio: Solusio, customer: Row) -> str:
        self.require_customer(customer)
        for user in solusio.all("users", **{"filter[search]": customer["email"]}):
            return self.link(solusio, self.token(solusio, user))
        return super().login(solusio, customer)


class LinkTried(Users):
    """The link is opened once, to see whether it works."""

    def link(self, solusio: Solusio, token: str) -> str:
        link = super().link(solusio, token)
        with urllib.request.urlopen(link, timeout=10) as page:  # noqa: S310 - the URL of the mock
            page.read()
        return link


class TokenLogged(Users):
    """The customer's access token is checked with a request that has it in its URL."""

    def token(self, solusio: Solusio, user: Row) -> str:
        token = super().token(solusio, user)
        solusio.call("GET", f"users/{user['id']}?{urllib.parse.urlencode({'session': token})}")
        return token


class LoginReactivates(Users):
    def login(self, solusio: Solusio, customer: Row) -> str:
        user = self.user(solusio, customer)
        if user["status"] != "active":
            self.change(solusio, user, {"status": "active"})
        return super().login(solusio, customer)


class LoginBringsBack(Users):
    """A deleted customer who still has a session gets a new user."""

    def login(self, solusio: Solusio, customer: Row) -> str:
        self.deleted.discard(customer["billing_user_id"])
        return super().login(solusio, customer)
