"""Commands of a billing system: what becomes of them when a run is interrupted."""

import os
import signal
import subprocess
import sys

import pytest

from solusio_contracts.adapter.command_runner import run_command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_a_command_starts_leaves_none_behind(monkeypatch, number):
    started = []

    class Popen(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self.pid)
            signal.raise_signal(number)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Popen)
    before = signal.signal(number, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_command([sys.executable, "-c", "input()"], {}, timeout=60, largest=1000)
        assert signal.getsignal(number) is interrupt
    finally:
        signal.signal(number, before)
    (pid,) = started
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
