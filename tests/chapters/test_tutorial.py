"""The tutorial does what it says, and a book that knows nothing of the note works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from kernels_helpers import book

ROOT = book.PACKAGE.parent
TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
SECOND = ROOT / "tests/second_book"
PART = re.compile(r"(?:In the cell `([\w-]+)`:\n\n)?```\w+\n(.*?)\n```", re.DOTALL)
EXIT = re.compile(r"# exit code (\d)")
PUBLIC = {"kernels_helpers", "kernels_helpers.field_types"}
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", f"{script}\npwd >&2"],
        cwd=folder,
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, cell: str, source: str) -> None:
    """Do by program what an author does in JupyterLab."""
    (path,) = folder.glob("runbooks/*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    (found,) = (c for c in notebook.cells if c.id == cell)
    found.source = source
    nbformat.write(notebook, path)


@pytest.mark.usefixtures("dockbook_home")
def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    folder, done = tmp_path, 0
    for cell, text in PART.findall(TUTORIAL):
        if cell:
            write(folder, cell, text)
            continue
        told = shell(text, folder)
        wanted = EXIT.search(text)
        said = told.stdout + told.stderr
        assert told.returncode == int(wanted[1] if wanted else 0), said
        if wanted:
            assert "the volume says whose it is" in said
        else:
            folder = Path(told.stderr.splitlines()[-1])
        done += 1
    assert done == len(PART.findall(TUTORIAL)) - TUTORIAL.count("In the cell `") == 4


@pytest.mark.usefixtures("dockbook_home")
def test_another_book_lints_runs_and_is_as_recorded(tmp_path: Path) -> None:
    folder = shutil.copytree(SECOND, tmp_path / "rsync")
    (chapter,) = folder.glob("runbooks/*.ipynb")
    whole = chapter.read_bytes()
    names = re.findall(r"from (kernels_helpers\S*) import", whole.decode())
    assert {*names} <= PUBLIC
    chapter.write_bytes(whole.replace(b"transferred: 1", b"transferred: 2"))
    spoiled = chapter.read_bytes()
    told = shell("dockbook lint; dockbook run --all", folder)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.startswith("1 chapter: nothing to mend\nsnapshots\n")
    (run,) = (folder / "runs").iterdir()
    told = shell(f"dockbook accept {run.name} --check", folder)
    assert told.returncode == 1
    changed = [line for line in told.stdout.splitlines() if line[:1] in "-+"][2:]
    sent = "  Number of regular files transferred: "
    assert changed == [f"-{sent}2", f"+{sent}1"]
    assert chapter.read_bytes() == spoiled != whole
    assert shell(f"dockbook accept {run.name}", folder).returncode == 0
    told = shell(f"dockbook accept {run.name} --check", folder)
    assert told.stdout == f"{chapter}: unchanged\n"
    assert nbformat.reads(chapter.read_text(), 4) == nbformat.reads(whole.decode(), 4)
