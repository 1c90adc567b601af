"""Every chapter, killed and resumed: it passes, and its undo leaves nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers import book
from kernels_helpers.lab import life
from kernels_helpers.parameters import BARE
from tests.chapters.attempts import default_host
from tests.chapters.calls import call
from tests.faults import kills

NOT_LATE = {"concepts", "migration"}  # nothing in it is proved; see tests/faults
ALWAYS = {"registries", "install", "migration", "backup"}


@pytest.fixture(scope="module", autouse=True)
def _home(dockbook_home: Path) -> Iterator[None]:
    """Take down the labs that tests share."""
    del dockbook_home
    yield
    for name in [name for name in life.names() if name.startswith("runner")]:
        life.down(name)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ALWAYS else pytest.mark.exhaustive)
        for name in book.chapters()
    ],
)
def test_it_is_resumed_and_passes(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    """Kill it behind the first change that no ``unless`` proves."""
    step = next(
        n
        for n, c in enumerate(kills.changes(book.find(name)), 2)
        if "#| unless:" not in c
    )
    _resume(request, name, step, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", sorted({*book.chapters()} - NOT_LATE))
def test_what_a_proved_step_has_made_is_as_it_was(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    """Kill it behind its last change: the first ones are not made again."""
    step = len(kills.changes(book.find(name))) - 1
    _resume(request, name, step, tmp_path)


def _resume(
    request: pytest.FixtureRequest, name: str, step: int, tmp_path: Path
) -> None:
    chapter, kind = book.find(name), default_host(name)
    if kind == BARE:
        request.getfixturevalue("tree")
    with kills.lab("runner", kind) as lab:
        there = kills.reached(tmp_path / "out", step)
        folder = kills.kill("runner", chapter, lab, tmp_path / "out", there)
        done = call("resume", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        kills.take_back("runner", folder, lab)
