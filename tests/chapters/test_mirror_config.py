"""daemon.json as a user has it: what is broken is refused, what is good survives."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import book, report
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import attempt, inventory, lying
from tests.chapters.calls import call

REAL = "/etc/docker/daemon.json"
SETTINGS = json.dumps({"labels": ["a=b"], "log-opts": {"max-size": "7m"}}, indent=7)
LINKS = ("veth", "/run/docker/netns")  # anew with each start of a container
BRING = """
mkdir /srv/program && cd /srv/program
for name in strict_json docker_engine daemon_json; do
  printf %s "${!name}" >$name.py
done
echo '{"debug": true}' >good
echo '{"log-driver": "local"}' >driver
printf %s "$text" >kept && install -m 600 kept "$real" && systemctl restart docker
docker run -d --init --name user busybox sleep 1d
"""
VALID = """
case $* in *--config-file*) echo started with root; exit 1 ;; esac
exec /usr/sbin/dockerd "$@"
"""
BAD = {
    r"printf '\xef\xbb\xbf{}'": ":1: a byte order mark",
    r"printf '{\n# mine\n}'": ":2: a comment",
    r"printf '{\"debug\": true,\n}'": ":2: a comma",
    r"printf '{\"debug\": true,\n\"debug\": true}'": ":1, 2: the key 'debug'",
    r"printf '[]'": ":1: this is no object",
    r"printf '{\r\n}'": ":1: the line ends in CR LF",
    "chmod 666 $real; printf '{}'": ": with mode 666 others may write it",
    "chown nobody $real; printf '{}'": ": it belongs to user 65534",
}


@pytest.fixture(scope="module")
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give one host with the program, and with settings and a container of its user."""
    del dockbook_home
    with life.attached(f"set-{secrets.token_hex(4)}") as host:
        given = {**book.programs(), "real": REAL, "text": SETTINGS}
        made = host.run(BRING, env=given)
        assert made.rc == 0, made.output
        yield host
        host.docker.close()


def ask(host: LabHost, words: str, user: str | None = None) -> tuple[int, str]:
    command = f"python3 /srv/program/daemon_json.py {words} 2>&1"
    done = host.run(f"cd /srv/program && {command}", user=user)
    return done.rc, done.output


def state(host: LabHost) -> str:
    return host.run(f"stat -c '%a %U' {REAL}; cat {REAL}; ls /etc/docker").output


def test_a_broken_file_is_refused_and_left_as_it_is(host: LabHost) -> None:
    for make, said in BAD.items():
        host.run(f"real={REAL}; rm $real; touch $real; {make} >$real")
        before = state(host)
        rc, output = ask(host, "merge good")
        assert (rc, output.startswith(f"{REAL}{said}")) == (1, True), output
        assert state(host) == before
    host.run(f"ln -sf /srv/program/good {REAL}")
    assert ask(host, "merge good")[1].startswith(f"{REAL}: this is a link to")
    assert ask(host, "put good")[0] == 1
    host.run(f"rm {REAL} && mkdir {REAL}")
    assert ask(host, "merge good")[1].startswith(f"{REAL}: this is no file")
    host.run(f"rmdir {REAL} && install -m 600 /srv/program/kept {REAL}")


def test_who_may_not_is_told_so(host: LabHost) -> None:
    before = state(host)
    rc, output = ask(host, "merge good", user="nobody")
    assert (rc, output) == (1, f"{REAL}: Permission denied\n")
    assert ask(host, "merge gone") == (1, "gone: No such file or directory\n")
    assert state(host) == before


def test_an_engine_that_is_down_gets_a_good_file_again(host: LabHost) -> None:
    """Want a change that was killed half-way undone, and a broken file replaced."""
    cd = "cd /srv/program; "
    host.run(f"{cd}timeout -s KILL 0.4 python3 daemon_json.py merge driver --restart")
    host.run(f"echo broken >{REAL}; systemctl restart docker")
    assert ask(host, "merge good")[0] == 1
    assert ask(host, "put kept")[0] == 3
    assert ask(host, "put kept --restart") == (0, "restarted\n")
    assert host.docker.info()["Labels"] == ["a=b"]
    assert host.run(f"{cd}cmp kept {REAL}; stat -c %a {REAL}").output == "600\n"


def test_settings_and_containers_of_the_user_survive(
    host: LabHost, tmp_path: Path
) -> None:
    """Want a container to be started again that has no restart policy."""

    def there() -> tuple[set[str], object, str]:
        rows = {row for row in inventory(host) if not row.startswith(LINKS)}
        return rows, host.docker.info()["Labels"], state(host)

    host.run("docker start user")
    before = there()
    assert attempt("mirror-config", host, tmp_path).reason is None
    assert there() == before
    assert host.docker.containers.get("user").status == "running"


def test_settings_of_the_user_stay_until_they_are_taken_back(
    host: LabHost, tmp_path: Path
) -> None:
    def change(*, plan: bool = False) -> report.Report:
        values: Any = {
            "rehearse": "false",
            "restart": "true",
            "settings": "/srv/my set",
        }
        return attempt("mirror-config", host, tmp_path, plan=plan, **values)

    host.run("docker start user; cd /srv && mv program/driver 'my set'")
    before = inventory(host)
    planned = change(plan=True)
    assert (planned.status, inventory(host)) == ("planned", before)
    made = change()
    assert (made.status, made.reason) == ("passed", None)
    assert json.loads(host.run(f"cat {REAL}").output) == {
        **json.loads(SETTINGS),
        "log-driver": "local",
    }
    assert host.docker.info()["LoggingDriver"] == "local"
    assert host.docker.containers.get("user").status == "running"
    after = inventory(host)
    again = change(plan=True)
    assert (again.status, again.pending) == ("planned", 0)
    assert change().reason is None
    assert inventory(host) == after
    done = call("undo", tmp_path / made.run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {row for row in inventory(host) if not row.startswith(LINKS)} == {
        row for row in before if not row.startswith(LINKS)
    }
    assert change(plan=True).pending > 0
    host.run("cd /srv && mv 'my set' program/driver")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("true", "wanted: No such file or directory"),
        ("ln -s program/good wanted", "wanted: this is a link to program/good: "),
        (r"printf '{\n# mine\n}' >wanted", "wanted:2: a comment"),
        ("echo '{\"hosts\": []}' >wanted; chmod 666 wanted", "others may write it"),
        ("cp program/driver wanted", "/srv/wanted: say restart=true"),
        ('echo \'{"debug": "yes"}\' >wanted', "the engine would not start: "),
    ],
)
def test_settings_that_will_not_do_are_refused_before_any_change(
    host: LabHost, tmp_path: Path, make: str, said: str
) -> None:
    host.run(f"cd /srv && {make}")
    before = inventory(host)
    values: Any = {"rehearse": "false", "settings": "/srv/wanted"}
    made = attempt("mirror-config", host, tmp_path, **values)
    assert said in (made.reason or "")
    assert inventory(host) == before
    host.run("rm -f /srv/wanted")


def test_a_dockerd_that_finds_everything_valid_makes_it_fail(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    with lying(VALID, "dockerd") as liar:
        before = inventory(liar)
        made = attempt("mirror-config", liar, tmp_path)
        assert "the command ended with 1, expected 0: " in (made.reason or "")
        assert inventory(liar) == before
