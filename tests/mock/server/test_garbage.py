"""Garbage collection around the start of a server."""

import gc

import pytest

from mock_solusio.server.garbage import not_collecting


def test_a_start_collects_no_garbage_and_leaves_the_collector_on():
    with not_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_start_that_fails_leaves_the_collector_on():
    with pytest.raises(KeyError), not_collecting():
        raise KeyError
    assert gc.isenabled()
