"""The chapter bind-and-tmpfs: it passes, and fails when the engine does otherwise."""

from pathlib import Path

import pytest

from kernels_helpers import book, runner
from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

CHAPTER = "bind-and-tmpfs"
FOLDER = "/srv/dockbook-bind"
# What each fake does wrong, and what the chapter must say to it.
FAKES = {
    "succeeds always and says nothing": (SILENT, "NotFound"),
    "mounts for writing what is to be read only": (
        f"""
for word; do shift; set -- "$@" "${{word%,readonly}}"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: readonly is not the default",
    ),
    "keeps mounts private": (
        f"""
for word; do shift; set -- "$@" "${{word%,bind-propagation=*}}"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: the default is private",
    ),
    "forgets the limit of memory": (
        f"""
for word; do shift; [ "$word" = 16m ] && word=160m; set -- "$@" "$word"; done
exec {DOCKER} "$@"
""",
        "CheckFailed: the tmpfs counts as memory",
    ),
}
# What happens behind the chapter's back as soon as it can, and what it must say to it.
SABOTAGE = {
    "the mounted directory is replaced": (
        f"cd {FOLDER} && grep three target/app && mv target x && cp -r x target",
        "CheckFailed: both names lead to one inode",
    ),
    "a misspelt directory is removed": (
        f"rmdir {FOLDER}/tagret",
        "CheckFailed: -v has made a directory of root",
    ),
    "the files of the host change": (
        f"cd {FOLDER} && grep verify target/app && echo x >target/app",
        "CheckFailed: the files are still on the host",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    pass_twice(CHAPTER, lab, tmp_path)
    assert clean(lab)


def clean(lab: LabHost) -> bool:
    """Tell whether no folder and no mount of the chapter is left."""
    return lab.run("ls /srv; ! grep dockbook-bind /proc/mounts").output == ""


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt(CHAPTER, liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)


@pytest.mark.parametrize(("act", "reason"), SABOTAGE.values(), ids=SABOTAGE)
def test_what_happens_behind_its_back_makes_it_fail(
    lab: LabHost, tmp_path: Path, act: str, reason: str
) -> None:
    def on_cell(*_: object) -> None:
        lab.run(act)

    options = runner.Options({"host": lab.url}, tmp_path)
    made = runner.run(book.find(CHAPTER), options, on_cell)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
    assert clean(lab)


def test_a_hostile_path_is_harmless(lab: LabHost, tmp_path: Path) -> None:
    path = "/srv/a b'$(touch pwned); touch pwned & -v * ü"
    made = attempt(CHAPTER, lab, tmp_path, folder=path)
    assert (made.status, made.reason) == ("passed", None)
    assert lab.run("test -e /pwned || test -e pwned").rc == 1


@pytest.mark.parametrize("sign", [":", ",", '"'])
def test_a_path_that_no_option_can_hold_is_refused_in_the_preflight(
    lab: LabHost, tmp_path: Path, sign: str
) -> None:
    made = attempt(CHAPTER, lab, tmp_path, folder=f"/srv/a{sign}b")
    assert made.reason == "CheckFailed: no colon, comma or quote is in it"
    assert clean(lab)
