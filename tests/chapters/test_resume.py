"""Resume a run that failed or was killed; and what is refused."""

import os
import signal
import subprocess
from pathlib import Path

import nbformat

from kernels_helpers import journal
from kernels_helpers.hosts import LabHost
from tests.chapters.test_run import (
    began,
    call,
    command,
    kill_in_the_middle,
    own_lab,
    report_in,
)
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until

__all__ = ["own_lab"]

UNDO = "rm -rf /srv/once"
ONCE = (
    f"%%change\n#| undo: {UNDO}\nmkdir /srv/once; "
    "test -e /srv/go || { echo waiting; sleep 300; }"
)


def killed(lab: LabHost, tmp_path: Path) -> tuple[Path, Path]:
    """Kill a chapter in its third step, and let it get by there the next time."""
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, ONCE, UNWIND, LEFT
    )
    kill_in_the_middle(chapter, lab, tmp_path / "out")
    assert lab.run("touch /srv/go").rc == 0
    (folder,) = (tmp_path / "out").iterdir()
    return chapter, folder


def test_what_is_proved_done_is_skipped_and_what_is_not_is_undone_first(
    own_lab: LabHost, tmp_path: Path
) -> None:
    """Want `mkdir` to succeed again, the volume to be met, and nothing left."""
    _, folder = killed(own_lab, tmp_path)
    done = call("resume", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    events = list(journal.read(folder / "journal.jsonl"))
    last = events[[e["event"] for e in events].index("resume") :]
    assert [e["answer"] for e in last if e["event"] == "answer"] == ["already true"]
    assert next(e["undo"] for e in last if e["event"] == "undo") == UNDO
    assert own_lab.docker.volumes.list() == []
    assert own_lab.run("test -e /srv/once").rc == 1
    assert report_in(tmp_path / "out")["status"] == "passed"
    assert call("verify", folder).returncode == 0
    again = call("resume", folder)
    assert again.returncode == 2
    assert "has passed: there is nothing to resume" in again.stderr


def test_a_chapter_edited_since_is_refused_and_the_edit_is_shown(
    own_lab: LabHost, tmp_path: Path
) -> None:
    chapter, folder = killed(own_lab, tmp_path)
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells[-1].source += "\n# another end"
    nbformat.write(notebook, chapter)
    done = call("resume", folder)
    assert done.returncode == 2
    assert "has been edited since" in done.stderr
    assert "\n+# another end" in done.stderr
    assert [v.name for v in own_lab.docker.volumes.list()] == ["dockbook-small"]
    assert call("undo", folder).returncode == 0
    assert own_lab.docker.volumes.list() == []


def test_a_run_that_is_at_work_is_neither_resumed_nor_undone(
    own_lab: LabHost, tmp_path: Path
) -> None:
    wait = "%%look\necho waiting; sleep 300"
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, wait)
    out = tmp_path / "out"
    words = command("run", chapter, "--host", own_lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(began(out, "sleep 300"))
        (folder,) = out.iterdir()
        for word in ("resume", "undo"):
            done = call(word, folder)
            assert done.returncode == 1
            assert "at work in another process" in done.stderr
        os.kill(run.pid, signal.SIGINT)
        assert run.wait(30) == 130
    assert own_lab.docker.volumes.list() == []
