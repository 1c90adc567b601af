"""What every kind of host promises: one body over all of them."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from docker.errors import NotFound

from kernels_helpers import process
from kernels_helpers.connect import connect, connect_for_run
from kernels_helpers.errors import LabError
from kernels_helpers.hosts import Host, LabHost
from kernels_helpers.lab import life
from tests.far import far
from tests.waiting import until

NAPS = itertools.count(1000)

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

# Its pid 1 obeys TERM, but INT not: it has no handler for it.
OBEYS_TERM = "trap 'exit 0' TERM; echo started; while :; do sleep 0.1; done"


@pytest.fixture(scope="module", params=["lab", "podman", "local", "ssh"])
def host(
    request: pytest.FixtureRequest,
    lab: LabHost,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Host]:
    """Give a host of each kind, and one whose engine is Podman.

    The engine of ``local://`` runs in a second lab, so that the machine's own is
    left alone; the commands run on the machine, with DOCKER_HOST set. ``ssh://`` is
    a third lab, with an sshd.
    """
    if request.param == "lab":
        yield lab
        return
    if request.param == "podman":
        yield request.getfixturevalue("podman_lab")
        return
    if request.param == "ssh":
        folder = tmp_path_factory.mktemp("far")
        with life.attached("far") as box, far(box, folder) as url, connect(url) as host:
            yield host
            host.docker.close()
        return
    with life.attached("engine") as engine, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine.socket)
        with connect("local://") as host:
            yield host
            host.docker.close()


def on_machine(word: str) -> list[str]:
    """Find the processes of the machine, those in labs too, that name a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if word.encode() in words:
            found.append(words.decode())
    return found


@pytest.fixture
def nap() -> str:
    """Give a time to sleep, by which to find the sleeper: nobody else has it."""
    return f"{next(NAPS)}.{os.getpid()}"


class Interrupt:
    """Press Ctrl-C once, shortly after the first output of a command."""

    def __init__(self) -> None:
        self.pressed = False

    def __call__(self, text: str) -> None:
        if "started" in text and not self.pressed:
            self.pressed = True
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()


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


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.5)


@pytest.mark.usefixtures("impatient")
def test_timeout_ends_the_group(host: Host, nap: str) -> None:
    result = host.run(f"echo started; sleep {nap} & sleep {nap}", timeout=0.5)
    assert result.timed_out
    assert result.rc != 0
    assert result.output == "started\n"
    assert result.seconds < 5
    until(lambda: on_machine(nap) == [])


@pytest.mark.usefixtures("impatient")
def test_timeout_holds_for_one_that_ignores_signals(host: Host, nap: str) -> None:
    result = host.run(f"trap '' INT TERM; echo started; sleep {nap}", timeout=0.3)
    assert result.timed_out
    assert result.rc > 128
    until(lambda: on_machine(nap) == [])


def test_timeout_holds_without_output(host: Host, nap: str) -> None:
    result = host.run(f"exec >&- 2>&-; sleep {nap}", timeout=0.3)
    assert result.timed_out
    until(lambda: on_machine(nap) == [])


def test_keyboard_interrupt_ends_the_command(host: Host, nap: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        host.run(
            f"echo started; (sleep {nap}; true) & sleep {nap}", on_output=Interrupt()
        )
    until(lambda: on_machine(nap) == [])


def test_keyboard_interrupt_lets_a_container_end(host: Host) -> None:
    with pytest.raises(KeyboardInterrupt):
        host.run(
            'docker run --rm --name obeys busybox sh -c "$body"',
            env={"body": OBEYS_TERM},
            on_output=Interrupt(),
        )

    def gone() -> bool:
        try:
            host.docker.containers.get("obeys")
        except NotFound:
            return True
        return False

    until(gone)


@pytest.mark.parametrize(
    "left", ["sleep {nap} &", "(while :; do echo {nap}; sleep 0.01; done) &"]
)
def test_background_process_does_not_hold_the_step(
    host: Host, left: str, nap: str
) -> None:
    result = host.run(f"{left.format(nap=nap)} echo done; exit 4", timeout=10)
    assert (result.rc, result.timed_out) == (4, False)
    assert "done\n" in result.output
    assert result.seconds < 5
    until(lambda: on_machine(nap) == [])


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
