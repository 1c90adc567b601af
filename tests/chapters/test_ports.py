"""The chapter ports, on what test_every does not ask."""

from pathlib import Path

from kernels_helpers.hosts import LabHost
from tests.chapters.attempts import attempt

PORTS = range(18080, 18088)


def test_a_port_that_is_taken_stops_it_before_it_begins(
    lab: LabHost, tmp_path: Path
) -> None:
    taken = lab.docker.containers.run(
        "busybox", "sleep 1d", detach=True, init=True, ports={"80/tcp": PORTS[5]}
    )
    try:
        made = attempt("ports", lab, tmp_path)
    finally:
        taken.remove(force=True)
    assert made.reason == "CheckFailed: eight ports are free"
    assert made.steps == []
