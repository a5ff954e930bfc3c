import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.billing.circuit_breaker import Admission, Circuit


@pytest.fixture
def circuit(monotonic):
    return Circuit(failures=3, pause=10.0, monotonic=monotonic)


def fail(circuit, times=1):
    for _ in range(times):
        circuit.failed(circuit.admit(), "It is down.")


def test_it_opens_after_consecutive_failures(circuit):
    fail(circuit, 2)
    assert circuit.admit() is Admission.ORDINARY
    fail(circuit)
    assert circuit.admit() is Admission.REFUSED
    assert circuit.last_failure == "It is down."


def test_a_success_between_failures_starts_the_count_anew(circuit):
    fail(circuit, 2)
    circuit.worked()
    fail(circuit, 2)
    assert circuit.admit() is Admission.ORDINARY


def test_one_probe_after_the_pause(circuit, monotonic):
    fail(circuit, 3)
    monotonic.seconds += 9.999
    assert circuit.admit() is Admission.REFUSED
    monotonic.seconds += 0.001
    assert [circuit.admit() for _ in range(3)] == [Admission.PROBE, Admission.REFUSED, Admission.REFUSED]


def test_a_probe_that_works_closes_it(circuit, monotonic):
    fail(circuit, 3)
    monotonic.seconds += 10
    circuit.admit()
    circuit.worked()
    assert circuit.admit() is Admission.ORDINARY
    fail(circuit, 2)
    assert circuit.admit() is Admission.ORDINARY


def test_a_probe_that_fails_begins_the_next_pause(circuit, monotonic):
    fail(circuit, 3)
    monotonic.seconds += 10
    circuit.failed(circuit.admit(), "It is still down.")
    assert circuit.admit() is Admission.REFUSED
    assert circuit.last_failure == "It is still down."
    monotonic.seconds += 10
    assert circuit.admit() is Admission.PROBE


def test_an_abandoned_probe_makes_room_for_another(circuit, monotonic):
    fail(circuit, 3)
    monotonic.seconds += 10
    circuit.abandon(circuit.admit())
    assert circuit.admit() is Admission.PROBE


def test_what_was_under_way_when_it_opened_does_not_prolong_the_pause(circuit, monotonic):
    late = [circuit.admit() for _ in range(4)]
    fail(circuit, 3)
    monotonic.seconds += 10
    assert circuit.admit() is Admission.PROBE
    for admission in late:
        circuit.failed(admission, "It was down.")
        circuit.abandon(admission)
    assert circuit.admit() is Admission.REFUSED  # the probe is still the only one
    assert circuit.last_failure == "It is down."


def test_it_announces_once_that_it_is_open(circuit, monotonic):
    fail(circuit, 3)
    assert [circuit.announce() for _ in range(3)] == [True, False, False]
    monotonic.seconds += 10
    fail(circuit)
    assert circuit.announce() is False  # open all the time
    circuit.worked()
    fail(circuit, 3)
    assert circuit.announce() is True


@given(st.lists(st.sampled_from(["fail", "work", "abandon", "wait"]), max_size=40))
def test_whatever_happens_it_admits_something_after_the_pause(events):
    seconds = 0.0
    circuit = Circuit(failures=2, pause=10.0, monotonic=lambda: seconds)
    for event in events:
        if event == "wait":
            seconds += 10
            continue
        admission = circuit.admit()
        if admission is Admission.REFUSED:
            continue
        if event == "fail":
            circuit.failed(admission, "It is down.")
        elif event == "work":
            circuit.worked()
        else:
            circuit.abandon(admission)
    seconds += 10
    assert circuit.admit() is not Admission.REFUSED
