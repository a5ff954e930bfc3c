"""Any sequence of actions on servers: limits hold, and the records agree."""

from collections import Counter
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain import (
    additional_ips,
    limit_groups,
    limits,
    server_access,
    server_actions,
    servers,
    task_runner,
    tasks,
    users,
)
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.records.networks import IPS
from mock_solusio.domain.records.servers import BACKUPS, SERVERS
from mock_solusio.domain.records.tasks import TASKS
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.role_permissions import permissions_of
from mock_solusio.moment import SECOND, parse_moment
from mock_solusio.options import Options

VMS, RUNNING, ADDRESSES = 3, 1, 2
ANY = st.integers(0, VMS - 1)


class Servers(RuleBasedStateMachine):
    """A customer with limits and an operator, who act in any order."""

    @initialize()
    def begin(self):
        clock = Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0)
        self.mock = Mock(Options(clock=clock, seed="any", admin_token="x"))
        self.store = self.mock.store
        with self.store.transaction() as world:
            bounds = {"vms": VMS, "running_vms": RUNNING, "additional_ips": ADDRESSES}
            body = {name: {"is_enabled": True, "limit": bound} for name, bound in bounds.items()}
            group = limit_groups.create(world, {"name": "small", **body})
            user = users.create(world, email="me@example.com", password="secret-1", limit_group_id=group.id)
        self.user_id = user.id
        # As many servers as the limit allows, all stopped: so most sequences reach a limit.
        for number in range(VMS):
            self.create(0)
            self.act(number, server_actions.stop)
            self.wait(60 * SECOND)
        assert self.is_full()

    def teardown(self):
        if hasattr(self, "mock"):
            self.mock.close()

    def is_full(self):
        return hasattr(self, "store") and self.store[SERVERS].count() == VMS

    def do(self, act):
        """Act as the operator once all tasks have ended; a refused action changes nothing."""
        with suppress(DomainError), self.store.transaction() as world:
            task_runner.run_due(world)
            operator = world[USERS].get_or_404(1)
            act(world, operator, permissions_of(world, operator))

    def on_one(self, number, act):
        def chosen(world, operator, permissions):
            mine = servers.owned_by(world, self.user_id)
            if mine:
                key = mine[number % len(mine)].id
                server = server_access.get_for_action(
                    world, operator, permissions, key, suspended=act in UNBARRED
                )
                act(world, operator, server)

        self.do(chosen)

    @rule(more=st.sampled_from([0, 0, 1, 2]))
    def create(self, more):
        fields = {"name": "web", "user": self.user_id, "additional_ip_count": more}
        self.do(lambda world, who, may: servers.create(world, who, may, **fields))

    @precondition(lambda self: self.is_full())
    @rule(number=ANY)
    def delete(self, number):
        def act(world, operator, permissions):
            mine = servers.owned_by(world, self.user_id)
            if mine:
                servers.remove(world, operator, permissions, mine[number % len(mine)].id)

        self.do(act)

    @rule(
        number=ANY,
        act=st.sampled_from(
            [
                server_actions.start,
                server_actions.stop,
                server_actions.restart,
                server_actions.suspend,
                server_actions.resume,
                server_actions.reset_password,
            ]
        ),
    )
    def act(self, number, act):
        self.on_one(number, act)

    @rule(number=ANY, plan=st.integers(1, 4), keep=st.booleans())
    def resize(self, number, plan, keep):
        body = {"plan_id": plan, "preserve_disk": keep}
        self.on_one(number, lambda world, who, server: server_actions.resize(world, who, server, body))

    @rule(number=ANY)
    def reinstall(self, number):
        self.on_one(number, lambda world, who, server: server_actions.reinstall(world, who, server, {}))

    @rule(number=ANY, count=st.integers(1, 3))
    def add_addresses(self, number, count):
        self.on_one(
            number,
            lambda world, who, server: additional_ips.add(
                world, who, server, number=count, version="IPv4", address=None
            ),
        )

    @rule(number=ANY)
    def remove_an_address(self, number):
        def act(world, operator, server):
            extra = [ip.id for ip in world[IPS].find(server_id=server.id) if not ip.is_primary]
            additional_ips.remove(world, operator, server, extra[:1])

        self.on_one(number, act)

    @rule(status=st.sampled_from(["active", "suspended"]))
    def owner(self, status):
        self.do(lambda world, *_: users.update(world, world[USERS].get_or_404(self.user_id), status=status))

    @rule(span=st.sampled_from([0, 1, SECOND // 2, SECOND, 3 * SECOND, 60 * SECOND]))
    def wait(self, span):
        self.mock.clock.advance(span)
        self.do(lambda *_: None)

    @invariant()
    def limits_hold(self):
        used = limits.usage_of(self.store, self.user_id)
        assert used.servers <= VMS
        assert used.running_servers <= RUNNING
        assert used.additional_ips <= ADDRESSES
        running = [one for one in servers.owned_by(self.store, self.user_id) if one.status == "started"]
        starting = [one for one in servers.owned_by(self.store, self.user_id) if one.runs]
        assert used.running_servers == len(starting)
        quiet = [one for one in running if not servers.is_busy(one, self.store.now)]
        assert len(quiet) <= RUNNING

    @invariant()
    def what_is_and_what_shall_be_agree_once_all_is_done(self):
        now = self.store.now
        for server in self.store[SERVERS].find():
            assert not (server.is_suspended and server.runs)
            assert server.is_suspended == bool(server.suspensions)
            unfinished = [task for task in self.store[TASKS].find(server_id=server.id) if task.is_open]
            assert bool(unfinished) == servers.is_busy(server, now)
            if not unfinished:
                assert server.status == ("started" if server.runs else "stopped")

    @invariant()
    def tasks_of_a_server_never_overlap(self):
        for server in self.store[SERVERS].find():
            moment = 0
            for task in self.store[TASKS].find(server_id=server.id):
                assert task.created_at <= task.started_at <= task.finished_at
                assert moment <= task.started_at
                moment = task.finished_at
        waiting = [task.due for task in self.store[TASKS].find(is_open=True)]
        assert tasks.next_due(self.store) == min(waiting, default=None)
        assert all(due > self.store.now for due in waiting)

    @invariant()
    def addresses_are_nobody_elses(self):
        ips = self.store[IPS].find()
        assert max(Counter(ip.address for ip in ips).values(), default=0) <= 1
        existing = {server.id for server in self.store[SERVERS].find()}
        assert {ip.server_id for ip in ips} == existing, (
            "each has one, and none is left of those that are gone"
        )
        assert not [one for one in self.store[BACKUPS].find() if one.server_id not in existing]


UNBARRED = (server_actions.suspend, server_actions.resume)

TestAnySequence = Servers.TestCase
TestAnySequence.settings = settings(max_examples=30, stateful_step_count=30)
