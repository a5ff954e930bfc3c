"""Timelines: the events at a hosting provider in order of time, one JSON object per line.

The first line may be a `TimelineHeader`; every other line is an `Event`. Invoice scenarios use the same
events. Files may be larger than memory, so they are read line by line. `timeline.schema.json` beside this
module is derived from it.
"""

import codecs
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from solusio_contracts.decoding import DecodingError, from_json

LINE_LIMIT: Final = 1_048_576
"""Bytes that a line may have."""

VERSION: Final = 1

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000_000)]
BillingUserId: TypeAlias = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Status: TypeAlias = Literal["active", "locked", "suspended"]

PRICES: Final = (
    *("tokens_per_hour", "tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month"),
    *("iso_image_tokens_per_hour", "iso_image_tokens_per_month", "backup_price"),
)
"""The members of plan events that are prices."""


class TimelineError(Exception):
    """A timeline cannot be read or played; the message names the line and says why."""


class TimelineHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class CustomerDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    """An event. `as` names the object that it creates, `on` the object that it changes."""

    at: Annotated[
        datetime,
        Meta(
            tz=True,
            description="Time of the event: RFC 3339, with an offset. Never earlier than on the line above.",
        ),
    ]

    @property
    def verb(self) -> str:
        """The value of `do`, such as `server.create`."""
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
    iso_image_tokens_per_hour: Count = 0
    iso_image_tokens_per_month: Count = 0
    backup_price: Annotated[float, Meta(ge=0)] = 0.0


class PlanUpdate(Event, frozen=True, kw_only=True, tag="plan.update"):
    """A plan's name or prices change; omitted members stay unchanged."""

    on: Name
    name: Name | None = None
    tokens_per_hour: Count | None = None
    tokens_per_month: Count | None = None
    ip_tokens_per_hour: Count | None = None
    ip_tokens_per_month: Count | None = None
    iso_image_tokens_per_hour: Count | None = None
    iso_image_tokens_per_month: Count | None = None
    backup_price: Annotated[float, Meta(ge=0)] | None = None


class PlanDelete(Event, frozen=True, kw_only=True, tag="plan.delete"):
    """A plan is deleted."""

    on: Name


class UserCreate(Event, frozen=True, kw_only=True, tag="user.create", rename={"as_": "as"}):
    """A user is created."""

    as_: Name
    email: Annotated[Name | None, Meta(description="The default is the name, at example.com.")] = None
    billing_user_id: BillingUserId | None = None
    customer: CustomerDetails | None = None


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


class ServerUpdate(Event, frozen=True, kw_only=True, tag="server.update"):
    """A server is renamed, or boots from its disk or the rescue system from its next start on."""

    on: Name
    name: Name | None = None
    boot_mode: Annotated[
        Literal["disk", "rescue"] | None, Meta(description="Also takes an ISO image out of the server.")
    ] = None


class ServerBoot(Event, frozen=True, kw_only=True, tag="server.boot"):
    """A server boots from its disk, the rescue system or an ISO image; a running one restarts."""

    on: Name
    mode: Literal["disk", "rescue", "iso"]
    iso_image: Annotated[Name | None, Meta(description="The ISO image, for the mode `iso`.")] = None


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


class IsoImageCreate(Event, frozen=True, kw_only=True, tag="iso_image.create", rename={"as_": "as"}):
    """An operator adds an ISO image."""

    as_: Name


AnyEvent: TypeAlias = (
    PlanCreate
    | PlanUpdate
    | PlanDelete
    | UserCreate
    | UserUpdate
    | UserDelete
    | ServerCreate
    | ServerUpdate
    | ServerBoot
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
    | IsoImageCreate
)


class EventLine(msgspec.Struct, frozen=True):
    """An event with its position in the file."""

    number: int
    """Number of the line, from 1."""
    following: int
    """Offset of the next line, in bytes."""
    event: AnyEvent


encode: Callable[[Event | TimelineHeader], bytes] = msgspec.json.Encoder().encode
"""Encode an event or a header as a line, without the line feed."""


def header(file: Path) -> TimelineHeader:
    """Return the header of a timeline. Without a header line, it begins at the first event.

    Raises:
        TimelineError: the file cannot be read, is empty, or its first line is neither header nor event.
    """
    for number, _, text in _lines(file, 0, 0):
        if _is_header(text):
            found: TimelineHeader = _parsed(number, text, TimelineHeader)
            return found
        return TimelineHeader(timeline=VERSION, begin=_parsed(number, text, AnyEvent).at)
    raise TimelineError(f"{file} has no events.")


def read(file: Path, offset: int = 0, number: int = 0) -> Iterator[EventLine]:
    """Yield the events of a timeline; to resume, pass `following` and `number` of the last line read.

    Raises:
        TimelineError: a line is not an event, or is earlier than the line above.
    """
    latest: datetime | None = None
    for line_number, following, text in _lines(file, offset, number):
        if line_number == 1 and _is_header(text):
            _parsed(line_number, text, TimelineHeader)
            continue
        event = _parsed(line_number, text, AnyEvent)
        if latest is not None and event.at < latest:
            raise TimelineError(
                f"Line {line_number}: {_shown(event.at)} is earlier than the line above, {_shown(latest)}."
            )
        latest = event.at
        yield EventLine(line_number, following, event)


def _lines(file: Path, offset: int, number: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the lines that are not empty: number, offset of the next line, text."""
    try:
        with file.open("rb") as source:
            source.seek(offset)
            while text := source.readline(LINE_LIMIT + 1):
                number += 1
                offset += len(text)
                if len(text) > LINE_LIMIT:
                    raise TimelineError(f"Line {number} has more than {LINE_LIMIT} bytes.")
                if number == 1:
                    text = _without_mark(text, file)
                if text.strip():
                    yield number, offset, text
    except OSError as error:
        raise TimelineError(f"{file}: {error.strerror}.") from error


def _without_mark(text: bytes, file: Path) -> bytes:
    """Return a first line without the byte order mark of UTF-8; a file of lines is in no other encoding."""
    for mark, name in ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
        if text.startswith(mark):
            raise TimelineError(f"{file} is {name}; a timeline is UTF-8. Save it as UTF-8.")
    return text.removeprefix(codecs.BOM_UTF8)


def _is_header(text: bytes) -> bool:
    return b'"timeline"' in text and b'"do"' not in text


def _parsed(number: int, text: bytes, kind: Any) -> Any:
    try:
        return from_json(text, kind, f"Line {number}")
    except DecodingError as error:
        raise TimelineError(f"{error}.") from None


def _shown(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a line: the content of `timeline.schema.json`."""
    (first, event), definitions = msgspec.json.schema_components(
        [TimelineHeader, AnyEvent], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a timeline for mock-solusio",
        "oneOf": [{"description": "The optional first line.", **first}, event],
        "$defs": definitions,
    }
