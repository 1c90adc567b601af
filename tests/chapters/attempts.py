"""What the tests of the chapters share: runs, inventories, fakes."""

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from docker import DockerClient

from kernels_helpers import book, notebook, report, runner
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.labs import DISKS

NAMELESS = re.compile(r"[a-z]+_[a-z]+[0-9]?|[0-9a-f]{64}")  # names from the engine
PLACES = "/etc /srv /root /home /opt"
# /etc/group- and its like tell of the change before the last, and are left out.
HOST = f"""
find {PLACES} ! -path '/etc/*-' -printf '%p %y %m %U:%G %l\\n' | sort
find {PLACES} ! -path '/etc/*-' -type f -exec sha256sum {{}} + | sort -k 2
findmnt -rno TARGET,SOURCE | grep -v /run/docker/netns/default | sort
ls /sys/class/net
iptables-save | grep ^-A | sort
ss -Htulnp | grep -v containerd | sort
"""


def default_host(chapter: str) -> str:
    """Return the URL of the host that a chapter runs on unless told otherwise."""
    contract = notebook.head(book.find(chapter)).contract
    return next(str(p.default) for p in contract if p.name == "host")


def attempt(
    chapter: str,
    host: LabHost,
    out: Path,
    on_cell: Callable[[int, str], object] = lambda *_: None,
    *,
    plan: bool = False,
    **values: str,
) -> report.Report:
    """Run a chapter on a lab, or plan it, and report."""
    options = runner.Options({"host": host.url, **values}, out, plan=plan)
    return runner.run(book.find(chapter), options, on_cell)


def created(lab: LabHost, since: int) -> set[tuple[str, str]]:
    """List what has been given a name and created, as the engine, if any, tells it."""
    if not lab.has_engine():
        return set()
    kinds = {"type": ["container", "network", "volume"], "event": ["create"]}
    told = lab.docker.api.events(
        since=since, until=int(time.time()) + 1, filters=kinds, decode=True
    )
    named = {
        (e["Type"], e["Actor"]["Attributes"].get("name") or e["Actor"]["ID"])
        for e in told
    }
    return {(kind, name) for kind, name in named if not NAMELESS.fullmatch(name)}


def inventory(lab: LabHost) -> list[str]:
    """List what the engine has and trusts, and what the host has."""
    return sorted(
        [
            *(engine(lab.docker) if lab.has_engine() else ["no engine"]),
            *lab.run(HOST).output.splitlines(),
        ]
    )


def engine(docker: DockerClient) -> list[str]:
    """List what an engine has and trusts."""
    return [
        *(f"container {c.id}" for c in docker.containers.list(all=True)),
        *(f"volume {v.id}" for v in docker.volumes.list()),
        *(f"network {n.name}" for n in docker.networks.list()),
        *(
            f"image {i.id} {sorted(i.tags)} {sorted(i.attrs['RepoDigests'])}"
            for i in docker.images.list(all=True)
        ),
        f"registries {docker.info()['RegistryConfig']}",
    ]


@contextlib.contextmanager
def lying(
    fake: str, command: str = "docker", *, bare: bool = False
) -> Iterator[LabHost]:
    """Give a lab one command of which is a shell script."""
    name = f"liar-{secrets.token_hex(4)}"  # none that just ends
    with life.attached(name, DISKS, bare=bare) as liar:
        written = liar.run(
            'printf %s "$script" >"/lab/bin/$name" && chmod +x "/lab/bin/$name"',
            env={"script": f"#!/bin/sh\n{fake}", "name": command},
        )
        assert written.rc == 0
        yield liar
        if liar.has_engine():
            liar.docker.close()
