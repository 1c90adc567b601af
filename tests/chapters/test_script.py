"""A chapter as a script: the engine ends as the notebook leaves it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import book, notebook, runner, sweep
from kernels_helpers.hosts import LabHost
from kernels_helpers.script import script
from tests.unit import notebooks
from tests.unit.test_parameters import HOSTILE

VOLUMES = book.find("volumes")
ARCHIVE = "/srv/dockbook-volume.tar"
RUN = "20260101T000000Z-volumes-abcdef"
# What ShellCheck says of the chapter's own lines, and why they are right.
EXCLUDED = {
    "SC2018": "the messages of Docker that are lowered are ASCII",
    "SC2019": "the messages of Docker that are lowered are ASCII",
}
FILES = 'cd "$at" && find . -mindepth 1 -printf "%P %M %U:%G %n %l\\n"'


@pytest.fixture
def clean(lab: LabHost) -> Iterator[LabHost]:
    """Give the shared lab, and see that it has again what it had."""
    before = inventory(lab, "")
    yield lab
    tidy(lab)
    assert inventory(lab, "") == before


def tidy(lab: LabHost) -> None:
    """Remove what a run has kept."""
    list(sweep.remove(lab.docker, sweep.find(lab.docker)))
    assert lab.run(f"rm -f {ARCHIVE}").rc == 0


def inventory(lab: LabHost, run: str) -> list[str]:
    """List what the engine and the archive's folder have, without IDs and the run."""
    lines = [
        *(
            f"container {container(c.attrs)}"
            for c in lab.docker.containers.list(all=True)
        ),
        *(f"volume {volume(lab, v.attrs)}" for v in lab.docker.volumes.list()),
        *(f"image {i.tags} {i.labels}" for i in lab.docker.images.list()),
        *(f"network {n.name} {n.attrs['Labels']}" for n in lab.docker.networks.list()),
        lab.run(FILES, env={"at": "/srv"}).output,
    ]
    return sorted(plain(line, run) for line in lines)


def container(attrs: dict[str, Any]) -> list[object]:
    mounts = [
        [m["Type"], m.get("Name"), m["Destination"], m["RW"]] for m in attrs["Mounts"]
    ]
    state = [attrs["State"]["Status"], attrs["State"]["ExitCode"]]
    config = [attrs["Config"][key] for key in ("Image", "Cmd", "Labels")]
    return [attrs["Name"], state, config, sorted(mounts, key=str)]


def volume(lab: LabHost, attrs: dict[str, Any]) -> list[object]:
    files = lab.run(FILES, env={"at": attrs["Mountpoint"]}).output.splitlines()
    facts = [attrs[key] for key in ("Name", "Driver", "Labels", "Options")]
    return [*facts, sorted(files)]


def plain(line: str, run: str) -> str:
    """Replace what differs from run to run."""
    return re.sub(r"\b[0-9a-f]{64}\b", "ID", line.replace(run, "RUN") if run else line)


def by_notebook(lab: LabHost, out: Path, *, keep: bool) -> list[str]:
    options = runner.Options({"host": lab.url}, out, keep=keep)
    made = runner.run(VOLUMES, options, lambda *_: None)
    assert made.reason is None
    return inventory(lab, made.run)


def by_script(lab: LabHost, *, unwind: bool) -> list[str]:
    done = lab.run(script(*notebook.load(VOLUMES), {}, RUN, unwind=unwind))
    assert done.rc == 0, done.output
    return inventory(lab, RUN)


@pytest.mark.parametrize("kept", [False, True], ids=["unwound", "kept"])
def test_the_script_ends_as_the_notebook_does(
    clean: LabHost, tmp_path: Path, kept: bool
) -> None:
    before = inventory(clean, "")
    notebook = by_notebook(clean, tmp_path, keep=kept)
    assert any("dockbook-vol" in line for line in notebook) == kept
    tidy(clean)
    assert inventory(clean, "") == before
    assert by_script(clean, unwind=not kept) == notebook


def test_a_step_that_fails_unwinds_those_before_it(
    clean: LabHost, tmp_path: Path
) -> None:
    path = notebooks.write(tmp_path / "x.ipynb", notebooks.MAKE, "%%look\nfalse")
    for unwind, left in ((True, []), (False, ["dockbook-small"])):
        done = clean.run(script(*notebook.load(path), {}, RUN, unwind=unwind))
        assert done.rc == 1
        assert "step 2 ended with 1, expected 0" in done.output
        assert [v.name for v in clean.docker.volumes.list()] == left


def test_what_has_no_undo_is_swept_by_its_label(clean: LabHost, tmp_path: Path) -> None:
    make = """\
%%change
docker volume create --label "$label" "$volume"
docker network create --label "$label" "$volume"
docker run -d --label "$label" -v /data busybox sleep 1d
echo FROM busybox | docker build --label "$label" -t one -t two -"""
    path = notebooks.write(tmp_path / "x.ipynb", make, notebooks.UNWIND)
    before = inventory(clean, "")
    clean.docker.volumes.create("of-the-user")
    done = clean.run(script(*notebook.load(path), {}, RUN))
    assert done.rc == 0, done.output
    clean.docker.volumes.get("of-the-user").remove()
    assert inventory(clean, "") == before


def test_a_step_runs_as_its_user(clean: LabHost, tmp_path: Path) -> None:
    step = '%%look\n#| as: nobody\nid -un; echo "$HOME $USER $volume"'
    path = notebooks.write(tmp_path / "x.ipynb", step, "chapter.finish()")
    done = clean.run(script(*notebook.load(path), {}, RUN))
    assert done.output == "nobody\n/nonexistent nobody dockbook-small\n"
    path = notebooks.write(tmp_path / "x.ipynb", step.replace("nobody", "no body"))
    done = clean.run(script(*notebook.load(path), {}, RUN))
    assert (done.rc, done.output.splitlines()[0]) == (1, "no user 'no body'")


def test_hostile_values_stay_data(clean: LabHost, tmp_path: Path) -> None:
    folder = "/srv/script-test"
    parameters = "from kernels_helpers.field_types import AbsolutePath\n" + "\n".join(
        [
            *(f"t{n}: str = ''  # text" for n in range(len(HOSTILE))),
            f'path: AbsolutePath = "{folder}"  # folder',
        ]
    )
    path = f"{folder}/$(touch {folder}.x)`id`'\";touch {folder}.x;*\\"
    look = "printf '%s\\0' " + " ".join(f'"$t{n}"' for n in range(len(HOSTILE)))
    cells = (f'%%look\nmkdir -p "$path"\n{look} >"$path/seen"',)
    chapter = notebooks.write(tmp_path / "x.ipynb", *cells, parameters=parameters)
    values = {"path": path, **{f"t{n}": text for n, text in enumerate(HOSTILE)}}
    done = clean.run(script(*notebook.load(chapter), values, RUN))
    assert done.rc == 0, done.output
    seen = clean.run('cat "$path/seen"', env={"path": path}).output
    assert seen.split("\0")[:-1] == HOSTILE
    left = clean.run(f"ls -d {folder}* /tmp/x 2>&1").output
    assert left == f"ls: cannot access '/tmp/x': No such file or directory\n{folder}\n"
    assert clean.run(f"rm -r {folder}").rc == 0


@pytest.mark.parametrize("unwind", [True, False])
def test_shellcheck_has_nothing_to_say(unwind: bool) -> None:
    text = script(*notebook.load(VOLUMES), {}, RUN, unwind=unwind)
    for words in (
        ["bash", "-n"],
        ["shellcheck", f"--exclude={','.join(EXCLUDED)}", "-"],
    ):
        done = subprocess.run(
            words, input=text, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
