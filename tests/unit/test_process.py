"""Real processes, no engine: what every command of a chapter goes through."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kernels_helpers import process
from kernels_helpers.process import run, start_time
from tests.running import running
from tests.waiting import until

NAPS = itertools.count(1000)


def sh(script: str) -> list[str]:
    return ["bash", "-c", script]


def alive(word: str) -> list[str]:
    """Find running processes by an argument of theirs; the dead have none."""
    return [pid for pid, words in running() if word.encode() in words.split(b"\0")]


@pytest.fixture
def nap() -> str:
    """Give a time to sleep, by which to find the sleeper: nobody else has it."""
    return f"{next(NAPS)}.{os.getpid()}"


def reapers() -> list[str]:
    """Find the reapers of this process: other tests may run on the machine."""
    mine = f"PPid:\t{os.getpid()}\n"
    return [p for p in alive(process.REAPER) if mine in status(p)]


def status(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def test_result_of_a_command() -> None:
    result = run(sh("echo out; echo err >&2; exit 3"))
    assert (result.rc, result.output, result.timed_out) == (3, "out\nerr\n", False)
    assert 0 < result.seconds < 5


def test_no_shell_reads_the_words() -> None:
    assert (
        run(["printf", "%s|", "$(id)", "; true", "a b"]).output == "$(id)|; true|a b|"
    )


def test_environment_is_what_is_given() -> None:
    assert run(["/usr/bin/env"], env={"A": "1\n2"}).output == "A=1\n2\n"


def test_missing_program_is_an_error_and_leaves_no_reaper() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/no/such/program"])
    until(lambda: reapers() == [])


def test_failure_before_exec_is_an_error_and_leaves_no_reaper() -> None:
    def fail() -> None:
        raise RuntimeError

    with pytest.raises(subprocess.SubprocessError):
        run(["true"], before_exec=fail)
    until(lambda: reapers() == [])


def test_before_exec_runs_in_the_child() -> None:
    assert run(["pwd"], before_exec=lambda: os.chdir("/usr")).output == "/usr\n"


@pytest.mark.parametrize(("number", "rc"), [("TERM", 143), ("KILL", 137), ("INT", 130)])
def test_exit_code_of_a_signal(number: str, rc: int) -> None:
    assert run(sh(f"kill -{number} $$")).rc == rc


def test_nothing_is_left_of_a_command(nap: str) -> None:
    run(sh(f"sleep {nap} & echo done"))
    until(lambda: alive(nap) == [])
    until(lambda: reapers() == [])


def test_leaving_the_group_is_allowed(nap: str) -> None:
    """A daemon that a step starts on purpose lives on."""
    run(sh(f"setsid sleep {nap} >/dev/null & sleep 0.2"))
    (daemon,) = alive(nap)
    os.kill(int(daemon), signal.SIGKILL)


@pytest.mark.parametrize("holder", ["sleep 1000", "while :; do echo x; done"])
def test_background_process_does_not_hold_the_command(holder: str) -> None:
    result = run(sh(f"({holder}) & echo done"), timeout=10)
    assert not result.timed_out
    assert "done\n" in result.output
    assert result.seconds < 3


def test_timeout_counts_while_output_flows() -> None:
    result = run(sh("while :; do echo x; done"), timeout=0.3)
    assert result.timed_out
    assert result.seconds < 3


def test_timeout_counts_when_output_is_closed(nap: str) -> None:
    result = run(sh(f"exec >&- 2>&-; sleep {nap}"), timeout=0.3)
    assert result.timed_out
    until(lambda: alive(nap) == [])


def test_command_may_close_its_output_early() -> None:
    assert run(sh("exec >&- 2>&-; sleep 0.2; exit 5"), timeout=10).rc == 5


@pytest.mark.parametrize("number", ["INT", "TERM"])
def test_command_may_tidy_up_at_its_timeout(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE", 0.5)
    deaf = "" if number == "INT" else "trap '' INT;"
    body = f"{deaf} trap 'touch tidy; exit 9' {number}; while :; do sleep 0.05; done"
    result = run(sh(f"cd {tmp_path}; {body}"), timeout=0.2)
    assert (result.timed_out, result.rc) == (True, 9)
    assert (tmp_path / "tidy").exists()


def test_group_may_outlive_its_leader_for_a_while(tmp_path: Path) -> None:
    """As under nsenter: the leader dies of the signal, the command still tidies up."""
    body = "trap 'sleep 0.3; touch tidy; exit' INT; while :; do sleep 0.05; done"
    leader = f"""
import signal, subprocess
signal.signal(signal.SIGINT, signal.SIG_DFL)
subprocess.Popen(["bash", "-c", {body!r}], cwd={str(tmp_path)!r})
signal.pause()
"""
    assert run([sys.executable, "-c", leader], timeout=0.5).timed_out
    assert (tmp_path / "tidy").exists()


def test_the_deaf_are_killed(monkeypatch: pytest.MonkeyPatch, nap: str) -> None:
    monkeypatch.setattr(process, "GRACE", 0.1)
    result = run(sh(f"trap '' INT TERM; sleep {nap}; sleep {nap}"), timeout=0.1)
    assert (result.rc, result.timed_out) == (137, True)
    until(lambda: alive(nap) == [])


def test_failing_listener_ends_the_command(nap: str) -> None:
    def fail(_text: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(sh(f"echo go; sleep {nap}"), on_output=fail)
    until(lambda: alive(nap) == [])
    until(lambda: reapers() == [])


def test_ctrl_c_ends_the_command(nap: str) -> None:
    def press(_text: str) -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        run(sh(f"echo go; exec sleep {nap}"), on_output=press)
    until(lambda: alive(nap) == [])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_reaper_ends_the_command_of_the_dead(number: signal.Signals, nap: str) -> None:
    script = (
        "from kernels_helpers.process import run\n"
        "run(['true'])\n"
        f"run(['bash', '-c', 'echo go; sleep {nap} & sleep {nap}'], on_output=print)"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", script], stdout=subprocess.PIPE
    ) as python:
        assert python.stdout is not None
        assert python.stdout.readline() == b"go\n"
        (reaper,) = [
            p for p in alive(process.REAPER) if f"\t{python.pid}\n" in status(p)
        ]
        python.send_signal(number)
    until(lambda: alive(nap) == [])
    until(lambda: start_time(int(reaper)) is None)


def test_commands_in_threads_have_a_reaper_each() -> None:
    results: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(run(sh("sleep 0.3; echo x")).output)
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(reapers()) == 3)
    for thread in threads:
        thread.join()
    assert results == ["x\n"] * 3


def test_killed_reaper_is_no_failure() -> None:
    def kill(_text: str) -> None:
        for pid in reapers():
            os.kill(int(pid), signal.SIGKILL)

    assert run(sh("echo go; sleep 0.2; exit 6"), on_output=kill).rc == 6


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([b"\xe4", b"\xb8", b"\xad"], "中"),
        ([b"\xff\xe4\xb8", b"\xad"], "\ufffd中"),
        ([b"a\xe4\xb8"], "a\ufffd"),
        ([b"\xf0\x9f", b"\x98\x80!"], "😀!"),
    ],
)
def test_split_characters(parts: list[bytes], text: str) -> None:
    codes = ["".join(f"\\x{byte:02x}" for byte in part) for part in parts]
    writes = "; sleep 0.05; ".join(f"printf '{code}'" for code in codes)
    assert run(sh(writes)).output == text


def test_start_time_names_a_process_for_good() -> None:
    with subprocess.Popen(["sleep", "100"]) as child:
        started = start_time(child.pid)
        assert started is not None
        assert started == start_time(child.pid)
        assert int(started) >= int(start_time(os.getpid()) or 0)
        child.kill()
        until(lambda: start_time(child.pid) is None)  # a zombie counts as dead
    assert start_time(child.pid) is None
    assert start_time(2**22 + 1) is None


def test_an_interrupt_that_comes_while_python_forks_is_not_lost() -> None:
    code = (
        "import os, signal\n"
        "from kernels_helpers import process\n"
        "me = os.getpid()\n"
        "strike = lambda: os.kill(me, signal.SIGINT)\n"
        "os.register_at_fork(after_in_parent=strike)\n"
        "try: process.run(['sleep', '60'], timeout=3)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
