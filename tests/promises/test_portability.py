"""Every module can be imported on a system that is not POSIX, and programs run without what it lacks."""

import re
import signal
import subprocess
import sys

import pytest

WITHOUT_POSIX = """
import builtins, importlib, os, pkgutil, signal
import mock_solusio, solusio_contracts, solusio_reference

POSIX = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty", "uvloop"}
OURS = ("mock_solusio", "solusio_contracts", "solusio_reference")
original = builtins.__import__

def guarded(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if name.partition(".")[0] in POSIX and importer.startswith(OURS):
        raise ImportError(f"{importer} imports {name}")
    return original(name, globals, locals, fromlist, level)

modules = [
    found.name
    for package in (mock_solusio, solusio_contracts, solusio_reference)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if not found.name.endswith("__main__")
]
for name in modules:  # once with everything, so that what others need is there
    importlib.import_module(name)
for name in [name for name in __import__("sys").modules if name.startswith(OURS)]:
    del __import__("sys").modules[name]
builtins.__import__ = guarded
for module, names in {
    os: ("chown", "fork", "getpgid", "getuid", "killpg", "setsid", "uname"),
    signal: ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "setitimer"),
}.items():
    for name in names:
        delattr(module, name)
for name in modules:
    importlib.import_module(name)
print(len(modules))
"""


def test_every_module_can_be_imported_without_posix():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_POSIX], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


REMOVED = """
import os, signal, socket, sys
sys.modules["uvloop"] = None  # it does not exist for Windows
for module, names in {
    os: (
        *("chown", "fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getloadavg", "getpgid"),
        *("getuid", "killpg", "mkfifo", "pread", "pwrite", "setsid", "sync", "uname"),
    ),
    signal: ("SIGALRM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "setitimer"),
    socket: ("SO_REUSEPORT",),
}.items():
    for name in names:
        delattr(module, name)
"""
"""What Windows lacks, apart from what Python itself uses to be on this system."""

COMMANDS = (
    """
import sys, subprocess, uvicorn, click, pathlib, socket, tempfile
import pytest
"""
    + REMOVED
    + """
from solusio_contracts.adapter.command_runner import run_command
from solusio_reference.commands.time_limit import time_limit
from mock_solusio.record.archive import RecordingWriter

python = sys.executable
done = run_command([python, "-c", "print(7)"], {}, timeout=60, largest=100)
assert (done.code, done.output.strip()) == (0, b"7"), done
late = run_command([python, "-c", "import time; time.sleep(600)"], {}, timeout=0.2, largest=100)
assert "did not end within" in late.problem, late
with pytest.raises(click.BadParameter, match="POSIX"), time_limit(1):
    pass
RecordingWriter(pathlib.Path(sys.argv[1]) / "recording", "of a secret").close()
print("fine")
"""
)

SERVE = (
    """
import sys, uvicorn, ssl, sqlite3
"""
    + REMOVED
    + """
from mock_solusio.cli import main
sys.argv = ["mock-solusio", *sys.argv[1:]]
main()
"""
)


def test_commands_and_recordings_need_nothing_of_posix(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0", "--tls", "--state", "{folder}/state.sqlite", "--ready-file", "{folder}/r"),
        ("reference", "serve", "--port", "0", "--store", "{folder}/b.sqlite", "--url-file", "{folder}/u"),
        ("demo", "--port", "0", "--billing-port", "0", "--users", "1"),
    ],
)
def test_servers_start_answer_and_stop_without_posix(command, tmp_path):
    words = [word.format(folder=tmp_path) for word in command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", SERVE, *words], text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = ""
            while "Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, said + process.stderr.read()
                said += line
            url = re.search(r"https?://127[^\s]+", said)
            assert url
            asked = subprocess.run(
                [sys.executable, "-c", ASK, url[0]], capture_output=True, text=True, check=False
            )
            assert asked.stdout.strip().isdigit(), asked.stderr
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out.splitlines()[-1]) == (0, "Stopped."), err
    assert "Traceback" not in err


ASK = """
import ssl, sys, urllib.error, urllib.request
context = ssl._create_unverified_context()
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=60, context=context).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""
