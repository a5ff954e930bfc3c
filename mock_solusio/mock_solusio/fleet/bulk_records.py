"""The servers of a fleet that live at the end, as records: as if they had been ordered one by one.

Records are made at once, not by way of orders and tasks: a fleet may have a hundred thousand of them.
"""

from typing import Any, NamedTuple

from msgspec.structs import replace

from mock_solusio.domain import backup_nodes, charts, ip_blocks, projects, server_order, servers
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.networks import IP_BLOCKS, IPV4, IPV6, Ip, IpBlock
from mock_solusio.domain.records.plans import Plan
from mock_solusio.domain.records.servers import Backup, Server
from mock_solusio.domain.records.user import LOCKED, SUSPENDED, User
from mock_solusio.domain.world import World
from mock_solusio.fleet import model
from mock_solusio.fleet.changes import Change

NETWORK = "10.64.0.0/10"
"""Where servers of fleets have their addresses: there is room for four million."""


class Made(NamedTuple):
    """The records of a server."""

    server: Server
    ips: list[Ip]
    backups: list[Backup]


class Living:
    """Makes the records of servers. Ids and addresses are given out in the order of the calls."""

    def __init__(self, world: World, plans: list[Plan], users: dict[int, User], operator: User) -> None:
        self._world = world
        self._plans = plans
        self._users = users
        self._operator = operator
        self._projects: dict[int, int] = {}
        self._templates: list[Server] = []
        self._blocks = {IPV4: _block(world), IPV6: _first_block(world, IPV6)}
        self._given = {version: block.hint for version, block in self._blocks.items()}
        self.ip_id = 0
        """Id of the address given out last."""
        self.backup_id = 0
        """Id of the backup made last."""

    def address_id(self, number: int, change: Change) -> int:  # noqa: ARG002 - what tells addresses apart
        """Return the id of an additional address that is given out now."""
        self.ip_id += 1
        return self.ip_id

    def make(self, wanted: model.Server, addresses: dict[int, int]) -> Made:
        """Return the records of a server; `addresses` are ids of the additional ones that it has, by item."""
        user = self._users[wanted.customer]
        server = self._server(wanted, user)
        ips = [self._ip(server, IPV4, self._next_id()), self._ip(server, IPV6, self._next_id())]
        ips = [replace(ip, is_primary=True) for ip in ips]
        ips += [self._ip(server, IPV4, key) for _, key in sorted(addresses.items())]
        return Made(server, ips, self._backups(wanted, server))

    def finish(self) -> None:
        """Let the blocks know which of their addresses are taken."""
        for version, block in self._blocks.items():
            present = self._world[IP_BLOCKS].get_or_404(block.id)
            self._world[IP_BLOCKS].update(replace(present, hint=self._given[version]))

    def _next_id(self) -> int:
        self.ip_id += 1
        return self.ip_id

    def _server(self, wanted: model.Server, user: User) -> Server:
        world, key = self._world, wanted.number
        plan, disk = wanted.plan, self._plans[wanted.plan].params.disk
        runs, suspended, since = True, False, wanted.created_at
        for change in wanted.changes:
            match change.do:
                case "server.resize":
                    plan, disk = change.plan, max(disk, self._plans[change.plan].params.disk)
                case "server.stop" | "server.start":
                    runs, since = change.do == "server.start", change.at
                case "server.suspend" | "server.resume":
                    suspended, since = change.do == "server.suspend", change.at
        reasons = [servers.OPERATOR] * suspended + [servers.USER] * (user.status == SUSPENDED)
        draw = world.random("mac address", key)
        mac = "52:54:00:" + ":".join(f"{draw.randrange(256):02x}" for _ in range(3))
        return replace(
            self._template(plan),
            id=key,
            name=wanted.name,
            uuid=world.uuid("server", key),
            user_id=user.id,
            project_id=self._project(user),
            created_at=wanted.created_at,
            disk=disk,
            status="started" if runs and not reasons else "stopped",
            running_of=user.id if runs and not reasons else None,
            suspensions=reasons,
            ran=runs and bool(reasons),
            is_suspended=bool(reasons),
            busy_until=since,
            mac_address=mac,
            vnc_password=world.secret("vnc password", key, 8),
            root_password=world.secret("root password 1 of server", key, 16),
            status_at=since,
            traffic_from=since,
        )

    def _template(self, plan: int) -> Server:
        if not self._templates:
            for one in self._plans:
                fields: dict[str, Any] = {"name": "template", "user": self._operator.id, "plan": one.id}
                order = server_order.read(self._world, self._operator, frozenset(Permission), fields)
                self._templates.append(order.server)
        return self._templates[plan]

    def _project(self, user: User) -> int:
        key = self._projects.get(user.id)
        if key is None:
            key = self._projects[user.id] = projects.default_of(self._world, user).id
        return key

    def _ip(self, server: Server, version: str, key: int) -> Ip:
        block = self._blocks[version]
        index = self._given[version]
        while block.is_gateway(index):
            index += 1
        self._given[version] = index + 1
        return Ip(
            id=key,
            ip_block_id=block.id,
            address=block.address(index),
            type=version,
            compute_resource_id=server.compute_resource_id,
            server_id=server.id,
            user_id=server.user_id,
        )

    def _backups(self, wanted: model.Server, server: Server) -> list[Backup]:
        made = {change.item: change.at for change in wanted.changes if change.do == "backup.create"}
        for change in wanted.changes:
            if change.do == "backup.delete":
                del made[change.item]
        backups = []
        for at in made.values():
            self.backup_id += 1
            node = backup_nodes.used_by(self._world, server.compute_resource_id)
            backups.append(
                Backup(
                    id=self.backup_id,
                    server_id=server.id,
                    creator_id=self._operator.id,
                    created_at=at,
                    disk=server.disk,
                    status="created",
                    size=charts.disk_used(self._world, server, server.disk, at),
                    backup_node_id=None if node is None else node.id,
                )
            )
        return backups


def status_of(customer: model.Customer) -> str | None:
    """Return the state that a customer is in at the end, if it is not the usual one."""
    for pause in customer.pauses:
        if pause.end is None:
            return {"locked": LOCKED, "suspended": SUSPENDED}[pause.status]
    return None


def _block(world: World) -> IpBlock:
    from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES

    everywhere = [one.id for one in world[COMPUTE_RESOURCES].find()]
    body = {
        "name": NETWORK,
        "type": IPV4,
        "gateway": "10.64.0.1",
        "netmask": "255.192.0.0",
        "from": "10.64.0.2",
        "to": "10.127.255.254",
        "ns_1": "192.0.2.53",
        "ns_2": "198.51.100.53",
        "compute_resources": everywhere,
    }
    return ip_blocks.create(world, body)


def _first_block(world: World, version: str) -> IpBlock:
    found = world[IP_BLOCKS].first(type=version)
    assert found is not None, "a fresh installation has one"  # noqa: S101 - our own seed
    return found
