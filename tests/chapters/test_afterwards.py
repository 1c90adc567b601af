"""Undo and resume runs that failed, were killed or kept; and what is refused."""

import os
import signal
import subprocess
from pathlib import Path

import nbformat
import pytest

from kernels_helpers import afterwards, journal, runner
from kernels_helpers.hosts import LabHost
from tests.chapters.calls import (
    began,
    call,
    command,
    kill_in_the_middle,
    report_in,
)
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, PARAMETERS, UNWIND, WAIT
from tests.waiting import until

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


def test_a_run_that_had_stopped_the_engine_is_resumed(
    own_lab: LabHost, tmp_path: Path
) -> None:
    """Want the undo to start it before anybody asks the engine."""
    stop = "%%change\n#| undo: systemctl start docker\nsystemctl stop docker"
    wait = "%%look\ntest -e /srv/go || sleep 300"
    start = "%%change\nsystemctl start docker"
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, stop, wait, start, MAKE, CHECK, UNWIND, LEFT
    )
    kill_in_the_middle(chapter, own_lab, tmp_path / "out")
    assert own_lab.run("touch /srv/go; systemctl is-active docker").rc == 3
    (folder,) = (tmp_path / "out").iterdir()
    done = call("resume", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert call("verify", folder).returncode == 0


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
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, WAIT)
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


def test_a_result_is_kept_when_the_kernel_dies_after_it_was_finished(
    own_lab: LabHost, tmp_path: Path
) -> None:
    die = "import os\nos.kill(os.getpid(), 9)"
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, "chapter.finish()", die
    )
    out = tmp_path / "out"
    done = call("run", chapter, "--host", own_lab.url, "--out", out)
    assert done.returncode == 1
    assert [v.name for v in own_lab.docker.volumes.list()] == ["dockbook-small"]
    (folder,) = out.iterdir()
    assert call("undo", folder).returncode == 0
    assert own_lab.docker.volumes.list() == []


def test_a_secret_that_was_typed_is_asked_for_again(
    own_lab: LabHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = (
        f'{PARAMETERS}\npassword: Secret = "prompt"  # of the registry'
    ).replace("VolumeName\n", "Secret, VolumeName\n", 1)
    proof = (
        '%%look\ntest "$(sha256sum <<<"$password")" = "$(cat /srv/proof)" && echo same'
    )
    chapter = notebooks.write(
        tmp_path / "small.ipynb",
        BINDING,
        MAKE,
        proof,
        CHECK,
        UNWIND,
        parameters=parameters,
    )
    typed = {"password": "correct horse"}
    options = runner.Options({"host": own_lab.url}, tmp_path, typed=typed)
    made = runner.run(chapter, options, lambda *_: None)
    assert made.status == "failed"
    assert own_lab.run("sha256sum <<<'correct horse' >/srv/proof").rc == 0
    monkeypatch.setattr("getpass.getpass", lambda _: "correct horse")
    folder = tmp_path / made.run
    assert afterwards.resume(folder, lambda *_: None).status == "passed"
