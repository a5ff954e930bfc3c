"""Addresses of servers, compared with a simple model."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_solusio.clock import Clock
from mock_solusio.domain import ip_blocks
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, IPV6
from mock_solusio.moment import parse_moment
from mock_solusio.store.store import Store

BLOCK = {
    "name": "small",
    "gateway": "192.0.2.4",
    "netmask": "255.255.255.248",
    "from": "192.0.2.1",
    "to": "192.0.2.6",
}
ALL = [f"192.0.2.{number}" for number in (1, 2, 3, 5, 6)]


@pytest.fixture
def world():
    with_time = Store(KINDS, Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0), seed="addresses")
    yield with_time
    with_time.close()


def block_at(world, **changes):
    from mock_solusio.domain import compute_resources

    machine = compute_resources.create(world, {"name": "m", "host": "m"})
    return machine.id, ip_blocks.create(world, {**BLOCK, "compute_resources": [machine.id], **changes})


STEPS = st.lists(
    st.one_of(
        st.just(("next", 0)),
        st.just(("reserve", 0)),
        st.tuples(st.sampled_from(["release", "reserve this", "give this"]), st.integers(0, 4)),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_the_lowest_free_address_always_and_none_twice(steps):
    world = Store(KINDS, Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0), seed="addresses")
    model: dict[str, bool] = {}  # address -> whether a server has it
    try:
        with world.transaction():
            machine, block = block_at(world)
            for step, number in steps:
                free = [one for one in ALL if one not in model]
                address = ALL[number]
                block = world[IP_BLOCKS].get_or_404(block.id)
                try:
                    if step == "next":
                        ip = ip_blocks.allocate(world, machine, server_id=1, user_id=1)
                        assert ip.address == free[0]
                        model[ip.address] = True
                    elif step == "reserve":
                        assert ip_blocks.reserve(world, block).address == free[0]
                        model[free[0]] = False
                    elif step == "reserve this":
                        ip_blocks.reserve(world, block, address)
                        assert address in free
                        model[address] = False
                    elif step == "give this":
                        ip_blocks.allocate_given(world, machine, address, server_id=2, user_id=1)
                        assert not model.get(address)
                        model[address] = True
                    elif address in model:
                        (ip,) = world[IPS].find(address=address)
                        ip_blocks.release(world, ip)
                        del model[address]
                except Invalid:
                    if step in ("next", "reserve"):
                        assert not free
                    else:
                        assert model.get(address) is not None
                stored = {ip.address: ip.server_id is not None for ip in world[IPS].find()}
                assert stored == model
    finally:
        world.close()


def test_several_blocks_are_used_one_after_the_other(world):
    with world.transaction():
        machine, _ = block_at(world)
        further = {**BLOCK, "from": "198.51.100.1", "to": "198.51.100.2", "compute_resources": [machine]}
        ip_blocks.create(world, further)
        got = [ip_blocks.allocate(world, machine, server_id=1, user_id=1).address for _ in range(7)]
        assert got == [*ALL, "198.51.100.1", "198.51.100.2"]
        with pytest.raises(Invalid) as refused:
            ip_blocks.allocate(world, machine, server_id=1, user_id=1, field="ip_types")
        assert refused.value.errors == {
            "ip_types": ["There is no free IPv4 address on the compute resource."]
        }


def test_a_machine_gets_of_its_own_blocks_only(world):
    with world.transaction():
        block_at(world)
        other, _ = block_at(world, **{"from": "198.51.100.1", "to": "198.51.100.9"})
        assert ip_blocks.allocate(world, other, server_id=1, user_id=1).address == "198.51.100.1"
        with pytest.raises(Invalid):
            ip_blocks.allocate_given(world, other, "192.0.2.2", server_id=1, user_id=1)
        with pytest.raises(Invalid):
            ip_blocks.allocate(world, other, IPV6, server_id=1, user_id=1)


def test_an_address_in_use_is_not_given_again(world):
    with world.transaction():
        machine, _ = block_at(world)
        ip = ip_blocks.allocate_given(world, machine, "192.0.2.6", server_id=1, user_id=1)
        with pytest.raises(Invalid) as refused:
            ip_blocks.allocate_given(world, machine, "192.0.2.6", server_id=2, user_id=1, field="primary_ip")
        assert refused.value.errors == {"primary_ip": ["The address 192.0.2.6 is in use."]}
        with pytest.raises(Conflict):
            ip_blocks.unreserve(world, ip)


def test_addresses_of_a_server_begin_with_the_primary_ones(world):
    with world.transaction():
        machine, _ = block_at(world)
        ip_blocks.allocate(world, machine, server_id=1, user_id=1)
        ip_blocks.allocate(world, machine, server_id=2, user_id=1)
        ip_blocks.allocate(world, machine, server_id=1, user_id=1, is_primary=True)
        assert [ip.address for ip in ip_blocks.of_server(world, 1)] == ["192.0.2.3", "192.0.2.1"]


def test_a_big_block_is_not_searched_from_its_beginning(world):
    with world.transaction():
        machine, _ = block_at(world, **{"from": "10.0.0.1", "to": "10.0.255.254", "gateway": "10.0.0.1"})
        for number in range(300):
            ip = ip_blocks.allocate(world, machine, server_id=number, user_id=1)
            assert ip.address == str(IPv4Address("10.0.0.2") + number)
        # All addresses before the hint are taken, so the next search starts right after them.
        (block,) = world[IP_BLOCKS].find()
        assert block.free.hint == 301


def test_a_huge_ipv6_range(world):
    with world.transaction():
        six = {"type": IPV6, "gateway": "fe80::1", "range": "::/0", "subnet": 128}
        machine, block = block_at(world, **six)
        assert block.size == 2**128
        assert ip_blocks.allocate(world, machine, IPV6, server_id=1, user_id=1).address == "::"
        last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ip_blocks.release(world, ip_blocks.allocate_given(world, machine, last, server_id=1, user_id=1))
        assert ip_blocks.allocate(world, machine, IPV6, server_id=1, user_id=1).address == "::1"
