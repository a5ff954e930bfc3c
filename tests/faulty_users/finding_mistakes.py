"""Mistakes in whom the billing system finds, creates and changes."""

from __future__ import annotations

import time
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
