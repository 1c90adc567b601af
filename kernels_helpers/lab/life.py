"""The life of a lab: up, down, and the cleaning after those that died.

A lab lives as long as somebody holds its lock (``attached``), or until
``lab down`` (``persistent``). A watcher process waits for the lock: the kernel
releases it however its holders end, so even a kill -9 takes the lab down.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kernels_helpers.errors import LabError, UsageError
from kernels_helpers.hosts.lab import PATH, LabHost, LabState, home
from kernels_helpers.images import cached_archive
from kernels_helpers.lab import capability, cgroups, disks
from kernels_helpers.process import start_time

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
START_TIMEOUT = 60.0  # seconds; about 1 on an idle machine
STOP_TIMEOUT = 15.0
ROOTFS = Path(__file__).parent / "rootfs"
SOCKET_PATH_LIMIT = 107
FIRST_COMMAND = "systemctl start docker && docker load -qi /var/lib/dockbook/images.tar"


def check_name(name: str) -> str:
    """Return the name of a lab if it can be one."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"lab name {name!r}: use up to 31 lower-case letters, digits and dashes, "
            "beginning with a letter or digit"
        )
    return name


@contextlib.contextmanager
def _lock(name: str, kind: str, mode: int) -> Iterator[int]:
    """Hold one of the two locks of a lab: ``life`` (make, end) or ``users`` (use)."""
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = home() / ".locks"
    folder.mkdir(exist_ok=True)
    descriptor = os.open(
        folder / f"{name}.{kind}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    )
    try:
        fcntl.flock(descriptor, mode)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def attached(name: str, specifications: Sequence[str] = ()) -> Iterator[LabHost]:
    """Join a lab, starting it if need be, for as long as the context lasts.

    The last one to leave takes down what no ``lab up`` has made persistent.
    """
    with _lock(check_name(name), "users", fcntl.LOCK_SH):
        yield _join(name, specifications, persistent=False)


def up(name: str, specifications: Sequence[str] = ()) -> LabHost:
    """Start a lab that stays until ``down``."""
    with _lock(check_name(name), "users", fcntl.LOCK_SH):
        if running(name):
            raise LabError(f"lab {name!r} is running already: `dockbook lab ls`")
        return _join(name, specifications, persistent=True)


def running(name: str) -> bool:
    """Tell whether the lab of that name is up."""
    state = LabState.load(home() / name)
    return state is not None and state.alive


def _join(name: str, specifications: Sequence[str], *, persistent: bool) -> LabHost:
    with _lock(name, "life", fcntl.LOCK_EX):
        if not running(name):
            capability.require()
            wanted = [disks.parse(s) for s in specifications]
            _check_place(home() / name, wanted)
            _clean(name)
            _watch(name)
            try:
                _start(name, wanted, persistent)
            except BaseException:
                _clean(name)
                raise
        return LabHost(name)


def _check_place(folder: Path, wanted: list[tuple[str, int]]) -> None:
    if len(f"{folder}/run/docker.sock") > SOCKET_PATH_LIMIT:
        raise LabError(
            f"{folder} is too long for a socket: set DOCKBOOK_HOME to a short path"
        )
    if wanted and os.geteuid() != 0:
        raise LabError("--disk needs root: loop devices are not for user namespaces")


def _start(name: str, wanted: list[tuple[str, int]], persistent: bool) -> None:  # noqa: FBT001
    root = os.geteuid() == 0
    folder = home() / name
    archive = cached_archive(home())
    try:
        for part in ("root", "var", "run", "var/lib/dockbook"):
            (folder / part).mkdir(parents=True)
        shutil.copytree(ROOTFS, folder / "rootfs")
        shutil.copyfile(archive, folder / "var/lib/dockbook/images.tar")
    except OSError as error:
        raise LabError(f"{error.filename}: {error.strerror}") from error
    groups = cgroups.create(_group(name)) if root else []
    (folder / "cgroups").write_text("".join(f"{group}\n" for group in groups))
    with contextlib.ExitStack() as held:
        devices = []
        for disk, size in wanted:
            descriptor, minor = disks.attach(folder / f"{disk}.img", size)
            held.callback(os.close, descriptor)
            devices.append((disk, minor, descriptor))
        (folder / "disks").write_text(
            "".join(f"{d} {minor}\n" for d, minor, _ in devices)
        )
        _launch(name, folder, keep=[descriptor for *_, descriptor in devices])
        _wait(folder)
    init = int((folder / "init").read_text())
    state = LabState(
        init=init,
        init_started=start_time(init) or "",
        cgroups=groups,
        user_namespace=not root,
        persistent=False,  # until it is ready: a kill -9 now would else leave it
    )
    state.save(folder)
    ready = LabHost(name).run(FIRST_COMMAND, timeout=START_TIMEOUT)
    if ready.rc:
        raise LabError(
            f"Docker does not start in lab {name!r}:\n{ready.output[-2000:]}"
        )
    replace(state, persistent=persistent).save(folder)


def _launch(name: str, folder: Path, *, keep: list[int]) -> None:
    """Start the supervisor: ``unshare``, whose death is the death of the lab."""
    root = os.geteuid() == 0
    user = [] if root else ["--user", "--map-auto", "--map-root-user"]
    init = "systemd" if root else "mini"
    with (folder / "log").open("ab") as log:
        subprocess.run(
            [
                *("setsid", "--fork"),
                *("unshare", *user, "--mount", "--net", "--pid", "--uts", "--ipc"),
                *("--fork", "--kill-child=SIGKILL", "--propagation=private"),
                *("bash", f"{folder}/rootfs/stage1.sh", str(folder), name, init),
            ],
            env={
                "PATH": PATH,
                "LANG": "C.UTF-8",
                "HOME": "/root",
                "LAB_USERNS": "" if root else "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=keep,  # they keep the loop devices
            check=True,
        )


def _wait(folder: Path) -> None:
    """Wait until the init of a lab takes commands."""
    started = time.monotonic()
    look = started + 0.2
    while not (folder / "run/lab.ready").exists():
        if time.monotonic() > look:
            look += 0.2
            if look > started + START_TIMEOUT or not _processes(folder):
                told = (folder / "log").read_text(errors="replace")[-2000:].strip()
                raise LabError(
                    f"lab {folder.name!r} did not start: {told or 'no message'}"
                )
        time.sleep(0.005)


def _watch(name: str) -> None:
    """Start the watcher: it ends the lab when nobody holds its lock any more.

    It is a small ``flock`` until it has the lock, then a Python that holds on to it:
    a Python from the beginning would slow the start down, and cost 40 MB.
    """
    end = [sys.executable, "-I", "-m", "kernels_helpers.lab.watch", name]
    lock = home() / ".locks" / f"{name}.users"
    subprocess.run(
        ["setsid", "--fork", "flock", "--no-fork", lock, *end],
        env={**os.environ, "DOCKBOOK_HOME": str(home())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def end_when_unused(name: str) -> None:
    """End a lab whose lock the watcher got, unless it is persistent."""
    with _lock(name, "life", fcntl.LOCK_EX):
        state = LabState.load(home() / name)
        if state is None or not (state.alive and state.persistent):
            _clean(name)


def down(name: str) -> None:
    """End a lab and remove all that is left of it."""
    if not (home() / check_name(name)).is_dir():
        raise LabError(f"there is no lab {name!r}: `dockbook lab ls`")
    with _lock(name, "life", fcntl.LOCK_EX):
        _clean(name)


def gc() -> list[str]:
    """Remove what labs that died, or that nobody uses, left behind; name them."""
    removed = []
    for name in names():
        try:
            with (
                _lock(name, "users", fcntl.LOCK_EX | fcntl.LOCK_NB),
                _lock(name, "life", fcntl.LOCK_EX | fcntl.LOCK_NB),
            ):
                state = LabState.load(home() / name)
                if state is None or not (state.alive and state.persistent):
                    _clean(name)
                    removed.append(name)
        except BlockingIOError:
            continue  # in use, or on its way up or down
    return removed


def ls() -> list[dict[str, object]]:
    """Describe the labs of this user: name, socket, pid of their pid 1, state.

    ``running``, ``attached`` (ends with its last user) or ``dead`` (for ``gc``).
    """
    rows: list[dict[str, object]] = []
    for name in names():
        folder = home() / name
        state = LabState.load(folder)
        alive = state is not None and state.alive
        kind = (
            "dead"
            if not (state and alive)
            else "running"
            if state.persistent
            else "attached"
        )
        rows.append(
            {
                "name": name,
                "socket": f"unix://{folder}/run/docker.sock",
                "pid": state.init if state else None,
                "state": kind,
            }
        )
    return rows


def names() -> list[str]:
    """List the labs of this user that have anything on the machine."""
    try:
        folders = [
            f.name for f in home().iterdir() if NAME.fullmatch(f.name) and f.is_dir()
        ]
    except FileNotFoundError:
        folders = []
    prefix = _group("")
    groups = {
        group.name.removeprefix(prefix)
        for hierarchy in cgroups.hierarchies()
        for group in hierarchy.glob(f"{prefix}*")
    }
    return sorted({*folders, *groups})


def _group(name: str) -> str:
    """Name the cgroups of a lab: labs of two homes may have the same name."""
    return f"dockbook-{zlib.crc32(bytes(home())):08x}-{name}"


def _clean(name: str) -> None:
    """End what runs of a lab and remove its cgroups and files."""
    folder = home() / name
    deadline = time.monotonic() + STOP_TIMEOUT
    while True:
        running = _processes(folder)
        for pid in running:  # --kill-child: the whole pid namespace ends
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        groups = cgroups.remove(_group(name)) if os.geteuid() == 0 else []
        if not running and not groups:  # its state names its processes: it goes last
            _remove_files(folder)
            if not folder.exists():
                return
        if time.monotonic() > deadline:
            left = ", ".join(map(str, [*running, *groups, folder]))
            raise LabError(
                f"lab {name!r} does not end, {left} is left: `dockbook lab gc`"
            )
        time.sleep(0.01)


def _remove_files(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:  # files of subordinate users go only from inside a user namespace
        subprocess.run(
            ["unshare", "--user", "--map-auto", "--map-root-user", "rm", "-rf", folder],
            capture_output=True,
            check=False,
        )


def _processes(folder: Path) -> list[int]:
    """Find the supervisor of a lab, and its pid 1 should that be orphaned."""
    stage1 = f"{folder}/rootfs/stage1.sh".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if stage1 in words and words[0] in (b"setsid", b"unshare", b"bash"):
                found.append(int(entry.name))
    state = LabState.load(folder)
    if state is not None and state.alive:
        found.append(state.init)
    return found
