"""The papermill engine: foreign notebooks end as on papermill's own engine."""

import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from kernels_helpers import forks
from kernels_helpers.execution import Watch
from tests.waiting import until

code = nbformat.v4.new_code_cell
markdown = nbformat.v4.new_markdown_cell
ECHO = """\
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class Echo(Kernel):
    implementation = banner = "echo"
    implementation_version = "1"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}

    async def do_execute(self, code, silent, *args, **kwargs):
        content = {"name": "stdout", "text": code}
        self.send_response(self.iopub_socket, "stream", content)
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
        }


IPKernelApp.launch_instance(kernel_class=Echo)
"""


def notebook(*cells: NotebookNode | str, kernel: str = "python3") -> NotebookNode:
    made = nbformat.v4.new_notebook()
    language = "echo" if kernel == "echo" else "python"
    made.metadata["kernelspec"] = {
        "name": kernel,
        "display_name": kernel,
        "language": language,
    }
    made.cells = [code(c) if isinstance(c, str) else c for c in cells]
    return made


def tagged(source: str, *tags: str) -> NotebookNode:
    return code(source, metadata={"tags": [*tags]})


@pytest.fixture(autouse=True)
def kernelspecs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide two kernels that cannot be forked."""
    (tmp_path / "echo.py").write_text(ECHO)
    wrapped = 'exec "$0" -m ipykernel_launcher -f "$1"'
    for name, argv in {
        "echo": [sys.executable, str(tmp_path / "echo.py"), "-f", "{connection_file}"],
        "wrapped": ["sh", "-c", wrapped, sys.executable, "{connection_file}"],
    }.items():
        folder = tmp_path / "kernels" / name
        folder.mkdir(parents=True)
        language = "echo" if name == "echo" else "python"
        spec = {"argv": argv, "display_name": name, "language": language}
        (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))


def run(
    made: NotebookNode, engine: str, out: Path | None = None, **options: Any
) -> Any:
    return papermill.execute_notebook(
        made, out, engine_name=engine, progress_bar=False, **options
    )


def outcome(made: NotebookNode, engine: str, folder: Path, **options: Any) -> Any:
    """Return the exception of an execution and what it wrote, apart from times."""
    out = folder / "out.ipynb"
    error = None
    try:
        run(nbformat.from_dict(json.loads(json.dumps(made))), engine, out, **options)
    except Exception as raised:  # noqa: BLE001 - it is what is compared
        error = raised
    written = nbformat.read(out, as_version=4)
    for cell in written.cells:
        del cell["id"]
        cell.metadata.pop("execution", None)
    for metadata in (written.metadata, *(cell.metadata for cell in written.cells)):
        for name in ("start_time", "end_time", "duration"):
            metadata.get("papermill", {}).pop(name, None)
    text = re.sub(r"ipykernel_\d+/\d+", "ipykernel_N/N", json.dumps(written))
    return type(error), re.sub("\x1b.*?m|0x[0-9a-f]+", "", str(error)), json.loads(text)


FOREIGN = {
    "simple": notebook(markdown("# Title"), "x = 6", "print(x)\nx * 7"),
    "display": notebook(
        "from IPython.display import HTML, display\n"
        "handle = display(HTML('<b>a</b>'), display_id='one')",
        "handle.update(HTML('<b>b</b>'))\ndisplay(1, 2)\n{'k': [1]}",
    ),
    "streams": notebook("import sys\nprint('out')\nprint('err', file=sys.stderr)"),
    "low-level output": notebook("import os\n_ = os.system('echo from a child')"),
    "error": notebook("x = 1", "raise ValueError('wrong')", "x = 2"),
    "syntax error": notebook("x ="),
    "expected error": notebook(tagged("1 / 0", "raises-exception"), "x = 2"),
    "exit 0": notebook("import sys\nsys.exit(0)", "x = 2"),
    "exit 1": notebook("import sys\nsys.exit(1)", "x = 2"),
    "skipped, raw, empty": notebook(
        tagged("1 / 0", "skip-execution"), nbformat.v4.new_raw_cell("raw"), " ", "1"
    ),
    "history": notebook("x = 1\nx", "In[1], _, _i"),
    "another command": notebook("x = 6", "x * 7", kernel="wrapped"),
    "another language": notebook("any words", "more", kernel="echo"),
    "empty": notebook(),
}


@pytest.mark.parametrize("made", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_notebook_ends_as_on_the_engine_of_papermill(
    made: NotebookNode, tmp_path: Path
) -> None:
    ours, theirs = (outcome(made, e, tmp_path) for e in ("dockbook", "nbclient"))
    assert ours == theirs


@pytest.mark.parametrize(
    "first", [tagged("x = 1", "parameters"), code("y = 1")], ids=["tagged", "untagged"]
)
def test_parameters_are_injected_as_by_papermill(
    first: NotebookNode, tmp_path: Path
) -> None:
    made = notebook(first, "x + 1")
    ours, theirs = (
        outcome(made, e, tmp_path, parameters={"x": 41})
        for e in ("dockbook", "nbclient")
    )
    assert ours == theirs
    assert ours[2]["cells"][-1]["outputs"][0]["data"]["text/plain"] == "42"


def test_an_unknown_kernel_is_the_same_error(tmp_path: Path) -> None:
    made = notebook("1")
    ours, theirs = (
        outcome(made, e, tmp_path, kernel_name="none") for e in ("dockbook", "nbclient")
    )
    assert ours == theirs
    assert ours[0] is NoSuchKernel


def test_options_of_papermill_count(tmp_path: Path) -> None:
    made = notebook("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    out, err = io.StringIO(), io.StringIO()
    run(made, "dockbook", stdout_file=out, stderr_file=err, cwd=str(tmp_path))
    assert (out.getvalue(), err.getvalue()) == ("out\n", "err\n")
    slow = notebook("import time\ntime.sleep(60)")
    with pytest.raises(CellTimeoutError):
        run(slow, "dockbook", execution_timeout=1)


def test_the_notebook_is_not_written_with_every_cell_but_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves: list[str] = []
    monkeypatch.setattr("papermill.engines.write_ipynb", lambda _, p: saves.append(p))
    made = notebook(*["print(1)"] * 10)
    run(made, "dockbook", tmp_path / "out.ipynb")
    seldom = len(saves)
    run(made, "dockbook", tmp_path / "out.ipynb", autosave_cell_every=0.00001)
    assert seldom <= 3  # at the start and at the end
    assert len(saves) - seldom > 10


def test_the_kernel_has_the_environment_folder_and_session_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks.zygote()
    monkeypatch.setenv("LATE", "set after the zygote was started")
    (tmp_path / "near.py").write_text("x = 1")
    made = notebook(
        "import os, sys, near\n"
        "print(os.environ['LATE'], os.environ['MORE'], os.getcwd())",
        "print(os.getsid(0) == os.getpid() != os.getppid(), sys.stdin.read())",
        "open('/dev/stdin').read(), os.system('test -n \"$LATE\"')",
    )
    env, cwd = {"MORE": "given"}, str(tmp_path)
    first, second, third = run(made, "dockbook", kernel_env=env, cwd=cwd).cells
    told = first.outputs[0].text
    assert told == f"set after the zygote was started given {tmp_path}\n"
    assert second.outputs[0].text == "True \n"
    assert third.outputs[0].data["text/plain"] == "('', 0)"


def test_what_counts_when_python_starts_makes_a_kernel_that_is_not_forked() -> None:
    made = notebook("import sys, os\nprint(sys.flags.optimize, os.getppid())")
    (cell,) = run(made, "dockbook", kernel_env={"PYTHONOPTIMIZE": "1"}).cells
    assert cell.outputs[0].text == f"1 {os.getpid()}\n"


def test_what_a_kernel_registered_runs_at_its_end(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    touch = f"pathlib.Path({str(mark)!r}).touch"
    made = notebook(f"import atexit, pathlib\natexit.register({touch})")
    run(made, "dockbook")
    assert mark.exists()


def test_a_run_is_not_put_into_the_history_of_the_user() -> None:
    (cell,) = run(notebook("get_ipython().history_manager.enabled"), "dockbook").cells
    assert cell.outputs[0].data["text/plain"] == "False"


def test_kernels_end_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    wait = forks.Forked.wait

    def noted(kernel: forks.Forked) -> int:
        codes.append(wait(kernel))
        return codes[-1]

    monkeypatch.setattr(forks.Forked, "wait", noted)
    for _ in range(8):
        run(notebook("1"), "dockbook")
    assert len(codes) >= 8
    assert {*codes} == {0}


def test_the_kernels_of_one_process_share_nothing() -> None:
    made = notebook("import random\nprint('x' in globals(), random.random())\nx = 1")
    said = [run(made, "dockbook").cells[0].outputs[0].text for _ in range(2)]
    assert all(text.startswith("False ") for text in said)
    assert said[0] != said[1]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL (out of memory?)"),
        ("os.kill(os.getpid(), 15)", "killed by SIGTERM"),
        ("os._exit(7)", "exited with 7"),
        ("os.kill(os.getppid(), 9)\ntime.sleep(60)", "died with the process it was"),
    ],
)
def test_the_end_of_a_kernel_is_told_with_what_it_said_before(
    end: str, said: str, tmp_path: Path
) -> None:
    out = tmp_path / "out.ipynb"
    said_before = "for n in range(100): print(n, flush=True)\ntime.sleep(0.02)"
    made = notebook("1", f"import os, time\n{said_before}\n{end}", "2")
    with pytest.raises(DeadKernelError, match=re.escape(said)):
        run(made, "dockbook", out)
    written = nbformat.read(out, as_version=4)
    outputs = written.cells[1].outputs
    assert "".join(o.text for o in outputs) == "".join(f"{n}\n" for n in range(100))
    statuses = [cell.metadata.papermill.status for cell in written.cells]
    assert statuses == ["completed", "failed", "pending"]
    run(notebook("1"), "dockbook")  # and there is a zygote again


def test_the_end_of_a_spawned_kernel_is_told() -> None:
    made = notebook("import os\nos.kill(os.getpid(), 9)", kernel="wrapped")
    with pytest.raises(DeadKernelError, match="killed by SIGKILL"):
        run(made, "dockbook")


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        (Watch(cell_timeout="1s"), "the cell did not end within 1 s"),
        (
            Watch(cell_timeout="1m", chapter_timeout="1s"),
            "the chapter did not end within 1 s",
        ),
    ],
)
@pytest.mark.parametrize("kernel", ["python3", "wrapped"])
def test_a_timeout_interrupts_the_cell(watch: Watch, said: str, kernel: str) -> None:
    told: list[str] = []
    made = notebook("1", "import time\ntime.sleep(60)", kernel=kernel)
    timed = Watch(
        on_timeout=told.append,
        cell_timeout=watch.cell_timeout,
        chapter_timeout=watch.chapter_timeout,
    )
    with pytest.raises(PapermillExecutionError, match="KeyboardInterrupt"):
        run(made, "dockbook", watch=timed)
    assert told == [said]


@pytest.mark.parametrize("unwinding", [False, True])
def test_a_cell_that_ignores_its_interrupt_is_killed_unless_it_unwinds(
    *, unwinding: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernels_helpers.execution.GRACE", 0.5)
    ignore = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    made = notebook(f"{ignore}time.sleep({3 if unwinding else 60})")
    watch = Watch(cell_timeout="1s", unwinding=lambda: unwinding)
    if unwinding:
        run(made, "dockbook", watch=watch)
        return
    with pytest.raises(DeadKernelError, match="did not unwind"):
        run(made, "dockbook", watch=watch)


def test_an_interrupt_that_comes_between_two_cells_is_not_lost() -> None:
    """Want the next cell interrupted: a kernel ignores the signal while it is idle."""
    cells = iter(range(9))

    def strike(_: NotebookNode) -> None:
        if next(cells) == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # the kernel has got it, and still waits for the cell

    made = notebook("1", "import time\ntime.sleep(30)")
    with pytest.raises(PapermillExecutionError, match="KeyboardInterrupt"):
        run(made, "dockbook", watch=Watch(on_cell=strike))


def test_kill_9_of_the_process_leaves_no_kernel(tmp_path: Path) -> None:
    made, mark = tmp_path / "wait.ipynb", tmp_path / "mark"
    tell = f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} ')"
    nbformat.write(notebook(f"import os, time\n{tell}\ntime.sleep(300)"), made)
    words: list[str | Path] = ["-m", "papermill", made, tmp_path / "out.ipynb"]
    with subprocess.Popen(
        [sys.executable, *words, "--engine", "dockbook", "--no-progress-bar"]
    ) as process:
        until(lambda: mark.exists() and mark.read_text().endswith(" "))
        kernel = os.pidfd_open(int(mark.read_text()))
        process.kill()
        assert select.select([kernel], [], [], 30)[0] == [kernel]
        os.close(kernel)
