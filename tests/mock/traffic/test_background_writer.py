"""A slow, blocked or closed output holds up nobody."""

import threading

from mock_solusio.traffic.background_writer import BackgroundWriter

LONG = 60


class Output:
    """What was written; blocks while it is told to."""

    def __init__(self) -> None:
        self.text = ""
        self.reached = threading.Event()
        self.free = threading.Event()

    def __call__(self, text: str) -> None:
        self.reached.set()
        assert self.free.wait(LONG)
        self.text += text


def writer(write, **more) -> BackgroundWriter[int]:
    return BackgroundWriter(lambda item: f"{item}\n", write, left_out=lambda count: f"-{count}\n", **more)


def test_everything_is_written_in_order():
    output = Output()
    output.free.set()
    made = writer(output)
    for number in range(100):
        made.put(number)
    made.close()
    assert output.text == "".join(f"{number}\n" for number in range(100))


def test_while_the_output_is_blocked_a_number_waits_and_the_rest_is_counted():
    output = Output()
    made = writer(output, limit=3)
    made.put(0)
    assert output.reached.wait(LONG)  # the thread has the first one, and is blocked
    for number in range(1, 9):
        made.put(number)
    output.free.set()
    made.close()
    assert output.text == "0\n1\n2\n3\n-5\n"


def test_nobody_waits_for_an_output_that_stays_blocked():
    output = Output()
    made = writer(output)
    made.put(0)
    assert output.reached.wait(LONG)
    made.close()  # gives up in the end
    assert output.text == ""
    output.free.set()


def test_a_closed_output_ends_it_and_further_items_cost_nothing():
    failed = threading.Event()

    def closed(_: str) -> None:
        failed.set()
        raise BrokenPipeError

    made = writer(closed)
    made.put(0)
    assert failed.wait(LONG)
    made.close()
    made.put(1)
