"""``local://``: the machine this process runs on, with its own Docker Engine."""

import json
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
from docker.tls import TLSConfig

from kernels_helpers import process
from kernels_helpers.errors import HostError
from kernels_helpers.hosts.base import NearHost

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
DEFAULT_CONTEXT = "default"


class LocalHost(NearHost):
    """Reach the engine that the user's docker command would reach.

    As there, ``DOCKER_HOST`` comes first, then ``DOCKER_CONTEXT``, then the context in
    use, then the machine's own engine. HostError for a context that does not exist, or
    for one of another machine by ssh.
    """

    url = "local://"
    is_lab = False

    def __init__(self) -> None:
        self._context = {} if os.environ.get("DOCKER_HOST") else _context()
        self.socket = os.environ.get("DOCKER_HOST") or DEFAULT_SOCKET
        if self._context:
            self.socket = self._context["Endpoints"]["docker"]["Host"]
        if self.socket.startswith("ssh://"):
            raise HostError(
                f"your docker command leads to {self.socket}, where commands of "
                f"local:// would not run: use --host {self.socket}"
            )

    @cached_property
    def _client(self) -> docker.DockerClient:
        """Return a client that minds DOCKER_TLS_VERIFY and DOCKER_CERT_PATH too."""
        if self._context:
            return docker.DockerClient(self.socket, tls=_tls(self._context))
        return docker.from_env(environment=self.environment())

    def argv(self) -> list[str]:
        """Need nothing: commands run here."""
        return []

    def environment(self) -> dict[str, str]:
        """Pass the environment of this process on, and name the engine in it.

        A command that changes the context in use cannot lead the next to another one.
        """
        if self._context:
            return {**os.environ, "DOCKER_CONTEXT": self._context["Name"]}
        return {**os.environ, "DOCKER_HOST": self.socket}


def _context() -> dict[str, Any]:
    """Ask the docker command for the context in use; none without the command."""
    if not shutil.which("docker"):
        return {}
    inspect = ["docker", "context", "inspect", "--format", "{{json .}}"]
    asked = process.run(inspect, env={**os.environ})
    if asked.rc:
        raise HostError(
            f"{asked.output.strip()}: see `docker context ls`, then `docker context "
            "use NAME`, or set DOCKER_HOST"
        )
    context: dict[str, Any] = json.loads(asked.output)
    return {} if context["Name"] == DEFAULT_CONTEXT else context


def _tls(context: dict[str, Any]) -> TLSConfig | bool:
    """Find the certificates of a context: they say that it is reached by TLS.

    So does that they are not to be verified.
    """
    folder = Path(context["Storage"]["TLSPath"], "docker")
    ca, cert, key = (folder / f"{name}.pem" for name in ("ca", "cert", "key"))
    verify = not context["Endpoints"]["docker"]["SkipTLSVerify"]
    if verify and not folder.is_dir():
        return False
    return TLSConfig(
        client_cert=(str(cert), str(key)) if key.exists() else None,
        ca_cert=str(ca) if ca.exists() else None,
        verify=verify,
    )
