"""What each page shows, as plain values: the templates can be rendered without a server."""

from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(slots=True)
class Neighbours:
    """Sites beside the user area, to which its pages link; empty where there is none."""

    portal: str = ""
    """URL of the billing system's pages, without a trailing slash."""
    tour: str = ""
    """Path of the page that explains the demo."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page."""

    brand: str = "SolusIO"
    email: str | None = None
    """The user who is logged in; None for a guest."""
    proof: str = ""
    """Goes into each form."""
    banner: str = ""
    """What the user must know on every page: that their account is locked or suspended."""
    registration: bool = False
    docs: bool = True
    settings: bool = False
    """Whether the user sees settings: an operator."""
    mock_note: "MockNote | None" = None
    portal: str = ""
    """URL of the user's page in the billing system, if there is one to link to."""
    tour: str = ""
    """Path of the page that explains the demo, if this is one."""


@dataclass(frozen=True, slots=True)
class MockNote:
    """What the mock says to its user in a box of its own, and no real SolusIO shows."""

    text: tuple[str, ...]
    """Paragraphs."""
    links: tuple[tuple[str, str], ...] = ()
    """Addresses with their texts."""
    commands: tuple[str, ...] = ()
    """What to try in a terminal."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a form. `field` is the id of the input to go to, empty for the whole form."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in a word; `tone` (good, busy, idle or bad) is its colour."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is used; `most` None: no limit."""

    label: str
    used: int
    most: int | None


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """The user who is logged in."""

    email: str
    state: Badge
    billing_id: str
    """Empty if no billing system knows the user."""
    since: str
    limits: tuple[LimitUse, ...]


@dataclass(frozen=True, slots=True)
class ServerCard:
    """A server of the user."""

    id: int
    name: str
    state: Badge
    plan: str
    location: str
    system: str
    addresses: tuple[str, ...]
    deletable: bool


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """An amount in the customer's currency, already formatted, and the period it is for."""

    amount: str
    per: str


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan that can be ordered."""

    id: int
    name: str
    specs: tuple[str, ...]
    prices: tuple[PlanPrice, ...]
    """Empty if the price is unknown; `tokens` then says what is known."""
    note: str
    tokens: str = ""
    places: str = ""
    """Where it is available, unless everywhere."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a list."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """Options under a heading."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What was just done, and the page of the server that it was done to."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class ServerList:
    """One page of the user's servers, or of those that a search finds."""

    servers: tuple[ServerCard, ...]
    total: int
    search: str = ""
    number: int = 1
    last: int = 1
    previous: str = ""
    """Query of the previous page; empty on the first one. Likewise `following`."""
    following: str = ""


@dataclass(frozen=True, slots=True)
class AreaPage:
    """`/`: account, servers, plans."""

    template: ClassVar[str] = "area.html.j2"
    title: ClassVar[str] = "User area"
    account: AccountSummary
    list: ServerList
    plans: tuple[PlanCard, ...]
    notice: Notice | None = None
    full: str = ""
    """Why the user cannot create another server; empty if they can."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a resource of a server has used this month; `amount` is empty without a price."""

    resource: str
    plan: str
    hours: str
    tokens: str
    amount: str


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Work on a server."""

    action: str
    state: Badge
    moment: str


@dataclass(frozen=True, slots=True)
class ServerPage:
    """`/servers/{id}`."""

    template: ClassVar[str] = "server.html.j2"
    server: ServerCard
    specs: tuple[str, ...]
    created: str
    prices: tuple[PlanPrice, ...]
    tokens: str
    """What it costs in tokens; shown if the price is unknown."""
    month: str
    usage: tuple[UsageRow, ...]
    total: str
    tasks: tuple[TaskRow, ...]

    @property
    def title(self) -> str:
        """The name of the server."""
        return self.server.name


@dataclass(frozen=True, slots=True)
class NewServerPage:
    """`/servers/new`: the form for a new server, with what was entered before and what is wrong with it."""

    template: ClassVar[str] = "new_server.html.j2"
    title: ClassVar[str] = "Create a server"
    plans: tuple[PlanCard, ...]
    locations: tuple[Choice, ...]
    systems: tuple[ChoiceGroup, ...]
    name: str = ""
    plan: str = ""
    location: str = ""
    system: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletePage:
    """`/servers/{id}/delete`: asks for confirmation."""

    template: ClassVar[str] = "delete_server.html.j2"
    title: ClassVar[str] = "Delete a server"
    server: ServerCard
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class LoginPage:
    """`/login`."""

    template: ClassVar[str] = "login.html.j2"
    title: ClassVar[str] = "Log in"
    email: str = ""
    notice: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """`/register`."""

    template: ClassVar[str] = "register.html.j2"
    title: ClassVar[str] = "Create an account"
    email: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Something that cannot be shown or done, and what to do instead."""

    template: ClassVar[str] = "message.html.j2"
    title: str
    text: tuple[str, ...]
    """Paragraphs."""
    link: str = ""
    link_text: str = ""
    status: int = 404


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """An API document in the index of the reference; `about` is CommonMark."""

    name: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class ControlOperation:
    """An operation of the control API; `about` is CommonMark."""

    method: str
    path: str
    summary: str
    about: str
    examples: tuple[tuple[str, str], ...]
    """Title and text of bodies to send."""


@dataclass(frozen=True, slots=True)
class DocsPage:
    """`/docs`."""

    template: ClassVar[str] = "docs.html.j2"
    title: ClassVar[str] = "API reference"
    documents: tuple[DocumentCard, ...]
    control: DocumentCard
    operations: tuple[ControlOperation, ...]


@dataclass(frozen=True, slots=True)
class EventHandlerCard:
    """A webhook."""

    name: str
    url: str
    events: tuple[str, ...]
    state: Badge


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery of a webhook."""

    moment: str
    event: str
    handler: str
    state: Badge
    output: str


@dataclass(frozen=True, slots=True)
class EventHandlersPage:
    """`/event-handlers`: the webhooks and their latest deliveries, for operators."""

    template: ClassVar[str] = "event_handlers.html.j2"
    title: ClassVar[str] = "Event handlers"
    handlers: tuple[EventHandlerCard, ...]
    deliveries: tuple[DeliveryRow, ...]


class Page(Protocol):
    """What a page shows: one of the above, or a page that another package adds to the site."""

    @property
    def template(self) -> str:
        """Name of its template."""

    @property
    def title(self) -> str:
        """Its title, for the browser's window."""
