"""``lab://NAME``: attach to a running lab. Its life is the business of ``lab``."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kernels_helpers.errors import LabError
from kernels_helpers.hosts.base import NearHost
from kernels_helpers.process import start_time

PATH = "/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
V2_CONTROLLERS = "cgroup.controllers"


def home() -> Path:
    """Return the folder of all labs of the current user.

    ``DOCKBOOK_HOME`` moves it; a lab's socket below it must stay under the
    107 bytes that a Unix socket path may have.
    """
    if named := os.environ.get("DOCKBOOK_HOME"):
        return Path(named)
    if os.geteuid() == 0:
        return Path("/var/lib/dockbook")
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "dockbook"


@dataclass(frozen=True)
class LabState:
    """What is known of a running lab: its pid 1, its cgroups, its life and engine."""

    init: int
    init_started: str
    cgroups: list[str]
    user_namespace: bool
    persistent: bool
    engine: str = "docker"

    @classmethod
    def load(cls, folder: Path) -> "LabState | None":
        """Read the state of the lab in a folder; None when there is none yet."""
        try:
            return cls(**json.loads((folder / "state.json").read_text()))
        except FileNotFoundError:
            return None

    def save(self, folder: Path) -> None:
        """Write the state in one move."""
        new = folder / "state.json.new"
        new.write_text(json.dumps(asdict(self)))
        new.replace(folder / "state.json")

    @property
    def alive(self) -> bool:
        """Tell whether the lab's pid 1 still is the process that was started."""
        return start_time(self.init) == self.init_started


class LabHost(NearHost):
    """Reach the engine and the shell of a running lab of the current user."""

    is_lab = True

    def __init__(self, name: str) -> None:
        folder = home() / name
        state = LabState.load(folder)
        if state is None or not state.alive:
            raise LabError(
                f"lab {name!r} is not running: start it with `dockbook lab up {name}`"
            )
        self.url = f"lab://{name}"
        self.name = name
        self.state = state
        self.socket = f"unix://{folder}/run/docker.sock"

    def argv(self) -> list[str]:
        """Enter the namespaces of the lab's pid 1.

        No ``--wd``: it would open the folder of the machine before entering.
        """
        if not self.state.alive:
            raise LabError(
                f"lab {self.name!r} has ended: `dockbook lab up {self.name}`"
            )
        user = ["--user", "--preserve-credentials"] if self.state.user_namespace else []
        spaces = ["--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup"]
        return ["nsenter", f"--target={self.state.init}", *user, *spaces, "--"]

    def environment(self) -> dict[str, str]:
        """Give what root's login shell in the lab has, and nothing of ours."""
        return {
            "PATH": PATH,
            "HOME": "/root",
            "USER": "root",
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
        }

    def before_exec(self) -> None:
        """Put the command into the lab's cgroups: limits and kill reach it."""
        for group in self.state.cgroups:
            leaf = Path(group)
            if (leaf / V2_CONTROLLERS).exists() and leaf.parts[-2] == "cgroup":
                leaf = leaf / "commands"  # v2: a group with children holds none
                leaf.mkdir(exist_ok=True)
            (leaf / "cgroup.procs").write_text("0")
