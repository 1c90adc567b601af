"""What a chapter may ask of the host on which Docker runs."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property

from docker import DockerClient
from docker.errors import DockerException

from kernels_helpers import process

# sshd runs bash with its rc file, which need not bear -u
SHELL = ["bash", "--norc", "-euo", "pipefail", "-c", "--"]

# The switch to a user keeps the environment, but for what names the user in it.
AS_USER = """
IFS=: read -r _ _ uid gid _ HOME _ < <(getent passwd "$0") ||
  { echo "no user '$0'" >&2; exit 1; }
export HOME USER="$0"
exec setpriv --reuid="$uid" --regid="$gid" --init-groups -- "$@"
"""


PODMAN = "Podman"
DOCKER = "Docker Engine"


class Host(ABC):
    """A machine with an engine, Docker's or Podman: run commands there, ask it."""

    url: str
    is_lab: bool
    socket: str  # the engine's API as seen from here, a URL for the Docker SDK

    @property
    def docker(self) -> DockerClient:
        """Return a Docker SDK client of the host's engine."""
        return self._client

    @cached_property
    def _client(self) -> DockerClient:
        return DockerClient(base_url=self.socket)

    @cached_property
    def product(self) -> str:
        """Name the engine that answers, whatever its socket is called."""
        name = self.docker.version()["Components"][0]["Name"]
        return PODMAN if name.startswith(PODMAN) else DOCKER

    def has_engine(self) -> bool:
        """Tell whether an engine answers on the host."""
        try:
            _knock(self.socket)
            return bool(self._client.ping())
        except (OSError, DockerException):  # those of requests are an OSError
            return False

    def run(
        self,
        script: str,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        timeout: float | None = None,
        on_output: Callable[[str], object] = lambda _text: None,
    ) -> process.Result:
        """Run a bash script on the host, as ``user`` where one is named.

        Values go through ``env`` only, so that none of them can become code.
        """
        switch = [*SHELL, AS_USER, user] if user else []
        words = [*switch, *SHELL, script]
        return self._run(words, dict(env or {}), timeout, on_output)

    @abstractmethod
    def _run(
        self,
        words: list[str],
        env: dict[str, str],
        timeout: float | None,
        on_output: Callable[[str], object],
    ) -> process.Result:
        """Run a command on the host, with ``env`` besides what a login there gives."""


class NearHost(Host):
    """A host on this machine: its commands are processes here."""

    @abstractmethod
    def argv(self) -> list[str]:
        """Return the words before a command that carry it to the host."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the environment that a login on the host would give."""

    def before_exec(self) -> None:
        """Prepare the child process between fork and exec."""

    def _run(
        self,
        words: list[str],
        env: dict[str, str],
        timeout: float | None,
        on_output: Callable[[str], object],
    ) -> process.Result:
        return process.run(
            [*self.argv(), *words],
            env={**self.environment(), **env},
            timeout=timeout,
            on_output=on_output,
            before_exec=self.before_exec,
        )


def _knock(url: str) -> None:
    """Raise OSError when nobody listens at a Unix socket; the SDK would leak one."""
    scheme, _, path = url.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(path)
