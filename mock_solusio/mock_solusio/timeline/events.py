"""Timelines: what happens at a hoster, one JSON event per line, in order of time.

A timeline may begin with a line about itself (`Header`); every other line is an `Event`. The words are those
of the scenarios. Files may be larger than memory: they are read line by line. `timeline.schema.json` in the
package is derived from this module.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from mock_solusio.moment import Micros, micros, rfc3339
from solusio_contracts.decoding import DecodingError, from_json

LINE_LIMIT: Final = 1_048_576
"""Bytes that a line may have."""

VERSION: Final = 1

T = TypeVar("T")

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000_000)]
BillingUserId: TypeAlias = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Status: TypeAlias = Literal["active", "locked", "suspended"]


PRICES: Final = (
    *("tokens_per_hour", "tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month"),
    "backup_price",
)
"""What a plan's events may say of its prices."""


class TimelineError(Exception):
    """A timeline that cannot be read or played; the message names the line and says what is wrong."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Metadata of a timeline, on its optional first line."""

    timeline: Annotated[Literal[1], Meta(description="Format version.")]
    begin: Annotated[
        datetime,
        Meta(
            tz=True,
            description="Where the clock starts; earlier events make up the state at that time.",
        ),
    ]
    end: Annotated[datetime, Meta(tz=True)] | None = None
    made_by: str = ""
    about: Annotated[dict[str, Any], Meta(description="Further information.")] = {}


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Details of a user, for billing systems. SolusIO does not store them."""

    name: str = ""
    company: str = ""
    address: str = ""
    city: str = ""
    country: str = ""
    currency: str = ""
    locale: str = ""


class Event(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True, omit_defaults=True
):
    """Something that happens. `as` names what it makes, `on` what it is done to."""

    at: Annotated[
        datetime,
        Meta(
            tz=True,
            description="Time of the event: RFC 3339, with an offset. Never earlier than on the line above.",
        ),
    ]

    @property
    def moment(self) -> Micros:
        """When it happens."""
        return moment_of(self.at)

    @property
    def verb(self) -> str:
        """What is done, such as `server.create`."""
        return str(self.__struct_config__.tag)


class PlanCreate(Event, frozen=True, kw_only=True, tag="plan.create", rename={"as_": "as"}):
    """A plan is created."""

    as_: Name
    name: Name | None = None
    vcpu: Annotated[int, Meta(ge=1, le=1024)] = 1
    ram_mib: Annotated[int, Meta(ge=1, le=16_777_216)] = 1024
    disk_gib: Annotated[int, Meta(ge=1, le=1_048_576)] = 20
    tokens_per_hour: Count = 0
    tokens_per_month: Count = 0
    ip_tokens_per_hour: Count = 0
    ip_tokens_per_month: Count = 0
    backup_price: Annotated[float, Meta(ge=0)] = 0.0


class PlanUpdate(Event, frozen=True, kw_only=True, tag="plan.update"):
    """A plan's name or prices change; omitted members stay unchanged."""

    on: Name
    name: Name | None = None
    tokens_per_hour: Count | None = None
    tokens_per_month: Count | None = None
    ip_tokens_per_hour: Count | None = None
    ip_tokens_per_month: Count | None = None
    backup_price: Annotated[float, Meta(ge=0)] | None = None


class PlanDelete(Event, frozen=True, kw_only=True, tag="plan.delete"):
    """A plan is deleted."""

    on: Name


class UserCreate(Event, frozen=True, kw_only=True, tag="user.create", rename={"as_": "as"}):
    """A user is created."""

    as_: Name
    email: Annotated[Name | None, Meta(description="The default is the name, at example.com.")] = None
    billing_user_id: BillingUserId | None = None
    customer: Customer | None = None


class UserUpdate(Event, frozen=True, kw_only=True, tag="user.update"):
    """A user is locked, suspended, made active again or otherwise changed; omitted members stay unchanged."""

    on: Name
    email: Name | None = None
    billing_user_id: BillingUserId | None = None
    status: Status | None = None


class UserDelete(Event, frozen=True, kw_only=True, tag="user.delete"):
    """A user is deleted; they have no servers left."""

    on: Name


class ServerCreate(Event, frozen=True, kw_only=True, tag="server.create", rename={"as_": "as"}):
    """A server is created."""

    as_: Name
    name: Name | None = None
    user: Annotated[Name | None, Meta(description="The default is the user created last.")] = None
    plan: Name
    additional_ips: Annotated[int, Meta(ge=0, le=1000)] = 0


class ServerResize(Event, frozen=True, kw_only=True, tag="server.resize"):
    """A server is resized to another plan. Its disk never shrinks."""

    on: Name
    plan: Name


class ServerDelete(Event, frozen=True, kw_only=True, tag="server.delete"):
    """A server is deleted."""

    on: Name


class ServerStart(Event, frozen=True, kw_only=True, tag="server.start"):
    """A server is started."""

    on: Name


class ServerStop(Event, frozen=True, kw_only=True, tag="server.stop"):
    """A server is stopped."""

    on: Name


class ServerRestart(Event, frozen=True, kw_only=True, tag="server.restart"):
    """A server is restarted."""

    on: Name


class ServerSuspend(Event, frozen=True, kw_only=True, tag="server.suspend"):
    """An operator suspends a server."""

    on: Name


class ServerResume(Event, frozen=True, kw_only=True, tag="server.resume"):
    """An operator resumes a suspended server."""

    on: Name


class IpAdd(Event, frozen=True, kw_only=True, tag="ip.add", rename={"as_": "as"}):
    """A server gets an additional address."""

    on: Name
    as_: Name | None = None
    version: Literal["IPv4", "IPv6"] = "IPv4"


class IpRemove(Event, frozen=True, kw_only=True, tag="ip.remove"):
    """An additional address is removed; `on` is the name of the address."""

    on: Name


class BackupCreate(Event, frozen=True, kw_only=True, tag="backup.create", rename={"as_": "as"}):
    """A server is backed up."""

    on: Name
    as_: Name | None = None


class BackupDelete(Event, frozen=True, kw_only=True, tag="backup.delete"):
    """A backup is deleted; `on` is the name of the backup."""

    on: Name


AnyEvent: TypeAlias = (
    PlanCreate
    | PlanUpdate
    | PlanDelete
    | UserCreate
    | UserUpdate
    | UserDelete
    | ServerCreate
    | ServerResize
    | ServerDelete
    | ServerStart
    | ServerStop
    | ServerRestart
    | ServerSuspend
    | ServerResume
    | IpAdd
    | IpRemove
    | BackupCreate
    | BackupDelete
)


class Line(msgspec.Struct, frozen=True):
    """An event, and where it stands: number of the line, offset of the line after it in bytes."""

    number: int
    following: int
    event: AnyEvent


encode: Callable[[Event | Header], bytes] = msgspec.json.Encoder().encode
"""Write an event as a line, without its end."""


def moment_of(at: datetime) -> Micros:
    """Return a moment of a timeline."""
    return micros(at)


def header(file: Path) -> Header:
    """Return what a timeline says about itself; of one that says nothing, where its first event is.

    Raises:
        TimelineError: it cannot be read, is empty, or begins with neither.
    """
    for number, _, text in _lines(file, 0, 0):
        if _is_header(text):
            found: Header = _parsed(number, text, Header)
            return found
        return Header(timeline=VERSION, begin=_parsed(number, text, AnyEvent).at)
    raise TimelineError(f"{file} has no events.")


def read(file: Path, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """Return the events of a timeline, one by one; from an offset on, which follows the line of a number.

    Raises:
        TimelineError: a line is no event, or its moment is before that of the line above.
    """
    latest: Micros | None = None
    for line_number, following, text in _lines(file, offset, number):
        if line_number == 1 and _is_header(text):
            _parsed(line_number, text, Header)
            continue
        event = _parsed(line_number, text, AnyEvent)
        moment = event.moment
        if latest is not None and moment < latest:
            raise TimelineError(
                f"Line {line_number}: {rfc3339(moment)} is before the line above, {rfc3339(latest)}."
            )
        latest = moment
        yield Line(line_number, following, event)


def _lines(file: Path, offset: int, number: int) -> Iterator[tuple[int, int, bytes]]:
    """Return the lines that are not empty, with their numbers and the offsets after them."""
    try:
        with file.open("rb") as source:
            source.seek(offset)
            while text := source.readline(LINE_LIMIT + 1):
                number += 1
                offset += len(text)
                if len(text) > LINE_LIMIT:
                    raise TimelineError(f"Line {number}: it has more than {LINE_LIMIT} bytes.")
                if text.strip():
                    yield number, offset, text
    except OSError as error:
        raise TimelineError(f"{file} cannot be read: {error.strerror}.") from error


def _is_header(text: bytes) -> bool:
    return b'"timeline"' in text and b'"do"' not in text


def _parsed(number: int, text: bytes, kind: Any) -> Any:
    try:
        return from_json(text, kind, f"Line {number}")
    except DecodingError as error:
        raise TimelineError(f"{error}.") from None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a line: what `timeline.schema.json` in the package must say."""
    (first, event), definitions = msgspec.json.schema_components(
        [Header, AnyEvent], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a timeline for mock-solusio",
        "oneOf": [{"description": "The optional first line.", **first}, event],
        "$defs": definitions,
    }
