"""Every chapter on Podman: it passes with what it says differs, or says why not."""

import re
from pathlib import Path

import pytest

from kernels_helpers import book, differences, notebook
from kernels_helpers.errors import HostError
from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import attempt, inventory

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
