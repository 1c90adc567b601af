"""What the tests of the lab share: a private home, and the proof that it is left empty.

Other labs may run on the machine meanwhile: only what belongs to the home is counted.
"""

import contextlib
import os
import shutil
import signal
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from kernels_helpers.hosts import LabHost
from kernels_helpers.hosts.lab import home
from kernels_helpers.lab import capability, debian, life, podman
from tests.labs import DISKS

# Started with `&`, or by nohup, tests have signals ignored that some of them send.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example may take says more of the machine than of the code.
settings.register_profile("dockbook", deadline=None)
settings.load_profile("dockbook")

OWN_HOME = home()  # of the user, before tests have one of theirs
ENGINE_FIXTURES = {
    "dockbook_home",
    "empty_home",
    "lab",
    "tree",
    "bare_lab",
    "podman_lab",
}
SETTLE = 15.0  # seconds: a watcher has to notice, and may have a loaded machine

Remains = Callable[[Path], list[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-engine",
        action="store_true",
        help="fail, do not skip, where no lab can be started (so too when CI is set)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and ENGINE_FIXTURES & {*item.fixturenames}:
            item.add_marker("engine")


@pytest.fixture(scope="session")
def dockbook_home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give the labs of the tests a home of their own; nothing may be left of them."""
    require(request, capability.missing())
    with private_home() as home:
        yield home


def require(request: pytest.FixtureRequest, reason: str | None) -> None:
    """Skip for a reason, or fail where nothing may be skipped."""
    if reason is None:
        return
    if os.environ.get("CI") or request.config.getoption("--require-engine"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tree(request: pytest.FixtureRequest, dockbook_home: Path) -> Path:
    """Share the fresh Debian of the machine's own home: making one takes a minute."""
    require(request, debian.missing())
    made = debian.cached_tree(OWN_HOME)
    shared = dockbook_home / ".trees" / made.name
    shared.parent.mkdir(exist_ok=True)
    shared.symlink_to(made)
    return made


@pytest.fixture(scope="session")
def bare_lab(tree: Path) -> Iterator[LabHost]:
    """Join the lab without Docker; tests leave it as it was."""
    del tree
    with life.attached("shared-bare", bare=True) as host:
        yield host


@pytest.fixture(scope="session")
def podman_lab(
    request: pytest.FixtureRequest, dockbook_home: Path
) -> Iterator[LabHost]:
    """Join the lab whose engine is Podman; tests leave it as it was."""
    del dockbook_home
    require(request, podman.missing())
    with life.attached("shared-podman", engine="podman") as host:
        host.run("docker run --rm busybox true")  # the first makes rules that stay
        yield host
        host.docker.close()


@pytest.fixture(scope="module")
def empty_home(dockbook_home: Path) -> Iterator[Path]:
    """Give a home without the shared lab, to see that a lab leaves nothing in it."""
    with private_home() as home:
        for archive in dockbook_home.glob("images-*.tar"):
            os.link(archive, home / archive.name)
        yield home


@contextlib.contextmanager
def private_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="db-", dir="/tmp"))  # a socket path is short
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKBOOK_HOME", str(home))
        yield home
        left = settled(home)
        for name in life.names():
            life.down(name)
    shutil.rmtree(home)
    assert left == []


@pytest.fixture(scope="session")
def lab(dockbook_home: Path) -> Iterator[LabHost]:
    """Join the lab that tests share which leave nothing behind in it."""
    del dockbook_home
    with life.attached("shared", DISKS) as host:
        yield host
        host.docker.close()


@pytest.fixture
def remains() -> Remains:
    """Tell what is left on the machine of the labs of a home, after a while."""
    return settled


def settled(home: Path) -> list[str]:
    """Wait for the end of what is on its way out, and list what stays."""
    deadline = time.monotonic() + SETTLE
    while (left := on_machine(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def on_machine(home: Path) -> list[str]:
    """List the processes, mounts, loop devices, cgroups and folders of a home."""
    kept = {".locks", ".journals", ".trees"}
    return [
        *processes(home),
        *(
            f"mount {line}"
            for line in lines("/proc/self/mountinfo")
            if str(home) in line
        ),
        *loops(home),
        *groups(home),
        *(f"folder {p}" for p in home.iterdir() if p.is_dir() and p.name not in kept),
    ]


def processes(home: Path) -> Iterator[str]:
    """Find the processes that name the home or have it mounted: all of its labs.

    What kernels are forked from lives as long as this process; its kernels do not.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name == str(os.getpid()) or is_own_zygote(entry):
            continue
        words = "".join(lines(entry / "cmdline")).replace("\0", " ")
        parts = (words, *lines(entry / "mountinfo"), *lines(entry / "environ"))
        if any(str(home) in part for part in parts):
            yield f"process {entry.name} {words}"


def is_own_zygote(entry: Path) -> bool:
    """Tell whether a process is the zygote that this one has started."""
    named = "kernels_helpers.zygote" in "".join(lines(entry / "cmdline"))
    return named and f"PPid:\t{os.getpid()}" in lines(entry / "status")


def loops(home: Path) -> Iterator[str]:
    """Find the loop devices whose backing file lies, or lay, in the home."""
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        if str(home) in (file := "".join(lines(backing))):
            yield f"loop device {backing.parts[3]} {file.strip()}"


def groups(home: Path) -> Iterator[str]:
    """Find the cgroups of the home's labs, wherever they are."""
    prefix = f"dockbook-{zlib.crc32(bytes(home)):08x}-"
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        yield from (f"cgroup {folder}/{n}" for n in names if n.startswith(prefix))


def lines(path: Path | str) -> list[str]:
    """Read the lines of a file of the kernel; none when it has gone meanwhile."""
    try:
        return Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []
