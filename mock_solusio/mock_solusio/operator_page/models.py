"""What each page shows, as plain values: the templates can be rendered without a server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mock_solusio.billing.advice import BillingHealth
from mock_solusio.operator_page.fault_form import FaultKind
from mock_solusio.operator_page.notices import Notice
from mock_solusio.traffic.referee import ConductFinding
from mock_solusio.ui.models import EventHandlersPage as Webhooks


@dataclass(frozen=True, slots=True)
class ClockView:
    """The mock's time."""

    shown: str
    """Such as `Sun 1 Mar 2026, 00:00:00`, in UTC."""
    moment: str
    """Such as `2026-03-01T00:00:00`, for an input."""
    pace: str
    """`frozen`, `in real time` or `60 times as fast`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page."""

    clock: ClockView
    back: str
    """The address of this page, to which forms return."""
    counts: Mapping[str, int]
    """Numbers beside the links to pages, by their sections."""
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An exchange in the list."""

    number: int
    href: str
    time: str
    kind: str
    method: str
    target: str
    """Path and query."""
    operation: str
    status: str
    tone: str
    milliseconds: str
    notes: tuple[str, ...]
    note_tone: str


@dataclass(frozen=True, slots=True)
class JournalWindow:
    """Some rows of the list, newest first."""

    rows: tuple[EntryRow, ...]
    older: str = ""
    """The query that leads to earlier exchanges; empty if there are none."""
    problem: str = ""
    """Why nothing is listed: a filter is not valid."""


@dataclass(frozen=True, slots=True)
class JournalPage:
    """`/_mock/`: the list of exchanges, with filters."""

    template: ClassVar[str] = "journal.html.j2"
    section: ClassVar[str] = "journal"
    title: ClassVar[str] = "Journal"
    window: JournalWindow
    filters: Mapping[str, str]
    kinds: tuple[str, ...]
    statuses: tuple[str, ...]
    methods: tuple[str, ...]
    operations: tuple[str, ...]
    kept: int
    dropped: int
    last: int
    is_latest: bool
    """Whether new exchanges appear on top."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A request or a response."""

    headers: tuple[tuple[str, str], ...]
    body: str
    size: str
    """Length of the body for people, and what is missing of it; empty without a body."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note; `level` is set if it is a finding."""

    text: str
    level: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """An exchange as a whole."""

    template: ClassVar[str] = "exchange.html.j2"
    section: ClassVar[str] = "journal"
    row: EntryRow
    notes: tuple[NoteView, ...]
    request: MessageView
    response: MessageView
    newer: str
    older: str

    @property
    def title(self) -> str:
        """The title of the page."""
        return f"Exchange {self.row.number}"


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """What clients do wrong."""

    template: ClassVar[str] = "findings.html.j2"
    section: ClassVar[str] = "findings"
    title: ClassVar[str] = "Findings"
    findings: tuple[ConductFinding, ...]
    judged: int
    dropped: int


@dataclass(frozen=True, slots=True)
class FaultsPage:
    """The faults, and the form that orders one."""

    template: ClassVar[str] = "faults.html.j2"
    section: ClassVar[str] = "faults"
    title: ClassVar[str] = "Faults"
    faults: tuple[Mapping[str, Any], ...]
    kinds: tuple[FaultKind, ...]
    kind: FaultKind
    entered: Mapping[str, list[str]]
    operations: tuple[str, ...]
    errors: Mapping[str, list[str]]
    """By field; under an empty name what concerns the whole form."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the list."""

    id: int
    email: str
    status: str
    billing_id: str
    roles: str
    servers: int
    created: str


@dataclass(frozen=True, slots=True)
class UsersPage:
    """Users, and what can be done to them."""

    template: ClassVar[str] = "users.html.j2"
    section: ClassVar[str] = "users"
    title: ClassVar[str] = "Users"
    rows: tuple[UserRow, ...]
    search: str
    total: int
    first: int
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class BillingPage:
    """The billing endpoint, and how it answered last."""

    template: ClassVar[str] = "billing.html.j2"
    section: ClassVar[str] = "billing"
    title: ClassVar[str] = "Billing endpoint"
    health: BillingHealth
    has_token: bool
    latest: ExchangePage | None
    rows: tuple[EntryRow, ...]
    user_ids: tuple[str, ...]
    """Some users of the billing system, to ask for."""


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """Event handlers and their deliveries."""

    template: ClassVar[str] = "webhooks.html.j2"
    section: ClassVar[str] = "webhooks"
    title: ClassVar[str] = "Webhooks"
    webhooks: Webhooks


@dataclass(frozen=True, slots=True)
class StatePage:
    """Snapshots and reset, and what the mock holds."""

    template: ClassVar[str] = "state.html.j2"
    section: ClassVar[str] = "state"
    title: ClassVar[str] = "State"
    health: Mapping[str, Any]
    snapshots: tuple[Mapping[str, Any], ...]
    confirming: bool = False
    """Whether the page asks for confirmation of a reset."""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Something that cannot be shown or done."""

    template: ClassVar[str] = "message.html.j2"
    section: ClassVar[str] = ""
    title: str
    text: str
    status: int


Page = (
    JournalPage
    | ExchangePage
    | FindingsPage
    | FaultsPage
    | UsersPage
    | BillingPage
    | WebhooksPage
    | StatePage
    | MessagePage
)
