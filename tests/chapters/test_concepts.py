"""The chapter concepts passes, proves its claims, and notices what is not so."""

from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import DOCKER, SILENT, attempt, lying, pass_twice

RUN = 'if [ "$1" = run ]; then shift; set -- run {options} "$@"; fi\nexec {docker} "$@"'
# What each fake does wrong, and the check that must notice it on the engine.
FAKES = {
    "shares the host's names and processes": (
        RUN.format(options="--uts host --pid host", docker=DOCKER),
        "each has five views of its own",
    ),
    "forgets the limits": (
        f"""
if [ "$7 $8" = "--memory 32m" ]; then
  shift 12
  set -- run -d --name dockbook-con-small --label "$label" "$@"
fi
exec {DOCKER} "$@"
""",
        "the kernel has the limits",
    ),
    "limits the one that is to be free": (
        RUN.format(options="--memory 64m", docker=DOCKER),
        "no option, no limit",
    ),
    "starts a container that has a kernel": (
        RUN.format(options="-v /etc:/lib/modules:ro", docker=DOCKER),
        "there is no kernel in it",
    ),
    "gives each container a copy of the program": (
        f"""
if [ "$1" = run ] && [ "$2" = -d ]; then
  {DOCKER} "$@"
  exec {DOCKER} exec "$4" sh -c 'cp /bin/busybox /bin/x; mv /bin/x /bin/busybox'
fi
exec {DOCKER} "$@"
""",
        "a layer is empty until written to",
    ),
}


def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    lab: LabHost, tmp_path: Path
) -> None:
    pass_twice("concepts", lab, tmp_path)


@pytest.mark.parametrize(("fake", "claim"), FAKES.values(), ids=FAKES)
def test_what_is_not_so_on_the_engine_fails_its_check(
    dockbook_home: Path, tmp_path: Path, fake: str, claim: str
) -> None:
    del dockbook_home
    with lying(fake) as lab:
        made = attempt("concepts", lab, tmp_path)
    assert (made.status, made.reason) == ("failed", f"CheckFailed: {claim}")


def test_a_docker_that_always_succeeds_and_says_nothing_is_caught(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    with lying(SILENT) as lab:
        made = attempt("concepts", lab, tmp_path)
    assert made.status == "failed"
    assert not any(check["note"] for check in made.checks if check["ok"])
