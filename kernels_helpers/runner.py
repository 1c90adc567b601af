"""One run of a chapter: parameters, host, papermill, evidence, sweep."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError

from kernels_helpers import book, references, report, sweep
from kernels_helpers.connect import connect
from kernels_helpers.errors import ChapterError, DockbookError, UsageError
from kernels_helpers.hosts import Host
from kernels_helpers.journal import Journal
from kernels_helpers.lab import life
from kernels_helpers.labels import new_run_id
from kernels_helpers.parameters import Contract
from kernels_helpers.report import Report

# What nbformat raises for files that are not notebooks, in its own words or not.
MALFORMED = (
    nbformat.reader.NotJSONError,
    nbformat.ValidationError,
    AttributeError,
    KeyError,
    TypeError,
    UnicodeError,
)


@dataclass(frozen=True)
class Options:
    """Say how chapters are to be run: all of ``dockbook run`` but the chapters."""

    parameters: Mapping[str, Any]
    out: Path
    plan: bool = False
    keep: bool = False
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets


def load(path: Path) -> tuple[nbformat.NotebookNode, Contract]:
    """Read a chapter and its contract; ChapterError when it is malformed."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except MALFORMED as error:
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ChapterError(f"{path} is not a notebook: {line}") from error
    except OSError as error:
        raise ChapterError(f"{path} cannot be read: {error.strerror}") from error
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ChapterError(
            f"{path} has {len(tagged)} cells tagged `parameters`: it must have one"
        )
    return notebook, Contract.parse(tagged[0].source)


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
    with _host(str(values["host"])) as host:
        folder = options.out / run_id
        folder.mkdir()
        env = {
            "DOCKBOOK_RUN": run_id,
            "DOCKBOOK_JOURNAL": str((folder / report.JOURNAL).absolute()),
            **(
                {"DOCKBOOK_LAB": host.url.removeprefix("lab://")} if host.is_lab else {}
            ),
            **{
                references.TYPED + name: options.typed[name]
                for name in contract.secrets(values).keys() & options.typed.keys()
            },
            **({"DOCKBOOK_PLAN": "1"} if options.plan else {}),
            **({"DOCKBOOK_KEEP": "1"} if options.keep else {}),
        }
        left: list[sweep.Found] = []
        try:
            reason = _execute(path, folder, given, env, _progress(notebook, on_cell))
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
    on_cell: Callable[[int], None],
) -> str | None:
    """Execute the notebook; return why it ended early, None if it did not."""
    import papermill  # slow to import

    from kernels_helpers import engine

    try:
        papermill.execute_notebook(
            path,
            folder / report.NOTEBOOK,
            parameters=given,
            engine_name=engine.NAME,
            kernel_name="python3",
            progress_bar=False,
            kernel_env=env,
            on_cell=on_cell,
        )
    except papermill.PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except DeadKernelError:
        return "the kernel died before the chapter ended"
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
