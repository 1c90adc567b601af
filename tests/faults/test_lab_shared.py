"""Labs beside each other, one that several use, and one that stays."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.faults.attaching import ATTACH, UP, Start, busy, leave

Remains = Callable[[Path], list[str]]


def test_two_labs_publish_the_same_port(empty_home: Path, remains: Remains) -> None:
    serve = """
    docker run -d -p 8080:80 busybox sh -c "echo $name >index.html; httpd -f -p 80"
    until curl -fs 127.0.0.1:8080; do sleep 0.05; done
    """

    with (
        ThreadPoolExecutor() as both,
        life.attached("one") as one,
        life.attached("two") as two,
    ):
        hosts = (one, two)
        jobs = [
            both.submit(host.run, serve, env={"name": host.name}, timeout=60)
            for host in hosts
        ]
        results = [job.result() for job in jobs]
        assert [r.output.split()[-1] for r in results] == ["one", "two"]
        addresses = [host.run("ip -4 -br addr show docker0").output for host in hosts]
        assert addresses[0] == addresses[1]
        assert "172.17.0.1/16" in addresses[0]
    assert remains(empty_home) == []


def test_one_of_two_leaves(empty_home: Path, start: Start, remains: Remains) -> None:
    starter = start(ATTACH, "default")
    joiner = start(ATTACH, "default")
    init = LabHost("default").state.init
    leave(starter)
    time.sleep(0.5)  # what a watcher would need that does not look
    host = LabHost("default")
    assert host.state.init == init
    assert host.run("docker run --rm busybox echo works").output == "works\n"
    leave(joiner)
    assert remains(empty_home) == []


def test_the_next_one_gets_a_fresh_lab(empty_home: Path, remains: Remains) -> None:
    """Join in the moment when the watcher of the lab before is at work."""
    inits = set()
    for _ in range(3):
        with life.attached("again") as host:
            inits.add(host.state.init)
            assert host.run("docker info").rc == 0
    assert remains(empty_home) == []
    assert inits


def test_persistent_lab_outlives_its_starter(
    empty_home: Path, start: Start, remains: Remains
) -> None:
    leave(start(UP, "stays", "vdb=64M"))
    busy("stays")
    leave(start(ATTACH, "stays"))
    assert life.gc() == []
    time.sleep(0.5)
    assert life.running("stays")
    with pytest.raises(LabError, match="is running already"):
        life.up("stays")
    life.down("stays")
    assert remains(empty_home) == []
    with pytest.raises(LabError, match="there is no lab 'stays'"):
        life.down("stays")
