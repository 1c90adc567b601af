"""The chapter migration: nothing is lost on the way there, back, or half-way."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers import journal, report
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters import rare
from tests.chapters.attempts import attempt, inventory, lying
from tests.labs import DISKS

KINDS = {"container", "volume", "network", "image"}
BACK = "bash /root/dockbook-migration/back"
ROOT = "docker info --format '{{.DockerRootDir}}'"
PLACE = "docker volume inspect --format '{{.Mountpoint}}' kept"
SETTINGS = '{"log-opts": {"max-size": "7m"}}'
LAYERS = "cd /var/lib/docker/overlay2 && sha256sum */diff/etc/os-release"
OF_THE_USER = """
printf %s "$settings" >/etc/docker/daemon.json && systemctl restart docker
docker run -d --init --name user -v kept:/data --restart always busybox \
  sh -c 'echo started >>/data/log; sleep 1d'
docker create --name unused -v other:/data busybox
docker run -d --init --name rested --restart always busybox sleep 1d
docker stop rested
"""


XFS = """
mkfs.xfs -q /dev/vdb && mkdir -p /data && mount /dev/vdb /data
echo '/dev/vdb /data xfs defaults 0 2' >>/etc/fstab
"""
# Every container with a volume starts while nothing is at the old path.
WITHOUT_THE_OLD = """
mv /var/lib/docker.old /root/away && [ ! -e /var/lib/docker ]
docker ps -aq --filter volume=kept --filter volume=other | xargs docker restart -t 1
mv /root/away /var/lib/docker.old
"""


@pytest.fixture
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a host with a data disk, and with data and settings of its user."""
    del dockbook_home
    settings = {"settings": SETTINGS}
    with life.attached(f"to-move-{secrets.token_hex(4)}", DISKS) as host:
        assert host.run(OF_THE_USER + rare.MAKE, env=settings).rc == 0
        yield host
        host.docker.close()


def objects(host: LabHost) -> list[str]:
    """List what the engine has, without the host's files."""
    return [row for row in inventory(host) if row.split()[0] in KINDS]


def says(host: LabHost, command: str, **env: str) -> str:
    done = host.run(command, env=env)
    assert done.rc == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("method", "disk"),
    [
        ("bind", ":"),
        ("data-root", ":"),
        pytest.param("bind", XFS, marks=pytest.mark.exhaustive, id="bind-xfs"),
    ],
)
def test_a_real_move_stays_and_the_way_back_takes_along_what_is_new(
    host: LabHost, tmp_path: Path, method: str, disk: str
) -> None:
    says(host, disk)
    before, seen = objects(host), says(host, rare.SHOW)
    made = attempt("migration", host, tmp_path, method=method, rehearse="false")
    assert (made.status, made.reason) == ("passed", None)
    assert (objects(host), says(host, rare.SHOW)) == (before, seen)
    assert host.docker.containers.get("rested").status == "exited"
    mounted = says(host, f"stat -c %m $({PLACE})")
    assert mounted == {"bind": "/var/lib/docker\n", "data-root": "/data\n"}[method]
    assert "7m" in says(host, "cat /etc/docker/daemon.json")
    says(host, "docker exec user sh -c 'echo new >>/data/log'")
    says(host, "docker run -d --init --name new -v kept:/data busybox sleep 1d")
    if method == "data-root":
        says(host, WITHOUT_THE_OLD)
    after = objects(host)
    for _ in range(2):  # the second time there is nothing to return from
        says(host, BACK)
        assert (objects(host), says(host, rare.SHOW)) == (after, seen)
    assert says(host, ROOT) == "/var/lib/docker\n"
    assert host.run(f"getfattr -m SGI $({PLACE})/able").output == ""
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


SEE_THROUGH = """
/usr/bin/cp "$@" || exit
[ "$1" = -ax ] || exit 0
getfattr --absolute-names -RPhm trusted.overlay.opaque "$3/overlay2" |
  sed -n 's/^# file: //p' | xargs setfattr -hx trusted.overlay.opaque
"""
LIES = {
    "cp takes the contents only": (
        "cp",
        '[ "$1" != -ax ] || { shift; set -- -dRx "$@"; }\nexec /usr/bin/cp "$@"',
        "CheckFailed: with -A it arrives",
    ),
    "cp spoils a layer, and puts its time back": (
        "cp",
        """
/usr/bin/cp "$@" || exit
[ "$1" = -ax ] || exit 0
file=$(ls "$3"/overlay2/*/diff/etc/os-release | head -n 1)
touch -r "$file" /run/time
printf x | dd of="$file" bs=1 seek=4 conv=notrunc status=none
touch -r /run/time "$file"
""",
        "StepFailed: the command ended with 1, expected 0",
    ),
    "rm keeps in the copy what is gone": (
        "rm",
        '[ "$2" = -- ] && exit 0\nexec /usr/bin/rm "$@"',
        "CheckFailed: what was removed stays removed",
    ),
    "rsync sends nothing in the last pass": (
        "rsync",
        'pgrep -x dockerd >/dev/null || exec cat >/dev/null\nexec /usr/bin/rsync "$@"',
        "CheckFailed: other programs see no difference",
    ),
    "jq drops the key": (
        "jq",
        """
case $* in *slurpfile*) echo '{"data-root": ""}'; exit ;; esac
exec /usr/bin/jq "$@"
""",
        "CheckFailed: one key is added, the others are kept",
    ),
}


@pytest.mark.parametrize(("command", "fake", "reason"), LIES.values(), ids=LIES)
def test_a_tool_that_does_something_wrong_is_noticed_and_the_host_put_back(
    dockbook_home: Path, tmp_path: Path, command: str, fake: str, reason: str
) -> None:
    del dockbook_home
    method = "data-root" if command == "jq" else "bind"
    with lying(fake, command) as liar:
        before = inventory(liar), says(liar, LAYERS)
        made = attempt("migration", liar, tmp_path, method=method)
        assert made.status == "failed"
        assert (made.reason or "").startswith(reason)
        assert (inventory(liar), says(liar, LAYERS)) == before
        assert says(liar, ROOT) == "/var/lib/docker\n"


def test_opaque_directories_that_are_lost_are_noticed_by_the_comparison(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Let nothing but them be lost: with them, deleted files of an image come back."""
    del dockbook_home
    with lying(SEE_THROUGH, "cp") as liar:
        says(liar, "docker volume create kept" + rare.MAKE)
        before, seen = inventory(liar), says(liar, rare.SHOW)
        made = attempt("migration", liar, tmp_path)
        events = journal.read(tmp_path / made.run / report.JOURNAL)
        told = [e["output"] for e in events if e["event"] == "end"][-1]
        assert "x overlay2/" in told, (made.reason, told)
        assert told.count("/diff/dir/\n") == 2
        assert (inventory(liar), says(liar, rare.SHOW)) == (before, seen)


def test_a_name_that_the_first_copy_lacks_is_sent_with_the_others_of_its_file(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    loses = '/usr/bin/cp "$@" || exit\n[ "$1" != -ax ] || rm "$3"/volumes/*/_data/twin'
    with lying(loses, "cp") as liar:
        made = attempt("migration", liar, tmp_path)
        assert (made.status, made.reason) == ("passed", None)


WILL = """
docker run -d --name user -v kept:/data busybox \\
  sh -c 'trap "echo last >/data/will; exit" TERM; sleep 1d & wait'
"""


def test_a_file_that_is_made_at_the_end_and_never_sent_is_still_there(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Let a container make it when it is stopped, and the last pass send nothing."""
    del dockbook_home
    sends_none = "pgrep -x dockerd >/dev/null || exec cat >/dev/null\n"
    with lying(f'{sends_none}exec /usr/bin/rsync "$@"', "rsync") as liar:
        says(liar, WILL)
        made = attempt("migration", liar, tmp_path, rehearse="false")
        assert "/_data/will': No such file" in (made.reason or "")
        assert says(liar, f"cat $({PLACE})/will") == "last\n"
        assert says(liar, ROOT) == "/var/lib/docker\n"


def test_an_engine_with_live_restore_is_refused(host: LabHost, tmp_path: Path) -> None:
    """Want the engine's own answer to decide, before anything has been changed."""
    live = '{"live-restore": true}'
    write = 'printf %s "$text" >/etc/docker/daemon.json && systemctl restart docker'
    assert host.run(write, env={"text": live}).rc == 0
    before = inventory(host)
    made = attempt("migration", host, tmp_path)
    assert made.reason == (
        "StepFailed: the command ended with 1, expected 0: refused: with live-restore "
        "containers outlive the engine; set it to false and reload"
    )
    assert [step["kind"] for step in made.steps] == ["look", "look"]
    assert inventory(host) == before
