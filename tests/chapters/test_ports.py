"""The chapter ports: it passes, and what is broken behind its back fails it."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

PORTS = range(18080, 18088)
# What each fake does wrong, or breaks on the host, and what the chapter says to it.
FAKES = {
    "succeeds always and says nothing": (SILENT, "StepFailed"),
    "publishes to everybody what is for this host": (
        f"""
for word; do shift; set -- "$@" "${{word#127.0.0.1:}}"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: two ports are published",
    ),
    "lets everything through the firewall": (
        f"""
iptables -C DOCKER-USER -j ACCEPT 2>/dev/null || iptables -I DOCKER-USER -j ACCEPT
exec {DOCKER} "$@"
""",
        "CheckFailed: a port that is not published is closed",
    ),
    "loses the rules of published ports": (
        f"""
[ "$1" = exec ] && iptables -t nat -F DOCKER
exec {DOCKER} "$@"
""",
        "CheckFailed: the server sees who called",
    ),
    "takes host mode for the default": (
        f"""
for word; do
  shift; [ "$word" = host ] && word=bridge; set -- "$@" "$word"
done
exec {DOCKER} "$@"
""",
        "StepFailed",
    ),
    "removes a container whose name is taken by a clash": (
        f"""
{DOCKER} "$@" && exit 0
rc=$?
[ "$1" = run ] && {DOCKER} rm -f dockbook-port-clash >/dev/null 2>&1
exit "$rc"
""",
        "StepFailed",
    ),
    "restarts the second container with the first": (
        f"""
if [ "$1 $2" = "restart dockbook-port-open" ]; then
  {DOCKER} "$@" && exec {DOCKER} restart -t 0 dockbook-port-side
fi
exec {DOCKER} "$@"
""",
        "CheckFailed: the second sits in a dead network",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    state = "ls /sys/class/net; iptables-save | grep -c ^-A; ss -Htuln | sort"
    before = lab.run(state).output
    pass_twice("ports", lab, tmp_path)
    assert lab.run(state).output == before


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt("ports", liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)


def test_a_port_that_is_taken_stops_it_before_it_begins(
    lab: LabHost, tmp_path: Path
) -> None:
    taken = lab.docker.containers.run(
        "busybox", "sleep 1d", detach=True, init=True, ports={"80/tcp": PORTS[5]}
    )
    try:
        made = attempt("ports", lab, tmp_path)
    finally:
        taken.remove(force=True)
    assert made.reason == "CheckFailed: eight ports are free"
    assert made.steps == []
