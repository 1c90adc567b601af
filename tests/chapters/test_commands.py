"""The chapter commands passes, proves its claims, and notices what is not so."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

# What each fake does wrong, and the check that must notice it on the engine.
FAKES = {
    "lists a command that is none": (
        f"""
[ "$*" = --help ] || exec {DOCKER} "$@"
{DOCKER} --help | sed '/^Commands:/a\\  levitate    Float above the host'
""",
        "each answers for itself",
    ),
    "starts the program anew after a pause": (
        f"""
[ "$*" != "unpause dockbook-cmd-life" ] ||
  {{ {DOCKER} unpause "$2"; set -- restart -t 0 "$2"; }}
exec {DOCKER} "$@"
""",
        "it runs on, not anew",
    ),
    "commits with another program": (
        f"""
[ "$1" != commit ] || {{ shift; set -- commit --change 'CMD ["true"]' "$@"; }}
exec {DOCKER} "$@"
""",
        "it has the settings of the container",
    ),
    "keeps an image that is to be removed": (
        f"""
[ "$1 $2" != "image rm" ] || set -- image inspect "$3"
exec {DOCKER} "$@"
""",
        "the image was gone in between",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    pass_twice("commands", lab, tmp_path)


@pytest.mark.parametrize(("fake", "claim"), FAKES.values(), ids=FAKES)
def test_what_is_not_so_on_the_engine_fails_its_check(
    dockbook_home: Path, tmp_path: Path, fake: str, claim: str
) -> None:
    del dockbook_home
    with lying(fake) as lab:
        made = attempt("commands", lab, tmp_path)
    assert (made.status, made.reason) == ("failed", f"CheckFailed: {claim}")


def test_a_docker_that_always_succeeds_and_says_nothing_is_caught(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    with lying(SILENT) as lab:
        made = attempt("commands", lab, tmp_path)
    assert made.status == "failed"
    assert not any(check["note"] for check in made.checks if check["ok"])
