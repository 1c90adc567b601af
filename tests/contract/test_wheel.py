"""What pip installs: checked as for PyPI, and tried far from the clone."""

import email
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from kernels_helpers import book

SECOND = book.PACKAGE.parent / "tests/second_book"
IN_BOOK = ("runbooks", "diagrams", "site", "tests/chapters/sanitize.cfg")


def call(*words: str | Path, cwd: Path | None = None, **more: str) -> str:
    """Run a command that has to succeed and return what it says."""
    env = {n: v for n, v in os.environ.items() if not n.startswith("PYTHON")} | more
    done = subprocess.run(
        [str(w) for w in words],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and from it the wheel."""
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir")
    call(*build, out, book.PACKAGE.parent)
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def dockbook(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with its dependencies, and nothing else, and return it."""
    fresh = tmp_path_factory.mktemp("fresh") / "venv"
    call(sys.executable, "-m", "venv", "--without-pip", fresh)
    pip = (sys.executable, "-m", "pip", "--python", fresh / "bin/python", "--quiet")
    call(*pip, "install", wheel)
    return fresh / "bin" / "dockbook"


def test_both_are_as_an_index_wants_them(dist: Path, wheel: Path) -> None:
    call(sys.executable, "-m", "twine", "check", "--strict", *dist.iterdir())
    call(Path(sys.executable).with_name("check-wheel-contents"), wheel)


def test_every_extra_that_is_asked_for_is_there(wheel: Path) -> None:
    """Else pip warns, and installs without it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(archive.read(name))
    assert {*told.get_all("Provides-Extra", [])} == {"fleet", "site", "ssh"}
    needed = told.get_all("Requires-Dist", [])
    assert not [line for line in needed if "extra == 'ssh'" in line]


def test_the_wheel_has_the_whole_book_and_nothing_that_was_built(wheel: Path) -> None:
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    kept = call(*listed, *IN_BOOK, cwd=book.PACKAGE.parent).splitlines()
    place = "kernels_helpers/_book/"
    names = zipfile.ZipFile(wheel).namelist()
    found = {n.removeprefix(place) for n in names if n.startswith(place)}
    assert found == {*kept}


@pytest.mark.usefixtures("dockbook_home")
def test_a_chapter_runs_and_is_copied_in_an_empty_folder(
    dockbook: Path, tmp_path: Path
) -> None:
    said = call(dockbook, "run", "volumes", cwd=tmp_path)
    assert "  passed: " in said
    (run,) = (tmp_path / "runs").iterdir()
    assert "is whole" in call(dockbook, "verify", run.name, cwd=tmp_path)
    call(dockbook, "copy", "volumes", cwd=tmp_path)
    copied = tmp_path / "05-volumes.ipynb"
    assert copied.read_bytes() == (book.RUNBOOKS / copied.name).read_bytes()
    assert "nothing to mend" in call(dockbook, "lint", copied.name, cwd=tmp_path)
    again = subprocess.run([dockbook, "copy", "volumes", tmp_path], check=False)
    assert again.returncode == 2


def test_another_book_becomes_a_site_of_its_own(dockbook: Path, tmp_path: Path) -> None:
    """The packages of the extra are those that the tests have; ours is the wheel."""
    folder = shutil.copytree(SECOND, tmp_path / "rsync")
    extra = {"PYTHONPATH": sysconfig.get_path("purelib")}
    call(dockbook, "site", "build", cwd=folder, **extra)
    call(dockbook, "site", "check", cwd=folder, **extra)
    html = folder / "site/_build/html"
    pages = sorted(html.rglob("*.html"))
    assert [str(page.relative_to(html)) for page in pages] == [
        *("404.html", "index.html", "runbooks/01-snapshots.html", "search.html")
    ]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "Backups with rsync</title>" in text
        assert not re.search(r"zh/|ledger\.html", text)


def test_the_site_says_what_it_needs(dockbook: Path) -> None:
    done = subprocess.run(
        [dockbook, "site", "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "`pip install 'WHEEL[site]'` with the path of its wheel" in done.stderr


def test_what_a_fleet_says_that_it_needs_can_be_installed(
    dockbook: Path, wheel: Path, tmp_path: Path
) -> None:
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text("volume: [one, two]")
    called: list[str | Path] = [dockbook, "run", "volumes", "--matrix", matrix]
    called += ["--scheduler", "nowhere", "--out", tmp_path / "runs"]

    def refusal() -> str:
        done = subprocess.run(called, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        return done.stderr

    (words,) = re.findall(r"`pip (install 'WHEEL.*?)`", refusal())
    pip = (sys.executable, "-m", "pip", "--python", dockbook.with_name("python"))
    call(*pip, *shlex.split(words.replace("WHEEL", str(wheel))))
    assert "--scheduler nowhere: " in refusal()
