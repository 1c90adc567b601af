"""The cgroups of a lab: one of its own in every hierarchy of the machine."""

import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """List where this machine's hierarchies are mounted (one on cgroup v2)."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, controllers, _ = line.split(":", 2)
        if number != "0":
            folder = ROOT / controllers.removeprefix("name=")
        elif (ROOT / "cgroup.controllers").exists():
            folder = ROOT
        else:
            folder = ROOT / "unified"
        if folder.is_dir():
            found.append(folder)
    return found


def create(name: str) -> list[str]:
    """Make the cgroups of a lab and return their folders."""
    made = []
    for hierarchy in hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        if (group / "cpuset.cpus").exists() and (hierarchy / "tasks").exists():
            (group / "cgroup.clone_children").write_text("1")
            for knob in ("cpuset.cpus", "cpuset.mems"):
                (group / knob).write_text((hierarchy / knob).read_text())
        made.append(str(group))
    return made


def remove(name: str, *, timeout: float) -> bool:
    """Remove the empty cgroups of a lab; tell whether all are gone in time."""
    deadline = time.monotonic() + timeout
    left = [h / name for h in hierarchies() if (h / name).is_dir()]
    while left and time.monotonic() < deadline:
        for group in left:
            _remove_tree(group)
        left = [group for group in left if group.is_dir()]
        if left:
            time.sleep(0.01)
    return not left


def _remove_tree(group: Path) -> None:
    for child in list(group.iterdir()):
        if child.is_dir():
            _remove_tree(child)
    try:
        group.rmdir()
    except OSError:
        return  # a process in it is still on its way out
