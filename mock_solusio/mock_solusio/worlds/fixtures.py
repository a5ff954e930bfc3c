"""Loads fixtures: users, plans, servers ... from TOML or JSON, created as if through the API.

Either all fixtures of a world are added to the state, or none. Every error names its place, such as
`users[2].limit_group: there is no limit group 'gold'`.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from mock_solusio.clock import Clock
from mock_solusio.decoding import invalid, refusing
from mock_solusio.domain import (
    access_tokens,
    event_handlers,
    limit_groups,
    plans,
    projects,
    roles,
    server_actions,
    servers,
    settings,
    ssh_keys,
    users,
)
from mock_solusio.domain.os_images import versions_of
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, SSH_KEYS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS, OS_IMAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.projects import PROJECTS
from mock_solusio.domain.records.roles import ROLES
from mock_solusio.domain.role_permissions import PERMISSIONS
from mock_solusio.domain.task_runner import finish_now
from mock_solusio.domain.units import MIB
from mock_solusio.domain.world import Kind, World
from mock_solusio.worlds import catalogue
from mock_solusio.worlds.builder import Builder, Made, micros_of, placed, request
from mock_solusio.worlds.schema import PlanPart, ServerPart, UserPart, WorldPart
from solusio_contracts.decoding import from_json, from_toml, read_text, text_of
from solusio_contracts.timeline import PRICES

_EVERYTHING: Final = frozenset(Permission)

_STORAGE = {"kvm": ("fb", "qcow2"), "vz": ("vz", "ploop")}
"""Default storage type and image format of a plan, by its virtualization."""

_LIMITS = {
    "servers": "vms",
    "running_servers": "running_vms",
    "additional_ips": "additional_ips",
    "additional_ipv6": "additional_ipv6",
    "iso_images": "iso_images",
    "iso_images_size_gib": "iso_images_size",
}
"""The names of limits in fixtures, and in the API."""


def read(file: Path) -> WorldPart:
    """Read a world from a file; errors name the file.

    Raises:
        BadRequest: the file cannot be read, or is neither TOML nor JSON.
        Invalid: it is not a world; `errors` is by place.
    """
    with refusing():
        return _parsed(read_text(file), str(file))


def parse_world(data: bytes) -> WorldPart:
    """Read a world: JSON if it begins with a brace, else TOML.

    Raises:
        BadRequest: it is neither.
        Invalid: it is not a world; `errors` is by place.
    """
    with refusing():
        return _parsed(text_of(data))


def _parsed(text: str, source: str = "") -> WorldPart:
    decode = from_json if text.lstrip().startswith("{") else from_toml
    return decode(text, WorldPart, source)


def clock_of(world: WorldPart) -> Clock | None:
    """Return the clock of a world, if it has one.

    Raises:
        Invalid: the moment is out of range.
    """
    if world.clock is None:
        return None
    try:
        return Clock(micros_of(world.clock.moment), speed=world.clock.speed)
    except ValueError as error:
        raise invalid("clock.moment", str(error)) from None


def load(store: World, file: Path) -> Made:
    """Add the world of a file to the state, within a transaction; `clock_of` returns its clock.

    Raises:
        DomainError: the file cannot be read, or something cannot be created.
    """
    return build(store, read(file))


def build(store: World, world: WorldPart) -> Made:
    """Add a world to the state, within a transaction.

    Raises:
        Invalid: something cannot be created; `errors` is by place.
        Conflict: something cannot be created in the present state.
    """
    builder = Builder(store)
    for step in (
        _limit_groups,
        _settings,
        _roles,
        catalogue.add_icons,
        catalogue.add_compute_resources,
        catalogue.add_ip_blocks,
        catalogue.add_locations,
        catalogue.add_os_images,
        catalogue.add_applications,
        _plans,
        _users,
        _projects,
        _servers,
        _states,
        _event_handlers,
    ):
        step(builder, world)
    return builder.made


def _event_handlers(builder: Builder, world: WorldPart) -> None:
    for index, part in enumerate(world.event_handlers):
        with placed(f"event_handlers[{index}]", {"is_enabled": "enabled"}):
            body = {
                "name": part.name,
                "url": part.url,
                "events": part.events,
                "parameters": part.parameters,
                "is_enabled": part.enabled,
            }
            handler = event_handlers.create(builder.store, request("createEventHandler", body, {}))
        builder.note("event_handlers", handler)


def _limit_groups(builder: Builder, world: WorldPart) -> None:
    for index, part in enumerate(world.limit_groups):
        limits = {
            name: {"limit": value, "is_enabled": True}
            for field, name in _LIMITS.items()
            if (value := getattr(part, field)) is not None
        }
        with placed(f"limit_groups[{index}]", {name: field for field, name in _LIMITS.items()}):
            body = request("createLimitGroup", {"name": part.name, **limits}, {})
            builder.note("limit_groups", limit_groups.create(builder.store, body))


def _settings(builder: Builder, world: WorldPart) -> None:
    part = world.settings
    body: dict[str, Any] = {}
    if part.billing_url is not None:
        custom = {"url": part.billing_url, "token": part.billing_token}
        body["billing_integration"] = {"type": "custom", "drivers": {"custom": custom}}
    elif part.billing_token:
        raise invalid("settings.billing_token", "needs a billing_url")
    if part.registration is not None:
        body["features"] = {"allow_registration": part.registration}
    if part.default_limit_group is not None:
        group = builder.find(LIMIT_GROUPS, part.default_limit_group, "settings.default_limit_group")
        body["limit_group"] = group.id
    with placed("settings"):
        # Two patches, since `more` may have further features, or another driver.
        for patch in (body, dict(part.more)):
            if patch:
                settings.patch(builder.store, request("updateSettings", patch, {}))


def _roles(builder: Builder, world: WorldPart) -> None:
    numbers = {permission.value: number for number, permission in PERMISSIONS.items()}
    for index, part in enumerate(world.roles):
        for at, name in enumerate(part.permissions):
            if name not in numbers:
                known = ", ".join(numbers)
                raise invalid(f"roles[{index}].permissions[{at}]", f"expected one of {known}, got {name!r}")
        with placed(f"roles[{index}]"):
            role = roles.create(builder.store, part.name, [numbers[name] for name in part.permissions])
        builder.note("roles", role)


def _plans(builder: Builder, world: WorldPart) -> None:
    names = {"params.ram": "ram_mib", "params.disk": "disk_gib", "params.vcpu": "vcpu"}
    for index, part in enumerate(world.plans):
        with placed(f"plans[{index}]", names):
            body = request("createPlan", _plan_body(part), part.more)
            builder.note("plans", plans.create(builder.store, body))


def _plan_body(part: PlanPart) -> dict[str, Any]:
    storage_type, image_format = _STORAGE[part.virtualization_type]
    body: dict[str, Any] = {
        "params": {"ram": part.ram_mib * MIB, "disk": part.disk_gib, "vcpu": part.vcpu},
        "storage_type": part.storage_type or storage_type,
        "image_format": part.image_format or image_format,
    }
    for name in ("name", "virtualization_type", *PRICES):
        body[name] = getattr(part, name)
    return body


def _users(builder: Builder, world: WorldPart) -> None:
    for index, part in enumerate(world.users):
        place = f"users[{index}]"
        then = builder.when(part.created_at, f"{place}.created_at")
        body = _user_body(builder, part, place)
        with placed(place, {"limit_group_id": "limit_group"}):
            user = users.create(then, **request("createUser", body, {}))
        builder.note("users", user)
        _credentials(builder, then, user, part, place)


def _user_body(builder: Builder, part: UserPart, place: str) -> Any:
    body: dict[str, Any] = {"email": part.email}
    for name in ("password", "billing_user_id", "billing_token"):
        if getattr(part, name) is not None:
            body[name] = getattr(part, name)
    if part.roles:
        found = [builder.find(ROLES, name, f"{place}.roles[{at}]") for at, name in enumerate(part.roles)]
        body["roles"] = [role.id for role in found]
    if part.allowed_ips:
        body["allowed_ips"] = part.allowed_ips
    if part.limit_group is not None:
        body["limit_group_id"] = builder.find(LIMIT_GROUPS, part.limit_group, f"{place}.limit_group").id
    return body


def _credentials(builder: Builder, then: World, user: Any, part: UserPart, place: str) -> None:
    for at, wanted in enumerate(part.access_tokens):
        digest = access_tokens.digest_of(wanted.secret)
        if builder.store[ACCESS_TOKENS].first(digest=digest) is not None:
            raise invalid(
                f"{place}.access_tokens[{at}].secret", "is already the secret of another access token"
            )
        # A one-time token is issued now, whenever its user was created.
        world = builder.store if wanted.one_time else then
        access_tokens.issue(world, user, one_time=wanted.one_time, name=wanted.name, secret=wanted.secret)
    for at, key in enumerate(part.ssh_keys):
        with placed(f"{place}.ssh_keys[{at}]"):
            ssh_keys.create(builder.store, user, {"name": key.name, "public_key": key.public_key})


def _projects(builder: Builder, world: WorldPart) -> None:
    for index, part in enumerate(world.projects):
        place = f"projects[{index}]"
        owner = builder.person(part.owner, f"{place}.owner")
        body = {"name": part.name, "description": part.description}
        with placed(place):
            project = projects.create(builder.store, owner, request("createProject", body, {}))
        builder.note("projects", project)
        for at, email in enumerate(part.members):
            with placed(f"{place}.members[{at}]", {"email": ""}):
                project = builder.store[PROJECTS].get_or_404(project.id)
                projects.add_member(builder.store, project, email)


def _servers(builder: Builder, world: WorldPart) -> None:
    for index, part in enumerate(world.servers):
        place = f"servers[{index}]"
        if builder.operator is None:
            raise invalid(place, "cannot be created: there is no active administrator")
        body = _server_body(builder, part, place)
        then = builder.when(part.created_at, f"{place}.created_at")
        with placed(place, {"additional_ip_count": "additional_ips"}):
            wanted = request("createServer", body, part.more)
            server = servers.create(then, builder.operator, _EVERYTHING, **wanted)
            builder.note("servers", server)
            if part.status == "processing":
                continue
            server = finish_now(then, server)
            if part.status == "stopped":
                server_actions.stop(then, builder.operator, server)
            elif part.status == "suspended":
                server_actions.suspend(then, builder.operator, server)
            finish_now(then, server)


def _server_body(builder: Builder, part: ServerPart, place: str) -> dict[str, Any]:
    body: dict[str, Any] = {"name": part.name}
    if part.project is not None:
        project = builder.find(PROJECTS, part.project, f"{place}.project")
        body["project"], owner_id = project.id, project.owner_id
    elif part.user is None:
        raise invalid(place, "needs a user or a project")
    if part.user is not None:
        owner_id = body["user"] = builder.person(part.user, f"{place}.user").id
    kinds: tuple[tuple[str, Kind[Any]], ...] = (
        ("plan", PLANS),
        ("location", LOCATIONS),
        ("application", APPLICATIONS),
    )
    for name, kind in kinds:
        wanted = getattr(part, name)
        if wanted is not None:
            body[name] = builder.find(kind, wanted, f"{place}.{name}").id
    if part.os is not None:
        body["os"] = _os(builder, part.os, f"{place}.os")
    if part.additional_ips:
        body["additional_ip_count"] = part.additional_ips
    if part.ssh_keys:
        keys = {key.name: key.id for key in builder.store[SSH_KEYS].find(user_id=owner_id)}
        for at, key_name in enumerate(part.ssh_keys):
            if key_name not in keys:
                raise invalid(f"{place}.ssh_keys[{at}]", f"the owner has no SSH key {key_name!r}")
        body["ssh_keys"] = [keys[name] for name in part.ssh_keys]
    return body


def _os(builder: Builder, wanted: int | str, place: str) -> int:
    """Return the id of an OS version, from an id, `Ubuntu 24.04`, or `Ubuntu` for the first version."""
    if isinstance(wanted, int):
        return builder.find(OS_IMAGE_VERSIONS, wanted, place).id
    known = []
    for image in builder.store[OS_IMAGES].find():
        for version in versions_of(builder.store, image):
            known.append(f"{image.name} {version.version}")
            if wanted in (image.name, known[-1]):
                return version.id
    raise invalid(place, f"expected one of {', '.join(known)}, got {wanted!r}")


def _states(builder: Builder, world: WorldPart) -> None:
    """Lock and suspend users. This comes last, since a suspended user cannot get servers."""
    for index, part in enumerate(world.users):
        if part.status == "active":
            continue
        user = builder.person(part.email, f"users[{index}]")
        with placed(f"users[{index}]"):
            users.update(builder.store, user, status=part.status)
        for server in servers.owned_by(builder.store, user.id):
            finish_now(builder.store, server)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a world: the content of `fixtures.schema.json`."""
    made = msgspec.json.schema(WorldPart)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fixtures for mock-solusio",
        **made,
    }
