"""A fleet that is ended in the middle: by -9, and by Ctrl-C."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import journal
from kernels_helpers.hosts import LabHost
from tests.chapters.calls import began, call, command
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until

HOLD = """\
%%look
test "$volume" != second || until test -e /srv/go; do sleep 0.1; done"""


@pytest.fixture
def words(own_lab: LabHost, tmp_path: Path) -> list[str | Path]:
    """Give a call for two targets of one host, the second of which does not end."""
    cells = (BINDING, MAKE, HOLD, CHECK, UNWIND, LEFT)
    chapter = notebooks.write(tmp_path / "small.ipynb", *cells)
    hosts, matrix = tmp_path / "hosts.yaml", tmp_path / "matrix.yaml"
    hosts.write_text(f"all: {{hosts: {{own: {{dockbook_host: '{own_lab.url}'}}}}}}")
    matrix.write_text("volume: [first, second]")
    chosen = ("--inventory", hosts, "--matrix", matrix, "--out", tmp_path / "out")
    return ["run", chapter, *chosen]


def end_in_the_middle(words: list[str | Path], number: int) -> tuple[Path, int]:
    """Send a signal while the second target is held; give folder and exit code."""
    out = Path(words[-1])
    with subprocess.Popen(command(*words), stdout=subprocess.DEVNULL) as run:
        until(lambda: any(began(f, "until test")() for f in out.glob("*")), seconds=60)
        until(lambda: len([*out.glob("*/*/journal.jsonl")]) == 2, seconds=60)
        second = max(out.glob("*/*/journal.jsonl"), key=os.path.getmtime).parent
        until(lambda: "until test" in (second / "journal.jsonl").read_text())
        os.kill(run.pid, number)
        code = run.wait(60)
    (folder,) = out.iterdir()
    return folder, code


def rows(folder: Path) -> list[tuple[str, str]]:
    told: dict[str, Any] = json.loads((folder / "fleet.json").read_text())
    return [(row["status"], row["run"]) for row in told["targets"]]


def test_a_killed_fleet_goes_on_with_the_run_that_it_had(
    own_lab: LabHost, words: list[str | Path]
) -> None:
    folder, code = end_in_the_middle(words, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert own_lab.run("touch /srv/go").rc == 0
    done = call(*words, "--retry-failed", folder.name)
    assert done.returncode == 0, done.stdout + done.stderr
    (first, one), (second, two) = rows(folder)
    assert (first, second) == ("passed", "passed")
    events = [e["event"] for e in journal.read(folder / two / "journal.jsonl")]
    assert events.count("open") == 2  # it was resumed: the same run
    events = [e["event"] for e in journal.read(folder / one / "journal.jsonl")]
    assert events.count("open") == 1  # and the other was left alone
    assert own_lab.docker.volumes.list() == []


def test_a_target_of_a_killed_fleet_is_undone(
    own_lab: LabHost, words: list[str | Path]
) -> None:
    folder, _ = end_in_the_middle(words, signal.SIGKILL)
    (held,) = own_lab.docker.volumes.list()
    (run,) = [
        path.parent
        for path in folder.glob("*/journal.jsonl")
        if held.attrs["Labels"]["dockbook.run"] == path.parent.name
    ]
    done = call("undo", run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert own_lab.docker.volumes.list() == []
    assert call("verify", run).returncode == 0
    assert own_lab.run("touch /srv/go").rc == 0
    done = call(*words, "--retry-failed", folder.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("passed", run.name) in rows(folder)  # the same run, from its first step


def test_ctrl_c_ends_a_fleet_and_its_runs_unwind(
    own_lab: LabHost, words: list[str | Path]
) -> None:
    folder, code = end_in_the_middle(words, signal.SIGINT)
    assert code == 130
    (first, _), (second, _) = rows(folder)
    assert (first, second) == ("passed", "failed")
    assert own_lab.docker.volumes.list() == []
