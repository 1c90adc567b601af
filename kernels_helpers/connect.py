"""From the URL of a host to the host: the one place that knows all kinds."""

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from docker.errors import DockerException

from kernels_helpers.errors import HostError, UsageError
from kernels_helpers.hosts import Host, LabHost, LocalHost
from kernels_helpers.lab import life

DEFAULT_LAB = "default"
WITH_DISK = "+disk"  # how the URL of a lab ends that is to have one
DISK = "vdb=1G"


def connect(url: str) -> AbstractContextManager[Host]:
    """Join the host a URL names, for as long as the context lasts.

    ``lab://`` starts or joins the lab that ``DOCKBOOK_LAB`` names (``default``),
    ``lab://+disk`` does so too, and gives a lab that it starts the disk /dev/vdb;
    ``lab://NAME`` joins a running one, ``local://`` is the engine of this machine.
    Raises HostError when there is no host, UsageError when the URL names none.
    """
    scheme, separator, name = url.partition("://")
    if scheme == "lab" and separator:
        return _lab(name.removesuffix(WITH_DISK), _disks(url))
    if url == "local://":
        return _local()
    if scheme == "ssh" and separator:
        raise HostError(
            f"{url}: hosts over ssh are not there yet; use lab:// or local://"
        )
    raise UsageError(f"host {url!r}: write lab://, lab://NAME or local://")


def connect_for_run(url: str) -> AbstractContextManager[Host]:
    """Join the host of a run: a lab without a name is a fresh one for it alone."""
    if url in ("lab://", f"lab://{WITH_DISK}"):
        return life.attached(f"run-{secrets.token_hex(4)}", _disks(url))
    return connect(url)


def _disks(url: str) -> list[str]:
    return [DISK] if url.endswith(WITH_DISK) else []


@contextlib.contextmanager
def _lab(name: str, disks: Sequence[str]) -> Iterator[Host]:
    if name and not life.running(life.check_name(name)):
        LabHost(name)  # raises, and says how to start it
    name = name or os.environ.get("DOCKBOOK_LAB", DEFAULT_LAB)
    with life.attached(name, disks) as host:
        yield host


@contextlib.contextmanager
def _local() -> Iterator[Host]:
    host = LocalHost()
    try:
        host.docker.ping()
    except DockerException as error:
        raise HostError(
            f"no Docker Engine answers at {host.socket}: start it, set DOCKER_HOST, "
            "or leave --host out to use a lab"
        ) from error
    yield host
