"""Outputs are recorded when the difference has been shown, and only those of a pass."""

from pathlib import Path

import pytest

from tests.chapters.calls import call
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND


@pytest.mark.usefixtures("dockbook_home")
def test_bake_shows_what_differs_and_records_it(tmp_path: Path) -> None:
    cells = (BINDING, MAKE, CHECK, UNWIND, LEFT)
    chapter = notebooks.write(tmp_path / "small.ipynb", *cells)
    before = chapter.read_text()
    told = call("bake", chapter, "--check")
    shown = [line for line in told.stdout.splitlines() if line[:1] in "-+"]
    assert (told.returncode, "+  dockbook-small" in shown) == (1, True)
    assert chapter.read_text() == before
    told = call("bake", chapter)
    assert [line for line in told.stdout.splitlines() if line[:1] in "-+"] == shown
    assert told.returncode == 0
    assert chapter.read_text().count("dockbook-small\\n") == 1


@pytest.mark.usefixtures("dockbook_home")
def test_a_chapter_that_does_not_pass_is_not_recorded(tmp_path: Path) -> None:
    wrong = 'check("it is there", False)'
    chapter = notebooks.write(tmp_path / "small.ipynb", BINDING, MAKE, wrong)
    before = chapter.read_text()
    told = call("bake", chapter)
    assert (told.returncode, "is not recorded, it failed: " in told.stderr) == (1, True)
    assert chapter.read_text() == before
