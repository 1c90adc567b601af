"""What holds for every chapter: it proves its claims, leaves nothing, notices lies."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from kernels_helpers import book, notebook, report, steps
from kernels_helpers.hosts import LabHost
from kernels_helpers.labels import label_of
from kernels_helpers.parameters import BARE
from tests.chapters.attempts import (
    PLACES,
    attempt,
    created,
    default_host,
    inventory,
    lying,
)
from tests.chapters.fakes import DOCKER, SILENT
from tests.chapters.lies import BEHIND, LIES
from tests.unit.test_ledger import proved

CHAPTERS = list(book.chapters())
DATA = " ".join(f"/var/lib/docker/{kind}" for kind in ("volumes", "image", "overlay2"))
UNREAD = {("container", "dockbook-bind-far")}  # a script that is given to unshare
PATHS = [
    ("copy", "folder", '"'),
    ("volumes", "archive", '"'),
    ("bind-and-tmpfs", "folder", ""),  # it refuses what an option cannot hold
]


ALWAYS = 3  # acts of a chapter; the others are left to the exhaustive run


def flat(by_chapter: dict[str, dict[str, tuple[str, str]]]) -> list[ParameterSet]:
    """Make one case of each act."""
    left = pytest.mark.exhaustive
    return [
        pytest.param(
            chapter, *act, id=f"{chapter}: {does}", marks=() if n < ALWAYS else left
        )
        for chapter, acts in by_chapter.items()
        for n, (does, act) in enumerate(acts.items())
    ]


@pytest.fixture
def host(request: pytest.FixtureRequest, chapter: str) -> LabHost:
    """Give the lab that the chapter's own default asks for."""
    kind = "bare_lab" if default_host(chapter) == BARE else "lab"
    given: LabHost = request.getfixturevalue(kind)
    return given


def trying_undos(
    chapter: str, host: LabHost, out: Path, failed: list[str]
) -> Callable[[int, str], None]:
    """Make a function that runs the undo of a cell; one with an `unless` may fail."""
    loaded, contract = notebook.load(book.find(chapter))
    cells = [c.source.split("\n", 1) for c in loaded.cells if c.cell_type == "code"]

    def undo(cell: int, _: str) -> None:
        magic, *body = cells[cell - 1]
        step = steps.parse("change", *body) if magic == "%%change" else None
        if step and step.undo and not step.unless:
            run = max(out.iterdir(), key=lambda folder: folder.stat().st_ctime).name
            own = {"run": run, "label": label_of(run)}
            environment = contract.environment({}) | own
            where = LabHost(f"{host.name}-{step.on}") if step.on else host
            done = where.run(step.undo, env=environment, user=step.user)
            failed.extend([f"{step.undo}\n{done.output}"] if done.rc else [])

    return undo


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_it_passes_twice_in_a_row_as_planned_proves_the_ledger_leaves_nothing(
    host: LabHost, tmp_path: Path, chapter: str
) -> None:
    """The second run tries each undo before its step: a run may be killed just then.

    The plan after each leaves even the times of the files: nothing is written and
    put back.
    """
    times = f"set +e; find {PLACES} {DATA} -printf '%p %T@ %s\\n' 2>/dev/null | sort"
    before, failed = inventory(host), list[str]()
    for on_cell in (lambda *_: None, trying_undos(chapter, host, tmp_path, failed)):
        since = int(time.time())
        made = attempt(chapter, host, tmp_path, on_cell)
        assert not failed, "\n".join(failed)
        assert (made.status, made.reason) == ("passed", None)
        assert {c["note"] for c in made.checks if c["ok"]} >= proved(chapter)
        assert inventory(host) == before
        stored = json.loads((tmp_path / made.run / report.REPORT).read_text())
        assert stored["status"] == "passed"
        dated = host.run(times).output
        planned = attempt(chapter, host, tmp_path, plan=True)
        assert (planned.status, planned.reason) == ("planned", None)
        assert planned.pending > 0
        assert (inventory(host), host.run(times).output) == (before, dated)
        assert created(host, since) - UNREAD <= {
            (effect.kind, effect.name.replace(planned.run, made.run))
            for effect in planned.effects
            if effect.action == "create"
        }


def test_a_docker_is_made_to_lie_to_every_chapter() -> None:
    assert {*LIES} == {*CHAPTERS}
    for lies in LIES.values():
        fakes = [fake for fake, _ in lies.values()]
        assert SILENT in fakes
        assert {*fakes[:ALWAYS]} - {SILENT}


@pytest.mark.parametrize(("chapter", "fake", "reason"), flat(LIES))
def test_a_docker_that_does_something_wrong_makes_it_fail(
    request: pytest.FixtureRequest,
    dockbook_home: Path,
    tmp_path: Path,
    chapter: str,
    fake: str,
    reason: str,
) -> None:
    del dockbook_home
    if bare := (default_host(chapter) == BARE):
        request.getfixturevalue("tree")
    with lying(fake, bare=bare) as liar:
        made = attempt(chapter, liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
    if fake == SILENT:
        assert not any(check["note"] for check in made.checks if check["ok"])


@pytest.mark.parametrize(
    "chapter",
    [
        "networks",
        "migration",
        pytest.param("ports", marks=pytest.mark.exhaustive),
        pytest.param("registries", marks=pytest.mark.exhaustive),
    ],
)
def test_networks_are_undone_with_the_command_line_of_the_distribution(
    dockbook_home: Path, tmp_path: Path, chapter: str
) -> None:
    """That of 20.10 has no `docker network rm -f`."""
    del dockbook_home
    with lying(f'exec {DOCKER} "$@"') as host:
        made = attempt(chapter, host, tmp_path)
    assert (made.status, made.reason) == ("passed", None)


@pytest.mark.parametrize(("chapter", "act", "reason"), flat(BEHIND))
def test_what_happens_behind_its_back_makes_it_fail(
    lab: LabHost, tmp_path: Path, chapter: str, act: str, reason: str
) -> None:
    before = inventory(lab)
    made = attempt(chapter, lab, tmp_path, lambda *_: lab.run(act))
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
    assert inventory(lab) == before


@pytest.mark.parametrize(("chapter", "parameter", "also"), PATHS)
def test_a_hostile_path_is_harmless(
    lab: LabHost, tmp_path: Path, chapter: str, parameter: str, also: str
) -> None:
    path = f"/srv/a b'$(touch pwned); touch pwned & -v * ü{also}"
    values: Any = {parameter: path}
    made = attempt(chapter, lab, tmp_path, **values)
    assert (made.status, made.reason) == ("passed", None)
    assert lab.run("test -e /pwned || test -e pwned").rc == 1
