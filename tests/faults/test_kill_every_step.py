"""Kill two chapters at every change in four ways: undone, nothing of a run is left.

The four ways go at the same time, each in a lab of its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernels_helpers import book
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import call
from tests.faults import kills, operation
from tests.faults.kills import WAYS

IMAGES = book.find("images")
BEGUN = len(kills.changes(IMAGES)) - 2  # two are true already on a lab
CHANGES = len(operation.CHANGES)


def each(last: int) -> list[object]:
    """Number the changes; every second one is left to the exhaustive run."""
    left = pytest.mark.exhaustive
    steps = range(1, last + 1)
    return [pytest.param(n, marks=() if n % 2 else left) for n in steps]


# What the operation makes, without what differs between two runs.
MADE = """
docker ps -a --format '{{.Names}} {{.Image}} {{.State}} {{.Networks}}'
docker inspect -f '{{range .Mounts}}{{println .Type .Destination}}{{end}}' operation |
  sort
docker volume ls -q | sed -E 's/[0-9a-f]{64}/anonymous/' | sort
docker network ls --format '{{.Name}} {{.Driver}}' | sort
docker image ls --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort
findmnt -rno TARGET,SOURCE,FSTYPE | grep /srv/
find /srv -type f ! -name pid -exec sha256sum {} + | sort
grep -w operation /etc/hosts
ps -eo args= | grep '^sleep' | sort
"""


@pytest.fixture(scope="module", autouse=True)
def _home(dockbook_home: Path) -> Iterator[None]:
    """Take down the labs that tests share."""
    del dockbook_home
    yield
    for name in {*WAYS} & {*life.names()}:
        life.down(name)


def in_every_way(test: Callable[[str, LabHost], None]) -> None:
    """Do something in all ways at once; say in which it failed."""

    def one(way: str) -> str:
        try:
            with kills.lab(way) as lab:
                test(way, lab)
        except Exception as error:  # noqa: BLE001 - all ways are to be told
            return f"{way}: {error}"
        return ""

    with ThreadPoolExecutor() as all_:
        if failures := "\n".join(filter(None, all_.map(one, WAYS))):
            pytest.fail(failures)


@pytest.mark.parametrize("step", each(BEGUN))
def test_images_hit_when_a_change_begins(tmp_path: Path, step: int) -> None:
    def test(way: str, lab: LabHost) -> None:
        out = tmp_path / way
        folder = kills.kill(way, IMAGES, lab, out, kills.began(out, step))
        kills.take_back(way, folder, lab)

    in_every_way(test)


@pytest.mark.parametrize("step", range(1, CHANGES + 1))
def test_an_operation_hit_in_the_middle_of_a_change(tmp_path: Path, step: int) -> None:
    chapter = operation.write(tmp_path / "small.ipynb")

    def test(way: str, lab: LabHost) -> None:
        with operation.held(lab, step) as there:
            folder = kills.kill(way, chapter, lab, tmp_path / way, there)
        kills.take_back(way, folder, lab)

    in_every_way(test)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Tell what the operation makes when nothing kills it."""
    folder = tmp_path_factory.mktemp("finished")
    chapter = operation.write(folder / "small.ipynb")
    with life.attached("finished") as lab:
        done = call("run", chapter, "--host", lab.url, "--out", folder / "out")
        assert done.returncode == 0, done.stdout + done.stderr
        made = lab.run(MADE)
        assert made.rc == 0
        lab.docker.close()
    return made.output


@pytest.mark.parametrize("step", each(CHANGES))
def test_an_operation_whose_runner_was_killed_is_resumed_to_the_same_end(
    tmp_path: Path, finished: str, step: int
) -> None:
    chapter = operation.write(tmp_path / "small.ipynb")
    with kills.lab("runner") as lab:
        with operation.held(lab, step) as there:
            folder = kills.kill("runner", chapter, lab, tmp_path / "out", there)
        done = call("resume", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.run(MADE).output == finished
        kills.take_back("runner", folder, lab)
