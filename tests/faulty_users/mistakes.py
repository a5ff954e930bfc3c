"""Variants of the billing system: with one mistake each, and in correct styles.

Each class is a variant. Its name in the URL is the class name in lower case with hyphens: FirstPage is
/first-page/. catalogue.toml says which scenarios must catch a mistake.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from users import ATTEMPTS, Lost, Refused, Row, Solusio, Users

# How the user is found


class ByMailOfAnybody(Users):
    """A user with this address is the customer's, whatever their billing_user_id."""

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        for user in solusio.all("users", **{"filter[search]": customer["email"]}):
            if user["email"] == customer["email"]:
                return user
        return None


class ByPartOfMail(Users):
    """The first user whose address contains the customer's."""

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        return next((user for user in solusio.all("users") if customer["email"] in user["email"]), None)


class BySearchForId(Users):
    """`filter[search]` taken for an exact match of the customer's number."""

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        found = solusio.all("users", **{"filter[search]": customer["billing_user_id"]})
        return next((user for user in found if user["billing_user_id"]), None)


class UnknownFilter(Users):
    """A filter that does not exist finds everybody, and the first one is taken."""

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        found = solusio.all("users", **{"filter[billing_id]": customer["billing_user_id"]})
        return next((user for user in found if user["billing_user_id"]), None)


class FirstPage(Users):
    def candidates(self, solusio: Solusio, customer: Row) -> Iterator[Row]:  # noqa: ARG002
        yield from next(solusio.pages("users"))


class AllUsersForOne(Users):
    def candidates(self, solusio: Solusio, customer: Row) -> Iterator[Row]:  # noqa: ARG002
        for page in solusio.pages("users", per_page=10):
            yield from page


class TwoToThe31(Users):
    """The customer's number in a column of 32 bits."""

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        return super().fields(solusio, customer) | {"billing_user_id": self.stored(customer)}

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        return super().find(solusio, customer | {"billing_user_id": self.stored(customer)})

    def stored(self, customer: Row) -> int:
        return min(int(customer["billing_user_id"]), 2**31 - 1)


class RememberedBlindly(Users):
    """A user who was deleted in SolusIO is still used."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.known: dict[int, Row] = {}

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        key = customer["billing_user_id"]
        if key not in self.known:
            found = super().find(solusio, customer)
            if found is None:
                return None
            self.known[key] = found
        return self.known[key]

    def post(self, solusio: Solusio, customer: Row) -> Row:
        self.known[customer["billing_user_id"]] = made = super().post(solusio, customer)
        return made

    def change(self, solusio: Solusio, user: Row, changes: Row) -> None:
        super().change(solusio, user, changes)
        user.update(changes)

    def remove(self, solusio: Solusio, user: Row) -> None:
        super().remove(solusio, user)
        self.known.pop(user["billing_user_id"], None)


class AdoptsByMail(Users):
    """Anyone who has the address becomes the customer's user, administrators included."""

    def make(self, solusio: Solusio, customer: Row) -> Row:
        for user in solusio.all("users", **{"filter[search]": customer["email"]}):
            if user["email"] == customer["email"]:
                self.change(solusio, user, {"billing_user_id": customer["billing_user_id"]})
                return user
        return super().make(solusio, customer)


# Creation


class SamePassword(Users):
    def password(self, customer: Row) -> str:  # noqa: ARG002
        return "Welcome-to-our-cloud-1"


class EmptyPassword(Users):
    def password(self, customer: Row) -> str:  # noqa: ARG002
        return ""


class MailAsPassword(Users):
    def password(self, customer: Row) -> str:
        return str(customer["email"])


class RoleAdmin(Users):
    """The first role in the list."""

    def role(self, solusio: Solusio) -> int:
        return int(next(solusio.all("roles"))["id"])


class NoBillingUserId(Users):
    """SolusIO's ids are kept, and the customer's number is never sent."""

    def prepare(self, document: Row) -> None:
        super().prepare(document)
        self.ids: dict[int, int] = {}

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        if customer["billing_user_id"] not in self.ids:
            return None
        user: Row = solusio.call("GET", f"users/{self.ids[customer['billing_user_id']]}")["data"]
        return user

    def post(self, solusio: Solusio, customer: Row) -> Row:
        fields = self.fields(solusio, customer)
        del fields["billing_user_id"]
        made: Row = solusio.call("POST", "users", fields)["data"]
        self.ids[customer["billing_user_id"]] = made["id"]
        return made

    def delete(self, solusio: Solusio, customer: Row) -> None:
        super().delete(solusio, customer)
        self.ids.pop(customer["billing_user_id"], None)


class BillingUserIdLater(Users):
    """The user is created first, and gets the customer's number with a second request."""

    def post(self, solusio: Solusio, customer: Row) -> Row:
        fields = self.fields(solusio, customer)
        number = fields.pop("billing_user_id")
        made: Row = solusio.call("POST", "users", fields)["data"]
        self.change(solusio, made, {"billing_user_id": number})
        return made


class MisspelledMember(Users):
    """Camel case, which SolusIO ignores."""

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        fields = super().fields(solusio, customer)
        return fields | {"billingUserId": fields.pop("billing_user_id")}


class OtherNumber(Users):
    """The row number of the billing system's own table instead of the customer's number."""

    def fields(self, solusio: Solusio, customer: Row) -> Row:
        return super().fields(solusio, customer) | {"billing_user_id": self.row(customer)}

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        return super().find(solusio, customer | {"billing_user_id": self.row(customer)})

    def row(self, customer: Row) -> int:
        return int(customer["billing_user_id"]) % 1000 + 1


class CreatedAgain(Users):
    """After a lost response, the POST is simply sent again."""

    def make(self, solusio: Solusio, customer: Row) -> Row:
        for attempt in range(ATTEMPTS):
            try:
                return self.post(solusio, customer)
            except Lost:
                if attempt == ATTEMPTS - 1:
                    raise
            solusio.wait(attempt, None)
        raise AssertionError


class OtherMailInstead(Users):
    """If the address is taken, another one is invented."""

    def make(self, solusio: Solusio, customer: Row) -> Row:
        try:
            return super().make(solusio, customer)
        except Refused as error:
            if error.status != 422:
                raise
            name, _, host = customer["email"].rpartition("@")
            return super().make(solusio, customer | {"email": f"{name}+{int(time.time())}@{host}"})


class RefusalIgnored(Users):
    """A 422 is written to a log that nobody reads."""

    def create(self, solusio: Solusio, customer: Row) -> None:
        try:
            super().create(solusio, customer)
        except Refused as error:
            if error.status != 422:
                raise


class AnyAnswerWillDo(Users):
    """A 200 counts as success, whatever the body is."""

    class Trusting(Solusio):
        def decoded(self, response: Any) -> Any:
            answer = super().decoded(response)
            return {"data": {"id": 0}, "links": {"next": None}} if answer is None else answer

    solusio_class = Trusting

    def find(self, solusio: Solusio, customer: Row) -> Row | None:
        try:
            return super().find(solusio, customer)
        except (KeyError, TypeError):
            return None

    def create(self, solusio: Solusio, customer: Row) -> None:
        if self.find(solusio, customer) is None:
            self.make(solusio, customer)


class PlusRemoved(Users):
    def email(self, customer: Row) -> str:
        name, _, host = str(customer["email"]).rpartition("@")
        return f"{name.partition('+')[0]}@{host}"


class Latin1(Users):
    """UTF-8 that is read as ISO 8859-1 on its way."""

    def email(self, customer: Row) -> str:
        return str(customer["email"]).encode().decode("latin-1")


class NoUmlauts(Users):
    def email(self, customer: Row) -> str:
        return str(customer["email"]).encode("ascii", "ignore").decode()


class ApostropheEscaped(Users):
    """Escaped for SQL, and sent like that."""

    def email(self, customer: Row) -> str:
        return str(customer["email"]).replace("'", "\\'")


class LimitGroupForgotten(Users):
    def profile(self, customer: Row) -> Row:
        return {name: value for name, value in super().profile(customer).items() if name != "limit_group_id"}


class LanguageForgotten(Users):
    def profile(self, customer: Row) -> Row:
        return {name: value for name, value in super().profile(customer).items() if name != "language_id"}


class StillLocked(Users):
    """New users wait, locked, for somebody to confirm them."""

    def post(self, solusio: Solusio, customer: Row) -> Row:
        made: Row = solusio.call("POST", "users", self.fields(solusio, customer) | {"status": "locked"})[
            "data"
        ]
        return made


# Changes


class UpdateNeverSent(Users):
    def update(self, solusio: Solusio, customer: Row) -> None:
        """Only the billing system's own table is changed."""


class UpdateCreatesAgain(Users):
    """The user is removed and made again: their id, password and history are lost."""

    def update(self, solusio: Solusio, customer: Row) -> None:
        user = self.find(solusio, customer)
        if user is not None:
            self.remove(solusio, user)
        self.make(solusio, customer)


class UpdateByNewMail(Users):
    """The user is searched for by the address that they do not have yet, and another one is created."""

    def update(self, solusio: Solusio, customer: Row) -> None:
        for user in solusio.all("users", **{"filter[search]": customer["email"]}):
            if user["email"] == customer["email"]:
                return
        fields = self.fields(solusio, customer)
        solusio.call("POST", "users", fields | {"billing_user_id": customer["billing_user_id"] + 1_000_000})


class UpdateReactivates(Users):
    """Every change sends the whole user, with the status active."""

    def update(self, solusio: Solusio, customer: Row) -> None:
        user = self.user(solusio, customer)
        self.change(solusio, user, self.profile(customer) | {"status": "active"})


class UpdateWipes(Users):
    """What the form does not have is sent as null."""

    def update(self, solusio: Solusio, customer: Row) -> None:
        user = self.user(solusio, customer)
        self.change(solusio, user, self.profile(customer) | {"billing_user_id": None})


class UpdateNewPassword(Users):
    """Every change of an address sets a new password, the same for all."""

    def change(self, solusio: Solusio, user: Row, changes: Row) -> None:
        if "email" in changes:
            changes = changes | {"password": "Changed-by-support-2026"}
        super().change(solusio, user, changes)


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


# Conduct


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


# Correct, each in its own way


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
