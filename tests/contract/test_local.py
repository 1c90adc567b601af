"""``local://`` is the engine that the user's docker command would reach."""

import gc
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers.connect import connect
from kernels_helpers.errors import HostError
from kernels_helpers.hosts import LabHost, LocalHost


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give the user no engine but by the contexts that are made by this."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)

    def docker_context(*words: str) -> None:
        subprocess.run(["docker", "context", *words], check=True, capture_output=True)

    return docker_context


def test_local_names_its_engine_to_commands(
    contexts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a step could lead the next one to another engine."""
    host = LocalHost()
    assert host.socket == "unix:///var/run/docker.sock"
    assert host.run('echo "$DOCKER_HOST"').output == f"{host.socket}\n"
    contexts("create", "other", "--docker", "host=tcp://192.0.2.2:2375")
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    assert LocalHost().environment()["DOCKER_HOST"] == "tcp://192.0.2.1:2375"


def test_local_is_the_engine_of_the_docker_context(
    contexts: Callable[..., None], lab: LabHost
) -> None:
    """Want the SDK and the command to reach the same one, whatever a step does."""
    contexts("create", "lab", "--docker", f"host={lab.socket}")
    contexts("use", "lab")
    with connect("local://") as host:
        contexts("use", "default")
        told = host.run("docker info --format '{{.ID}}'")
        assert told.output.split() == [lab.docker.info()["ID"]]
        assert host.docker.info()["ID"] == lab.docker.info()["ID"]
        host.docker.close()


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two certificates, ``ca`` and ``cert``, and the ``key`` of the second."""
    folder = tmp_path_factory.mktemp("pem")
    for name in ("ca", "cert"):
        made = (
            "-keyout",
            folder / "key",
            "-out",
            folder / name,
            "-subj",
            f"/CN={name}",
        )
        new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes")
        subprocess.run([*new, *made], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("given", "skip"),
    [("ca cert key", "false"), ("ca", "false"), ("ca cert key", "true"), ("", "true")],
)
def test_a_context_by_tls_is_reached_with_its_certificates(
    contexts: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    pem: Path,
    given: str,
    skip: str,
) -> None:
    """Want what the docker command does; nobody answers at the address."""
    address = "tcp://192.0.2.1:2376"
    files = "".join(f",{name}={pem / name}" for name in given.split())
    told = f"host={address},skip-tls-verify={skip}{files}"
    contexts("create", "far", "--docker", told)
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    asked: dict[str, Any] = {}

    def client(url: str, tls: object) -> None:
        asked.update(url=url, tls=tls)

    monkeypatch.setattr("docker.DockerClient", client)
    assert LocalHost().docker is None
    tls = asked["tls"]
    assert (asked["url"], tls.verify) == (address, skip == "false")
    used = [*filter(None, [tls.ca_cert, *(tls.cert or ())])]
    assert [Path(path).stem for path in used] == given.split()
    assert [Path(path).read_text() for path in used] == [
        (pem / name).read_text() for name in given.split()
    ]


def test_local_refuses_a_context_of_another_machine_or_of_none(
    contexts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts("create", "far", "--docker", "host=ssh://root@box")
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    with pytest.raises(HostError, match="use --host ssh://root@box"):
        LocalHost()
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(HostError, match=r"^context \"gone\".*docker context ls"):
        LocalHost()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_local_without_an_engine_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with (
        pytest.raises(HostError, match="no Docker Engine answers at unix://"),
        connect("local://"),
    ):
        pass
    gc.collect()
