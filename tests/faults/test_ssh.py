"""What goes wrong with a host that is far: said clearly, and mended afterwards."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers import process
from kernels_helpers.connect import connect
from kernels_helpers.errors import HostError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import call, command, report_in
from tests.far import again, far
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until

WAIT = "%%look\necho waiting >/tmp/here; while test -e /tmp/here; do sleep 0.1; done"
CUT = "kill $(pgrep -x sshd)"  # the one that listens, and those of connections


@pytest.fixture(scope="module")
def box(dockbook_home: Path) -> Iterator[LabHost]:
    del dockbook_home
    with life.attached("far") as lab:
        yield lab
        lab.docker.close()


@pytest.fixture
def url(box: LabHost, tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    with far(box, folder) as url:
        yield url


def volumes(box: LabHost) -> list[str]:
    return [volume.name for volume in box.docker.volumes.list()]


class TestNoConnection:
    """Exit 3, with what ssh said and what to do."""

    def test_host_key_is_unknown(self, url: str, tmp_path: Path) -> None:
        (tmp_path / "ssh" / "known_hosts").write_text("")
        with pytest.raises(HostError, match=r"verification failed.*compare the key"):
            connect(url).__enter__()

    def test_key_is_refused(self, url: str, box: LabHost) -> None:
        box.run("rm /root/.ssh/authorized_keys")
        with pytest.raises(HostError, match=r"Permission denied \(publickey.*ssh-add"):
            connect(url).__enter__()

    def test_nobody_listens(self, url: str, box: LabHost, tmp_path: Path) -> None:
        box.run(CUT)
        out = tmp_path / "out"
        done = call("run", "volumes", "--host", url, "--plan", "--out", out)
        assert done.returncode == 3
        assert f"dockbook: {url} is unreachable: " in done.stderr
        assert "Traceback" not in done.stderr

    def test_no_engine_answers(self, url: str, box: LabHost) -> None:
        box.run("systemctl stop docker.socket docker")
        with pytest.raises(HostError, match=f"no Docker Engine answers at .* of {url}"):
            connect(url).__enter__()
        box.run("systemctl start docker")


def test_the_commands_own_255_is_no_lost_connection(url: str) -> None:
    with connect(url) as host:
        assert host.run("exit 255").rc == 255


def test_values_are_in_no_process_list(url: str, box: LabHost) -> None:
    with connect(url) as host:
        output = host.run('ps -eo args; echo "$#"', env={"password": "hunter2"}).output
        assert host.run('echo "$password"', env={"password": "hunter2"}).output
    assert "ps -eo args" in output
    assert "hunter2" not in output


def test_one_connection_carries_it_all(url: str, box: LabHost) -> None:
    with connect(url) as host:
        box.run("rm /root/.ssh/authorized_keys")  # nobody can connect any more
        assert host.run("true").rc == 0
        assert host.docker.ping()
        host.docker.close()


def test_nothing_is_left_of_a_connection(url: str, box: LabHost) -> None:
    with connect(url) as host:
        assert host.run("true").rc == 0
        master = ["pgrep", "-fa", f"ssh .*{url}"]
        assert process.run(master).rc == 0
    assert process.run(master).output == ""
    until(lambda: box.run("pgrep -xc sshd").output == "1\n")


class Cut:
    """A run over ssh whose connection, and sshd, end in the middle of a step."""

    def __init__(self, url: str, box: LabHost, root: Path) -> None:
        cells = (BINDING, MAKE, WAIT, CHECK, UNWIND, LEFT)
        chapter = notebooks.write(root / "small.ipynb", *cells)
        self.out = root / "out"
        words = ("run", chapter, "--host", url, "-p", "apply=true", "--out", self.out)
        run = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL)
        until(lambda: box.run("test -e /tmp/here").rc == 0)
        box.run(CUT)
        self.rc = run.wait(timeout=120)

    @property
    def folder(self) -> Path:
        (folder,) = self.out.glob("2*")
        return folder


@pytest.fixture
def cut(url: str, box: LabHost, tmp_path: Path) -> Iterator[Cut]:
    yield Cut(url, box, tmp_path)
    box.run("rm -f /tmp/here; docker volume rm -f dockbook-small")


class TestConnectionIsCut:
    def test_the_run_fails_and_says_why(self, cut: Cut, url: str) -> None:
        assert cut.rc == 1
        assert f"{url} is unreachable" in str(report_in(cut.out)["reason"])
        notebook = (cut.folder / "chapter.ipynb").read_text()
        assert f"`dockbook undo {cut.folder.name}` goes on from here" in notebook

    def test_the_command_ends_there(self, cut: Cut, box: LabHost) -> None:
        del cut
        until(lambda: box.run("pgrep -f 'test -e /tmp/here'").output == "")

    def test_undo_takes_it_back(self, cut: Cut, box: LabHost, tmp_path: Path) -> None:
        assert volumes(box) == ["dockbook-small"]
        failed = call("undo", cut.folder)
        assert failed.returncode == 3
        assert "is unreachable" in failed.stderr
        again(box, tmp_path / "ssh")
        done = call("undo", cut.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert volumes(box) == []
        assert call("verify", cut.folder).returncode == 0

    def test_resume_goes_on(self, cut: Cut, box: LabHost, tmp_path: Path) -> None:
        again(box, tmp_path / "ssh")
        box.run("rm /tmp/here; systemctl restart docker")  # as after a reboot
        resumed = subprocess.Popen(command("resume", cut.folder))
        until(lambda: box.run("test -e /tmp/here").rc == 0)
        box.run("rm /tmp/here")
        assert resumed.wait(timeout=120) == 0
        assert report_in(cut.out)["status"] == "passed"
        assert volumes(box) == []
