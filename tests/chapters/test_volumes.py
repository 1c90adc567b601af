"""The chapter volumes: what must hold for it to be a model for others."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernels_helpers import book, journal, sweep
from kernels_helpers.errors import ParameterError
from kernels_helpers.lab import life
from kernels_helpers.notebook import load
from tests.chapters.calls import BIN, child_of
from tests.waiting import until

VOLUMES = book.find("volumes")


def begun(path: Path, body: str) -> bool:
    return any(e["event"] == "begin" and body in e["body"] for e in journal.read(path))


def test_two_runs_at_the_same_time_on_two_labs_pass(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    command = [str(BIN / "dockbook"), "run", "volumes", "--out"]

    def once(number: int) -> subprocess.CompletedProcess[str]:
        out = str(tmp_path / str(number))
        return subprocess.run(
            [*command, out], capture_output=True, text=True, check=False
        )

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(once, range(2)))
    assert [d.returncode for d in done] == [0, 0], done


HOSTILE = [
    *("; rm -rf /", "$(touch /pwned)", "`touch /pwned`", "'", '"', "a b", "a\nb"),
    *("-v", "--help", "ñame", "a/../../b", "", "\0", "*"),
]


def test_no_hostile_value_gets_past_the_types_but_as_data() -> None:
    _, contract = load(VOLUMES)
    for parameter in contract:
        for value in HOSTILE:
            with pytest.raises(ParameterError, match=f"parameter {parameter.name}"):
                contract.read({parameter.name: value})


def test_after_kill_9_of_the_kernel_sweep_leaves_nothing(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Want sweep to be enough where no runner of ours was watching."""
    del dockbook_home
    host = life.up("killed")
    journal_path = tmp_path / "journal.jsonl"
    command = [
        *(str(BIN / "papermill"), str(VOLUMES), str(tmp_path / "out.ipynb")),
        *("--no-progress-bar", "-p", "host", host.url),
    ]
    env = {**os.environ, "DOCKBOOK_JOURNAL": str(journal_path)}
    try:
        with subprocess.Popen(
            command, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as run_:
            until(lambda: begun(journal_path, "-volumes-from"))
            os.kill(child_of(run_.pid, "ipykernel_launcher"), signal.SIGKILL)
            assert run_.wait(60) != 0
        assert sweep.find(host.docker) != []
        swept = subprocess.run(
            [str(BIN / "dockbook"), "sweep", "--host", host.url],
            capture_output=True,
            text=True,
            check=False,
        )
        assert swept.returncode == 0, swept.stderr
        assert sweep.find(host.docker) == []
        host.docker.close()
    finally:
        life.down("killed")
