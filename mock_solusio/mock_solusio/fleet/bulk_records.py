"""The servers of a fleet that exist at the end, as records, as if they had been ordered one by one.

Records are made directly, without orders and tasks, since a fleet may have a hundred thousand of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from mock_solusio.domain import backup_nodes, charts, ip_blocks, projects, server_order, servers
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES
from mock_solusio.domain.records.networks import IP_BLOCKS, IPV4, IPV6, FreeAddresses, Ip, IpBlock
from mock_solusio.domain.records.plans import Plan
from mock_solusio.domain.records.servers import Backup, Server
from mock_solusio.domain.records.user import LOCKED, SUSPENDED, User
from mock_solusio.domain.world import World
from mock_solusio.fleet.changes import Change, ServerState
from mock_solusio.fleet.customers import Customer
from mock_solusio.fleet.model import FleetServer

NETWORK = "10.64.0.0/10"
"""The addresses of fleets' servers: there are four million."""


class ServerRecords(NamedTuple):
    """The records of a server."""

    server: Server
    ips: list[Ip]
    backups: list[Backup]


class RecordMaker:
    """Makes the records of servers. Ids and addresses are assigned in the order of the calls."""

    def __init__(self, world: World, plans: list[Plan], users: dict[int, User], operator: User) -> None:
        self._world = world
        self._plans = plans
        self._users = users
        self._operator = operator
        self._projects: dict[int, int] = {}
        self._templates: list[Server] = []
        self._blocks = {IPV4: _block(world), IPV6: _first_block(world, IPV6)}
        self._given = {version: block.free.hint for version, block in self._blocks.items()}
        self.ip_id = 0
        """Id of the last address."""
        self.backup_id = 0
        """Id of the last backup."""

    def address_id(self, number: int, change: Change) -> int:  # noqa: ARG002 - as `SpanMaker` asks
        """Return the id of the next additional address."""
        self.ip_id += 1
        return self.ip_id

    def make(self, wanted: FleetServer, addresses: Mapping[int, int]) -> ServerRecords:
        """Return the records of a server; `addresses` are the ids of all additional ones it had, by item."""
        user = self._users[wanted.customer]
        state = ServerState(wanted.plan, wanted.created_at).apply(wanted.changes)
        server = self._server(wanted, state, user)
        ips = [self._ip(server, IPV4, self._next_id()), self._ip(server, IPV6, self._next_id())]
        ips = [replace(ip, is_primary=True) for ip in ips]
        ips += [
            self._ip(server, IPV4, key)
            for item, key in sorted(addresses.items())
            if ("ip", item) in state.items
        ]
        return ServerRecords(server, ips, self._backups(state, server))

    def finish(self) -> None:
        """Mark the assigned addresses as taken in their blocks."""
        for version, block in self._blocks.items():
            present = self._world[IP_BLOCKS].get_or_404(block.id)
            self._world[IP_BLOCKS].update(replace(present, free=FreeAddresses(self._given[version])))

    def _next_id(self) -> int:
        self.ip_id += 1
        return self.ip_id

    def _server(self, wanted: FleetServer, state: ServerState, user: User) -> Server:
        plans = [wanted.plan, *(change.plan for change in wanted.changes if change.do == "server.resize")]
        reasons = [servers.OPERATOR] * state.suspended + [servers.USER] * (user.status == SUSPENDED)
        return replace(
            self._template(state.plan),
            **servers.identity(self._world, wanted.number),
            id=wanted.number,
            name=wanted.name,
            user_id=user.id,
            project_id=self._project(user),
            created_at=wanted.created_at,
            disk=max(self._plans[plan].params.disk for plan in plans),
            status="started" if state.runs and not reasons else "stopped",
            running_of=user.id if state.runs and not reasons else None,
            suspensions=reasons,
            ran=state.runs and bool(reasons),
            is_suspended=bool(reasons),
            busy_until=state.since,
            status_at=state.since,
            traffic_from=state.since,
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

    def _backups(self, state: ServerState, server: Server) -> list[Backup]:
        backups = []
        for (kind, _), at in state.items.items():
            if kind != "backup":
                continue
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


def status_of(customer: Customer) -> str | None:
    """Return the status of a customer at the end, if they are not active."""
    for pause in customer.pauses:
        if pause.end is None:
            return {"locked": LOCKED, "suspended": SUSPENDED}[pause.status]
    return None


def _block(world: World) -> IpBlock:
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
