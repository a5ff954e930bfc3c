"""What can be done to a server: each is a task behind the others of the server (facts, sections 7 and 8)."""

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
    """Start a server; one that runs stays as it is.

    Raises:
        Invalid: its owner's limit of running servers is reached.
    """
    return _noted(world, actor, _run(world, server, "vm-start"))


def stop(world: World, actor: User, server: Server, *, force: bool = False) -> Task:
    """Stop a server; `force` switches it off, which is quicker."""
    server = replace(server, running_of=None)
    duration = FORCED if force else None
    return _noted(world, actor, tasks.enqueue(world, server, "vm-stop", duration=duration, to="stopped"))


def restart(world: World, actor: User, server: Server, *, force: bool = False) -> Task:
    """Restart a server; a stopped one starts.

    Raises:
        Invalid: its owner's limit of running servers is reached.
    """
    return _noted(world, actor, _run(world, server, "vm-restart", duration=FORCED if force else None))


def suspend(world: World, actor: User, server: Server) -> Task:
    """Suspend a server as an operator."""
    return _noted(world, actor, servers.suspend(world, server, servers.OPERATOR))


def resume(world: World, actor: User, server: Server) -> Task:
    """End an operator's suspension.

    Raises:
        Conflict: its owner is suspended.
    """
    return _noted(world, actor, servers.resume(world, server, servers.OPERATOR))


def _run(world: World, server: Server, action: str, *, duration: Micros | None = None) -> Task:
    if not server.runs:
        limits.check_running(world, world[USERS].get_or_404(server.user_id))
        server = replace(server, running_of=server.user_id)
    return tasks.enqueue(world, server, action, duration=duration, to="started")


def resize(world: World, actor: User, server: Server, body: dict[str, Any], *, any_plan: bool = True) -> Task:
    """Give a server another plan; it has it once the task is done.

    The new plan must be of the same virtualization and storage type, and its disk not smaller, unless the
    disk is preserved (all of this assumed, after what a hypervisor can do). Without `any_plan` only plans
    that customers see.

    Raises:
        Invalid: the plan does not fit.
        Conflict: a resize is under way.
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
                f"The server cannot get a plan of another kind: its {name.replace('_', ' ')} is"
                f" {getattr(present, name)}, that of the plan {wanted.name} is {getattr(wanted, name)}.",
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
    return _noted(world, actor, task, plan_id=plan.id)


def reinstall(
    world: World, actor: User, server: Server, body: dict[str, Any], *, any_system: bool = True
) -> Task:
    """Install an operating system or an application anew; without either, the present one.

    Raises:
        Invalid: it does not exist, does not fit, or an SSH key is not the owner's.
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
    return _noted(world, actor, tasks.enqueue(world, server, "vm-reinstall", to=status, **system))


def reset_password(world: World, actor: User, server: Server, *, to_current_user: bool = False) -> Task:
    """Give the server's root a new password; the task's output says who would be mailed it."""
    server = replace(server, passwords=server.passwords + 1)
    reader = actor if to_current_user else world[USERS].get_or_404(server.user_id)
    task = tasks.enqueue(world, server, "vm-password-change", number=server.passwords)
    task = set_output(world, task, f"The new password is mailed to {reader.email}.")
    return _noted(world, actor, task)


def set_output(world: World, task: Task, output: str) -> Task:
    """Give a task an output."""
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
    """Say from what a server boots, `disk`, `rescue` or `iso`; a running one restarts.

    Raises:
        Invalid: the mode is `iso` and there is no such image.
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
        return _noted(world, actor, tasks.enqueue(world, server, "vm-restart", to="started"))
    return _noted(world, actor, tasks.enqueue(world, server, "vm-update"))


def install_guest_tools(world: World, actor: User, server: Server) -> Task:
    """Install the guest tools; a reinstallation removes them.

    Raises:
        Conflict: it does not run.
    """
    if not server.runs:
        raise Conflict("The server is stopped.")
    return _noted(world, actor, tasks.enqueue(world, server, "vm-update", guest_tools=True))


def reset_usage(world: World, actor: User, server: Server) -> Server:
    """Count the traffic of a server from zero again."""
    activity.record(
        world, "compute_resource_vm_usage_reset", user=actor, data={"id": server.id, "name": server.name}
    )
    return world[SERVERS].update(replace(server, received=0, sent=0, traffic_from=world.now))


def _noted(world: World, actor: User, task: Task, **data: Any) -> Task:
    # Events are named like that of the creation, compute_resource_vm_create_requested (assumed).
    verb = task.action.removeprefix("vm-").replace("-", "_")
    about = {"id": task.server_id, "task_id": task.id, **data}
    activity.record(world, f"compute_resource_vm_{verb}_requested", user=actor, data=about)
    return task
