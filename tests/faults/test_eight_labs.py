"""Eight targets, each a lab of its own, in one command."""

import json
from pathlib import Path

import pytest

from tests.chapters.calls import call
from tests.conftest import private_home, settled
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, LEFT, MAKE, UNWIND


@pytest.mark.exhaustive
def test_eight_labs_in_one_command_leave_nothing(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, MAKE, CHECK, UNWIND, LEFT
    )
    matrix, out = tmp_path / "matrix.yaml", tmp_path / "out"
    matrix.write_text(f"volume: {[f'v{n}' for n in range(8)]}")
    with private_home() as home:
        chosen = ("--matrix", matrix, "--forks", "3", "--out", out)
        done = call("run", chapter, *chosen)
        assert done.returncode == 0, done.stdout + done.stderr
        assert settled(home) == []
    (report,) = out.glob("*/fleet.json")
    rows = json.loads(report.read_text())["targets"]
    assert [row["status"] for row in rows] == ["passed"] * 8
    hosts = {json.loads(p.read_text())["host"] for p in out.glob("*/*/report.json")}
    assert len(hosts) == 8
