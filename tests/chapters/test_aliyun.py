"""The chapter aliyun: with the lab's stand-in, and with a service that it finds."""

from pathlib import Path

import pytest

from kernels_helpers import book, runner
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import attempt, inventory

FOLDER = "/srv/dockbook-aliyun"
TRUST = f"cat {FOLDER}/ca.crt >>/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize("network", ["public", "internal"])
def test_every_door_can_be_chosen(lab: LabHost, tmp_path: Path, network: str) -> None:
    assert attempt("aliyun", lab, tmp_path, network=network).reason is None


def test_for_the_real_service_it_starts_no_registry(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Let what an earlier run has kept play the real service."""
    del dockbook_home
    with life.attached("cloud") as host:
        options = runner.Options({"host": host.url}, tmp_path, keep=True)
        kept = runner.run(book.find("aliyun"), options, lambda *_: None)
        assert kept.reason is None
        names = (
            "docker image ls --format '{{.Repository}}:{{.Tag}}' '*.aliyuncs.com/*/*'"
        )
        assert host.run(f"{names} | xargs docker image rm").rc == 0
        assert host.run(f"{TRUST} && rm -r {FOLDER}/client").rc == 0
        before = inventory(host)
        made = attempt("aliyun", host, tmp_path, service="real")
        assert made.reason is None
        assert inventory(host) == before
        bodies = [a["body"] for a in made.answers if a["answer"] == "already true"]
        assert len(bodies) == 5
        assert any("docker run" in body for body in bodies)
        host.docker.close()
