"""What a lab needs, and whether this user has it on this machine."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from kernels_helpers.errors import LabError

CAP_SYS_ADMIN = 21
TOOLS = (
    "unshare",
    "nsenter",
    "dockerd",
    "docker",
    "containerd",
    "iptables",
    "ip",
    "busybox",
)
USER_TOOLS = ("newuidmap", "newgidmap", "curl")
SYSTEMD = (Path("/lib/systemd/systemd"), Path("/usr/lib/systemd/systemd"))


def require() -> None:
    """Raise LabError, in one sentence, when no lab can be started here."""
    if reason := missing():
        raise LabError(f"no lab can be started here: {reason}")


def missing() -> str | None:
    """Say what a lab would need and this machine does not give; None: nothing."""
    if sys.platform != "linux":
        return "a lab needs Linux; run dockbook in a Linux VM or in WSL 2"
    root = os.geteuid() == 0
    search = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    tools = TOOLS if root else TOOLS + USER_TOOLS
    absent = [tool for tool in tools if shutil.which(tool, path=search) is None]
    if absent:
        return f"{', '.join(absent)} not found; run `make setup`"
    return _missing_for_root() if root else _missing_for_user()


def _missing_for_root() -> str | None:
    if not any(path.exists() for path in SYSTEMD):
        return "systemd is not installed (it is pid 1 of a lab); run `make setup`"
    if not _effective_capabilities() >> CAP_SYS_ADMIN & 1:
        return (
            "this root lacks CAP_SYS_ADMIN, so it cannot make namespaces "
            "(a container?); run on a machine or VM, or give the container --privileged"
        )
    if trouble := _try(["unshare", "--mount", "--net", "--pid", "--fork", "true"]):
        return f"namespaces are refused ({trouble}); allow unshare(2) in the container"
    return None


def _missing_for_user() -> str | None:
    user = _user()
    for table in ("/etc/subuid", "/etc/subgid"):
        if not _has_range(Path(table), user):
            return (
                f"user {user!r} has no line in {table}; "
                f"as root: `usermod --add-subuids 100000-165535 "
                f"--add-subgids 100000-165535 {user}`"
            )
    if trouble := _try(["unshare", "--user", "--map-auto", "--map-root-user", "true"]):
        return (
            f"user namespaces are refused ({trouble}); as root: "
            "`sysctl kernel.unprivileged_userns_clone=1` (Debian) or "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu)"
        )
    return None


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # containers often run as a number
        return str(os.geteuid())


def _has_range(table: Path, user: str) -> bool:
    try:
        lines = table.read_text().splitlines()
    except OSError:
        return False
    return any(line.split(":")[0] in (user, str(os.geteuid())) for line in lines)


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _try(command: list[str]) -> str | None:
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return None
    return tried.stderr.strip() or f"exit {tried.returncode}"
