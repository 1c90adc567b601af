"""What there is of a chapter: its newest run, or else what is recorded in it."""

from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from kernels_helpers import journal, report, runner
from kernels_helpers.errors import DockbookError
from kernels_helpers.hosts import PODMAN
from kernels_helpers.site.pages import INTERRUPTED, Facts
from kernels_helpers.site.runs import facts_of, folders, refusal


class Evidence(NamedTuple):
    """Hold what there is of a chapter: its notebook, and the report of its run.

    ``refused`` is when it was tried since, and made no run for want of a host.
    """

    notebook: NotebookNode
    facts: Facts
    folder: Path | None = None
    refused: str | None = None


def of(runs: Path, name: str, chapter: Path) -> Evidence:
    """Find the newest run of a chapter, or else what is recorded in it.

    A run ends with its report; one that has none and is not at work was killed. A
    plan is passed over: it proves nothing. So is a run on Podman: what differs there
    is said beside that of Docker.
    """
    found = _of(runs, name, chapter)
    refused = refusal(runs, name)
    since = refused and refused > (found.facts.get("started") or "")
    return found._replace(refused=refused) if since else found


def _of(runs: Path, name: str, chapter: Path) -> Evidence:
    for folder in (folder for made, folder in folders(runs) if made == name):
        found = _finished(folder) or _interrupted(folder, chapter)
        if not found or found.facts.get("product") == PODMAN:
            continue
        if found.facts["status"] != "planned":
            return found
    return recorded(chapter)


def recorded(chapter: Path) -> Evidence:
    """Read a chapter as it is, with the outputs recorded in it."""
    return Evidence(nbformat.read(chapter, as_version=4), {})


def _finished(folder: Path) -> Evidence | None:
    facts = facts_of(folder)
    try:
        notebook = nbformat.read(folder / report.NOTEBOOK, as_version=4)
    except (OSError, ValueError):  # not written yet, or not to its end
        return None
    return Evidence(notebook, facts, folder) if facts else None


def _interrupted(folder: Path, chapter: Path) -> Evidence | None:
    """Tell what is known of a run that was killed; None while it is at work."""
    if not (folder / report.JOURNAL).is_file() or _is_at_work(folder):
        return None
    if found := _finished(folder):  # just now
        return found
    try:
        events = list(journal.read(folder / report.JOURNAL))
    except DockbookError:  # torn by a power cut
        events = []
    opened = next((e for e in events if e["event"] == "open"), {})
    facts = {name: opened.get(name) for name in ("host", "product", "engine", "api")}
    facts |= {"run": folder.name, "started": opened.get("time")}
    facts["status"] = "planned" if opened.get("plan") else INTERRUPTED
    try:
        return Evidence(nbformat.read(folder / report.NOTEBOOK, as_version=4), facts)
    except (OSError, ValueError):
        notebook = recorded(chapter).notebook
    for cell in notebook.cells:
        cell.update({"outputs": []} if cell.cell_type == "code" else {})
    return Evidence(notebook, facts)


def _is_at_work(folder: Path) -> bool:
    try:
        with runner.claimed(folder):
            return False
    except DockbookError:
        return True
