"""What dockbook needs of the machine: one table, for ``make setup`` and ``doctor``.

Only the standard library: ``make setup`` runs this before there is anything else.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

SEARCH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


@dataclass(frozen=True)
class Tool:
    """Name something the machine must have, its Debian package, and what for.

    A name with a slash is a file, one without is a command. ``units`` are those of
    systemd that the package would start at boot.
    """

    name: str
    package: str
    why: str
    units: tuple[str, ...] = ()

    def found(self) -> bool:
        """Tell whether the machine has it."""
        if self.name == "venv":
            return importlib.util.find_spec("ensurepip") is not None
        if "/" in self.name:
            return any(Path("/").glob(self.name.lstrip("/")))
        return shutil.which(self.name, path=SEARCH) is not None


TOOLS = (
    Tool("venv", "python3-venv", "Python's own environments"),
    Tool(
        "dockerd",
        "docker.io",
        "the Docker Engine that runs in a lab",
        ("docker.service", "docker.socket"),
    ),
    Tool("docker", "docker.io", "Docker's command line"),
    Tool(
        "containerd",
        "containerd",
        "the engine's container runtime",
        ("containerd.service",),
    ),
    Tool("iptables", "iptables", "the engine's networks"),
    Tool("/lib/systemd/systemd", "systemd", "pid 1 of a lab"),
    Tool("unshare", "util-linux", "the namespaces of a lab"),
    Tool("mount", "mount", "the root of a lab"),
    Tool("hostname", "hostname", "the name of a lab"),
    Tool("pgrep", "procps", "looking at the processes of a host"),
    Tool("newuidmap", "uidmap", "labs of a normal user"),
    Tool("ip", "iproute2", "the network of a lab"),
    Tool("curl", "curl", "asking web servers and the engine's API"),
    Tool("mmdebstrap", "mmdebstrap", "a fresh Debian to install Docker on"),
    Tool("dpkg-scanpackages", "dpkg-dev", "the packages for it"),
    Tool(
        "docker-registry",
        "docker-registry",
        "the image registry:2",
        ("docker-registry.service",),
    ),
    Tool("busybox", "busybox-static", "the images busybox, alpine, nginx, hello-world"),
    Tool("ssh", "openssh-client", "hosts that are far"),
    Tool("openssl", "openssl", "the certificates of a registry"),
    Tool("htpasswd", "apache2-utils", "the passwords of a registry"),
    Tool("jq", "jq", "changes of daemon.json"),
    Tool("dot", "graphviz", "diagrams"),
    Tool("zstd", "zstd", "backups that use all cores"),
    Tool("rsync", "rsync", "copies of Docker's data"),
    Tool("setfacl", "acl", "access lists of files that are copied"),
    Tool("setfattr", "attr", "extended attributes of files that are copied"),
    Tool("mkfs.xfs", "xfsprogs", "data disks"),
    Tool("mkfs.ext4", "e2fsprogs", "data disks"),
    Tool("shellcheck", "shellcheck", "the lint of shell"),
    Tool(
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "fonts-noto-core",
        "text in diagrams",
    ),
    Tool(
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "fonts-noto-cjk",
        "Chinese text",
    ),
)
EXTRA = (  # for the book as PDF, for Podman, and for the tests
    Tool("chromium", "chromium", "the book as PDF, and the tests of the site"),
    Tool("nginx", "nginx-light", "the tests of the site", ("nginx.service",)),
    Tool("sshd", "openssh-server", "the tests of hosts over ssh", ("ssh.service",)),
    Tool("zsh", "zsh", "the tests of completion"),
    Tool("fish", "fish", "the tests of completion"),
    Tool(
        "podman",
        "podman",
        "the other engine that runs in a lab",
        (
            "podman.service",
            "podman.socket",
            "podman-restart.service",
            "podman-auto-update.service",
            "podman-auto-update.timer",
        ),
    ),
    Tool("/usr/lib/podman/netavark", "netavark", "Podman's networks"),
    Tool("/usr/lib/podman/aardvark-dns", "aardvark-dns", "names in Podman's networks"),
)
POLICY = Path("/usr/sbin/policy-rc.d")


def missing(extra: Collection[str] = ()) -> list[Tool]:
    """List what the machine lacks, also of what is named in ``extra``."""
    tools = (*TOOLS, *(tool for tool in EXTRA if Path(tool.name).name in extra))
    return [tool for tool in tools if not tool.found()]


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    """Keep apt from starting services: a lab runs its own engine, the machine none."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def install(lacking: list[Tool]) -> None:
    """Install the Debian packages of tools; none starts a service, now or at boot.

    What apt complains of is shown; the caller sees what is missing still.
    """
    packages = sorted({tool.package for tool in lacking})
    sys.stdout.write(f"installing {' '.join(packages)}\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_services():
        for arguments in (
            ["update"],
            ["install", "-y", "--no-install-recommends", *packages],
        ):
            done = subprocess.run(
                ["apt-get", "-qq", *arguments],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.stderr.write(done.stderr)
                return
    if units := [unit for tool in lacking for unit in tool.units]:
        subprocess.run(["systemctl", "--quiet", "disable", *units], check=False)


def main(extra: Collection[str]) -> int:
    """Install what is missing, or say what to install and how. Exit 3: not done."""
    lacking = missing(extra)
    if not lacking:
        return 0
    if shutil.which("apt-get", path=SEARCH) and os.geteuid() == 0:
        install(lacking)
        lacking = missing(extra)
    for tool in lacking:
        sys.stderr.write(
            f"missing: {tool.name} ({tool.why}); on Debian in package {tool.package}\n"
        )
    if lacking:
        packages = " ".join(sorted({tool.package for tool in lacking}))
        sys.stderr.write(
            f"install these, then call make again. On Debian or Ubuntu, as root:\n"
            f"  apt-get install --no-install-recommends {packages}\n"
        )
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
