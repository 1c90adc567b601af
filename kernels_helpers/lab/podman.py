"""Podman as the engine of a lab, behind the socket that is Docker's elsewhere."""

import os
import shutil
from pathlib import Path

from kernels_helpers.errors import LabError
from kernels_helpers.hosts.lab import PATH

NAME = "podman"
HELPERS = Path("/usr/lib/podman")
PACKAGES = ("podman", "netavark", "aardvark-dns")


def require() -> None:
    """Raise LabError when a lab cannot have Podman."""
    if reason := missing():
        raise LabError(f"no lab with Podman can be started here: {reason}")


def missing() -> str | None:
    """Say what Podman would need and this machine does not give; None: nothing."""
    if os.geteuid() != 0:
        return (
            "it needs root: a lab of a normal user has no systemd, and runs Docker "
            "only; run it as root"
        )
    absent = [
        name
        for name in PACKAGES
        if not (HELPERS / name).exists() and shutil.which(name, path=PATH) is None
    ]
    if absent:
        return (
            f"{', '.join(absent)} not found; on Debian or Ubuntu: "
            f"`apt-get install --no-install-recommends {' '.join(PACKAGES)}`"
        )
    return None
