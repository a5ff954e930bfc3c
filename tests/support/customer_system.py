"""A billing system in this process that manages users: right, but for the mistakes that are planted in it.

It stands in place of an adapter: each step calls SolusIO over HTTP, as a command would.
"""

from __future__ import annotations

import html
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from solusio_contracts.adapter.steps import BillingError, Job
from solusio_contracts.users.job import CustomerJob

MISTAKES = {
    "first-row": "takes the first user that a search for the mail address finds",
    "mail-alone": "takes any user who has the mail address",
    "falls-back": "takes the first user that a search for the mail address finds, if nobody has the number",
    "remembers": "notes that a user was created before it asks for one, and never asks again",
    "impatient": "waits half a second for a response",
    "first-page": "looks through the first page of all users",
    "all-pages": "walks through all users for each customer",
    "no-number": "does not send billing_user_id",
    "never-looks": "creates without a look, and takes 422 for success",
    "creates-anyway": "on 422, creates the user with another mail address",
    "takes-over": "on 422, gives any user with the mail address the customer's number",
    "blind": "takes every response for a success",
    "reports-nothing": "reports every failure as done",
    "admin": "makes customers administrators",
    "empty-password": "sends an empty password",
    "one-password": "sends the same password for all",
    "escapes": "escapes mail addresses as HTML",
    "unencoded": "puts values into queries as they are",
    "cuts-mail": "cuts mail addresses after 50 characters",
    "int32": "keeps numbers in 31 bits",
    "precision-14": "keeps 14 digits of numbers",
    "defaults": "sends neither language nor limit group",
    "no-update": "ignores changes",
    "update-activates": "sends status active with every change",
    "create-activates": "sends status active when a customer orders again",
    "no-suspend": "ignores suspensions and locks",
    "suspends-only": "suspends whom it should lock",
    "locks-only": "locks whom it should suspend",
    "no-way-back": "ignores that customers have paid",
    "suspends-all": "suspends everybody",
    "twice-fails": "fails if there is nothing to change",
    "no-delete": "keeps the user of a customer who is gone",
    "login-creates": "makes a user for whoever clicks, also for customers who are gone",
    "login-of-admin": "makes login links for the administrator",
    "login-first-row": "makes login links for the first user that a search finds",
    "api-link": "prints a link to the API",
    "lasting-link": "makes access tokens without is_one_time",
    "kept-link": "prints the same link again",
    "link-anyway": "prints a link without an access token if it got none",
    "retries-at-once": "repeats what failed at once, ten times",
    "asks-often": "asks for the user thirty times",
    "token-in-url": "sends the access token in the query as well",
    "unzips-nothing": "cannot read compressed responses",
    "number-as-mail": "looks users up with filter[search] by number, and takes the first row",
}
"""What can be planted, by name."""

ADMIN_ROLE = 1


class RefusedError(Exception):
    """SolusIO did not do what it was asked."""


@dataclass
class CustomerSystem:
    """A billing system; `steps` take the place of its adapters."""

    mistakes: frozenset[str] = frozenset()
    links: dict[int, str] = field(default_factory=dict)
    created: set[int] = field(default_factory=set)

    @property
    def steps(self) -> Mapping[str, Step]:
        names = ("create", "update", "suspend", "unsuspend", "lock", "unlock", "delete", "login")
        return {name: Step(self, name) for name in names}

    def has(self, mistake: str) -> bool:
        assert mistake in MISTAKES
        return mistake in self.mistakes


@dataclass(frozen=True)
class Step:
    """A step of the billing system."""

    system: CustomerSystem
    name: str

    def run(self, job: Job) -> bytes:
        assert isinstance(job, CustomerJob)
        with Solusio(job, self.system.has) as solusio:
            try:
                return _STEPS[self.name](self.system, solusio, job)
            except (RefusedError, httpx.HTTPError, ValueError, KeyError, StopIteration) as error:
                if self.system.has("reports-nothing"):
                    return b""
                raise BillingError(f"{self.name} failed", str(error), refused=True) from None

    def shown(self, job: Job) -> str:
        assert isinstance(job, CustomerJob)
        return f"{self.name} {job.values.get('customer', '')}"


class Solusio(httpx.Client):
    """SolusIO's API."""

    def __init__(self, job: CustomerJob, has: Callable[[str], bool]) -> None:
        headers = {"Authorization": f"Bearer {job.access_token}", "User-Agent": "customer-system/1"}
        if has("unzips-nothing"):
            headers["Accept-Encoding"] = "gzip"
        super().__init__(
            base_url=f"{job.solusio_url}/api/v1/",
            headers=headers,
            params={"access_token": job.access_token} if has("token-in-url") else None,
            timeout=0.5 if has("impatient") else 10,
            trust_env=False,
            verify=ssl.create_default_context(cafile=job.ca_file) if job.ca_file else False,
        )
        self.has = has

    def ask(self, method: str, path: str, body: Any = None, allow: tuple[int, ...] = ()) -> Any:
        attempts = 10 if self.has("retries-at-once") else 1
        for attempt in range(attempts):
            try:
                with self.stream(method, path, json=body) as response:
                    raw = b"".join(response.iter_raw()) if self.has("unzips-nothing") else response.read()
            except httpx.HTTPError:
                if attempt == attempts - 1:
                    raise
                continue
            if response.status_code < 300 or response.status_code in allow or self.has("blind"):
                break
        if self.has("blind"):
            try:
                return response.json().get("data", {})
            except (ValueError, AttributeError):
                return {}
        if response.status_code in allow:
            return None
        if response.status_code >= 300:
            raise RefusedError(f"{response.status_code} to {method} {path}")
        return None if response.status_code == 204 else json.loads(raw)["data"]

    def rows(self, query: str) -> Iterator[dict[str, Any]]:
        yield from self.ask("GET", f"users?{query}") or ()


def _number(system: CustomerSystem, job: CustomerJob) -> int:
    assert job.customer is not None
    number = job.customer.billing_user_id
    if system.has("int32"):
        return number & 0x7FFF_FFFF
    return int(float(f"{number:.14g}")) if system.has("precision-14") else number


def _find(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> dict[str, Any] | None:
    assert job.customer is not None
    email, number = job.customer.email, _number(system, job)
    encoded = email if system.has("unencoded") else quote(email, safe="")
    if system.has("first-row"):
        return next(solusio.rows(f"filter[search]={encoded}"), None)
    if system.has("number-as-mail"):
        return next(solusio.rows(f"filter[search]={number // 10}"), None)
    if system.has("mail-alone") or system.has("unencoded"):
        rows = solusio.rows(f"filter[search]={encoded}")
        return next((row for row in rows if row["email"].casefold() == email.casefold()), None)
    if system.has("first-page"):
        return next((row for row in solusio.rows("page=1") if row["billing_user_id"] == number), None)
    if system.has("all-pages"):
        page = 1
        while rows := list(solusio.rows(f"page={page}")):
            for row in rows:
                if row["billing_user_id"] == number:
                    return row
            page += 1
        return None
    for _ in range(30 if system.has("asks-often") else 1):
        rows = list(solusio.rows(f"filter[billing_user_id]={number}"))
    return next((row for row in rows if row["billing_user_id"] == number), None)


def _require(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> dict[str, Any]:
    user = _find(system, solusio, job)
    if user is None:
        if not system.has("falls-back"):
            raise RefusedError("the customer has no user")
        assert job.customer is not None
        return next(solusio.rows(f"filter[search]={quote(job.customer.email, safe='')}"))
    return user


def _fields(system: CustomerSystem, job: CustomerJob) -> dict[str, Any]:
    assert job.customer is not None
    email = job.customer.email
    if system.has("escapes"):
        email = html.escape(email).replace("'", "\\'").encode().decode("latin-1")
    fields: dict[str, Any] = {"email": email[:50] if system.has("cuts-mail") else email}
    if not system.has("defaults"):
        settings = {"language_id": job.customer.language_id, "limit_group_id": job.customer.limit_group_id}
        fields |= {name: value for name, value in settings.items() if value is not None}
    return fields


def _create(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> bytes:
    number = _number(system, job)
    if system.has("remembers") and number in system.created:
        return b""
    system.created.add(number)
    user = None if system.has("never-looks") else _find(system, solusio, job)
    if user is not None:
        if system.has("twice-fails"):
            raise RefusedError("there is a user already")
        if system.has("create-activates"):
            solusio.ask("PUT", f"users/{user['id']}", {"status": "active"})
        return b""
    fields = _fields(system, job)
    if not system.has("no-number"):
        fields["billing_user_id"] = number
    if system.has("admin"):
        fields["roles"] = [ADMIN_ROLE]
    if system.has("empty-password"):
        fields["password"] = ""
    if system.has("one-password"):
        fields["password"] = "Welcome-2026"
    careless = ("never-looks", "creates-anyway", "takes-over")
    made = solusio.ask("POST", "users", fields, (422,) if any(map(system.has, careless)) else ())
    if made is None and system.has("creates-anyway"):
        fields["email"] = f"{fields['billing_user_id']}-{fields['email']}"
        solusio.ask("POST", "users", fields)
    if made is None and system.has("takes-over"):
        search = quote(fields["email"], safe="")
        for row in solusio.rows(f"filter[search]={search}"):
            if row["email"].casefold() == fields["email"].casefold():
                solusio.ask("PUT", f"users/{row['id']}", {"billing_user_id": fields["billing_user_id"]})
    return b""


def _update(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> bytes:
    if system.has("no-update"):
        return b""
    user, fields = _require(system, solusio, job), _fields(system, job)
    if system.has("twice-fails") and user["email"] == fields["email"]:
        raise RefusedError("nothing to change")
    if system.has("update-activates"):
        fields["status"] = "active"
    solusio.ask("PUT", f"users/{user['id']}", fields)
    return b""


def _status(status: str) -> Callable[[CustomerSystem, Solusio, CustomerJob], bytes]:
    def change(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> bytes:
        sent = status
        if system.has("no-suspend") and sent != "active":
            return b""
        if system.has("no-way-back") and sent == "active":
            return b""
        if system.has("suspends-only") and sent == "locked":
            sent = "suspended"
        if system.has("locks-only") and sent == "suspended":
            sent = "locked"
        users = [_require(system, solusio, job)]
        if system.has("suspends-all"):
            users = [row for row in solusio.rows("") if row["id"] > 1]
        for user in users:
            if system.has("twice-fails") and user["status"] == sent:
                raise RefusedError("nothing to change")
            solusio.ask("PUT", f"users/{user['id']}", {"status": sent})
        return b""

    return change


def _delete(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> bytes:
    if system.has("no-delete"):
        return b""
    user = _require(system, solusio, job) if system.has("falls-back") else _find(system, solusio, job)
    if user is not None:
        solusio.ask("DELETE", f"users/{user['id']}", allow=(404,))
    return b""


def _login(system: CustomerSystem, solusio: Solusio, job: CustomerJob) -> bytes:
    assert job.customer is not None
    number = job.customer.billing_user_id
    if system.has("kept-link") and number in system.links:
        return system.links[number].encode()
    if system.has("login-creates"):
        _create(system, solusio, job)
    if system.has("login-of-admin"):
        user_id = 1
    elif system.has("login-first-row"):
        user_id = next(solusio.rows(f"filter[search]={quote(job.customer.email, safe='')}"))["id"]
    else:
        user_id = _require(system, solusio, job)["id"]
    body = {"is_one_time": not system.has("lasting-link")}
    try:
        token = solusio.ask("POST", f"users/{user_id}/tokens", body)["access_token"]
    except (RefusedError, httpx.HTTPError, ValueError, KeyError):
        if not system.has("link-anyway"):
            raise
        token = ""
    place = "api/v1/auth" if system.has("api-link") else "auth"
    system.links[number] = f"{job.solusio_url}/{place}/by_token/{token}"
    return system.links[number].encode()


_STEPS: Mapping[str, Callable[[CustomerSystem, Solusio, CustomerJob], bytes]] = {
    "create": _create,
    "update": _update,
    "suspend": _status("suspended"),
    "unsuspend": _status("active"),
    "lock": _status("locked"),
    "unlock": _status("active"),
    "delete": _delete,
    "login": _login,
}
