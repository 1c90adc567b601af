"""The life of a lab: up, down, and the cleaning after those that died.

A lab lives as long as somebody holds its lock (``attached``), or until
``lab down`` (``persistent``). A watcher process waits for the lock: the kernel
releases it however its holders end, so even a kill -9 takes the lab down.
"""

import contextlib
import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

from kernels_helpers.errors import LabError, UsageError
from kernels_helpers.hosts.lab import LabHost, LabState, home
from kernels_helpers.lab import (
    capability,
    cgroups,
    debian,
    disks,
    podman,
    remains,
    start,
)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


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
def attached(
    name: str,
    specifications: Sequence[str] = (),
    *,
    bare: bool = False,
    engine: str | None = None,
    durable: bool = False,
) -> Iterator[LabHost]:
    """Join a lab, starting it if need be, for as long as the context lasts.

    A lab that is started is ``bare``, a fresh Debian without Docker, or has the
    ``engine``, which is Docker by default; LabError when one that runs has another.
    One that is ``durable`` can have a power cut. The last one to leave takes down what
    no ``lab up`` has made persistent.
    """
    with _lock(check_name(name), "users", fcntl.LOCK_SH):
        yield _join(name, specifications, engine, bare=bare, durable=durable)


def up(
    name: str,
    specifications: Sequence[str] = (),
    *,
    bare: bool = False,
    engine: str | None = None,
) -> LabHost:
    """Start a lab that stays until ``down``; without an engine if ``bare``."""
    with _lock(check_name(name), "users", fcntl.LOCK_SH):
        if running(name):
            _agree(LabHost(name), engine)
            raise LabError(f"lab {name!r} is running already: `dockbook lab ls`")
        return _join(name, specifications, engine, bare=bare, persistent=True)


def running(name: str) -> bool:
    """Tell whether the lab of that name is up."""
    state = LabState.load(home() / name)
    return state is not None and state.alive


def power_cut(name: str) -> LabHost:
    """Kill the pid 1 of a durable lab, and start it again on what is on its disks.

    What the machine has in memory for its disks is not lost: it is no test of
    fsync(2). The caller has to be attached. LabError when the lab is not durable.
    """
    folder = home() / check_name(name)
    if not (folder / "durable").is_dir():
        raise LabError(f"lab {name!r} is not durable: its root is gone with its pid 1")
    with _lock(name, "life", fcntl.LOCK_EX):
        remains.end(name)
        start.boot(name)
    return LabHost(name)


def _join(
    name: str,
    specifications: Sequence[str],
    engine: str | None,
    *,
    bare: bool,
    persistent: bool = False,
    durable: bool = False,
) -> LabHost:
    if bare and engine:
        raise UsageError("--bare is a Debian without an engine: leave out one of both")
    with _lock(name, "life", fcntl.LOCK_EX):
        if not running(name):
            capability.require()
            if engine == podman.NAME:
                podman.require()
            wanted = [disks.parse(s) for s in specifications]
            start.check_place(home() / name, wanted)
            tree = debian.cached_tree(home()) if bare else None
            remains.clean(name)
            _watch(name)
            how = {"persistent": persistent, "durable": durable}
            try:
                start.start(name, wanted, tree, engine or start.DOCKER, **how)
            except BaseException:
                remains.clean(name)
                raise
        host = LabHost(name)
    _agree(host, engine)
    return host


def _agree(host: LabHost, engine: str | None) -> None:
    """Raise LabError when a lab has another engine."""
    if engine not in (None, host.state.engine):
        raise LabError(
            f"the engine of lab {host.name!r} is {host.state.engine}, not {engine}: "
            f"take another name, or end it with `dockbook lab down {host.name}`"
        )


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
            remains.clean(name)


def down(name: str) -> None:
    """End a lab and remove all that is left of it."""
    if not (home() / check_name(name)).is_dir():
        raise LabError(f"there is no lab {name!r}: `dockbook lab ls`")
    with _lock(name, "life", fcntl.LOCK_EX):
        remains.clean(name)


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
                    remains.clean(name)
                    removed.append(name)
        except BlockingIOError:
            continue  # in use, or on its way up or down
    return removed


def ls() -> list[dict[str, object]]:
    """Describe the labs of this user: name, socket, engine, pid of their pid 1, state.

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
                "engine": state.engine if state else None,
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
    prefix = remains.group("")
    groups = {
        group.name.removeprefix(prefix)
        for hierarchy in cgroups.hierarchies()
        for group in hierarchy.glob(f"{prefix}*")
    }
    return sorted({*folders, *groups})
