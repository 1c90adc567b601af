"""How a command on any kind of host ends that would not end by itself."""

import itertools
import os
import signal
import threading

import pytest
from docker.errors import NotFound

from kernels_helpers import process
from kernels_helpers.hosts import Host
from tests.running import running
from tests.waiting import until

NAPS = itertools.count(1000)
# Its pid 1 obeys TERM, but INT not: it has no handler for it.
OBEYS_TERM = "trap 'exit 0' TERM; echo started; while :; do sleep 0.1; done"


def on_machine(word: str) -> list[str]:
    """Find the processes of the machine, those in labs too, that name a word."""
    return [words.decode() for _, words in running() if word.encode() in words]


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
