"""What holds for every chapter: it proves its claims, leaves nothing, notices lies."""

import json
from pathlib import Path

import pytest

from kernels_helpers import book, report, runner
from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import PLACES, attempt, begins_bare, inventory, lying
from tests.chapters.lies import LIES, SILENT
from tests.unit.test_ledger import proved

CHAPTERS = list(book.chapters())
DATA = " ".join(f"/var/lib/docker/{kind}" for kind in ("volumes", "image", "overlay2"))
LIED = [
    pytest.param(chapter, *lie, id=f"{chapter}: {does}")
    for chapter, lies in LIES.items()
    for does, lie in lies.items()
]


@pytest.fixture
def host(request: pytest.FixtureRequest, chapter: str) -> LabHost:
    """Give the lab that the chapter's own default asks for."""
    kind = "bare_lab" if begins_bare(chapter) else "lab"
    given: LabHost = request.getfixturevalue(kind)
    return given


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_it_passes_twice_in_a_row_proves_the_ledger_and_leaves_nothing(
    host: LabHost, tmp_path: Path, chapter: str
) -> None:
    before = inventory(host)
    for _ in range(2):
        made = attempt(chapter, host, tmp_path)
        assert (made.status, made.reason) == ("passed", None)
        assert {c["note"] for c in made.checks if c["ok"]} >= proved(chapter)
        assert inventory(host) == before
        stored = json.loads((tmp_path / made.run / report.REPORT).read_text())
        assert stored["status"] == "passed"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_plan_changes_nothing_on_the_engine_and_the_host(
    host: LabHost, tmp_path: Path, chapter: str
) -> None:
    """Want the times of the files, too: nothing has been written and put back."""
    times = f"find {PLACES} {DATA} -printf '%p %T@ %s\\n' 2>/dev/null | sort"
    before = inventory(host), host.run(f"set +e; {times}").output
    options = runner.Options({"host": host.url}, tmp_path, plan=True)
    made = runner.run(book.find(chapter), options, lambda *_: None)
    assert (made.status, made.reason) == ("planned", None)
    assert made.pending > 0
    assert (inventory(host), host.run(f"set +e; {times}").output) == before


def test_a_docker_is_made_to_lie_to_every_chapter() -> None:
    assert {*LIES} == {*CHAPTERS}
    assert all(any(lie[0] == SILENT for lie in lies.values()) for lies in LIES.values())


@pytest.mark.parametrize(("chapter", "fake", "reason"), LIED)
def test_a_docker_that_does_something_wrong_makes_it_fail(
    request: pytest.FixtureRequest,
    dockbook_home: Path,
    tmp_path: Path,
    chapter: str,
    fake: str,
    reason: str,
) -> None:
    del dockbook_home
    if bare := begins_bare(chapter):
        request.getfixturevalue("tree")
    with lying(fake, bare=bare) as liar:
        made = attempt(chapter, liar, tmp_path)
    assert made.status == "failed"
    assert (made.reason or "").startswith(reason)
    if fake == SILENT:
        assert not any(check["note"] for check in made.checks if check["ok"])
