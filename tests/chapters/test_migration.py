"""The chapter migration: nothing is lost on the way there, back, or half-way."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers import book, notebook
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
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
docker run --name low busybox sh -c 'mkdir /dir; touch /dir/old /gone'
docker commit low low
docker run --name hides low sh -c 'rm -r /dir /gone; mkdir /dir; touch /dir/new'
docker commit hides hidden
cd "$(docker volume inspect --format '{{.Mountpoint}}' kept)"
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'
cp /bin/true able && setfattr -n security.capability -v "$ability" able
"""
ABILITY = "0x0100000200200000000000000000000000000000"  # CAP_NET_RAW, effective
# What a copy loses most easily: opaque directories and whiteouts, shown by the image
# that has them, a capability of a file, a socket.
RARE = f"""
docker run --rm hidden sh -c 'ls /dir; ! ls /gone 2>/dev/null'
cd "$({PLACE})" && stat -c '%n %F %a %u:%g %y' socket able
getfattr -d -m security able | sed 1d
cd "$({ROOT})/overlay2" && find . -path '*/diff/*' -type c -printf '%p %D\n' | wc -l
getfattr -RPh -m trusted.overlay.opaque -d . | grep -c opaque
"""


@pytest.fixture
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a host with a data disk, and with data and settings of its user."""
    del dockbook_home
    settings = {"settings": SETTINGS, "ability": ABILITY}
    with life.attached(f"to-move-{secrets.token_hex(4)}", DISKS) as host:
        assert host.run(OF_THE_USER, env=settings).rc == 0
        yield host
        host.docker.close()


def objects(host: LabHost) -> list[str]:
    """List what the engine has, without the host's files."""
    return [row for row in inventory(host) if row.split()[0] in KINDS]


def says(host: LabHost, command: str, **env: str) -> str:
    done = host.run(command, env=env)
    assert done.rc == 0, done.output
    return done.output


def cell(name: str) -> str:
    """Return the command of a cell of the chapter."""
    chapter, _ = notebook.load(book.find("migration"))
    source: str = next(c.source for c in chapter.cells if c.id == name)
    return source.split("\n", 1)[1]


@pytest.mark.parametrize("method", ["bind", "data-root"])
def test_a_real_move_stays_and_the_way_back_takes_along_what_is_new(
    host: LabHost, tmp_path: Path, method: str
) -> None:
    before, rare = objects(host), says(host, RARE)
    made = attempt("migration", host, tmp_path, method=method, rehearse="false")
    assert (made.status, made.reason) == ("passed", None)
    assert (objects(host), says(host, RARE)) == (before, rare)
    assert host.docker.containers.get("rested").status == "exited"
    mounted = says(host, f"stat -c %m $({PLACE})")
    assert mounted == {"bind": "/var/lib/docker\n", "data-root": "/data\n"}[method]
    assert "7m" in says(host, "cat /etc/docker/daemon.json")
    says(host, "docker exec user sh -c 'echo new >>/data/log'")
    says(host, "docker run -d --init --name new -v kept:/data busybox sleep 1d")
    after = objects(host)
    for _ in range(2):  # the second time there is nothing to return from
        says(host, BACK)
        assert (objects(host), says(host, RARE)) == (after, rare)
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


PLACES = {
    "old": "/var/lib/docker",
    "mount": "/data",
    "new": "/data/docker",
    "aside": "/var/lib/docker.old",
    "records": "/root/records",
    "disk": "/dev/vdb",
    "run": "none",
}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("new", "/data/my docker", "use only letters, digits"),
        ("new", "/data/数据", "use only letters, digits"),
        ("new", "/data/docker/", "write /data/docker"),
        ("new", "/data/../data/docker", "write /data/docker"),
        ("new", "/srv/docker", "choose a directory below /data"),
        ("new", "/var/lib/docker/new", "choose a place outside of /var/lib/docker"),
        ("old", "/srv/link", "write /var/lib/docker"),
        ("aside", "/run/aside", "choose a place beside /var/lib/docker"),
        ("records", "/etc", "move it away"),
        ("disk", "/dev/null", "not blank"),
    ],
)
def test_a_path_that_will_not_do_is_refused_with_the_way_out(
    lab: LabHost, name: str, value: str, said: str
) -> None:
    assert lab.run("ln -sfn /var/lib/docker /srv/link").rc == 0
    look = lab.run(cell("migration-look-02"), env=PLACES | {name: value})
    lab.run("rm /srv/link")
    assert look.rc == 1
    assert f"{value}: {said}" in look.output
    assert lab.run(cell("migration-look-02"), env=PLACES).output == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\ufeff{}", "byte order mark"),
        ('{"debug": true, // why\n"mtu": 1400}', "1: a comment"),
        ('{"debug": true,}', "1: a comma before the bracket"),
        ("[]", "1: this is no object"),
        (
            '{"log-opts": {"a": "1"}, "log-opts": {"b": "2"}}',
            "the key 'log-opts' is there twice",
        ),
        ('{"labels": [], "mtu": 1400, "mtu": 1500}', "the key 'mtu' is there twice"),
    ],
)
def test_a_configuration_that_docker_may_read_otherwise_is_refused(
    lab: LabHost, text: str, said: str
) -> None:
    json = "/etc/docker/daemon.json"
    write = f'mkdir -p /etc/docker; printf %s "$text" >{json}'
    assert lab.run(write, env={"text": text}).rc == 0
    look = lab.run(cell("migration-look-03"), env=book.programs())
    lab.run(f"rm {json}")
    assert look.rc == 1
    assert f"{json}:" in look.output
    assert said in look.output


def test_a_table_of_file_systems_keeps_every_other_byte(lab: LabHost) -> None:
    """Want odd white space, comments and a missing line break at the end kept."""
    odd = (
        "# mine\n\n  \tLABEL=none\t /x   ext4 noauto  0\t0 # why\nUUID=1 /y xfs ro 0 0"
    )
    run = "mkdir -p /root/r && cp -a /etc/fstab /root/r/fstab && "
    run += (
        'printf %s "$odd" >/etc/fstab && cd /root/r && echo "/a /b none bind" >line\n'
    )
    bodies = cell("migration-change-04")
    twice = (
        "\nfor act in add add remove; do bash fstab-line $act line; cat /etc/fstab; "
    )
    twice += "echo =; done; cp -a fstab /etc/fstab; rm -r /root/r"
    told = says(lab, run + bodies + twice, odd=odd, records="/root/r")
    added = f"{odd}\n/a /b none bind\n"
    assert told.split("=\n") == [f"1\n{added}", added, odd, ""]
