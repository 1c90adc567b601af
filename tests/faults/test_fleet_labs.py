"""A scheduler and two workers in the networks of three labs, joined by a switch."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import journal
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import command
from tests.switch import joined, network
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND
from tests.waiting import until

SCHEDULER = "tcp://10.77.0.1:8786"
SECRET = "kept-on-the-workers-0192837465"
PASSWORD = 'password: Secret = "env:FLEET_PASSWORD"  # what only workers have'
PARAMETERS = (
    notebooks.PARAMETERS.replace("import HostURL", "import HostURL, Secret")
    + f"\n{PASSWORD}"
)
USE = """\
%%look
echo "the secret is $password"; test -e /srv/go || sleep 300"""
# Take every frame that the switch sees, for as long as there is a parent.
SNIFF = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3)) as wire, \\
     open(sys.argv[1], "wb", buffering=0) as file:
    print("listening", flush=True)
    while True:
        file.write(wire.recv(65535))
"""


@pytest.fixture
def labs(dockbook_home: Path) -> Iterator[list[LabHost]]:
    if os.geteuid() != 0:
        pytest.skip("only root can join the networks of labs")
    with contextlib.ExitStack() as held:
        yield [held.enter_context(life.attached(f"fleet{n}")) for n in (1, 2, 3)]


@contextlib.contextmanager
def process(words: list[str], said: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program that has to say something first; it is killed at the end."""
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **env},
    ) as started:
        assert started.stdout
        try:
            lines = []
            for line in started.stdout:
                lines.append(line)
                if said in line:
                    break
            else:
                pytest.fail("".join(lines))
            yield started
        finally:
            started.kill()


@contextlib.contextmanager
def worker(
    n: int, labs: list[LabHost], home: Path, **env: str
) -> Iterator[subprocess.Popen[str]]:
    """Start the worker of a lab. It knows the labs; what else it keeps is its own."""
    for lab in labs:
        home.mkdir(exist_ok=True)
        link = home / lab.name
        if not link.is_symlink():
            link.symlink_to(Path(os.environ["DOCKBOOK_HOME"]) / lab.name)
    words = ["-m", "distributed.cli.dask_worker", SCHEDULER, "--name", str(n)]
    words += [
        "--host",
        f"10.77.0.{n}",
        "--no-nanny",
        "--no-dashboard",
        "--nthreads",
        "1",
    ]
    with process(
        [*network(labs[n - 1].state.init), sys.executable, *words],
        "Registered to",
        DOCKBOOK_HOME=str(home),
        DASK_TEMPORARY_DIRECTORY=str(home / "dask"),
        **env,
    ) as started:
        yield started


def run(labs: list[LabHost], *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Call dockbook in the network of the first lab."""
    inside = network(labs[0].state.init)
    called = [*inside, *command("run", *words, "--scheduler", SCHEDULER)]
    return subprocess.run(
        called, capture_output=True, text=True, check=False, timeout=120
    )


def test_workers_in_other_labs(labs: list[LabHost], tmp_path: Path) -> None:
    cells = (BINDING, MAKE, USE, CHECK, UNWIND, LEFT)
    chapter = notebooks.write(tmp_path / "small.ipynb", *cells, parameters=PARAMETERS)
    hosts, out = tmp_path / "hosts.yaml", tmp_path / "out"
    told = {n: {"dockbook_host": labs[n].url} for n in (1, 2)}
    hosts.write_text(json.dumps({"all": {"hosts": told}}))
    words = (chapter, "--inventory", hosts, "--out", out)
    homes = {n: tmp_path / f"home{n}" for n in (2, 3)}
    secret = {"FLEET_PASSWORD": SECRET}
    inside = network(labs[0].state.init)
    scheduler = ["-m", "distributed.cli.dask_scheduler", "--host", "10.77.0.1"]
    scheduler += ["--port", "8786", "--no-dashboard"]
    with contextlib.ExitStack() as held:
        switch = held.enter_context(joined(labs))
        wire = tmp_path / "wire"
        sniffer = [*switch, sys.executable, "-c", SNIFF, str(wire)]
        held.enter_context(process(sniffer, "listening"))
        held.enter_context(
            process([*inside, sys.executable, *scheduler], "Scheduler at")
        )
        _refuses_another_version(labs, words, tmp_path)
        labs[2].run("touch /srv/go")  # the first waits
        second = held.enter_context(worker(2, labs, homes[2], **secret))
        third = held.enter_context(worker(3, labs, homes[3], **secret))
        called = [*inside, *command("run", *words, "--scheduler", SCHEDULER)]
        with subprocess.Popen(called, stdout=subprocess.PIPE, text=True) as fleet:
            until(lambda: "ended" in _events(out), seconds=60)
            until(lambda: _at_work(homes), seconds=60)  # now only one can wait
            mine, other = (second, 2), (third, 3)
            begun = _at_work(homes)
            lost, number = mine if begun == 2 else other
            os.kill(lost.pid, signal.SIGKILL)
            said, _ = fleet.communicate(timeout=60)
        assert fleet.returncode == 5, said
        (folder,) = out.iterdir()
        first = _row(folder, 0)
        assert (first["status"], _row(folder, 1)["status"]) == ("unknown", "passed")
        labs[1].run("touch /srv/go")
        held.enter_context(worker(number, labs, homes[number], **secret))
        done = run(labs, *words, "--retry-failed", folder.name)
        assert done.returncode == 0, done.stdout + done.stderr
        assert _row(folder, 0)["run"] == first["run"]
    sent = wire.read_bytes()
    assert b"env:FLEET_PASSWORD" in sent
    assert SECRET.encode() not in sent
    for n in (0, 1):
        kept = folder / _row(folder, n)["run"] / "journal.jsonl"
        assert SECRET not in kept.read_text()
        opened = [e for e in journal.read(kept) if e["event"] == "open"]
        assert len(opened) == 2 - n  # the lost one was resumed, no other run again
    assert [lab.docker.volumes.list() for lab in labs[1:]] == [[], []]
    assert not [*tmp_path.glob("home*/.fleets/*")]


def _refuses_another_version(
    labs: list[LabHost], words: tuple[str | Path, ...], folder: Path
) -> None:
    info = folder / "other" / "dockbook-9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: dockbook\nVersion: 9.9\n"
    )
    path = {"PYTHONPATH": str(info.parent)}
    with worker(2, labs, folder / "home9", **path):
        done = run(labs, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "this is dockbook 0.1.0, but worker tcp://10.77.0.2:" in done.stderr
    assert "has 9.9" in done.stderr


def _at_work(homes: dict[int, Path]) -> int | None:
    """Tell which worker has begun the step that waits."""
    for n, home in homes.items():
        for path in home.glob(".fleets/*/*/journal.jsonl"):
            events = [*journal.read(path)]
            waits = any("sleep 300" in str(e.get("body")) for e in events)
            if waits and events[-1]["event"] == "begin":
                return n
    return None


def _events(out: Path) -> set[str]:
    return {e["event"] for p in out.glob("*/fleet.jsonl") for e in journal.read(p)}


def _row(folder: Path, number: int) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "fleet.json").read_text())
    row: dict[str, Any] = told["targets"][number]
    return row
