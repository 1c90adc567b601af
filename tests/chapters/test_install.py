"""The chapter install, where the host or its engine is not what it seems."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import attempt, inventory, lying

APT = """
/usr/bin/apt-get "$@" || exit
[ "$1 $2" = "install -y" ] || exit 0
"""
OPEN = "chmod 666 /run/docker.sock"
REMAP = """
echo '{"userns-remap": "default"}' >/etc/docker/daemon.json
systemctl restart docker
"""
UPGRADE = """
[ "$2" != --simulate ] || [ "$4" != docker.io ] || echo 'Inst libc6 [2.1] (2.2)'
exec /usr/bin/apt-get "$@"
"""
REPLACE = """
[ "$1" = --arg ] || exec /usr/bin/jq "$@"
echo "{\\"registry-mirrors\\": [\\"$3\\"]}"
"""


@pytest.mark.parametrize(
    ("command", "fake", "reason"),
    [
        ("apt-get", APT + OPEN, "CheckFailed: root and a group may use the socket"),
        ("apt-get", APT + REMAP, "CheckFailed: with the group the user is root"),
        ("apt-get", UPGRADE, "CheckFailed: it upgrades nothing"),
        ("usermod", "exit 0", "StepFailed: the command ended well, but this is not"),
        ("jq", REPLACE, "CheckFailed: merging has kept what was there"),
    ],
    ids=["open socket", "harmless root", "upgrade", "no member", "no merge"],
)
def test_a_host_that_is_wrong_makes_it_fail(
    tree: Path, tmp_path: Path, command: str, fake: str, reason: str
) -> None:
    del tree
    with lying(fake, command, bare=True) as liar:
        made = attempt("install", liar, tmp_path)
        assert (made.reason or "").startswith(reason)
        assert liar.run("dpkg -s docker.io").rc == 1


def test_a_host_with_docker_is_left_alone(lab: LabHost, tmp_path: Path) -> None:
    before = inventory(lab)
    made = attempt("install", lab, tmp_path)
    assert "the command ended with 0, expected 127: " in (made.reason or "")
    assert inventory(lab) == before
