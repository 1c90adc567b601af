"""The chapter copy: it passes, and fails when the engine does something else."""

from pathlib import Path

import pytest

from kernels_helpers import book, runner
from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

# What each fake does wrong, and what the chapter must say to it.
FAKES = {
    "succeeds always and says nothing": (SILENT, "ImageNotFound"),
    "copies nothing": (
        f'[ "$1" = cp ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: one already has a layer, with a file",
    ),
    "loses the owners": (
        f"""
if [ "$1 $2" = "cp -" ]; then set -- cp /etc/hostname "$3seven"; fi
exec {DOCKER} "$@"
""",
        "CheckFailed: a stream keeps the owner",
    ),
    "lets a read-only container write": (
        f"""
for word; do shift; [ "$word" = --read-only ] || set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 9",
    ),
}
# What happens behind the chapter's back as soon as it can, and what it must say to it.
SABOTAGE = {
    "a file of the layer is deleted": (
        "docker exec dockbook-copy-two rm /mine",
        "CheckFailed: the file is still there",
    ),
    "a copy is changed on the host": (
        "test -e /srv/dockbook-copy/back && echo x >>/srv/dockbook-copy/back",
        "CheckFailed: in and out again is the same",
    ),
    "the volume loses its data": (
        "docker exec dockbook-copy-locked rm /data/kept",
        "CheckFailed: both places for data work",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    pass_twice("copy", lab, tmp_path)
    assert lab.run("ls /srv").output == ""


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt("copy", liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)


@pytest.mark.parametrize(("act", "reason"), SABOTAGE.values(), ids=SABOTAGE)
def test_what_happens_behind_its_back_makes_it_fail(
    lab: LabHost, tmp_path: Path, act: str, reason: str
) -> None:
    def on_cell(*_: object) -> None:
        lab.run(act)

    options = runner.Options({"host": lab.url}, tmp_path)
    made = runner.run(book.find("copy"), options, on_cell)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
    assert lab.run("ls /srv").output == ""


def test_a_hostile_path_is_harmless(lab: LabHost, tmp_path: Path) -> None:
    path = "/srv/a b'\"$(touch pwned); touch pwned & -v * ü"
    made = attempt("copy", lab, tmp_path, folder=path)
    assert (made.status, made.reason) == ("passed", None)
    assert lab.run("test -e /pwned || test -e pwned").rc == 1
