"""The chapter aliyun: with the lab's stand-in, and with a service that it finds."""

from pathlib import Path

import pytest

from kernels_helpers import book, runner
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import (
    DOCKER,
    SILENT,
    attempt,
    inventory,
    lying,
    pass_twice,
)

FILES = """
cat /etc/hosts
find /etc/docker /srv /root -printf '%p %M %u\\n' | sort
"""
FOLDER = "/srv/dockbook-aliyun"
TRUST = f"cat {FOLDER}/ca.crt >>/etc/ssl/certs/ca-certificates.crt"
# What each fake does wrong, and what the chapter must say to it.
FAKES = {
    "succeeds always and says nothing": (SILENT, "StepFailed"),
    "tags another image": (
        f'[ "$1" = tag ] && set -- tag hello-world "$3"\nexec {DOCKER} "$@"',
        "CheckFailed: tag refuses the space and takes an ID",
    ),
    "uses one login for every name": (
        f"""
case $1$DOCKER_CONFIG in
pull*/client) {DOCKER} login -u someone@example.com --password-stdin \\
  registry-vpc.cn-hangzhou.aliyuncs.com </srv/dockbook-aliyun/password >/dev/null ;;
esac
exec {DOCKER} "$@"
""",
        "CheckFailed: a login holds for one name only",
    ),
    "keeps the login": (
        f'[ "$1" = logout ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: no login is left",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    before = lab.run(FILES).output
    pass_twice("aliyun", lab, tmp_path)
    assert lab.run(FILES).output == before


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
        before = inventory(host), host.run(FILES).output
        made = attempt("aliyun", host, tmp_path, service="real")
        assert made.reason is None
        assert (inventory(host), host.run(FILES).output) == before
        bodies = [a["body"] for a in made.answers if a["answer"] == "already true"]
        assert len(bodies) == 5
        assert any("docker run" in body for body in bodies)
        host.docker.close()


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt("aliyun", liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
