"""The report of a run: a pure function of the executed notebook and the journal."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import journal
from kernels_helpers.recovery import last_attempt
from kernels_helpers.steps import PENDING
from kernels_helpers.verbs import Effect

NOTEBOOK = "chapter.ipynb"
JOURNAL = "journal.jsonl"
REPORT = "report.json"
ADDED = {"papermill-error-cell-tag", "injected-parameters"}  # papermill's own cells


@dataclass
class Report:
    """Tell what a run did and whether it passed.

    ``status`` is ``passed``, ``failed`` or ``planned``; ``pending`` counts the
    changes that a plan would make or cannot know. ``source`` is the hash of the
    chapter (see :func:`source_of`), ``notebook`` that of the executed notebook,
    ``journal`` that of the journal's last line. ``differs`` are the steps that failed
    on Podman as the chapter says.
    """

    run: str
    chapter: str
    status: str
    reason: str | None
    host: str | None
    product: str | None
    engine: str | None
    api: str | None
    started: str | None
    ended: str | None
    seconds: float
    parameters: dict[str, Any]
    user: str | None
    images: dict[str, str]
    source: str
    notebook: str
    journal: str
    checks: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    differs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """Count the changes that have not been made."""
        return sum(
            a["kind"] == "change" and a["answer"] in PENDING for a in self.answers
        )

    @property
    def effects(self) -> list[Effect]:
        """List what a plan would create, change, remove, write or run, each once."""
        listed = [effect for answer in self.answers for effect in answer["effects"]]
        return list(dict.fromkeys(Effect(*effect) for effect in listed))

    @property
    def differences(self) -> list[tuple[str, str]]:
        """List what differs on Podman, claim or command, and how."""
        checks = [(c["claim"], c["differs"]) for c in self.checks if "differs" in c]
        steps = [(s["body"].splitlines()[0], s["why"]) for s in self.differs]
        return steps + checks

    @property
    def interrupted(self) -> bool:
        """Tell whether the run was ended by Ctrl-C or SIGTERM."""
        return (self.reason or "").startswith("KeyboardInterrupt")

    def as_dict(self) -> dict[str, Any]:
        """Return what ``report.json`` holds."""
        return {**asdict(self), "pending": self.pending}

    def as_text(self) -> str:
        """Return the text of ``report.json``."""
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"
        # of half a surrogate pair this makes the escape that JSON has for it
        return text.encode("utf-8", "backslashreplace").decode()


def make(folder: Path, run: str, chapter: str) -> Report:
    """Read the folder of a run. A run without a check that held has not passed.

    Of a run that was resumed it is the last attempt that counts.
    """
    events = last_attempt(journal.read(folder / JOURNAL))
    opened = next((e for e in events if e["event"] == "open"), {})
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
    checks = [
        {name: e[name] for name in ("claim", "ok", "note", *({"differs"} & {*e}))}
        for e in events
        if e["event"] == "check"
    ]
    reason = _reason(notebook, events, checks, planned=opened.get("plan", False))
    timing = notebook.metadata.get("papermill", {})
    return Report(
        run=run,
        chapter=chapter,
        status="failed" if reason else "planned" if opened.get("plan") else "passed",
        reason=reason,
        host=opened.get("host"),
        product=opened.get("product"),
        engine=opened.get("engine"),
        api=opened.get("api"),
        started=timing.get("start_time"),
        ended=timing.get("end_time"),
        seconds=round(timing.get("duration") or 0.0, 3),
        parameters=opened.get("parameters", {}),
        user=opened.get("user"),
        images=opened.get("images", {}),
        source=source_of(notebook),
        notebook=sha256((folder / NOTEBOOK).read_bytes()).hexdigest(),
        journal=journal.head(folder / JOURNAL),
        checks=checks,
        steps=_pick(events, "end", ("kind", "body", "rc", "seconds", "attempt")),
        answers=_pick(events, "answer", ("kind", "body", "answer", "effects")),
        differs=_pick(events, "differs", ("kind", "body", "why")),
    )


def source_of(notebook: nbformat.NotebookNode) -> str:
    """Hash what a chapter says and does: its cells, without their outputs.

    A chapter, its executed notebook and the chapter with other outputs recorded
    in it have the same hash.
    """
    cells = [
        [cell.cell_type, cell.source]
        for cell in notebook.cells
        if not ADDED & {*cell.metadata.get("tags", ())}
    ]
    return sha256(json.dumps(cells).encode()).hexdigest()


def _pick(
    events: Iterable[dict[str, Any]], event: str, keys: Iterable[str]
) -> list[dict[str, Any]]:
    return [{key: e[key] for key in keys} for e in events if e["event"] == event]


def _reason(
    notebook: nbformat.NotebookNode,
    events: list[dict[str, Any]],
    checks: list[dict[str, Any]],
    *,
    planned: bool,
) -> str | None:
    """Say why a run has not passed; None for one that has."""
    return (
        _ended(events)
        or _error_output(notebook)
        or _trouble(events)
        or _unfinished(notebook)
        or (None if planned or checks else "no check has run")
    )


def _ended(events: list[dict[str, Any]]) -> str | None:
    """Say which time was over, and how the kernel died."""
    told = [e["reason"] for e in events if e["event"] in ("timeout", "kernel died")]
    return "; ".join(told) or None


def _error_output(notebook: nbformat.NotebookNode) -> str | None:
    for cell in _code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                return f"{output.ename}: {output.evalue}"
    return None


def _trouble(events: list[dict[str, Any]]) -> str | None:
    if not any(e["event"] == "open" for e in events):
        return "the chapter was never opened"
    for e in events:
        if e["event"] in ("failed", "sweep failed"):
            return str(e.get("reason", e["event"]))
        if e["event"] == "undo" and not e["ok"]:
            return f"a step could not be undone: {e['undo']}"
    if not any(e["event"] == "close" for e in events):
        return "the kernel died before the chapter ended"
    return None


def _unfinished(notebook: nbformat.NotebookNode) -> str | None:
    for cell in _code(notebook):
        if cell.source.strip() and cell.execution_count is None:
            return "not every cell has run"
    return None


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
