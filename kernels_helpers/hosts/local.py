"""``local://``: the machine this process runs on, with its own Docker Engine."""

import os

from docker.utils import parse_host

from kernels_helpers.hosts.base import Host


class LocalHost(Host):
    """Reach the engine that the user's own ``docker`` command reaches."""

    url = "local://"
    is_lab = False

    def __init__(self) -> None:
        self.socket = parse_host(os.environ.get("DOCKER_HOST", ""))

    def argv(self) -> list[str]:
        """Need nothing: commands run here."""
        return []

    def environment(self) -> dict[str, str]:
        """Pass the environment of this process on."""
        return dict(os.environ)
