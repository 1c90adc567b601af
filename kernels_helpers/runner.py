"""One run of a chapter: parameters, host, papermill, evidence, sweep."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import (
    book,
    differences,
    forks,
    journal,
    references,
    refusals,
    report,
    sweep,
)
from kernels_helpers.connect import connect_for_run, plain_name, require_docker
from kernels_helpers.errors import DockbookError, UsageError
from kernels_helpers.hosts import Host
from kernels_helpers.journal import Journal
from kernels_helpers.labels import new_run_id
from kernels_helpers.notebook import load, progress
from kernels_helpers.parameters import Contract
from kernels_helpers.recovery import last_attempt
from kernels_helpers.report import Report
from kernels_helpers.unwinding import unwind

SETTINGS = ("parameters", "plan", "keep", "cell_timeout", "timeout")  # kept to resume


@dataclass(frozen=True)
class Options:
    """Say how chapters are to be run: all of ``dockbook run`` but the chapters.

    The time-outs, of a cell and of the whole chapter, are written like ``30s``;
    ``typed`` are the secrets, by parameter, that somebody has typed for the run.
    ``kept`` is the journal of an earlier run, which a plan takes for its own.
    """

    parameters: Mapping[str, Any]
    out: Path
    plan: bool = False
    keep: bool = False
    cell_timeout: str = ""
    timeout: str = ""
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    kept: Path | None = None


def prepare(paths: list[Path], options: Options) -> list[str]:
    """Check all that can be wrong before any kernel or lab starts.

    Returns the names of the secrets that somebody has to type.
    """
    missing: set[str] = set()
    for path in paths:
        _, contract = load(path)
        given = contract.secrets(contract.read(options.parameters))
        typed = {name for name, ref in given.items() if ref == references.PROMPT}
        references.resolve({name: given[name] for name in given.keys() - typed})
        missing |= typed
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        probe = options.out / ".dockbook"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"--out {options.out}: {error.strerror}; name a folder that can be written"
        ) from error
    return sorted(missing)


@dataclass(frozen=True)
class Run:
    """Name a run: what is executed, how, and where its evidence goes.

    The parameters of ``options`` are values here, checked and without defaults.
    """

    id: str
    path: Path
    folder: Path
    options: Options

    @property
    def journal(self) -> Path:
        """Return the path of the journal."""
        return self.folder / report.JOURNAL


def run(
    path: Path,
    options: Options,
    on_cell: Callable[[int, str], object],
    run_id: str | None = None,
) -> Report:
    """Run one chapter on its host and leave its evidence in a folder of its own.

    ``on_cell`` is told the number of each code cell, from 1, and the heading it is
    under. The run is called ``run_id`` if one is given. One process at a time works
    on it; nothing is left of it but what the chapter, or ``keep``, says is to stay.
    That the chapter's own host is not to be had is noted in place of the evidence.
    """
    notebook, contract = load(path)
    values = contract.read(options.parameters)
    given = {name: values[name] for name in options.parameters}
    run_id = run_id or new_run_id(book.name_of(path))
    folder = options.out / run_id
    started = Run(run_id, path, folder, replace(options, parameters=given))
    forks.zygote()  # it imports while a lab starts
    joining = connect_for_run(str(values["host"]), engine=not contract.bare)
    if not ("host" in given or options.plan):
        joining = refusals.noted(joining, folder)
    with joining as host:
        require_docker(host, differences.of_chapter(notebook))
        folder.mkdir()
        with claimed(folder):
            Journal(started.journal).write(
                "run",
                run=run_id,
                chapter=book.name_of(path),
                path=book.place_of(path),
                source=report.source_of(notebook),
                settings={name: getattr(started.options, name) for name in SETTINGS},
            )
            return attempt(started, notebook, contract, host, on_cell)


def attempt(
    run: Run,
    notebook: nbformat.NotebookNode,
    contract: Contract,
    host: Host,
    on_cell: Callable[[int, str], object],
) -> Report:
    """Execute the chapter of a run from its top, and report.

    When the kernel did not live to unwind, that is done here, from the journal.
    """
    given, typed = run.options.parameters, run.options.typed
    named = contract.secrets(contract.bind(given))
    mine = {references.TYPED + n: typed[n] for n in named.keys() & typed.keys()}
    reason = _execute(run, _environment(run, host) | mine, progress(notebook, on_cell))
    happened = _happened(run)
    settled = run.options.keep or happened & {"close", "finished"}
    if "open" in happened and not settled:
        unwind(run.id, run.journal, host, contract, given, typed=typed)
    chapter = book.name_of(run.path)
    made = report.make(run.folder, run.id, chapter)
    removed = made.engine is None and not host.has_engine()  # with all that it had
    if made.status == "passed" and not removed and "finished" not in happened:
        left = sweep.remove(host.docker, sweep.find(host.docker, run.id))
        if names := ", ".join(f"{found.kind} {found.name}" for found in left):
            reason = f"left behind: {names}"
    if reason and made.reason is None:
        Journal(run.journal).write("failed", reason=reason)
        made = report.make(run.folder, run.id, chapter)
    (run.folder / report.REPORT).write_text(made.as_text(), encoding="utf-8")
    return made


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep other processes from working on the same run; DockbookError if one does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise DockbookError(
            f"{folder}: the run is at work in another process: wait for its end"
        ) from error
    finally:
        os.close(descriptor)


def _environment(run: Run, host: Host) -> dict[str, str]:
    """Tell the kernel what it is to do, in the variables that docs/design.md lists."""
    options = run.options
    return {
        "DOCKBOOK_RUN": run.id,
        "DOCKBOOK_JOURNAL": str(run.journal.absolute()),
        **({"DOCKBOOK_LAB": plain_name(host)} if host.is_lab else {}),
        **({"DOCKBOOK_PLAN": "1"} if options.plan else {}),
        **({"DOCKBOOK_KEEP": "1"} if options.keep else {}),
        **({"DOCKBOOK_KEPT": str(options.kept)} if options.kept else {}),
    }


def _happened(run: Run) -> set[str]:
    """Name the kinds of events of the last attempt."""
    return {event["event"] for event in last_attempt(journal.read(run.journal))}


def _execute(
    run: Run, env: dict[str, str], on_cell: Callable[[nbformat.NotebookNode], None]
) -> str | None:
    """Execute the notebook; return why it ended early, None if it did not."""
    import papermill  # slow to import
    from nbclient.exceptions import DeadKernelError

    from kernels_helpers.execution import Watch

    record = Journal(run.journal)
    watch = Watch(
        on_cell=on_cell,
        on_timeout=lambda told: record.write("timeout", reason=told),
        unwinding=lambda: "failed" in _happened(run),
        cell_timeout=run.options.cell_timeout,
        chapter_timeout=run.options.timeout,
    )
    try:
        papermill.execute_notebook(
            os.path.relpath(run.path),  # the folder of the project is no evidence
            run.folder / report.NOTEBOOK,
            parameters=run.options.parameters,
            engine_name="dockbook",
            kernel_name="python3",
            progress_bar=False,
            coalesce_streams=True,  # the pieces of one output may come in any size
            kernel_env=env,
            watch=watch,
        )
    except papermill.PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except DeadKernelError as error:
        record.write("kernel died", reason=str(error))
        return str(error)
    except OSError as error:
        place = error.filename or run.folder
        raise DockbookError(f"{place}: {error.strerror}") from error
    return None
