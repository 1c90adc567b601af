"""From the URL of a host to the host: the one place that knows all kinds."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kernels_helpers.errors import HostError, UsageError
from kernels_helpers.field_types import FIELDS
from kernels_helpers.hosts import PODMAN, Host, LabHost, LocalHost
from kernels_helpers.hosts.ssh import connected
from kernels_helpers.kinds import MisfitError
from kernels_helpers.lab import life
from kernels_helpers.parameters import BARE

DEFAULT_LAB = "default"
DISK = "vdb=1G"


@dataclass(frozen=True)
class Fresh:
    """Say what a lab without a name is to be, and how the name it gets ends."""

    ending: str = ""
    disks: tuple[str, ...] = ()
    bare: bool = False
    engine: str | None = None

    def attached(self, name: str) -> AbstractContextManager[LabHost]:
        """Join a lab, starting it if need be."""
        name += self.ending
        return life.attached(name, self.disks, bare=self.bare, engine=self.engine)


FRESH = {
    "lab://": Fresh(),
    "lab://+disk": Fresh("-disk", disks=(DISK,)),
    "lab://+podman": Fresh("-podman", engine="podman"),
    "lab://+second": Fresh("-second"),
    BARE: Fresh("-bare", bare=True),
}


@contextlib.contextmanager
def connect(url: str, *, engine: bool = True) -> Iterator[Host]:
    """Join the host a URL names, for as long as the context lasts.

    ``lab://`` starts or joins the lab that ``DOCKBOOK_LAB`` names (``default``),
    ``lab://+disk`` that of the same name with ``-disk`` behind it, which has an empty
    /dev/vdb, ``lab://+bare`` that with ``-bare``, which is a fresh Debian,
    ``lab://+second`` that with ``-second``, another host like the first, and
    ``lab://+podman`` that with ``-podman``, whose engine is Podman.
    ``lab://NAME`` joins a running one, ``local://`` is the engine of this machine,
    ``ssh://[USER@]HOST[:PORT]`` that of another.
    Raises HostError when there is no host, or no engine answers on it though an
    ``engine`` is wanted, and UsageError when the URL names none.
    """
    with _join(url) as host:
        if engine:
            require_engine(host)
        yield host


def require_engine(host: Host) -> None:
    """Raise HostError when no engine answers on a host."""
    if not host.has_engine():
        raise HostError(
            f"no Docker Engine answers at {host.socket} of {host.url}: start it, set "
            "DOCKER_HOST, or leave --host out to use a lab"
        )


def require_docker(host: Host, why: str | None) -> None:
    """Raise HostError when a host has Podman and there is a reason why it may not."""
    if why and host.has_engine() and host.product == PODMAN:
        raise HostError(f"not for Podman, which is the engine of {host.url}: {why}")


@contextlib.contextmanager
def connect_for_run(url: str, *, engine: bool = True) -> Iterator[Host]:
    """Join the host of a run: a lab that has no name is a fresh one for it alone."""
    if url in FRESH:
        with FRESH[url].attached(f"run-{secrets.token_hex(4)}") as host:
            yield host
    else:
        with connect(url, engine=engine) as host:
            yield host


def plain_name(host: Host) -> str:
    """Return what ``DOCKBOOK_LAB`` must be for URLs without a name to mean this lab."""
    name = host.url.removeprefix("lab://")
    for fresh in FRESH.values():
        name = name.removesuffix(fresh.ending)
    return name


@contextlib.contextmanager
def _join(url: str) -> Iterator[Host]:
    scheme, separator, name = url.partition("://")
    if url == "local://":
        yield LocalHost()
    elif url in FRESH:
        with FRESH[url].attached(os.environ.get("DOCKBOOK_LAB", DEFAULT_LAB)) as host:
            yield host
    elif scheme == "lab" and separator:
        if not life.running(life.check_name(name)):
            LabHost(name)  # raises, and says how to start it
        with life.attached(name) as host:
            yield host
    elif scheme == "ssh" and _is_url(url):
        with connected(url) as host:
            yield host
    else:
        raise UsageError(
            f"host {url!r}: write {', '.join(FRESH)}, lab://NAME, local:// or "
            "ssh://[USER@]HOST[:PORT]"
        )


def _is_url(url: str) -> bool:
    try:
        FIELDS["HostURL"].check(url)
    except MisfitError:
        return False
    return True
