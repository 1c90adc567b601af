"""What a chapter may ask of the host on which Docker runs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property

from docker import DockerClient

from kernels_helpers import process

SHELL = ["bash", "-euo", "pipefail", "-c"]


class Host(ABC):
    """A machine with a Docker Engine: run commands there, ask its engine."""

    url: str
    is_lab: bool
    socket: str  # the engine's API as seen from here, a URL for the Docker SDK

    @abstractmethod
    def argv(self) -> list[str]:
        """Return the words before a command that carry it to the host."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the environment that a login on the host would give."""

    def before_exec(self) -> None:
        """Prepare the child process between fork and exec."""

    @cached_property
    def docker(self) -> DockerClient:
        """Return a Docker SDK client of the host's engine."""
        return DockerClient(base_url=self.socket)

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
        switch = (
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
            if user
            else []
        )
        return process.run(
            [*self.argv(), *switch, *SHELL, script],
            env={**self.environment(), **(env or {})},
            timeout=timeout,
            on_output=on_output,
            before_exec=self.before_exec,
        )
