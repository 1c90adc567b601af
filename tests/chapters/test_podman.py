"""Every chapter on Podman: it passes with what it says differs, or says why not."""

import re
from pathlib import Path

import pytest

from kernels_helpers import book, differences, notebook, runner
from kernels_helpers.errors import HostError
from kernels_helpers.hosts import LabHost
from kernels_helpers.journal import Journal
from tests.chapters.attempts import attempt, inventory
from tests.unit.notebooks import write

ALWAYS = {"concepts", "mirrors"}  # one of each kind, and quick
# What Podman 4.3 itself never takes back: rules, and a digest for each name pulled.
ITS_OWN = re.compile(r".*NETAVARK.*|(?<=\]) \[.*@sha256:.*")


def found(lab: LabHost) -> list[str]:
    rows = (ITS_OWN.sub("", row) for row in inventory(lab))
    return [row for row in rows if row]


@pytest.mark.parametrize(
    "chapter",
    [
        pytest.param(name, marks=() if name in ALWAYS else pytest.mark.exhaustive)
        for name in book.chapters()
    ],
)
def test_it_passes_with_its_differences_or_is_refused_and_leaves_nothing(
    podman_lab: LabHost, tmp_path: Path, chapter: str
) -> None:
    loaded, _ = notebook.load(book.find(chapter))
    before = found(podman_lab)
    if why := differences.of_chapter(loaded):
        with pytest.raises(HostError, match=f"not for Podman, .*{re.escape(why)}"):
            attempt(chapter, podman_lab, tmp_path)
        assert [*tmp_path.iterdir()] == []
    else:
        made = attempt(chapter, podman_lab, tmp_path)
        assert (made.status, made.reason) == ("passed", None)
        assert made.product == "Podman"
        told = [why for _, why in made.differences]
        assert sorted(told) == sorted(differences.of_notebook(loaded))
    assert found(podman_lab) == before


def test_one_that_is_refused_leaves_a_run_alone_that_it_would_resume(
    podman_lab: LabHost, tmp_path: Path
) -> None:
    opening = 'open_chapter("small", podman="It has no daemon.")'
    path = write(
        tmp_path / "01-small.ipynb",
        f"from kernels_helpers import open_chapter\n\nchapter = {opening}",
    )
    loaded, contract = notebook.load(path)
    options = runner.Options({"host": podman_lab.url}, tmp_path)
    run = runner.Run("small-run", path, tmp_path / "small-run", options)
    run.folder.mkdir()
    step = {"kind": "change", "body": "true", "undo": "touch /srv/undone"}
    Journal(run.journal).write("begin", **step)
    made = runner.attempt(run, loaded, contract, podman_lab, lambda *_: None)
    assert "not for Podman" in str(made.reason)
    assert podman_lab.run("rm /srv/undone").rc != 0
