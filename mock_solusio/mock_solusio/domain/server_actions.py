"""Actions on servers. Each adds a task to the end of the server's queue (observed)."""

from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import activity, custom_plans, lifecycle, limits, plans, server_order, servers, tasks
from mock_solusio.domain.backup_schedule import with_backup_settings
from mock_solusio.domain.custom_plans import custom_plan, customised
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.iso_images import check_visible
from mock_solusio.domain.records.images import ISO_IMAGES
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.tasks import FORCED, open_task
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros


def start(world: World, actor: User, server: Server) -> Task:
    """Start a server; a running one stays as it is.

    Raises:
        Invalid: its owner's limit of running servers is reached.
    """
    return _logged(world, actor, _run(world, server, "vm-start"))


def stop(world: World, actor: User, server: Server, *, force: bool = False) -> Task:
    """Stop a server; `force` switches it off, which is faster."""
    server = replace(server, running_of=None)
    duration = FORCED if force else None
    return _logged(world, actor, tasks.enqueue(world, server, "vm-stop", duration=duration, to="stopped"))


def restart(world: World, actor: User, server: Server, *, force: bool = False) -> Task:
    """Restart a server; a stopped one starts.

    Raises:
        Invalid: its owner's limit of running servers is reached.
    """
    return _logged(world, actor, _run(world, server, "vm-restart", duration=FORCED if force else None))


def suspend(world: World, actor: User, server: Server) -> Task:
    """Suspend a server as an operator."""
    return _logged(world, actor, servers.suspend(world, server, servers.OPERATOR))


def resume(world: World, actor: User, server: Server) -> Task:
    """End an operator's suspension.

    Raises:
        Conflict: its owner is suspended.
    """
    return _logged(world, actor, servers.resume(world, server, servers.OPERATOR))


def _run(world: World, server: Server, action: str, *, duration: Micros | None = None) -> Task:
    if not server.runs:
        limits.check_running(world, world[USERS].get_or_404(server.user_id))
        server = replace(server, running_of=server.user_id)
    return tasks.enqueue(world, server, action, duration=duration, to="started")


def resize(world: World, actor: User, server: Server, body: dict[str, Any], *, any_plan: bool = True) -> Task:
    """Give a server another plan, which takes effect when the task finishes.

    The new plan must have the same virtualization and storage type, and a disk of at least the present size
    unless the disk is preserved (assumed: what a hypervisor can do). Without `any_plan`, only plans that
    customers see are allowed.

    Raises:
        Invalid: the plan does not fit.
        Conflict: the server is being resized.
    """
    if open_task(world, server.id, "vm-resize") is not None:
        raise Conflict("The server is being resized.")
    plan = world[PLANS].get(body["plan_id"])
    if plan is None or not (any_plan or plan.is_visible):
        raise Invalid.field("plan_id", "The selected plan is invalid.")
    custom = custom_plan(body.get("custom_plan"))
    wanted, present = customised(plan, custom), custom_plans.effective_plan(world, server)
    for name in ("virtualization_type", "storage_type"):
        if getattr(wanted, name) != getattr(present, name):
            raise Invalid.field(
                "plan_id",
                f"The {name.replace('_', ' ')} of a server cannot change: it is {getattr(present, name)},"
                f" but {getattr(wanted, name)} for the plan {wanted.name}.",
            )
    plans.check_available(wanted, location_id=server.location_id)
    disk = server.disk if body.get("preserve_disk") else wanted.params.disk
    if disk < server.disk:
        raise Invalid.field(
            "plan_id",
            f"The disk cannot shrink from {server.disk} GiB to {disk} GiB; set preserve_disk to keep it.",
        )
    if body.get("backup_settings"):
        settings = with_backup_settings(server.backup_settings, body["backup_settings"])
        server = replace(server, backup_settings=settings)
    task = tasks.enqueue(world, server, "vm-resize", plan_id=plan.id, custom_plan=custom, disk=disk)
    lifecycle.change_plan(world, server, wanted)
    lifecycle.backups_changed(world, server)
    return _logged(world, actor, task, plan_id=plan.id)


def reinstall(
    world: World, actor: User, server: Server, body: dict[str, Any], *, any_system: bool = True
) -> Task:
    """Reinstall a server with an operating system or an application; by default with its present one.

    Raises:
        Invalid: it does not exist or does not fit, or an SSH key does not belong to the owner.
    """
    owner = world[USERS].get_or_404(server.user_id)
    plan = custom_plans.effective_plan(world, server)
    system = server_order.system(world, plan, body, present=server, all_of_them=any_system)
    if "ssh_keys" in body:
        system["ssh_keys"] = server_order.ssh_keys(world, owner, body["ssh_keys"])
    if "user_data" in body:
        system["user_data"] = body["user_data"] or ""
    if body.get("password"):
        server = replace(server, root_password=body["password"])
    status = "started" if server.runs else "stopped"
    server = servers.set_status(world, server, "reinstalling", world.now)
    return _logged(world, actor, tasks.enqueue(world, server, "vm-reinstall", to=status, **system))


def reset_password(world: World, actor: User, server: Server, *, to_current_user: bool = False) -> Task:
    """Generate a new root password; the output of the task names the user who would be mailed."""
    server = replace(server, passwords=server.passwords + 1)
    reader = actor if to_current_user else world[USERS].get_or_404(server.user_id)
    task = tasks.enqueue(world, server, "vm-password-change", number=server.passwords)
    task = set_output(world, task, f"The new password is mailed to {reader.email}.")
    return _logged(world, actor, task)


def set_output(world: World, task: Task, output: str) -> Task:
    """Set the output of a task."""
    return world[TASKS].update(replace(task, output=output))


def set_boot(
    world: World,
    actor: User,
    server: Server,
    mode: str,
    iso_image_id: int | None,
    *,
    any_image: bool = True,
) -> Task:
    """Set the boot mode of a server, `disk`, `rescue` or `iso`; a running server restarts.

    Raises:
        Invalid: the mode is `iso` and the image does not exist.
        Forbidden: without `any_image`, the image is neither public nor the actor's.
    """
    if mode != "iso":
        iso_image_id = None
    elif iso_image_id is None:
        raise Invalid.field("iso_image_id", "The iso image id field is required when mode is iso.")
    else:
        image = world[ISO_IMAGES].get(iso_image_id)
        if image is None:
            raise Invalid.field("iso_image_id", "The selected iso image id is invalid.")
        if not any_image:
            check_visible(image, actor)
    server = replace(server, boot_mode=mode, iso_image_id=iso_image_id)
    lifecycle.iso_image_changed(world, server)
    if server.runs:
        return _logged(world, actor, tasks.enqueue(world, server, "vm-restart", to="started"))
    return _logged(world, actor, tasks.enqueue(world, server, "vm-update"))


def install_guest_tools(world: World, actor: User, server: Server) -> Task:
    """Install the guest tools; a reinstallation removes them.

    Raises:
        Conflict: the server is stopped.
    """
    if not server.runs:
        raise Conflict("The server is stopped.")
    return _logged(world, actor, tasks.enqueue(world, server, "vm-update", guest_tools=True))


def reset_usage(world: World, actor: User, server: Server) -> Server:
    """Reset the traffic counters of a server."""
    activity.record(
        world, "compute_resource_vm_usage_reset", user=actor, data={"id": server.id, "name": server.name}
    )
    return world[SERVERS].update(replace(server, received=0, sent=0, traffic_from=world.now))


def _logged(world: World, actor: User, task: Task, **data: Any) -> Task:
    # Names of events follow compute_resource_vm_create_requested (assumed).
    verb = task.action.removeprefix("vm-").replace("-", "_")
    about = {"id": task.server_id, "task_id": task.id, **data}
    activity.record(world, f"compute_resource_vm_{verb}_requested", user=actor, data=about)
    return task
