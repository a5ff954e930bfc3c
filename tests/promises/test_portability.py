"""Every module can be imported on a system that is not POSIX."""

import subprocess
import sys

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
