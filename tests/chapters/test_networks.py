"""The chapter networks: it passes, and what is broken behind its back fails it."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

# What each fake does wrong, or breaks on the host, and what the chapter says to it.
FAKES = {
    "succeeds always and says nothing": (SILENT, "StepFailed"),
    "pulls the cables from docker0": (
        f"""
if [ "$1" = create ]; then
  for port in /sys/class/net/docker0/lower_*; do
    ip link set "${{port##*/lower_}}" nomaster
  done
fi
exec {DOCKER} "$@"
""",
        "CheckFailed: each eth0 has its other end at docker0",
    ),
    "loses the rule that masquerades": (
        f'iptables -t nat -F POSTROUTING; exec {DOCKER} "$@"',
        "StepFailed: the command did not end within 5 s",
    ),
    "lets everything through the firewall": (
        f"""
iptables -C DOCKER-USER -j ACCEPT 2>/dev/null || iptables -I DOCKER-USER -j ACCEPT
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 0, expected 1",
    ),
    "takes an internal network for an open one": (
        f"""
for word; do shift; [ "$word" = --internal ] || set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 0, expected 1",
    ),
    "leaves a container in its network when told to take it out": (
        f"""
case "$1$2$3" in networkdisconnectnone) ;; networkdisconnect*) exit 0 ;; esac
exec {DOCKER} "$@"
""",
        "CheckFailed: the web server stands in one network again",
    ),
    "puts a stranger into the network": (
        f"""
if [ "$1 $2" = "network disconnect" ] && [ "$3" = none ]; then
  {DOCKER} network connect dockbook-front dockbook-net-db
fi
exec {DOCKER} "$@"
""",
        "CheckFailed: the database is not among its neighbours",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    interfaces = lab.run("ls /sys/class/net; iptables-save | grep -c ^-A").output
    pass_twice("networks", lab, tmp_path)
    after = lab.run("ls /sys/class/net; iptables-save | grep -c ^-A").output
    assert after == interfaces


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt("networks", liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
