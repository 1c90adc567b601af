"""The chapter images: it passes, and a docker that does something wrong fails it."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

# What each fake does wrong, and what the chapter must say to it.
FAKES = {
    "succeeds always and says nothing": (
        SILENT,
        "CheckFailed: both commands name the same",
    ),
    "tags another image": (
        f'[ "$1" = tag ] && set -- tag hello-world "$3"\nexec {DOCKER} "$@"',
        "CheckFailed: it is the same image",
    ),
    "pushes as another tag": (
        f"""
case $1$2 in
push*:1) {DOCKER} tag "$2" "$2"x && {DOCKER} push "$2"x && exec {DOCKER} rmi "$2"x ;;
esac
exec {DOCKER} "$@"
""",
        "StepFailed: the command ended with 22",
    ),
    "keeps names that are to be removed": (
        f'[ "$1$2" = imagerm ] && exit 0\nexec {DOCKER} "$@"',
        "CheckFailed: no tag means latest",
    ),
    "pulls a tag where a digest is asked for": (
        f"""
case $*: in
"pull -q "*@*) set -- pull -q "${{3%@*}}:1" ;;
esac
exec {DOCKER} "$@"
""",
        "ImageNotFound",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    pass_twice("images", lab, tmp_path)


@pytest.mark.parametrize(("fake", "reason"), FAKES.values(), ids=FAKES)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake) as liar:
        made = attempt("images", liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
