"""What the tests of the chapters share: runs, inventories, fakes."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from kernels_helpers import book, report, runner
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.labs import DISKS

FILES = """
find /etc /srv /root /home /opt -printf '%p %y %m %U:%G %l\\n' | sort
find /etc /srv /root /home /opt -type f -exec sha256sum {} + | sort -k 2
"""


def attempt(chapter: str, host: LabHost, out: Path, **values: str) -> report.Report:
    """Run a chapter on a lab and report."""
    options = runner.Options({"host": host.url, **values}, out)
    return runner.run(book.find(chapter), options, lambda *_: None)


def inventory(lab: LabHost) -> list[str]:
    """List what the engine has and trusts, all names of images, the host's files."""
    docker = lab.docker
    return sorted(
        [
            *(f"container {c.id}" for c in docker.containers.list(all=True)),
            *(f"volume {v.id}" for v in docker.volumes.list()),
            *(f"network {n.name}" for n in docker.networks.list()),
            *(
                f"image {i.id} {sorted(i.tags)} {sorted(i.attrs['RepoDigests'])}"
                for i in docker.images.list(all=True)
            ),
            f"registries {docker.info()['RegistryConfig']}",
            *lab.run(FILES).output.splitlines(),
        ]
    )


@contextlib.contextmanager
def lying(fake: str, command: str = "docker") -> Iterator[LabHost]:
    """Give a lab one command of which is a shell script."""
    with life.attached(
        f"liar-{secrets.token_hex(4)}", DISKS
    ) as liar:  # none that just ends
        written = liar.run(
            'printf %s "$script" >"/lab/bin/$name" && chmod +x "/lab/bin/$name"',
            env={"script": f"#!/bin/sh\n{fake}", "name": command},
        )
        assert written.rc == 0
        yield liar
        liar.docker.close()
