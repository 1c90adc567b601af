"""From the URL of a host to the host: the one place that knows all kinds."""

import contextlib
import os
import secrets
from collections.abc import Iterator

from kernels_helpers.errors import HostError, UsageError
from kernels_helpers.hosts import Host, LabHost, LocalHost
from kernels_helpers.lab import life
from kernels_helpers.parameters import BARE

DEFAULT_LAB = "default"
FRESH = {"lab://": "", BARE: "-bare"}  # what ends the name of the lab that is meant


@contextlib.contextmanager
def connect(url: str, *, bare: bool = False) -> Iterator[Host]:
    """Join the host a URL names, for as long as the context lasts.

    ``lab://`` starts or joins the lab that ``DOCKBOOK_LAB`` names (``default``),
    ``lab://+bare`` that of the same name with ``-bare`` behind it, a fresh Debian.
    ``lab://NAME`` joins a running one, ``local://`` is the engine of this machine.
    Raises HostError when there is no host, or no engine on it unless it may be
    ``bare``, and UsageError when the URL names none.
    """
    with _join(url) as host:
        if not bare and not host.has_engine():
            raise HostError(
                f"no Docker Engine answers at {host.socket}: start it, set "
                "DOCKER_HOST, or leave --host out to use a lab"
            )
        yield host


@contextlib.contextmanager
def connect_for_run(url: str, *, bare: bool = False) -> Iterator[Host]:
    """Join the host of a run: a lab that has no name is a fresh one for it alone."""
    if url in FRESH:
        name = f"run-{secrets.token_hex(4)}{FRESH[url]}"
        with life.attached(name, bare=url == BARE) as host:
            yield host
    else:
        with connect(url, bare=bare) as host:
            yield host


def plain_name(host: Host) -> str:
    """Return the value of ``DOCKBOOK_LAB`` that makes a fresh URL mean this lab."""
    return host.url.removeprefix("lab://").removesuffix(FRESH[BARE])


@contextlib.contextmanager
def _join(url: str) -> Iterator[Host]:
    scheme, separator, name = url.partition("://")
    if url == "local://":
        yield LocalHost()
    elif url in FRESH:
        name = os.environ.get("DOCKBOOK_LAB", DEFAULT_LAB) + FRESH[url]
        with life.attached(name, bare=url == BARE) as host:
            yield host
    elif scheme == "lab" and separator:
        if not life.running(life.check_name(name)):
            LabHost(name)  # raises, and says how to start it
        with life.attached(name) as host:
            yield host
    elif scheme == "ssh" and separator:
        raise HostError(
            f"{url}: hosts over ssh are not there yet; use lab:// or local://"
        )
    else:
        raise UsageError(
            f"host {url!r}: write lab://, lab://NAME, lab://+bare or local://"
        )
