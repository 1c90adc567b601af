"""Runs of a small chapter: what passes, what fails, and what is left after a kill."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kernels_helpers import journal, sweep
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import cgroups, life
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until

BIN = Path(sys.executable).parent
WAIT = "%%look\necho waiting; sleep 300"


@pytest.fixture
def own_lab(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a persistent lab to one test."""
    del dockbook_home
    host = life.up("own")
    yield host
    host.docker.close()
    life.down("own")


def command(*words: str | Path) -> list[str]:
    return [str(BIN / "dockbook"), *(str(w) for w in words)]


def call(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, **options
    )


def report_in(out: Path) -> dict[str, Any]:
    (folder,) = out.iterdir()
    loaded: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return loaded


def began(out: Path, body: str) -> Callable[[], bool]:
    def tell() -> bool:
        return any(
            event["event"] == "begin" and body in event["body"]
            for path in out.glob("*/journal.jsonl")
            for event in journal.read(path)
        )

    return tell


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


def child_of(pid: int, word: str) -> int:
    """Find the child whose command has a word in it."""
    commands = {c: Path(f"/proc/{c}/cmdline").read_text() for c in children(pid)}
    (child,) = (c for c, command in commands.items() if word in command)
    return child


def zygote_of(pid: int) -> int:
    return child_of(pid, "kernels_helpers.zygote")


def kernel_of(pid: int) -> int:
    (kernel,) = children(zygote_of(pid))
    return kernel


def kill_in_the_middle(chapter: Path, lab: LabHost, out: Path) -> None:
    """Run a chapter that waits, and end runner and kernel with -9 while it does."""
    words = command("run", chapter, "--host", lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(began(out, "sleep 300"))
        kernel = kernel_of(run.pid)
        os.kill(run.pid, signal.SIGKILL)
        os.kill(kernel, signal.SIGKILL)


def test_a_chapter_passes_twice_in_a_row_and_leaves_nothing(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, LEFT
    )
    for turn in ("first", "second"):
        out = tmp_path / turn
        done = call("run", chapter, "--host", own_lab.url, "--out", out)
        assert done.returncode == 0, done.stdout + done.stderr
        assert report_in(out)["status"] == "passed"
    assert own_lab.docker.volumes.list() == []


def test_a_fresh_lab_is_started_for_a_run_and_ends_with_it(
    dockbook_home: Path, tmp_path: Path, remains: Callable[[Path], list[str]]
) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, LEFT
    )
    done = call("run", chapter, "--out", tmp_path / "out", "-p", "volume=other")
    assert done.returncode == 0, done.stdout + done.stderr
    assert report_in(tmp_path / "out")["parameters"]["volume"] == "other"
    life.gc()
    assert [left for left in remains(dockbook_home) if "/run-" in left] == []


@pytest.mark.parametrize("given", [[], ["-p", "volume=other"]])
def test_each_cell_is_told_under_its_heading_before_it_runs(
    own_lab: LabHost, tmp_path: Path, given: list[str]
) -> None:
    """Want the numbers of the chapter, with and without the cell papermill adds."""
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, "1 / 0", "2")
    made = nbformat.read(chapter, as_version=4)
    for place, title in ((3, "# Last"), (2, "# Broken"), (1, "# Binding")):
        made.cells.insert(place, nbformat.v4.new_markdown_cell(title))
    nbformat.write(made, chapter)
    words = ("run", chapter, "--host", own_lab.url, "--out", tmp_path / "out")
    told = [line.split() for line in call(*words, *given).stdout.splitlines()]
    cells = [words for words in told if words[0] == "cell"]
    assert cells == [["cell", "2", "Binding"], ["cell", "3", "Broken"]]


def test_a_failed_step_undoes_those_before_it(own_lab: LabHost, tmp_path: Path) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, "%%look\nfalse")
    done = call("run", chapter, "--host", own_lab.url, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "ended with 1, expected 0" in done.stdout
    assert own_lab.docker.volumes.list() == []


def test_what_an_undo_forgets_is_swept(own_lab: LabHost, tmp_path: Path) -> None:
    forgetful = '%%change\ndocker volume create --label "$label" forgotten'
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, forgetful, "1 / 0")
    own_lab.docker.volumes.create("of-the-user")
    done = call("run", chapter, "--host", own_lab.url, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert [v.name for v in own_lab.docker.volumes.list()] == ["of-the-user"]


def test_a_chapter_that_leaves_something_behind_has_not_passed(
    own_lab: LabHost, tmp_path: Path
) -> None:
    late = (
        'labels = {"dockbook.run": chapter.run}\n'
        'docker.volumes.create("late", labels=labels)'
    )
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, late
    )
    done = call("run", chapter, "--host", own_lab.url, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "left behind: volume late" in done.stdout
    assert own_lab.docker.volumes.list() == []


@pytest.mark.parametrize(
    ("end", "options"), [("chapter.finish()", []), (UNWIND, ["--keep"])]
)
def test_a_result_that_is_to_be_kept_stays_until_it_is_undone(
    own_lab: LabHost, tmp_path: Path, end: str, options: list[str]
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, CHECK, end)
    out = tmp_path / "out"
    kept = call("run", chapter, "--host", own_lab.url, "--out", out, *options)
    assert kept.returncode == 0, kept.stdout
    assert [v.name for v in own_lab.docker.volumes.list()] == ["dockbook-small"]
    (folder,) = out.iterdir()
    assert call("undo", folder).returncode == 0
    assert own_lab.docker.volumes.list() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_its_step_unwinds_and_exits_with_130(
    own_lab: LabHost, tmp_path: Path, number: signal.Signals
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
    out = tmp_path / "out"
    words = command("run", chapter, "--host", own_lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(began(out, "sleep 300"))
        run.send_signal(number)
        assert run.wait(30) == 130
    assert own_lab.run("pgrep -x sleep").rc == 1
    assert own_lab.docker.volumes.list() == []
    assert report_in(out)["status"] == "failed"


@pytest.mark.parametrize("killed", [zygote_of, kernel_of])
def test_after_kill_9_of_the_kernel_or_its_zygote_the_runner_sweeps(
    own_lab: LabHost, tmp_path: Path, killed: Callable[[int], int]
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
    out = tmp_path / "out"
    words = command("run", chapter, "--host", own_lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as run:
        until(began(out, "sleep 300"))
        os.kill(killed(run.pid), signal.SIGKILL)
        told, _ = run.communicate(timeout=60)
    said = "killed by SIGKILL" if killed is kernel_of else "with the process it was"
    assert said in told
    assert said in report_in(out)["reason"]
    until(lambda: own_lab.run("pgrep -x --runstates DIRST sleep").rc == 1, seconds=5)
    assert own_lab.docker.volumes.list() == []


PYTHON_WAIT = "import time\ntime.sleep(300)"
DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PYTHON_WAIT


@pytest.mark.parametrize(
    ("option", "cell", "said"),
    [
        ("--cell-timeout", WAIT, "the cell did not end within 2 s"),
        ("--cell-timeout", PYTHON_WAIT, "the cell did not end within 2 s"),
        ("--timeout", WAIT, "the chapter did not end within 2 s"),
    ],
)
def test_a_timeout_fails_the_cell_which_unwinds(
    own_lab: LabHost, tmp_path: Path, option: str, cell: str, said: str
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, cell)
    out = tmp_path / "out"
    words = ("run", chapter, "--host", own_lab.url, "--out", out, option, "2s")
    done = call(*words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
    assert report_in(out)["reason"] == said
    (path,) = out.glob("*/journal.jsonl")
    events = [event["event"] for event in journal.read(path)]
    assert events.index("timeout") < events.index("failed") < events.index("undo")
    assert own_lab.run("pgrep -x sleep").rc == 1
    assert own_lab.docker.volumes.list() == []


def test_a_cell_that_ignores_its_timeout_is_killed_and_what_it_made_is_swept(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, DEAF)
    out = tmp_path / "out"
    words = ("run", chapter, "--host", own_lab.url, "--out", out)
    done = call(*words, "--cell-timeout", "2s")
    assert done.returncode == 1, done.stdout + done.stderr
    reason = report_in(out)["reason"]
    assert reason.startswith("the cell did not end within 2 s; it did not unwind")
    assert own_lab.docker.volumes.list() == []


@pytest.fixture
def tight() -> Iterator[Path]:
    """Make a memory cgroup of 96 MB, or skip where none can be made."""
    group = next((h for h in cgroups.hierarchies() if h.name == "memory"), cgroups.ROOT)
    group /= f"dockbook-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no memory cgroup can be made: {error}")
    try:
        limits = ("memory.limit_in_bytes", "memory.max")
        found = next((group / n for n in limits if (group / n).exists()), None)
        if found is None:
            pytest.skip("no memory controller is on here")
        found.write_text(str(96 << 20))
        yield group
    finally:
        until(lambda: (group / "cgroup.procs").read_text() == "")
        group.rmdir()


def test_a_kernel_out_of_memory_is_told_and_what_it_made_is_swept(
    own_lab: LabHost, tmp_path: Path, tight: Path
) -> None:
    enter = f"import os\nopen('{tight}/cgroup.procs', 'w').write(str(os.getpid()))"
    eat = "hoard = [bytearray(b'x' * 2**20) for _ in range(1024)]"
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, enter, eat)
    out = tmp_path / "out"
    done = call("run", chapter, "--host", own_lab.url, "--out", out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the kernel was killed by SIGKILL (out of memory?)" in done.stdout
    assert own_lab.docker.volumes.list() == []


def test_after_kill_9_of_runner_and_kernel_sweep_finds_what_is_left(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
    out = tmp_path / "out"
    own_lab.docker.volumes.create("of-the-user")
    kill_in_the_middle(chapter, own_lab, out)
    until(lambda: own_lab.run("pgrep -x sleep").rc == 1)
    assert [f.name for f in sweep.find(own_lab.docker)] == ["dockbook-small"]
    assert call("sweep", "--host", own_lab.url).returncode == 0
    assert sweep.find(own_lab.docker) == []
    assert [v.name for v in own_lab.docker.volumes.list()] == ["of-the-user"]


def test_a_host_that_is_not_a_lab_is_planned_until_apply_is_given(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, LEFT
    )
    env = {**os.environ, "DOCKER_HOST": own_lab.socket}
    words: list[str | Path] = ["run", chapter, "--host", "local://", "--out"]
    planned = call(*words, tmp_path / "plan", env=env)
    assert planned.returncode == 4, planned.stdout + planned.stderr
    assert "would run" in planned.stdout
    assert own_lab.docker.volumes.list() == []
    applied = call(*words, tmp_path / "apply", "-p", "apply=true", env=env)
    assert applied.returncode == 0, applied.stdout + applied.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["-p", "volum", "x"], "did you mean volume"),
        (["-p", "volume", "-x"], "parameter volume (VolumeName)"),
        (["-p", "apply", "3"], "parameter apply (bool)"),
        (["-r", "volume", "$(id)"], "parameter volume (VolumeName)"),
    ],
)
def test_plain_papermill_refuses_a_bad_parameter_before_any_change(
    lab: LabHost, tmp_path: Path, given: list[str], said: str
) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE)
    before = lab.docker.volumes.list()
    done = subprocess.run(
        [
            *(BIN / "papermill", chapter, tmp_path / "out.ipynb"),
            *("--no-progress-bar", "-p", "host", lab.url, *given),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert lab.docker.volumes.list() == before


def test_a_full_disk_is_one_line(dockbook_home: Path, tmp_path: Path) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, LEFT
    )
    small = tmp_path / "small-disk"
    small.mkdir()
    full = (
        f"mount -t tmpfs -o size=16k none {small} && head -c 12k /dev/zero >{small}/x"
    )
    words = " ".join(command("run", chapter, "--out", small))
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", f"{full}; {words}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "No space left on device" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    del dockbook_home
    until(lambda: not any(name.startswith("run-") for name in life.names()))


def test_undo_takes_a_killed_run_back_from_its_journal_and_twice_is_harmless(
    own_lab: LabHost, tmp_path: Path
) -> None:
    """Want what no sweep can find: a file of the host."""
    mark = "%%change\n#| undo: rm /srv/mark\ntouch /srv/mark"
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, mark, WAIT)
    out = tmp_path / "out"
    kill_in_the_middle(chapter, own_lab, out)
    (folder,) = out.iterdir()
    assert own_lab.run("test -e /srv/mark").rc == 0
    for _ in range(2):
        done = call("undo", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert own_lab.run("test -e /srv/mark").rc == 1
        assert own_lab.docker.volumes.list() == []
    assert call("verify", folder).returncode == 0
    assert report_in(out)["status"] == "failed"


def test_undo_of_a_run_whose_lab_is_gone_says_so(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, LEFT
    )
    out = tmp_path / "out"
    assert call("run", chapter, "--out", out).returncode == 0
    (folder,) = out.iterdir()
    done = call("undo", folder)
    assert done.returncode == 3
    assert "is not running" in done.stderr
