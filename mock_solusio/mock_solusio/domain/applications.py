"""Applications: software that is installed together with a server."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from mock_solusio.domain import icons, plans
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.records.images import APPLICATIONS, Application, LoginLink
from mock_solusio.domain.references import ensure_single_default, next_position, pick, refuse_in_use
from mock_solusio.domain.world import World


def create(world: World, body: Mapping[str, Any]) -> Application:
    """Create an application from the members of a request.

    Raises:
        Invalid: the JSON Schema is not one, or an id does not exist.
    """
    application = Application(name=body["name"], position=next_position(world, APPLICATIONS))
    return _related(world, world[APPLICATIONS].add(_changed(world, application, body)), body)


def update(world: World, application: Application, body: Mapping[str, Any]) -> Application:
    """Change the members that a request names.

    Raises:
        Invalid: the JSON Schema is not one, or an id does not exist.
    """
    return _related(world, world[APPLICATIONS].update(_changed(world, application, body)), body)


def remove(world: World, application: Application) -> None:
    """Delete an application, also from the lists of plans.

    Raises:
        Conflict: servers use it, or it comes with SolusIO (assumed).
    """
    if application.is_builtin:
        raise Conflict("An application that comes with SolusIO cannot be deleted; hide it instead.")
    refuse_in_use(world, "application", application_id=application.id)
    plans.make_unavailable(world, "available_applications", application.id)
    world[APPLICATIONS].remove(application.id)


def _changed(world: World, application: Application, body: Mapping[str, Any]) -> Application:
    changes = pick(body, "name", "url", "user_data_template", "is_default", "is_visible")
    if body.get("cloud_init_version"):
        changes["cloud_init_version"] = body["cloud_init_version"]
    changes |= icons.icon_change(world, body)
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    if body.get("json_schema"):
        changes["json_schema"] = _json_schema(body["json_schema"])
    if body.get("login_link"):
        given = pick(body["login_link"], "type", "content")
        # The Go SDK sends an empty type if its user did not set a link.
        given = {name: value for name, value in given.items() if name != "type" or value}
        changes["login_link"] = replace(application.login_link, **given)
    return replace(application, **changes)


def _json_schema(text: str) -> str:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Invalid.field("json_schema", "The json schema must be a string that holds a JSON object.")
    return text


def _related(world: World, application: Application, body: Mapping[str, Any]) -> Application:
    ensure_single_default(world, APPLICATIONS, application)
    plans.make_available(world, "available_applications", application.id, body)
    return application


_WORDPRESS = {
    "type": "object",
    "required": ["admin_email", "admin_password"],
    "properties": {
        "admin_email": {"title": "Administrator's email", "type": "string", "format": "email"},
        "admin_password": {"title": "Administrator's password", "type": "string", "format": "password"},
    },
}


def seed(world: World) -> None:
    """Create what a fresh installation has."""
    world[APPLICATIONS].add(
        Application(
            name="WordPress",
            icon_id=icons.named(world, "WordPress"),
            url="https://images.example/ubuntu-24.04.qcow2",
            user_data_template="#cloud-config\npackages: [wordpress]\n",
            login_link=LoginLink(type="url", content="https://{{ ip }}/wp-admin/"),
            json_schema=msgspec.json.encode(_WORDPRESS).decode(),
            is_default=True,
            is_builtin=True,
            position=1.0,
        )
    )
