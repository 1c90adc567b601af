"""A host that is far is rebooted between two steps: sshd is away, and comes back."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import call, command, report_in
from tests.far import again, far
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until

OTHER = "ssh://root@box:2222"  # not the user and port that the configuration has
HELD = """\
import pathlib, time
between = pathlib.Path({between!r})
between.touch()
while between.exists(): time.sleep(0.1)"""
NEXT = "%%change\n#| undo: rm -f /srv/next\ntouch /srv/next"


class Machine:
    """A machine that is far, whose power can be cut, and a run between two steps."""

    def __init__(self, lab: LabHost, root: Path) -> None:
        self.lab, self.root, self.out = lab, root, root / "out"
        self.between = root / "between"
        held = HELD.format(between=str(self.between))
        cells = (BINDING, MAKE, held, NEXT, CHECK, UNWIND, LEFT)
        chapter = notebooks.write(root / "small.ipynb", *cells)
        words = ("run", chapter, "--host", OTHER, "-p", "apply=true", "--out", self.out)
        self.run = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL)
        until(self.between.exists)

    @property
    def folder(self) -> Path:
        (folder,) = self.out.glob("2*")
        return folder

    def reboot(self) -> None:
        self.lab = life.power_cut(self.lab.name)

    def listen(self) -> None:
        again(self.lab, self.root / "ssh", OTHER)

    def end(self) -> int:
        """Let the run go on to its next step, and to its end."""
        self.between.unlink()
        return self.run.wait(timeout=120)

    def left(self) -> list[str]:
        there = self.lab.run("ls /srv; docker volume ls -q")
        assert there.rc == 0, there.output
        return there.output.split()


@pytest.fixture
def machine(dockbook_home: Path, tmp_path: Path) -> Iterator[Machine]:
    del dockbook_home
    folder = tmp_path / "ssh"
    folder.mkdir()
    with (
        life.attached("far-reboot", durable=True) as lab,
        far(lab, folder, OTHER),
    ):
        made = Machine(lab, tmp_path)
        yield made
        made.run.kill()


class TestHostIsRebooted:
    """Its power is cut between two steps: sshd is away, and comes back."""

    def test_undo_takes_it_back(self, machine: Machine) -> None:
        machine.reboot()
        assert machine.end() == 1
        told = report_in(machine.out)
        assert f"HostError: {OTHER} is unreachable: " in str(told["reason"])
        assert told["steps"][0]["rc"] == 0  # the journal has it
        assert "dockbook-small" in machine.left()
        machine.listen()
        done = call("undo", machine.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert machine.left() == []
        assert call("verify", machine.folder).returncode == 0

    def test_resume_goes_on(self, machine: Machine) -> None:
        machine.reboot()
        assert machine.end() == 1
        machine.listen()
        with subprocess.Popen(command("resume", machine.folder)) as resumed:
            until(machine.between.exists)
            machine.between.unlink()
        assert resumed.returncode == 0
        told = report_in(machine.out)
        assert told["status"] == "passed"
        assert [a["answer"] for a in told["answers"]] == ["already true"]
        assert machine.left() == []

    def test_a_run_goes_on_when_it_is_back_in_time(self, machine: Machine) -> None:
        machine.reboot()
        machine.listen()
        assert machine.end() == 0, report_in(machine.out)
        assert report_in(machine.out)["status"] == "passed"
        assert machine.left() == []
