"""What is left of a lab on the machine, and how it is removed."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from kernels_helpers.errors import LabError
from kernels_helpers.hosts.lab import LabState, home
from kernels_helpers.lab import cgroups

STOP_TIMEOUT = 15.0  # seconds


def group(name: str) -> str:
    """Name the cgroups of a lab: labs of two homes may have the same name."""
    return f"dockbook-{zlib.crc32(bytes(home())):08x}-{name}"


def clean(name: str) -> None:
    """End what runs of a lab and remove its cgroups and files."""
    folder = home() / name

    def removed() -> bool:
        _remove_files(folder)
        return not folder.exists()

    _end(name, removed)


def end(name: str) -> None:
    """End what runs of a lab and remove its cgroups; its files stay."""
    _end(name, lambda: True)


def _end(name: str, then: Callable[[], bool]) -> None:
    """End what runs of a lab, and do something then, until it is done."""
    folder = home() / name
    deadline = time.monotonic() + STOP_TIMEOUT
    while True:
        running = processes(folder)
        for pid in running:  # --kill-child: the whole pid namespace ends
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        groups = cgroups.remove(group(name)) if os.geteuid() == 0 else []
        # Its state names its processes: its files go last. One look may miss a process
        # that is in execve(2), when it has no command line.
        if not running and not groups and then() and not processes(folder):
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


def processes(folder: Path) -> list[int]:
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
