"""A host that answers from a table, and a chapter on it: without an engine."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kernels_helpers import journal
from kernels_helpers.chapter import Chapter
from kernels_helpers.hosts import Host
from kernels_helpers.journal import Journal
from kernels_helpers.process import Result
from kernels_helpers.steps import Step

MAKE = Step("change", "make", unless="is there", undo="take away")
SILENCE: dict[str, Any] = {"Volumes": None}


class FakeHost(Host):
    """Answer each script with the exit codes of a table; the last one stays."""

    url = "lab://fake"
    is_lab = True
    socket = "unix:///nowhere"

    def __init__(
        self,
        answers: Mapping[str, list[int]] | None = None,
        product: str = "Docker Engine",
    ) -> None:
        self.product = product
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


def open_chapter(tmp_path: Path, host: FakeHost, **options: Any) -> Chapter:
    said: list[str] = []
    options.setdefault("say", said.append)
    path = tmp_path / "journal.jsonl"
    return Chapter(host, "a-run", {"volume": "x"}, Journal(path), **options)


def events(chapter: Chapter, kind: str) -> list[dict[str, Any]]:
    return [e for e in journal.read(chapter.journal.path) if e["event"] == kind]
