"""What every kind of host promises: one body over all of them."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from kernels_helpers.connect import connect, connect_for_run
from kernels_helpers.errors import LabError
from kernels_helpers.hosts import Host, LabHost
from kernels_helpers.lab import life
from tests.waiting import until

HOSTILE = [
    "plain",
    "two words",
    "'single' \"double\" `back`",
    "$(touch /tmp/dockbook-pwned)",
    "$HOME ${PATH} \\n \\",
    "; rm -rf /nowhere #",
    "first\nsecond\n",
    "-n --help",
    "* ? [a-z] ~ {a,b}",
    "中文 😀 é",
    "",
]


def test_url_says_its_kind(host: Host) -> None:
    labs = ("lab://shared", "lab://shared-podman")
    assert host.url in (*labs, "local://", "ssh://box")
    assert host.is_lab is (host.url in labs)


def test_the_engine_says_what_it_is(host: Host) -> None:
    is_podman = host.url == "lab://shared-podman"
    assert host.product == ("Podman" if is_podman else "Docker Engine")


def test_exit_code_and_merged_output_in_order(host: Host) -> None:
    result = host.run("echo one; echo two >&2; echo three; exit 7")
    assert (result.rc, result.output) == (7, "one\ntwo\nthree\n")
    assert not result.timed_out
    assert 0 < result.seconds < 10


@pytest.mark.parametrize(
    ("body", "rc"),
    [
        ("false; echo not reached", 1),
        ("false | true", 1),
        ("echo $unset_name", 1),
        ("dockbook-no-such-command", 127),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("bash -c 'kill -SEGV $$'", 139),
    ],
)
def test_exit_code_is_the_shells(host: Host, body: str, rc: int) -> None:
    assert host.run(body).rc == rc


def test_script_may_begin_with_a_dash(host: Host) -> None:
    assert host.run("-x").rc == 127


@pytest.mark.parametrize("value", HOSTILE)
def test_value_stays_data(host: Host, value: str) -> None:
    result = host.run('printf %s "$value"', env={"value": value})
    assert (result.rc, result.output) == (0, value)
    assert host.run("test ! -e /tmp/dockbook-pwned").rc == 0


def test_value_reaches_a_container_as_data(host: Host) -> None:
    value = "\n".join(HOSTILE)
    body = """docker run --rm -e value busybox sh -c 'printf %s "$value"'"""
    assert host.run(body, env={"value": value}).output == value


def test_stdin_is_empty(host: Host) -> None:
    assert host.run("cat", timeout=10).rc == 0


@pytest.mark.parametrize("user", ["nobody", "www-data"])
def test_runs_as_user(host: Host, user: str) -> None:
    body = 'id -un; id -Gn; echo "$HOME $USER $value"; echo ~'
    result = host.run(body, user=user, env={"value": "$(id)"})
    group = {"nobody": "nogroup"}.get(user, user)
    home = {"nobody": "/nonexistent", "www-data": "/var/www"}[user]
    assert result.output == f"{user}\n{group}\n{home} {user} $(id)\n{home}\n"
    assert result.rc == 0


def test_user_cannot_write_where_root_can(host: Host) -> None:
    assert host.run("test -w /etc", user="nobody").rc == 1
    assert host.run("test -w /etc").rc == 0


def test_unknown_user_is_an_error(host: Host) -> None:
    result = host.run("echo ran", user="no-such-user")
    assert result.rc == 1
    assert result.output == "no user 'no-such-user'\n"


def test_output_comes_while_the_command_runs(host: Host) -> None:
    started = time.monotonic()
    arrived: list[tuple[float, str]] = []
    host.run(
        "echo first; sleep 1; echo last",
        on_output=lambda text: arrived.append((time.monotonic() - started, text)),
    )
    assert [text for _, text in arrived] == ["first\n", "last\n"]
    assert arrived[1][0] - arrived[0][0] > 0.9


def test_split_character_arrives_whole(host: Host) -> None:
    parts: list[str] = []
    body = r"printf '\xe4\xb8'; sleep 0.3; printf '\xad'; sleep 0.3; printf '\xff\xe4'"
    assert host.run(body, on_output=parts.append).output == "中\ufffd\ufffd"
    assert parts[0] == "中"


def test_late_output_of_a_substitution_is_kept(host: Host) -> None:
    assert host.run("echo yes > >(sleep 0.02; cat)").output == "yes\n"


def test_large_output_is_complete(host: Host) -> None:
    result = host.run("seq 200000")
    assert result.output.splitlines() == [str(n) for n in range(1, 200001)]


def test_sdk_and_command_line_see_the_same_engine(host: Host) -> None:
    assert host.docker.ping() is True
    body = "docker info --format '{{.Name}}'; docker run -d --name same busybox true"
    result = host.run(body)
    assert result.rc == 0, result.output
    identity, container = result.output.split()
    assert host.docker.info()["Name"] == identity
    found = host.docker.containers.get("same")
    assert found.id == container
    found.remove(force=True)


def test_two_hosts_have_two_engines(host: Host, lab: LabHost) -> None:
    if host is not lab:
        assert host.docker.info()["Name"] != lab.docker.info()["Name"]


def test_hosts_run_commands_where_they_say(host: Host) -> None:
    here = str(Path("/proc/self/ns/mnt").readlink())
    there = host.run("readlink /proc/self/ns/mnt").output.strip()
    assert (here == there) is (host.url == "local://")


def test_threads_run_at_the_same_time(host: Host) -> None:
    outputs: list[str] = []

    def work(number: int) -> None:
        outputs.append(host.run(f"sleep 0.3; echo {number}").output)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outputs) == [f"{n}\n" for n in range(4)]


def test_lab_that_is_not_running_is_an_error(lab: LabHost) -> None:
    del lab
    with pytest.raises(LabError, match="start it with `dockbook lab up absent`"):
        connect("lab://absent").__enter__()


@pytest.mark.skipif(os.geteuid() != 0, reason="a normal user can have no disks")
@pytest.mark.parametrize("join", [connect, connect_for_run])
def test_a_url_without_a_name_can_ask_for_a_disk(
    dockbook_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    join: Callable[[str], AbstractContextManager[Host]],
) -> None:
    del dockbook_home
    monkeypatch.setenv("DOCKBOOK_LAB", "one")
    for url, name, size in (
        ("lab://", "lab://one", ""),
        ("lab://+disk", "lab://one-disk", "1073741824\n"),
    ):
        with join(url) as host:
            assert host.run("blockdev --getsize64 /dev/vdb 2>/dev/null").output == size
            assert (host.url == name) == (join is connect)
        until(lambda: not {"one", "one-disk"} & {*life.names()})
