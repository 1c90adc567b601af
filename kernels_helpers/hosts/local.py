"""``local://``: the machine this process runs on, with its own Docker Engine."""

import os

from docker.utils import parse_host

from kernels_helpers.hosts.base import Host


class LocalHost(Host):
    """Reach the engine that the user's own ``docker`` command reaches."""

    url = "local://"
    is_lab = False

    def __init__(self) -> None:
        address = str(parse_host(os.environ.get("DOCKER_HOST", "")))
        self.socket = address.removeprefix("http+")  # as the docker command writes it

    def argv(self) -> list[str]:
        """Need nothing: commands run here."""
        return []

    def environment(self) -> dict[str, str]:
        """Pass the environment of this process on, and name the engine in it.

        The docker command would else follow its context to another engine.
        """
        return {**os.environ, "DOCKER_HOST": self.socket}
