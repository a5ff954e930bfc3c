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
    """Make an application from the members of a request.

    Raises:
        Invalid: the JSON Schema is none, or an id does not exist.
    """
    application = Application(name=body["name"], position=next_position(world, APPLICATIONS))
    return _related(world, world[APPLICATIONS].add(_changed(world, application, body)), body)


def update(world: World, application: Application, body: Mapping[str, Any]) -> Application:
    """Change what a request names.

    Raises:
        Invalid: the JSON Schema is none, or an id does not exist.
    """
    return _related(world, world[APPLICATIONS].update(_changed(world, application, body)), body)


def remove(world: World, application: Application) -> None:
    """Delete an application; plans forget it.

    Raises:
        Conflict: servers use it, or it came with SolusIO (assumed).
    """
    if application.is_builtin:
        raise Conflict("An application that came with SolusIO cannot be deleted; it can be hidden.")
    refuse_in_use(world, "application", application_id=application.id)
    plans.make_available(world, "available_applications", application.id, ())
    world[APPLICATIONS].remove(application.id)


def _changed(world: World, application: Application, body: Mapping[str, Any]) -> Application:
    changes = pick(body, "name", "url", "user_data_template", "is_default", "is_visible")
    if body.get("cloud_init_version"):
        changes["cloud_init_version"] = body["cloud_init_version"]
    if "icon_id" in body:
        changes["icon_id"] = icons.icon_id(world, body["icon_id"])
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    if body.get("json_schema"):
        changes["json_schema"] = _json_schema(body["json_schema"])
    if body.get("login_link"):
        given = pick(body["login_link"], "type", "content")
        # The Go SDK sends an empty type for a link that its user did not set.
        given = {name: value for name, value in given.items() if name != "type" or value}
        changes["login_link"] = replace(application.login_link, **given)
    return replace(application, **changes)


def _json_schema(text: str) -> str:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Invalid.field("json_schema", "The json schema must be a JSON object, as a text.")
    return text


def _related(world: World, application: Application, body: Mapping[str, Any]) -> Application:
    ensure_single_default(world, APPLICATIONS, application)
    plan_ids = plans.available_plans(world, body)
    if plan_ids is not None:
        plans.make_available(world, "available_applications", application.id, plan_ids)
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
    """Make what a fresh install has."""
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
