"""One run of a chapter: parameters, host, papermill, evidence, sweep."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from kernels_helpers import book, forks, report, sweep
from kernels_helpers.connect import connect
from kernels_helpers.errors import DockbookError, UsageError
from kernels_helpers.hosts import Host
from kernels_helpers.journal import Journal, read
from kernels_helpers.lab import life
from kernels_helpers.labels import new_run_id
from kernels_helpers.notebook import load
from kernels_helpers.report import Report


@dataclass(frozen=True)
class Options:
    """Say how chapters are to be run: all of ``dockbook run`` but the chapters.

    The time-outs, of a cell and of the whole chapter, are written like ``30s``.
    """

    parameters: Mapping[str, Any]
    out: Path
    plan: bool = False
    keep: bool = False
    cell_timeout: str = ""
    timeout: str = ""


def prepare(paths: list[Path], options: Options) -> None:
    """Check all that can be wrong before any kernel or lab starts."""
    for path in paths:
        load(path)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        probe = options.out / ".dockbook"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"--out {options.out}: {error.strerror}; name a folder that can be written"
        ) from error


def run(path: Path, options: Options, on_cell: Callable[[int, str], None]) -> Report:
    """Run one chapter on its host and leave its evidence in a folder of its own.

    ``on_cell`` is told the number of each code cell, from 1, and the heading it is
    under. Whatever happens, what carries the run's label is swept at the end,
    unless it is to be kept.
    """
    notebook, contract = load(path)
    values = contract.read(options.parameters)
    chapter = book.name_of(path)
    run_id = new_run_id(chapter)
    given = {name: values[name] for name in options.parameters}
    forks.zygote()  # it imports while a lab starts
    with _host(str(values["host"])) as host:
        folder = options.out / run_id
        folder.mkdir()
        env = {
            "DOCKBOOK_RUN": run_id,
            "DOCKBOOK_JOURNAL": str((folder / report.JOURNAL).absolute()),
            **(
                {"DOCKBOOK_LAB": host.url.removeprefix("lab://")} if host.is_lab else {}
            ),
            **({"DOCKBOOK_PLAN": "1"} if options.plan else {}),
            **({"DOCKBOOK_KEEP": "1"} if options.keep else {}),
        }
        left: list[sweep.Found] = []
        try:
            progress = _progress(notebook, on_cell)
            reason = _execute(path, folder, given, env, options, progress)
        finally:
            if not options.keep:
                left.extend(sweep.remove(host.docker, sweep.find(host.docker, run_id)))
    made = report.make(folder, run_id, chapter)
    if made.status == "passed" and left:
        reason = f"left behind: {', '.join(f'{f.kind} {f.name}' for f in left)}"
    if reason and made.reason is None:
        Journal(folder / report.JOURNAL).write("failed", reason=reason)
        made = report.make(folder, run_id, chapter)
    (folder / report.REPORT).write_text(made.as_text(), encoding="utf-8")
    return made


@contextlib.contextmanager
def _host(url: str) -> Iterator[Host]:
    """Join the host; plain ``lab://`` is a fresh lab for this run alone."""
    if url == "lab://":
        with life.attached(f"run-{secrets.token_hex(4)}") as lab:
            yield lab
    else:
        with connect(url) as host:
            yield host


def _execute(
    path: Path,
    folder: Path,
    given: dict[str, Any],
    env: dict[str, str],
    options: Options,
    on_cell: Callable[[int], None],
) -> str | None:
    """Execute the notebook; return why it ended early, None if it did not."""
    import papermill  # slow to import
    from nbclient.exceptions import DeadKernelError

    from kernels_helpers.execution import Watch

    journal = Journal(folder / report.JOURNAL)
    watch = Watch(
        on_cell=on_cell,
        on_timeout=lambda told: journal.write("timeout", reason=told),
        unwinding=lambda: any(e["event"] == "failed" for e in read(journal.path)),
        cell_timeout=options.cell_timeout,
        chapter_timeout=options.timeout,
    )
    try:
        papermill.execute_notebook(
            path,
            folder / report.NOTEBOOK,
            parameters=given,
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
        journal.write("kernel died", reason=str(error))
        return str(error)
    except OSError as error:
        raise DockbookError(f"{error.filename or folder}: {error.strerror}") from error
    return None


def _progress(
    notebook: nbformat.NotebookNode, on_cell: Callable[[int, str], None]
) -> Callable[[int], None]:
    """Turn the index of a cell into its number among the code cells and its heading.

    papermill puts a cell of its own behind the parameters; it does not count.
    """
    seen: list[int] = []
    headings: list[str] = []
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = [t for t in cell.source.splitlines() if t.startswith("#")]
            heading = titles[-1].lstrip("# ") if titles else heading
        else:
            headings.append(heading)

    def tell(index: int) -> None:
        seen.append(index)
        number = min(len(seen), len(headings))
        on_cell(number, headings[number - 1])

    return tell
