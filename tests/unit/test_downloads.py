"""The files that lie next to a page."""

import subprocess
from pathlib import Path

import pytest
import yaml
from nbformat import NotebookNode, v4

from kernels_helpers.errors import ChapterError
from kernels_helpers.parameters_file import read_file
from kernels_helpers.site.downloads import by_hand, contract_of, write

PARAMETERS = """\
from kernels_helpers.field_types import Port, Secret

name: str = "it's: \\"x\\" # é"  # a text
apply: bool = True  # a flag
port: Port = 80  # a number
copies: list[int] = [1, 2]  # a list
note: str | None = None  # may be left out
password: Secret = "env:SECRET"  # by reference
"""


def chapter(parameters: str = PARAMETERS) -> NotebookNode:
    cell = v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    step = v4.new_code_cell('%%look\nprintf "%s %s" "$name" "$label"')
    return v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), cell, step])


def test_the_parameters_can_be_read_back(tmp_path: Path) -> None:
    made = chapter()
    write("volumes", made, tmp_path / "05-volumes.html")
    contract = contract_of(made)
    assert contract.read(read_file(tmp_path / "05-volumes.yaml")) == contract.bind({})
    plain = yaml.safe_load((tmp_path / "05-volumes.yaml").read_text())
    assert plain == contract.bind({})


def test_the_script_runs_with_the_defaults(tmp_path: Path) -> None:
    write("volumes", chapter(), tmp_path / "05-volumes.html")
    done = subprocess.run(
        ["bash", tmp_path / "05-volumes.sh"],
        env={"PATH": "/usr/bin:/bin", "SECRET": "hidden"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == 'it\'s: "x" # é dockbook.run=volumes-script'


def test_what_a_script_removes_is_not_what_was_made_by_hand(tmp_path: Path) -> None:
    write("volumes", chapter(), tmp_path / "05-volumes.html")
    assert by_hand("volumes") not in (tmp_path / "05-volumes.sh").read_text()


def test_a_chapter_without_parameters_has_none() -> None:
    assert [*contract_of(v4.new_notebook(cells=[v4.new_code_cell("1")]))] == []


def test_a_malformed_chapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="has no default"):
        write("volumes", chapter("name: str  # help"), tmp_path / "05-volumes.html")
