"""A host of each kind."""

from collections.abc import Iterator

import pytest

from kernels_helpers.connect import connect
from kernels_helpers.hosts import Host, LabHost
from kernels_helpers.lab import life
from tests.far import far


@pytest.fixture(scope="module", params=["lab", "podman", "local", "ssh"])
def host(
    request: pytest.FixtureRequest,
    lab: LabHost,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Host]:
    """Give a host of each kind, and one whose engine is Podman.

    The engine of ``local://`` runs in a second lab, so that the machine's own is
    left alone; the commands run on the machine, with DOCKER_HOST set. ``ssh://`` is
    a third lab, with an sshd.
    """
    if request.param == "lab":
        yield lab
        return
    if request.param == "podman":
        yield request.getfixturevalue("podman_lab")
        return
    if request.param == "ssh":
        folder = tmp_path_factory.mktemp("far")
        with life.attached("far") as box, far(box, folder) as url, connect(url) as host:
            yield host
            host.docker.close()
        return
    with life.attached("engine") as engine, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine.socket)
        with connect("local://") as host:
            yield host
            host.docker.close()
