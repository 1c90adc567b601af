"""The cgroups of a lab: one of its own in every hierarchy of the machine."""

import contextlib
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


def remove(name: str) -> list[str]:
    """Remove the cgroups of a lab; return those that are still in use."""
    groups = [hierarchy / name for hierarchy in hierarchies()]
    for group in groups:
        if group.is_dir():
            _remove_tree(group)
    return [str(group) for group in groups if group.is_dir()]


def _remove_tree(group: Path) -> None:
    with contextlib.suppress(OSError):  # a process in it is still on its way out
        for child in list(group.iterdir()):
            if child.is_dir():
                _remove_tree(child)
        group.rmdir()
