"""The chapter install, where the host or its engine is not what it seems."""

from pathlib import Path

import pytest

from kernels_helpers import report
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
MIRRORED = """
mkdir -p /etc/docker
echo '{"registry-mirrors": ["https://mirror.example"]}' >/etc/docker/daemon.json
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

# What Docker's script does in a dry run, as far as the chapter asks.
SCRIPT = """
mirror= channel=
while [ $# -gt 0 ]; do
  case $1 in
  --mirror) mirror=$2 ;;
  --channel) channel=$2 ;;
  esac
  shift
done
case $mirror in Aliyun | '') ;; *) exit 1 ;; esac
case $channel in stable | test | '') ;; *) exit 1 ;; esac
echo 'echo "deb [signed-by=/etc/apt/keyrings/docker.asc] \
https://mirrors.aliyun.com/docker-ce/linux/debian bookworm stable"'
"""


@pytest.mark.parametrize(
    ("command", "fake", "reason"),
    [
        ("apt-get", APT + OPEN, "CheckFailed: root and a group may use the socket"),
        ("apt-get", APT + REMAP, "CheckFailed: with the group the user is root"),
        (
            "apt-get",
            APT + MIRRORED,
            "CheckFailed: a source of packages is no mirror of images",
        ),
        (
            "dpkg-query",
            '[ "$2" != \'${Version}\' ] || exec echo 99\n/usr/bin/dpkg-query "$@"',
            "CheckFailed: so its support is that of the distribution",
        ),
        ("apt-get", UPGRADE, "CheckFailed: it upgrades nothing"),
        ("usermod", "exit 0", "StepFailed: the command ended well, but this is not"),
        ("jq", REPLACE, "CheckFailed: merging has kept what was there"),
    ],
    ids=[
        *("open socket", "harmless root", "mirror of images", "other package"),
        *("upgrade", "no member", "no merge"),
    ],
)
def test_a_host_that_is_wrong_makes_it_fail(
    tree: Path, tmp_path: Path, command: str, fake: str, reason: str
) -> None:
    del tree
    with lying(fake, command, bare=True) as liar:
        made = attempt("install", liar, tmp_path)
        assert (made.reason or "").startswith(reason)
        assert liar.run("dpkg -s docker.io").rc == 1


def given(host: LabHost, script: str) -> str:
    """Put the script on the host and return its path."""
    path = "/root/get-docker.sh"
    put = 'printf %s "$script" >"$path"'
    assert host.run(put, env={"script": script, "path": path}).rc == 0
    return path


def test_a_script_that_is_there_is_run_dry(bare_lab: LabHost, tmp_path: Path) -> None:
    made = attempt("install", bare_lab, tmp_path, script=given(bare_lab, SCRIPT))
    assert (made.status, made.reason) == ("passed", None)
    (run,) = tmp_path.iterdir()
    told = (run / report.NOTEBOOK).read_text()
    assert "--channel nightly: exit code 1" in told
    assert "deb [signed-by=/etc/apt/keyrings/docker.asc] https://mirrors.aliyun" in told


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("| test | ''", "| *", "it knows no other, and no nightly"),
        pytest.param(
            *("Aliyun | ''", "*", "it knows no other, and no nightly"),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            *("[signed-by=", "[by=", "the script, if here, would add the mirror"),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            "echo 'echo",
            "echo registry-mirrors; echo 'echo",
            "a source of packages is no mirror of images",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_a_script_that_does_otherwise_makes_it_fail(
    bare_lab: LabHost, tmp_path: Path, right: str, wrong: str, reason: str
) -> None:
    path = given(bare_lab, SCRIPT.replace(right, wrong))
    made = attempt("install", bare_lab, tmp_path, script=path)
    assert made.reason == f"CheckFailed: {reason}"


def test_a_host_with_docker_is_left_alone(lab: LabHost, tmp_path: Path) -> None:
    before = inventory(lab)
    made = attempt("install", lab, tmp_path)
    assert "the command ended with 0, expected 127: " in (made.reason or "")
    assert inventory(lab) == before
