"""Runs of a small chapter: what passes, what fails, and what is left."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import BIN, call, command, report_in
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until


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
    assert [line.split() for line in planned.stdout.splitlines()[-4:-2]] == [
        ["would", "what", "name"],
        ["create", "volume", "dockbook-small"],
    ]
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
