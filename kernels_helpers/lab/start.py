"""Start a lab: its folder, cgroups, disks, supervisor, and its engine."""

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from kernels_helpers.errors import LabError
from kernels_helpers.hosts.lab import PATH, LabHost, LabState, home
from kernels_helpers.images import cached_archive
from kernels_helpers.lab import cgroups, disks, remains
from kernels_helpers.process import start_time

START_TIMEOUT = 60.0  # seconds; about 1 on an idle machine
ROOTFS = Path(__file__).parent / "rootfs"
SOCKET_PATH_LIMIT = 107
DOCKER = "docker"
FIRST_COMMAND = "systemctl start {} && docker load -qi /var/lib/dockbook/images.tar"
ENGINE = "engine"  # the file that names the engine of a lab
DEBIAN = "debian"  # the file that names the tree of a lab without Docker


def check_place(folder: Path, wanted: list[tuple[str, int]]) -> None:
    """Raise LabError when a lab cannot lie in a folder, or have the disks wanted."""
    if len(f"{folder}/run/docker.sock") > SOCKET_PATH_LIMIT:
        raise LabError(
            f"{folder} is too long for a socket: set DOCKBOOK_HOME to a short path"
        )
    if wanted and os.geteuid() != 0:
        raise LabError("--disk needs root: loop devices are not for user namespaces")


def start(
    name: str,
    wanted: list[tuple[str, int]],
    tree: Path | None,
    engine: str,
    *,
    persistent: bool,
    durable: bool = False,
) -> None:
    """Start a lab and wait until its engine answers, images loaded.

    ``wanted`` are disks: name and size in bytes. On a ``tree``, that of a fresh
    Debian, there is no engine; the archive of images lies there. The root of a
    ``durable`` lab is on disk. LabError when it does not start; what is there by then
    is for ``remains`` to remove.
    """
    folder = home() / name
    archive = cached_archive(home())
    try:
        for part in ("root", "var", "run", "var/lib/dockbook"):
            (folder / part).mkdir(parents=True)
        if durable:
            (folder / "durable").mkdir()
        shutil.copytree(ROOTFS, folder / "rootfs")
        shutil.copyfile(archive, folder / "var/lib/dockbook/images.tar")
        if tree:
            (folder / DEBIAN).write_text(str(tree))
        (folder / ENGINE).write_text("none" if tree else engine)
    except OSError as error:
        raise LabError(f"{error.filename}: {error.strerror}") from error
    for disk, size in wanted:
        disks.create(folder / f"{disk}.img", size)
    state = boot(name)
    if tree is None:
        ready = LabHost(name).run(FIRST_COMMAND.format(engine), timeout=START_TIMEOUT)
        if ready.rc:
            raise LabError(
                f"{engine} does not start in lab {name!r}:\n{ready.output[-2000:]}"
            )
    replace(state, persistent=persistent).save(folder)


def boot(name: str) -> LabState:
    """Start the pid 1 of a lab whose folder and disks are there, and wait for it."""
    root = os.geteuid() == 0
    folder = home() / name
    shutil.rmtree(folder / "run")  # what an earlier pid 1 has left
    (folder / "run").mkdir()
    groups = cgroups.create(remains.group(name)) if root else []
    (folder / "cgroups").write_text("".join(f"{group}\n" for group in groups))
    with contextlib.ExitStack() as held:
        devices = []
        for image in sorted(folder.glob("vd?.img")):
            descriptor, minor = disks.attach(image)
            held.callback(os.close, descriptor)
            devices.append((image.stem, minor, descriptor))
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
        engine=(folder / ENGINE).read_text(),
    )
    state.save(folder)
    return state


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
    """Wait until the init of a lab takes commands.

    It has died when two looks in a row find no process: one look may fall into an
    execve(2), during which a process has no command line.
    """
    started = time.monotonic()
    look = started + 0.2
    missed = 0
    while not (folder / "run/lab.ready").exists():
        if time.monotonic() > look:
            look += 0.2
            missed = 0 if remains.processes(folder) else missed + 1
            if look > started + START_TIMEOUT or missed > 1:
                told = (folder / "log").read_text(errors="replace")[-2000:].strip()
                raise LabError(
                    f"lab {folder.name!r} did not start: {told or 'no message'}"
                )
        time.sleep(0.005)
