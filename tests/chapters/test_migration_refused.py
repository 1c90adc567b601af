"""What the chapter migration refuses to move: each reason is made true for once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers import book, notebook
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import attempt
from tests.chapters.refusals import (
    CASES,
    DISKS,
    HARMLESS,
    MOUNT,
    NO_USER,
    USER,
    Case,
)

NO_JQ = """
mkdir /dev/shm/{upper,work} && cd /dev/shm && mount -t overlay \\
  -o lowerdir=/usr/bin,upperdir=upper,workdir=work none /usr/bin && rm /usr/bin/jq
"""
CHAPTER, CONTRACT = notebook.load(book.find("migration"))
PREFLIGHT = [
    cell.source.removeprefix("%%look\n")
    for cell in CHAPTER.cells
    if cell.source.startswith("%%look\nno() {")
]


@pytest.fixture(scope="module")
def host(dockbook_home: str) -> Iterator[LabHost]:
    """Give a lab that could be moved as it is, with its disk mounted."""
    del dockbook_home
    with life.attached("refused", DISKS) as host:
        says(host, MOUNT)
        assert judged(host) == ""
        yield host
        assert judged(host) == ""
        host.docker.close()


def says(host: LabHost, command: str) -> str:
    done = host.run(command)
    assert done.rc == 0, done.output
    return done.output


def judged(host: LabHost, **values: str) -> str:
    """Return what the preflight says; it fails when it says anything."""
    given = CONTRACT.environment({"method": "data-root", **values})
    done = [host.run(body, env=given | {"run": "this"}) for body in PREFLIGHT]
    assert all((d.rc == 1) == (d.output != "") for d in done), done
    return "".join(d.output for d in done)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_refused_with_the_reason_and_the_way_out(
    host: LabHost, case: Case
) -> None:
    says(host, case.act)
    try:
        told = judged(host, **case.values)
        other = judged(host, **case.harmless_with) if case.harmless_with else ""
    finally:
        says(host, case.back)
    reasons = told.splitlines()
    assert [r for r in reasons if r.endswith(case.said)], told
    assert len(reasons) == case.reasons, told
    assert other == ""


@pytest.mark.parametrize(("act", "back"), HARMLESS.values(), ids=HARMLESS)
def test_what_only_looks_alike_is_not_refused(
    host: LabHost, act: str, back: str
) -> None:
    says(host, act)
    try:
        assert judged(host) == ""
    finally:
        says(host, back)


@pytest.mark.parametrize(
    ("act", "back", "reason"),
    [
        (
            USER.format("") + " && docker pause user",
            f"docker unpause user && {NO_USER}",
            "CheckFailed: no container is paused or restarting",
        ),
        (
            USER.format("--rm"),
            NO_USER,
            "CheckFailed: no container would be removed by its stop",
        ),
        (
            NO_JQ,
            "umount -l /usr/bin && rm -r /dev/shm/{upper,work}",
            "CheckFailed: the tools are there",
        ),
    ],
    ids=["a paused container", "--rm", "no jq"],
)
def test_it_is_refused_before_the_first_change(
    host: LabHost, tmp_path: Path, act: str, back: str, reason: str
) -> None:
    says(host, act)
    try:
        made = attempt("migration", host, tmp_path)
    finally:
        says(host, back)
    assert made.reason == reason
    assert {step["kind"] for step in made.steps} == {"look"}


def test_nobody_but_root_moves_data(host: LabHost) -> None:
    given = CONTRACT.environment({})
    told = host.run(PREFLIGHT[2], env=given, user="nobody").output
    assert told == "refused: this is not root; call dockbook as root\n"
