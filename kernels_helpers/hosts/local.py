"""``local://``: the machine this process runs on, with its own Docker Engine."""

import os
from functools import cached_property

import docker

from kernels_helpers.hosts.base import NearHost

DEFAULT_SOCKET = "unix:///var/run/docker.sock"


class LocalHost(NearHost):
    """Reach the engine that ``DOCKER_HOST`` names, or the machine's own."""

    url = "local://"
    is_lab = False

    def __init__(self) -> None:
        self.socket = os.environ.get("DOCKER_HOST") or DEFAULT_SOCKET

    @cached_property
    def _client(self) -> docker.DockerClient:
        """Return a client that minds DOCKER_TLS_VERIFY and DOCKER_CERT_PATH too."""
        return docker.from_env(environment=self.environment())

    def argv(self) -> list[str]:
        """Need nothing: commands run here."""
        return []

    def environment(self) -> dict[str, str]:
        """Pass the environment of this process on, and name the engine in it.

        The docker command would else follow its context to another engine.
        """
        return {**os.environ, "DOCKER_HOST": self.socket}
