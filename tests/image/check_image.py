"""Builds the image of the Dockerfile and runs it: `nox -s image`. Needs root, buildah and debootstrap.

No registry of images is asked. The base is a Debian made here with debootstrap, unless the variable
IMAGE_BASE names an image. buildah builds without a daemon. unshare runs the image's root file
system as its configuration says: with process, mount and network namespaces of its own, and read-only, as
compose.yaml does.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BASE_VARIABLE = "IMAGE_BASE"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGES = "python3,python3-venv,ca-certificates"
BUILDING = 1200  # seconds
ENDING = 20  # seconds
PROGRAMS = ("buildah", "debootstrap", "unshare", "nsenter", "chroot", "ip")


@dataclass
class Buildah:
    """buildah with a store of its own."""

    store: Path

    def __call__(self, *words: object) -> str:
        """Run a command of buildah; return what it printed."""
        options = ("--root", self.store / "root", "--runroot", self.store / "run", "--storage-driver", "vfs")
        command = [str(word) for word in ("buildah", *options, *words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUILDING, check=False)
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()


@dataclass
class Image:
    """A built image: its root file system, and its configuration."""

    root: Path
    config: dict[str, Any]

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run the entry point with these words; it is process 1 of its namespace."""
        root = shlex.quote(str(self.root))
        command = [*self.config["Entrypoint"], *words]
        inside = f"""
            ip link set lo up
            mount --bind {root} {root}
            cd {root}
            mount -t proc proc proc
            mount -t tmpfs tmpfs tmp
            mount -o remount,bind,ro {root}
            exec chroot --userspec={self.config["User"]} {root} {shlex.join(self.started(command))}
        """
        namespaces = ("--pid", "--mount", "--net", "--fork", "--kill-child")
        process = subprocess.Popen(
            ["unshare", *namespaces, "sh", "-ec", inside],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                # --kill-child ends nothing once the entry point has become another user.
                with suppress(IndexError, OSError):  # it has ended already
                    os.kill(first(process), signal.SIGKILL)
                process.kill()

    def started(self, command: Sequence[str]) -> list[str]:
        """Return a command with the environment and the folder of the image."""
        return ["env", "-i", "-C", self.config["WorkingDir"], *self.config["Env"], *command]

    def run(self, *words: str) -> str:
        """Run a command to its end, as process 2; return its output."""
        with self.running(*words) as process:
            output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output

    def within(
        self, process: subprocess.Popen[str], command: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a command beside a running process of the image, as `docker exec` does."""
        uid, _, gid = self.config["User"].partition(":")
        entered = ["nsenter", "--target", str(first(process)), "--pid", "--mount", "--net", "--root"]
        return subprocess.run(
            [*entered, "--setuid", uid, "--setgid", gid, *self.started(command)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def first(process: subprocess.Popen[str]) -> int:
    """Return the id, seen from outside, of the process that is 1 in the namespace."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0])


def listening(process: subprocess.Popen[str]) -> None:
    """Wait until the mock says that it listens."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            return
    raise AssertionError("".join(said))


@pytest.fixture(scope="module")
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The built image."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt-get install buildah debootstrap iproute2")
    if os.getuid() != 0:
        pytest.skip("debootstrap and chroot need root")
    folder = tmp_path_factory.mktemp("image")
    buildah = Buildah(folder / "store")
    base = os.environ.get(BASE_VARIABLE) or made_base(buildah, folder)
    # The Docker format keeps the health check.
    options = ("--isolation", "chroot", "--format", "docker", "--layers=false", "--build-arg", f"BASE={base}")
    buildah("build", *options, "--tag", "localhost/mock-solusio", ROOT)
    container = buildah("from", "--pull-never", "localhost/mock-solusio")
    config = json.loads(buildah("inspect", container))["Docker"]["config"]
    used = f"built with {buildah('--version')} on {base}; run with unshare and chroot"
    request.config.get_terminal_writer().line(f"\n{used}")
    try:
        yield Image(Path(buildah("mount", container)), config)
    finally:
        buildah("umount", container)
        buildah("rm", container)


def made_base(buildah: Buildah, folder: Path) -> str:
    """Make an image of a minimal Debian from the mirror of this machine."""
    origin = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.splitlines()[0]
    mirror, release = origin.split()
    root = folder / "debian"
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, root, mirror],
        capture_output=True,
        text=True,
        timeout=BUILDING,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    container = buildah("from", "scratch")
    buildah("copy", container, root, "/")
    # This machine may trust authorities of its own.
    buildah("copy", container, CERTIFICATES, CERTIFICATES)
    for name in ("SSL_CERT_FILE", "PIP_CERT"):
        buildah("config", "--env", f"{name}={CERTIFICATES}", container)
    buildah("commit", container, "localhost/debian-made-here")
    buildah("rm", container)
    return "localhost/debian-made-here"


def test_nobody_is_root(image):
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", image.config["User"])
    with image.running(*image.config["Cmd"]) as process:
        listening(process)
        done = image.within(process, ["sh", "-c", "cat /proc/[0-9]*/status"])
    assert set(re.findall(r"^Uid:\t(\d+)", done.stdout, re.MULTILINE)) == {image.config["User"].split(":")[0]}


def test_it_is_healthy_and_a_signal_to_process_1_ends_it(image):
    kind, *health = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    with image.running(*image.config["Cmd"]) as process:
        listening(process)
        done = image.within(process, health)
        assert done.returncode == 0, done.stderr
        os.kill(first(process), 15)
        process.communicate(timeout=ENDING)
    assert process.returncode == 0


def test_it_is_not_healthy_when_the_mock_does_not_answer(image):
    _, *health = image.config["Healthcheck"]["Test"]
    with image.running(*image.config["Cmd"], "--port", "8009") as process:
        listening(process)
        assert image.within(process, health).returncode != 0


ORPHAN = """
import os, pathlib, subprocess, time
orphan = subprocess.check_output(["sh", "-c", "sleep 0.1 >&2 & echo $!"], text=True)
begin = time.monotonic()
while pathlib.Path(f"/proc/{int(orphan)}").exists():  # a zombie stays
    assert time.monotonic() < begin + 10, "nobody buried the orphan"
print("buried")
"""


def test_orphans_are_buried(image):
    *before, program = image.config["Entrypoint"]
    assert program == "mock-solusio"
    other = Image(image.root, image.config | {"Entrypoint": before})
    assert other.run("python3", "-c", ORPHAN) == "buried\n"


def test_every_dependency_is_the_locked_one(image):
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {one["name"]: one["version"] for one in lock["package"]}
    listing = (
        "from importlib.metadata import distributions\n"
        "for one in distributions(): print(one.name.lower().replace('_', '-').replace('.', '-'), one.version)"
    )
    other = Image(image.root, image.config | {"Entrypoint": ["/opt/mock-solusio/bin/python"]})
    installed = dict(line.split() for line in other.run("-c", listing).splitlines())
    assert "hypothesis" in installed
    assert "pytest-xdist" not in installed
    assert {name: locked.get(name) for name in installed} == installed


def test_it_checks_an_endpoint(image):
    assert "Conformant: " in image.run("reference", "check", "--fuzz-examples", "20")
