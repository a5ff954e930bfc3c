"""User scenarios: what happens to customers and must become of their users, read from `scenarios/*.toml`.

To run one, give each customer a billing_user_id, do what `timeline` says, in order, and compare. Every world
holds further users, the bystanders, that nothing may change.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from solusio_contracts.adapter.customers import Strict
from solusio_contracts.adapter.fault import Fault
from solusio_contracts.contract.clauses import ClauseError, clause
from solusio_contracts.decoding import MisfitError, convert, from_toml, read_text, shown
from solusio_contracts.reporting.report import Item
from solusio_contracts.timeline import BillingUserId, Name, Status

Area = Literal["create", "update", "status", "delete", "login", "identity", "faults", "scale"]
"""What a scenario is about; the plain things come first."""
AREAS: Final = get_args(Area)

REQUESTS: Final = 12
"""How many requests a customer may take in one step by default (assumed)."""

Outcome = Literal["done", "failed", "either"]
"""What the billing system must report: either is right after a fault."""


class ExpectedUser(Strict, frozen=True, kw_only=True, rename={"as_": "as", "limit_group": "limit-group"}):
    """The user that a customer must have. Their mail address, limit group and language are the customer's."""

    as_: Name
    status: Status | tuple[Status, ...] = "active"
    """Several: any of these."""
    servers: Literal["running", "suspended"] | None = None
    email: Name | None = None
    """None: the customer's, as it is then; `*`: any."""
    optional: bool = False
    """No user is right as well."""

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that are right."""
        return (self.status,) if isinstance(self.status, str) else self.status


class _Entry(Strict, frozen=True, kw_only=True, tag_field="do"):
    """An entry of a timeline."""

    @property
    def verb(self) -> str:
        """The value of `do`."""
        return str(self.__struct_config__.tag)


class CustomerEvent(_Entry, frozen=True, kw_only=True, rename={"as_": "as"}):
    """Something happens to a customer; if `as` is a list, to several at one moment."""

    as_: Name | tuple[Name, ...]
    must: Outcome | None = None
    """None: done, and after a fault either."""
    faults: tuple[Fault, ...] = ()
    expect: tuple[ExpectedUser, ...] = ()
    """What must be so now, if the billing system reports that it is done."""
    requests: Annotated[int, Meta(ge=1)] | None = None
    """How many requests it may take for each customer; None: as in the scenario."""

    @property
    def step(self) -> str:
        """The step of the adapter."""
        return self.verb.partition(".")[2]

    @property
    def names(self) -> tuple[str, ...]:
        """The customers."""
        return (self.as_,) if isinstance(self.as_, str) else self.as_

    @property
    def outcome(self) -> Outcome:
        """What the billing system must report."""
        return self.must or ("either" if self.faults else "done")


class CustomerCreate(CustomerEvent, frozen=True, kw_only=True, tag="customer.create"):
    """A customer orders for the first time: they need a user."""


class CustomerUpdate(CustomerEvent, frozen=True, kw_only=True, tag="customer.update"):
    """A customer has changed; what is left out stays."""

    email: Name | None = None
    name: Name | None = None
    language: Name | None = None
    limit_group: Name | None = None


class CustomerSuspend(CustomerEvent, frozen=True, kw_only=True, tag="customer.suspend"):
    """A customer does not pay for a long time."""


class CustomerUnsuspend(CustomerEvent, frozen=True, kw_only=True, tag="customer.unsuspend"):
    """A suspended customer has paid."""


class CustomerLock(CustomerEvent, frozen=True, kw_only=True, tag="customer.lock"):
    """A customer does not pay."""


class CustomerUnlock(CustomerEvent, frozen=True, kw_only=True, tag="customer.unlock"):
    """A locked customer has paid."""


class CustomerDelete(CustomerEvent, frozen=True, kw_only=True, tag="customer.delete"):
    """A customer is gone."""


class CustomerLogin(CustomerEvent, frozen=True, kw_only=True, tag="customer.login"):
    """A customer clicks the button that logs them in to SolusIO."""


class UserCreate(_Entry, frozen=True, kw_only=True, tag="user.create", rename={"as_": "as"}):
    """Somebody creates a user in SolusIO by hand, or another system does."""

    as_: Name
    email: Name
    billing_user_id: Name | BillingUserId | None = None
    """The name of a customer stands for the customer's."""
    role: Literal["ADMIN", "CLIENT"] = "CLIENT"
    status: Status = "active"
    repeat: Annotated[int, Meta(ge=1, le=10_000)] = 1
    """How many; `{n}` in `as` and `email` is the number, which is added to a billing_user_id."""
    adoptable: bool = False
    """The billing system may take this user for the customer's: they belong to nobody else."""


class UserUpdate(_Entry, frozen=True, kw_only=True, tag="user.update"):
    """Somebody changes a user in SolusIO by hand; `on` names a user or a customer."""

    on: Name
    email: Name | None = None
    status: Status | None = None


class UserDelete(_Entry, frozen=True, kw_only=True, tag="user.delete"):
    """Somebody deletes a user in SolusIO by hand."""

    on: Name


class ServerCreate(_Entry, frozen=True, kw_only=True, tag="server.create", rename={"as_": "as"}):
    """A user creates a server, which runs."""

    as_: Name
    on: Name


class ClockAdvance(_Entry, frozen=True, kw_only=True, tag="clock.advance"):
    """Time passes in SolusIO."""

    minutes: Annotated[int, Meta(ge=1, le=100_000)]


AnyCustomerEvent: TypeAlias = (
    CustomerCreate
    | CustomerUpdate
    | CustomerSuspend
    | CustomerUnsuspend
    | CustomerLock
    | CustomerUnlock
    | CustomerDelete
    | CustomerLogin
)
ManualEntry: TypeAlias = UserCreate | UserUpdate | UserDelete | ServerCreate | ClockAdvance
"""What people do in SolusIO, and time."""
AnyEntry: TypeAlias = AnyCustomerEvent | ManualEntry


class ScenarioCustomer(Strict, frozen=True, kw_only=True):
    """A customer of the billing system, as they begin."""

    name: Name
    """Their name in the scenario."""
    full_name: Name
    email: Name
    language: Name | None = None
    """Locale of a language in SolusIO, such as de_DE."""
    limit_group: Name | None = None
    """Name of a limit group in SolusIO."""
    billing_user_id: BillingUserId | None = None
    """A number of their own; None: the next free one."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to customers, in order, and what must be so in the end."""

    id: str
    area: str
    reason: str
    clauses: tuple[str, ...]
    assumes: str = ""
    """What the vendor leaves open and this scenario assumes."""
    limit_groups: tuple[str, ...]
    customers: tuple[ScenarioCustomer, ...]
    timeline: tuple[AnyEntry, ...]
    users: tuple[ExpectedUser, ...]
    """What must be so in the end; a customer who is neither here nor absent may have any status."""
    absent: tuple[str, ...]
    """The customers who have no user in the end."""
    requests: int
    """How many requests a step may take for each customer."""

    @property
    def title(self) -> str:
        """What a progress bar shows."""
        return self.reason

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that the adapter must offer."""
        events = (entry.step for entry in self.timeline if isinstance(entry, CustomerEvent))
        return tuple(dict.fromkeys(events))

    @property
    def item(self) -> Item:
        """The scenario as reports show it."""
        return Item(self.id, self.area, self.reason, self.clauses)

    def customer(self, name: str) -> ScenarioCustomer:
        """Return a customer by name.

        Raises:
            KeyError: there is no such customer.
        """
        for one in self.customers:
            if one.name == name:
                return one
        raise KeyError(name)


class _CustomerTable(Strict, frozen=True, kw_only=True):
    name: Name | None = None
    email: Name | None = None
    language: Name | None = None
    limit_group: Name | None = None
    billing_user_id: BillingUserId | None = None


class _Requests(Strict, frozen=True, kw_only=True, rename={"at_most": "at-most"}):
    at_most: Annotated[int, Meta(ge=1)] = REQUESTS


class _Expect(Strict, frozen=True, kw_only=True):
    users: tuple[ExpectedUser, ...] = ()
    absent: tuple[Name, ...] = ()
    requests: _Requests = _Requests()


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", examples=["answer-lost"])]
    reason: Annotated[str, Meta(min_length=1)]
    area: Area
    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    assumes: str = ""
    limit_groups: tuple[Name, ...] = ()
    customers: Annotated[dict[str, _CustomerTable], Meta(min_length=1)]
    timeline: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    expect: _Expect


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a scenario from TOML text; `name` is that of its file.

    Raises:
        DecodingError: it is not valid TOML.
        MisfitError: a field is unknown, missing or wrong, or a name or clause does not exist.
    """
    document = from_toml(text, _Document, name)
    try:
        return _scenario(document, name)
    except MisfitError as error:
        raise MisfitError(error.place, error.problem, source=name) from None


@functools.cache
def load_scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios of the package: the plain areas first, then by id.

    Raises:
        DecodingError: one of them cannot be read.
    """
    folder = resources.files("solusio_contracts").joinpath("users", "scenarios")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    scenarios = [parse_scenario(read_text(file), file.name) for file in files]
    return tuple(sorted(scenarios, key=lambda one: (AREAS.index(one.area), one.id)))


def _scenario(document: _Document, name: str) -> Scenario:
    if name.removesuffix(".toml") != document.id:
        raise MisfitError("id", expected="the name of the file", actual=shown(document.id))
    customers = tuple(_customers(document.customers))
    scenario = Scenario(
        id=document.id,
        area=document.area,
        reason=document.reason,
        clauses=tuple(_cited(document.clauses)),
        assumes=document.assumes,
        limit_groups=document.limit_groups,
        customers=customers,
        timeline=tuple(_timeline(document.timeline)),
        users=document.expect.users,
        absent=document.expect.absent,
        requests=document.expect.requests.at_most,
    )
    _check(scenario)
    return scenario


def _customers(tables: Mapping[str, _CustomerTable]) -> Iterator[ScenarioCustomer]:
    for name, table in tables.items():
        yield ScenarioCustomer(
            name=name,
            full_name=table.name or f"{name.capitalize()} Example",
            email=table.email or f"{name}@example.com",
            language=table.language,
            limit_group=table.limit_group,
            billing_user_id=table.billing_user_id,
        )


def _cited(ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for index, one in enumerate(ids):
        try:
            clause(one)
        except ClauseError as error:
            raise MisfitError(f"clauses[{index}]", str(error)) from None
        if one in seen:
            raise MisfitError(f"clauses[{index}]", f"{one} is given twice")
        seen.add(one)
        yield one


def _timeline(entries: Sequence[dict[str, Any]]) -> Iterator[AnyEntry]:
    for index, entry in enumerate(entries):
        # Most steps have one fault.
        given = dict(entry)
        if "fault" in given:
            if "faults" in given:
                raise MisfitError(f"timeline[{index}].fault", "expected either `fault` or `faults`")
            given["faults"] = [given.pop("fault")]
        event: AnyEntry = convert(given, AnyEntry, at=f"timeline[{index}]")  # type: ignore[arg-type]
        yield event


def _check(scenario: Scenario) -> None:
    """Check that every name means something.

    Raises:
        MisfitError: a name does not exist, or an end is expected that contradicts another.
    """
    customers = {one.name for one in scenario.customers}
    groups = set(scenario.limit_groups)
    known = set(customers)
    for index, entry in enumerate(scenario.timeline):
        where = f"timeline[{index}]"
        if isinstance(entry, UserCreate):
            known.add(entry.as_)
        for field, name, names, expected in _names(entry, customers, known, groups):
            if name not in names:
                raise MisfitError(f"{where}.{field}", expected=expected, actual=shown(name))
    if not any(isinstance(entry, CustomerEvent) for entry in scenario.timeline):
        raise MisfitError("timeline", "expected something that happens to a customer")
    for one in scenario.customers:
        if one.limit_group is not None and one.limit_group not in groups:
            place = f"customers.{one.name}.limit_group"
            raise MisfitError(place, expected="one of limit_groups", actual=shown(one.limit_group))
    ends = [*(one.as_ for one in scenario.users), *scenario.absent]
    for name in ends:
        if name not in customers:
            raise MisfitError("expect", expected="the name of a customer", actual=shown(name))
        if ends.count(name) > 1:
            raise MisfitError("expect", f"{name} is there twice")


def _names(
    entry: AnyEntry, customers: set[str], users: set[str], groups: set[str]
) -> Iterator[tuple[str, str, set[str], str]]:
    """Yield the names in an entry: field, name, the names that exist, and what those are."""
    if isinstance(entry, CustomerEvent):
        for name in entry.names:
            yield "as", name, customers, "the name of a customer"
        for one in entry.expect:
            yield "expect", one.as_, customers, "the name of a customer"
    elif isinstance(entry, UserCreate):
        if isinstance(entry.billing_user_id, str):
            yield "billing_user_id", entry.billing_user_id, customers, "the name of a customer"
    elif isinstance(entry, UserUpdate | UserDelete | ServerCreate):
        yield "on", entry.on, users, "the name of a user or customer"
    if isinstance(entry, CustomerUpdate) and entry.limit_group is not None:
        yield "limit_group", entry.limit_group, groups, "one of limit_groups"
