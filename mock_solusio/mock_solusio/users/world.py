"""The world of a scenario: its users, what people do to them by hand, and what it looks like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mock_solusio.app import Mock
from mock_solusio.domain import limit_groups, users
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.domain.records.installation import LANGUAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE, CLIENT_ROLE, ROLES
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.user_fields import LARGEST_BILLING_USER_ID, UserChanges
from mock_solusio.domain.world import World
from mock_solusio.moment import MINUTE, parse_moment, utc
from mock_solusio.sandbox import SandboxError, installed
from mock_solusio.timeline.player import Player
from solusio_contracts.timeline import PlanCreate
from solusio_contracts.timeline import ServerCreate as TimelineServer
from solusio_contracts.users.scenario import (
    ClockAdvance,
    ManualEntry,
    Scenario,
    ServerCreate,
    UserCreate,
    UserDelete,
    UserUpdate,
)
from solusio_contracts.users.state import SolusioUser

SEED: Final = "users"
"""The same scenario always has the same ids and secrets."""
BEGIN: Final = parse_moment("2026-03-02T10:00:00Z")
PLAN: Final = "small"


@dataclass(slots=True)
class ScenarioWorld:
    """A mock with the users of a scenario."""

    mock: Mock
    numbers: Mapping[str, int]
    """The billing_user_id of each customer, by name."""
    bystanders: set[int] = field(default_factory=set)
    """Ids of the users that a billing system must not change."""
    named: dict[str, int] = field(default_factory=dict)
    """Ids of the users that somebody created by hand, by name."""
    _player: Player = field(default_factory=Player)

    @classmethod
    def of(cls, scenario: Scenario, numbers: Mapping[str, int], access_token: str) -> "ScenarioWorld":
        """Return a fresh installation with the limit groups of a scenario, and with bystanders.

        Raises:
            SandboxError: it cannot be made.
        """
        mock = installed(BEGIN, seed=SEED, access_token=access_token)
        world = cls(mock, numbers)
        with mock.transaction() as store:
            for name in scenario.limit_groups:
                limit_groups.create(store, {"name": name, "vms": {"is_enabled": True, "limit": 5}})
            world._player.play(store, PlanCreate(at=utc(BEGIN), as_=PLAN, tokens_per_hour=7))
            world.bystanders = {user.id for user in store[USERS].find()}
        for one in scenario.customers:
            world._surround(one.email, numbers[one.name])
        return world

    def close(self) -> None:
        """Close the mock."""
        self.mock.close()

    def _surround(self, email: str, number: int) -> None:
        """Add users that a careless search takes for a customer."""
        local, _, domain = email.partition("@")
        longer = number * 10 + 7
        given: list[UserChanges] = [
            {"email": f"jo{email}", "billing_user_id": longer if longer <= LARGEST_BILLING_USER_ID else None},
            {"email": f"{local}@{domain}.example", "status": "locked"},
            {"email": f"{local}.staff@{domain}", "roles": [ADMINISTRATOR_ROLE]},
        ]
        with self.mock.transaction() as store:
            for fields in given:
                if users.by_email(store, fields["email"]) is None:
                    self.bystanders.add(users.create(store, **fields).id)
            # The next user gets this number as their id: to mix up the two ids is to find this one.
            following = max(user.id for user in store[USERS].find()) + 2
            if not store[USERS].first(billing_user_id=following):
                mixed = users.create(
                    store, email=f"mixed-up-{following}@example.net", billing_user_id=following
                )
                self.bystanders.add(mixed.id)

    # What people do by hand

    def do(self, entry: ManualEntry) -> None:
        """Let somebody do something in SolusIO by hand.

        Raises:
            SandboxError: SolusIO refuses it.
        """
        try:
            match entry:
                case UserCreate():
                    self._create(entry)
                case UserUpdate():
                    self._update(entry)
                case UserDelete():
                    self._delete(entry)
                case ServerCreate():
                    self._order(entry)
                case ClockAdvance():
                    self.mock.clock.set(self.mock.clock.now() + entry.minutes * MINUTE)
                    self.mock.settle()
        except DomainError as error:
            raise SandboxError(f"{entry.verb} cannot be played: {error.message}") from None

    def _create(self, entry: UserCreate) -> None:
        given = entry.billing_user_id
        first = self.numbers[given] if isinstance(given, str) else given
        role = ADMINISTRATOR_ROLE if entry.role == "ADMIN" else CLIENT_ROLE
        with self.mock.transaction() as store:
            for n in range(1, entry.repeat + 1):
                fields: UserChanges = {
                    "email": entry.email.replace("{n}", str(n)),
                    "roles": [role],
                    "status": entry.status,
                    "billing_user_id": None if first is None else first + n - 1,
                }
                user = users.create(store, **fields)
                self.named[entry.as_.replace("{n}", str(n))] = user.id
                if not entry.adoptable and user.billing_user_id not in self.numbers.values():
                    self.bystanders.add(user.id)

    def _update(self, entry: UserUpdate) -> None:
        changes: dict[str, Any] = {"email": entry.email, "status": entry.status}
        with self.mock.transaction() as store:
            user = self._find(store, entry.on)
            users.update(store, user, **{name: one for name, one in changes.items() if one is not None})

    def _delete(self, entry: UserDelete) -> None:
        with self.mock.transaction() as store:
            user = self._find(store, entry.on)
            users.remove(store, user)
            self.bystanders.discard(user.id)

    def _order(self, entry: ServerCreate) -> None:
        with self.mock.transaction() as store:
            owner = self._find(store, entry.on)
            event = TimelineServer(at=utc(self.mock.clock.now()), as_=entry.as_, user=owner.email, plan=PLAN)
            self._player.play(store, event)
        self.mock.clock.set(self.mock.clock.now() + 10 * MINUTE)
        self.mock.settle()

    def _find(self, store: World, name: str) -> User:
        number = self.numbers.get(name)
        found = store[USERS].first(billing_user_id=number) if number is not None else None
        if found is None and name in self.named:
            found = store[USERS].get(self.named[name])
        if found is None:
            raise SandboxError(f"{name} has no user in SolusIO")
        return found

    # What it looks like

    def users(self) -> dict[int, SolusioUser]:
        """Return all users, by id."""
        self.mock.settle()
        with self.mock.store.transaction() as store:
            roles = {role.id: role.name for role in store[ROLES].find()}
            languages = {one.id: one.locale for one in store[LANGUAGES].find()}
            groups = {one.id: one.name for one in store[LIMIT_GROUPS].find()}
            owned: dict[int, list[tuple[str, str]]] = {}
            for server in store[SERVERS].find():
                owned.setdefault(server.user_id, []).append((server.name, _state(server)))
            tokens: dict[int, int] = {}
            for token in store[ACCESS_TOKENS].find():
                tokens[token.user_id] = tokens.get(token.user_id, 0) + 1
            return {
                user.id: SolusioUser(
                    id=user.id,
                    email=user.email,
                    status=user.status,
                    billing_user_id=user.billing_user_id,
                    roles=tuple(roles[one] for one in user.roles),
                    language=languages.get(user.language_id or 0, ""),
                    limit_group=groups.get(user.limit_group_id or 0, ""),
                    servers=tuple(owned.get(user.id, ())),
                    password=user.password_hash or "",
                    access_tokens=tokens.get(user.id, 0),
                )
                for user in store[USERS].find()
            }

    def language_id(self, locale: str | None) -> int | None:
        """Return the id of a language.

        Raises:
            SandboxError: there is none.
        """
        if locale is None:
            return None
        found = self.mock.store[LANGUAGES].first(locale=locale)
        if found is None:
            raise SandboxError(f"there is no language {locale}")
        return found.id

    def limit_group_id(self, name: str | None) -> int | None:
        """Return the id of a limit group of the scenario."""
        if name is None:
            return None
        found = self.mock.store[LIMIT_GROUPS].first(name=name)
        return None if found is None else found.id


def _state(server: Server) -> str:
    if server.is_suspended:
        return "suspended"
    return "running" if server.runs else "stopped"
