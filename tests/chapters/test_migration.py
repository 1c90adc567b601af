"""The chapter migration: nothing is lost on the way there, back, or half-way."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import attempt, inventory, lying
from tests.labs import DISKS

KINDS = {"container", "volume", "network", "image"}
BACK = "bash /root/dockbook-migration/back"
ROOT = "docker info --format '{{.DockerRootDir}}'"
PLACE = "docker volume inspect --format '{{.Mountpoint}}' kept"
SETTINGS = '{"log-opts": {"max-size": "7m"}}'
OF_THE_USER = """
printf %s "$settings" >/etc/docker/daemon.json && systemctl restart docker
docker run -d --init --name user -v kept:/data --restart always busybox \
  sh -c 'echo started >>/data/log; sleep 1d'
docker create --name unused -v other:/data busybox
docker run -d --init --name rested --restart always busybox sleep 1d
docker stop rested
"""


@pytest.fixture
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a host with a data disk, and with data and settings of its user."""
    del dockbook_home
    with life.attached(f"to-move-{secrets.token_hex(4)}", DISKS) as host:
        assert host.run(OF_THE_USER, env={"settings": SETTINGS}).rc == 0
        yield host
        host.docker.close()


def objects(host: LabHost) -> list[str]:
    """List what the engine has, without the host's files."""
    return [row for row in inventory(host) if row.split()[0] in KINDS]


def says(host: LabHost, command: str) -> str:
    done = host.run(command)
    assert done.rc == 0, done.output
    return done.output


@pytest.mark.parametrize("method", ["bind", "data-root"])
def test_a_real_move_stays_and_the_way_back_takes_along_what_is_new(
    host: LabHost, tmp_path: Path, method: str
) -> None:
    before = objects(host)
    made = attempt("migration", host, tmp_path, method=method, rehearse="false")
    assert (made.status, made.reason) == ("passed", None)
    assert objects(host) == before
    assert host.docker.containers.get("rested").status == "exited"
    mounted = says(host, f"stat -c %m $({PLACE})")
    assert mounted == {"bind": "/var/lib/docker\n", "data-root": "/data\n"}[method]
    assert "7m" in says(host, "cat /etc/docker/daemon.json")
    says(host, "docker exec user sh -c 'echo new >>/data/log'")
    says(host, "docker run -d --init --name new -v kept:/data busybox sleep 1d")
    after = objects(host)
    for _ in range(2):  # the second time there is nothing to return from
        says(host, BACK)
        assert objects(host) == after
    assert says(host, ROOT) == "/var/lib/docker\n"
    assert says(host, "cat /etc/docker/daemon.json") == SETTINGS
    says(host, "umount /data")  # nothing needs the disk any more
    says(host, "docker restart -t 5 user new")
    log = says(host, "docker exec user cat /data/log").splitlines()
    assert log.count("new") == 1
    assert log.count("started") >= 3
    assert host.run("grep docker /etc/fstab").rc == 1


def test_a_rehearsal_of_data_root_leaves_nothing(lab: LabHost, tmp_path: Path) -> None:
    before = inventory(lab)
    made = attempt("migration", lab, tmp_path, method="data-root")
    assert (made.status, made.reason) == ("passed", None)
    assert inventory(lab) == before


LIES = {
    "rsync loses access lists": (
        "rsync",
        """
for word; do
  shift
  case $word in -*HAXSx) word=${word%HAXSx}HXSx ;; esac
  set -- "$@" "$word"
done
exec /usr/bin/rsync "$@"
""",
        "CheckFailed: with -A it arrives",
    ),
    "rsync keeps in the copy what is gone": (
        "rsync",
        """
case $1 in -n*) exec /usr/bin/rsync "$@" ;; esac
for word; do
  shift
  [ "$word" = --delete ] || set -- "$@" "$word"
done
exec /usr/bin/rsync "$@"
""",
        "CheckFailed: there is no difference",
    ),
    "mount -a mounts nothing": (
        "mount",
        '[ "$1" = -a ] && exit 0\nexec /usr/bin/mount "$@"',
        "CheckFailed: the data root is on the disk, once",
    ),
    "jq drops the key": (
        "jq",
        'case $* in *data-root*) cat "$5"; exit ;; esac\nexec /usr/bin/jq "$@"',
        "CheckFailed: only data-root changes daemon.json",
    ),
}


@pytest.mark.parametrize(("command", "fake", "reason"), LIES.values(), ids=LIES)
def test_a_tool_that_does_something_wrong_is_noticed_and_the_host_put_back(
    dockbook_home: Path, tmp_path: Path, command: str, fake: str, reason: str
) -> None:
    del dockbook_home
    method = "data-root" if command == "jq" else "bind"
    with lying(fake, command) as liar:
        before = inventory(liar)
        made = attempt("migration", liar, tmp_path, method=method)
        assert made.status == "failed"
        assert (made.reason or "").startswith(reason)
        assert inventory(liar) == before
        assert says(liar, ROOT) == "/var/lib/docker\n"


def test_an_engine_with_live_restore_is_refused(host: LabHost, tmp_path: Path) -> None:
    """Want the engine's own answer to decide, before anything has been changed."""
    live = '{"live-restore": true}'
    write = 'printf %s "$text" >/etc/docker/daemon.json && systemctl restart docker'
    assert host.run(write, env={"text": live}).rc == 0
    before = inventory(host)
    made = attempt("migration", host, tmp_path)
    assert made.reason == "CheckFailed: overlay2, without live-restore"
    assert [step["kind"] for step in made.steps] == ["look"]
    assert inventory(host) == before
