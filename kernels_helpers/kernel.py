"""The kernel extension: what the cells of a chapter call.

``open_chapter`` checks the parameters, joins the host and switches on
``%%look`` and ``%%change``. One kernel runs one chapter.
"""

import atexit
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import display

from kernels_helpers import book, cells, connect, journal, outgoing, references, steps
from kernels_helpers.archive import HUB
from kernels_helpers.chapter import Chapter
from kernels_helpers.diagrams import Diagram
from kernels_helpers.errors import ChapterError, DockbookError
from kernels_helpers.hosts.lab import home
from kernels_helpers.journal import Journal, who
from kernels_helpers.labels import new_run_id
from kernels_helpers.masking import Mask
from kernels_helpers.process import start_time
from kernels_helpers.recovery import pending

CHECK_MIME = "application/vnd.dockbook.check+json"
SKIP = "get_ipython().magics_manager.registry['Steps'].skip_cell()\n"


@magics_class
class Steps(Magics):  # type: ignore[misc]  # traitlets are untyped
    """The cell magics, and the hooks that unwind when a cell fails or at exit."""

    chapter: Chapter

    @cell_magic  # type: ignore[untyped-decorator]
    def look(self, line: str, cell: str) -> None:
        """Run the cell as a command that only reads."""
        self.chapter.look(_step("look", line, cell))

    @cell_magic  # type: ignore[untyped-decorator]
    def change(self, line: str, cell: str) -> None:
        """Run the cell as a command that changes the host."""
        self.chapter.change(_step("change", line, cell))

    def skip_cell(self) -> None:
        """Answer a cell that cannot be run."""
        if self.chapter.kept:
            self.chapter.say("not checked: what the run made is kept\n")
        else:
            self.chapter.say("cannot know: a change before it has not run\n")

    def guard(self, lines: list[str]) -> list[str]:
        """Replace Python cells that would fail: after a planned change, or if kept."""
        magic = lines and lines[0].startswith(("%%look", "%%change"))
        skipped = self.chapter.kept or (self.chapter.pending and not magic)
        return [SKIP] if skipped else lines

    def after_cell(self, result: ExecutionResult) -> None:
        """Unwind in the cell that failed, before its reply is sent."""
        error = result.error_in_exec or result.error_before_exec
        if error is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # let nothing cut undos short
            self.chapter.fail(f"{type(error).__name__}: {error}")


def open_chapter(name: str, *, podman: str | None = None) -> Chapter:
    """Begin a chapter in this kernel and return it.

    ``podman`` says why it is not for Podman, if it is not.

    Reads the parameters cell and what papermill injected from the cells run so
    far. Raises ParameterError or ChapterError before anything is changed, and
    HostError when there is no host.
    """
    shell = get_ipython()
    if shell is None:
        raise ChapterError(
            "open_chapter() is for a cell of a chapter: run it in Jupyter"
        )
    shell.set_custom_exc((DockbookError,), _show_error)
    contract, given = cells.in_force(shell.user_ns)
    values = contract.bind(given)
    secrets = references.resolve(contract.secrets(values))
    mask = Mask(secrets.values())
    end_cell = outgoing.mask_all(shell, mask) if mask else None
    run = os.environ.get("DOCKBOOK_RUN") or new_run_id(name)
    path = os.environ.get("DOCKBOOK_JOURNAL") or home() / ".journals" / f"{run}.jsonl"
    kept = os.environ.get("DOCKBOOK_KEPT")  # of the run that a plan looks at again
    before = pending(journal.read(Path(kept or path)))
    lifetime = contextlib.ExitStack()
    wanted = not contract.bare and not before  # what is undone may start the engine
    hosts = {
        name: lifetime.enter_context(connect.connect(str(values[name]), engine=wanted))
        for name in contract.hosts
    }
    labs = all(host.is_lab for host in hosts.values())
    host = hosts.pop("host")
    chapter = Chapter(
        host=host,
        run=Path(kept).parent.name if kept else run,
        environment=contract.environment(given) | secrets,
        journal=Journal(Path(path), mask),
        say=_say,
        mask=mask,
        hosts=hosts,
        programs=book.programs(),
        plan="DOCKBOOK_PLAN" in os.environ or not (labs or values.get("apply")),
        keep="DOCKBOOK_KEEP" in os.environ,
        bare=contract.bare,
    )
    chapter.recall(before)
    connect.require_docker(host, podman)
    if not chapter.plan:
        chapter.resume()
    if not contract.bare:
        for needed in (host, *hosts.values()):
            connect.require_engine(needed)
    engine = host.docker if host.has_engine() else None
    version = engine.version() if engine else {}
    chapter.journal.write(
        "open",
        chapter=name,
        run=run,
        user=who(),
        host=host.url,
        hosts={name: other.url for name, other in hosts.items()},
        product=host.product if engine else None,
        engine=version.get("Version"),
        api=version.get("ApiVersion"),
        platform=f"{version.get('Os')}/{version.get('Arch')}" if engine else None,
        kernel=version.get("KernelVersion"),
        pid=os.getpid(),
        started=start_time(os.getpid()),
        parameters=values,
        secrets={name: references.digest(value) for name, value in secrets.items()},
        images={
            plain: image["Id"]
            for image in (engine.api.images() if engine else ())
            for tag in image["RepoTags"] or ()
            if (plain := tag.removeprefix(HUB)) in values.values()
        },
        plan=chapter.plan,
    )
    _install(shell, chapter)
    if end_cell:
        shell.events.register("post_run_cell", end_cell)
    atexit.register(_at_exit, chapter, lifetime)
    return chapter


def check(
    claim: str,
    ok: bool,  # noqa: FBT001 - reads as a sentence
    *,
    note: str | None = None,
    podman: str | None = None,
) -> None:
    """Show that a claim is true, or fail the cell with CheckFailed.

    ``note`` names the claim in the ledger that this check proves. ``podman`` says what
    Podman does instead: there the claim has to be false.
    """
    record = _steps().chapter.check(claim, ok, note=note, podman=podman)
    line = f"✔ {claim}" if ok else f"≠ {claim}; on Podman: {podman}"
    display({"text/plain": line, CHECK_MIME: record}, raw=True)


def show(diagram: Diagram) -> None:
    """Show a diagram as the output of the cell."""
    display(diagram)


def _steps() -> Steps:
    shell = get_ipython()
    found = shell and shell.magics_manager.registry.get("Steps")
    if not isinstance(found, Steps):
        raise ChapterError("no chapter is open: run the cell with open_chapter() first")
    return found


def _step(kind: str, line: str, cell: str) -> steps.Step:
    if line.strip():
        raise ChapterError(
            f"%%{kind} stands alone: move {line.strip()!r} to the next line"
        )
    return steps.parse(kind, cell)


def _install(shell: InteractiveShell, chapter: Chapter) -> None:
    magics = Steps(shell)
    magics.chapter = chapter
    shell.register_magics(magics)
    shell.events.register("post_run_cell", magics.after_cell)
    shell.input_transformers_cleanup.append(magics.guard)


def _at_exit(chapter: Chapter, lifetime: contextlib.ExitStack) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with lifetime:
        if not chapter.plan:
            chapter.fail("the kernel ended before the chapter did")
        chapter.journal.write("close")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _show_error(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    *_: object,
    **__: object,
) -> None:
    """Show an error that was raised on purpose as one line, not as a traceback."""
    shell._showtraceback(kind, error, [f"{kind.__name__}: {error}"])
