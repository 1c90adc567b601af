"""What the tests of all chapters share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from kernels_helpers import book, report
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from kernels_helpers.runner import Options, run

DOCKER = "/usr/bin/docker"


def attempt(path: Path, host: LabHost, out: Path, **values: str) -> report.Report:
    """Run a chapter headless."""
    return run(path, Options({"host": host.url, **values}, out), lambda *_: None)


def proved(chapter: str) -> set[str]:
    """Name the claims of a chapter that a check has to prove."""
    verdicts = ("confirmed", "corrected")
    return {
        claim["id"]
        for claim in book.ledger()
        if claim["chapter"] == chapter and claim["verdict"] in verdicts
    }


def inventory(lab: LabHost) -> list[str]:
    """List what the engine has."""
    docker = lab.docker
    return sorted(
        [
            *(f"container {c.id}" for c in docker.containers.list(all=True)),
            *(f"volume {v.id}" for v in docker.volumes.list()),
            *(f"network {n.name}" for n in docker.networks.list()),
            *(f"image {i.id} {i.tags}" for i in docker.images.list(all=True)),
        ]
    )


@contextlib.contextmanager
def liar(fake: str) -> Iterator[LabHost]:
    """Give a lab of its own whose `docker` is a shell script that does wrong."""
    with life.attached("liar") as lab:
        script = f"#!/bin/sh\n{fake}"
        written = lab.run(
            'printf %s "$script" >/lab/bin/docker && chmod +x /lab/bin/docker',
            env={"script": script},
        )
        assert written.rc == 0
        yield lab
        lab.docker.close()
