"""A secret that is typed: unseen, before anything starts, or not at all."""

import os
import pty
import subprocess
from pathlib import Path

from kernels_helpers.hosts import LabHost
from tests.chapters.calls import command
from tests.chapters.secrecy import (
    BIN,
    HASH,
    PARAMETERS,
    SECRET,
    SEEN,
    found,
    run_in,
    texts,
)
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, UNWIND


def test_a_secret_is_typed_unseen_before_anything_starts(
    lab: LabHost, tmp_path: Path
) -> None:
    """Want it in no file, on no terminal and in no environment of the steps' kernel."""
    kernel = "import os; [n for n in os.environ if n.startswith('DOCKBOOK_SECRET')]"
    chapter = notebooks.write(
        tmp_path / "small.ipynb",
        *(BINDING, SEEN, kernel, "check('it is typed', password == 'prompt')"),
        UNWIND,
        parameters=PARAMETERS,
    )
    out = tmp_path / "out"
    pid, terminal = pty.fork()
    if pid == 0:
        words = command("run", chapter, "--host", lab.url, "--out", out)
        os.execv(words[0], [*words, "-p", "password=prompt"])  # noqa: S606 - its pty
    told = b""
    while b"password (hidden): " not in told:
        told += os.read(terminal, 1024)
    assert not out.exists() or list(out.iterdir()) == []
    os.write(terminal, f"{SECRET}\n".encode())
    told += rest(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, told
    (run_in(out) / "terminal.txt").write_bytes(told)
    shown = texts(run_in(out) / "chapter.ipynb")
    assert HASH in shown
    assert "'text/plain': '[]'" in shown
    assert found(run_in(out)) == []


def rest(terminal: int) -> bytes:
    """Read a terminal until its last program has ended."""
    told = b""
    try:
        while data := os.read(terminal, 1024):
            told += data
    except OSError:  # Linux ends it so
        pass
    return told


def test_where_nobody_can_type_it_is_said(lab: LabHost, tmp_path: Path) -> None:
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, parameters=PARAMETERS)
    done = subprocess.run(
        [
            *(BIN / "papermill", chapter, tmp_path / "out.ipynb"),
            *("--no-progress-bar", "-p", "host", lab.url, "-p", "password", "prompt"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "nobody can be asked here: give env:NAME or file:" in done.stderr
