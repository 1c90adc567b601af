"""A host that answers from a table, for tests without an engine."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from kernels_helpers.hosts import Host
from kernels_helpers.process import Result

SILENCE: dict[str, Any] = {"Volumes": None}


class FakeHost(Host):
    """Answer each script with the exit codes of a table; the last one stays."""

    url = "lab://fake"
    is_lab = True
    socket = "unix:///nowhere"

    def __init__(self, answers: Mapping[str, list[int]] | None = None) -> None:
        self.answers = {script: list(rcs) for script, rcs in (answers or {}).items()}
        self.ran: list[str] = []
        self.timeouts: list[float | None] = []
        self.environments: list[dict[str, str]] = []
        api = SimpleNamespace(
            containers=lambda **_: [],
            networks=lambda **_: [],
            volumes=lambda **_: SILENCE,
            images=lambda **_: [],
            remove_container=None,
            remove_network=None,
            remove_volume=None,
            remove_image=None,
        )
        self.__dict__["_client"] = SimpleNamespace(api=api)

    def _run(
        self,
        words: list[str],
        env: dict[str, str],
        timeout: float | None,
        on_output: Callable[[str], object],
    ) -> Result:
        script = words[-1]
        self.ran.append(script)
        self.timeouts.append(timeout)
        self.environments.append(env)
        codes = self.answers.get(script, [0])
        rc = codes.pop(0) if len(codes) > 1 else codes[0]
        output = f"{script}: {rc}\n"
        on_output(output)
        return Result(rc, output, 0.001, timed_out=rc == 124 and timeout is not None)
