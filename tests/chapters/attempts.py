"""What the tests of the chapters share: runs, inventories, fakes."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from kernels_helpers import book, report, runner
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.unit.test_ledger import proved

DOCKER = "/usr/bin/docker"
SILENT = "exit 0"  # a docker that always succeeds and says nothing


def attempt(chapter: str, host: LabHost, out: Path, **values: str) -> report.Report:
    """Run a chapter on a lab and report."""
    options = runner.Options({"host": host.url, **values}, out)
    return runner.run(book.find(chapter), options, lambda *_: None)


def inventory(lab: LabHost) -> list[str]:
    """List what the engine has, and every name of its images."""
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
        ]
    )


def pass_twice(chapter: str, lab: LabHost, out: Path) -> None:
    """Run a chapter twice in a row: it proves its claims and leaves nothing behind."""
    before = inventory(lab)
    for _ in range(2):
        made = attempt(chapter, lab, out)
        assert (made.status, made.reason) == ("passed", None)
        assert {c["note"] for c in made.checks if c["ok"]} >= proved(chapter)
        assert inventory(lab) == before
        stored = json.loads((out / made.run / report.REPORT).read_text())
        assert stored["status"] == "passed"


@contextlib.contextmanager
def lying(fake: str) -> Iterator[LabHost]:
    """Give a lab whose docker command is a shell script."""
    with life.attached("liar") as liar:
        written = liar.run(
            'printf %s "$script" >/lab/bin/docker && chmod +x /lab/bin/docker',
            env={"script": f"#!/bin/sh\n{fake}"},
        )
        assert written.rc == 0
        yield liar
        liar.docker.close()
