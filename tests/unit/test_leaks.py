import base64
import html
import json
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from click.testing import CliRunner, Result

from kernels_helpers import report
from kernels_helpers.cli import main
from kernels_helpers.journal import Journal
from kernels_helpers.leaks import Leak, scan

SECRET = "p@ss w\"or'd/é\\<"


def found(folder: Path, *secrets: str) -> list[Leak]:
    return list(scan(folder, {f"S{n}": s for n, s in enumerate(secrets)}))


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (SECRET, "plain"),
        (base64.b64encode(f"user:{SECRET}".encode()).decode(), "base64"),
        (quote(SECRET), "URL-encoded"),
        (json.dumps({"x": SECRET}), "JSON"),
        (json.dumps(json.dumps(SECRET)), "JSON, escaped in JSON"),
        (json.dumps(SECRET.replace("'", "'\\''")), "shell, escaped in JSON"),
        (html.escape(SECRET), "HTML"),
        (html.escape(json.dumps(SECRET)), "JSON, escaped in HTML"),
    ],
)
def test_a_secret_is_found_with_its_line(
    tmp_path: Path, written: str, form: str
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a").write_bytes(b"\xff\x00\n\n" + written.encode() + b"\n")
    (tmp_path / "b").write_text("p@ss\n")
    leaks = found(tmp_path, "another", SECRET)
    assert {(leak.file, leak.line, leak.name) for leak in leaks} == {
        ("below/a", 3, "S1")
    }
    assert form in {leak.form for leak in leaks}


def test_a_name_of_a_file_is_searched_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "x-hunter22.txt").touch()
    assert found(tmp_path, "hunter22") == [Leak("x-***.txt", 0, "S0", "plain")]


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hunter2 *** 2hunter")
    assert found(tmp_path, "hunter22") == []


# The command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a run with a secret in it, which PASSWORD holds."""
    monkeypatch.setenv("PASSWORD", SECRET)
    Journal(tmp_path / report.JOURNAL).write("end", output=SECRET)
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["x"] = SECRET
    nbformat.write(notebook, tmp_path / report.NOTEBOOK)
    return tmp_path


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["check-leaks", *(str(w) for w in words)])


def test_leaks_are_told_without_the_secret(run: Path) -> None:
    done = call(run, "--env", "PASSWORD")
    assert done.exit_code == 1
    assert f"{report.JOURNAL}:1: PASSWORD, JSON\n" in done.output
    assert f"{report.NOTEBOOK}:4: PASSWORD, JSON\n" in done.output
    assert "p@ss" not in done.output


def test_a_clean_run_is_told(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "hunter22")
    done = call(run, "--env", "OTHER")
    assert (done.exit_code, done.output) == (0, "no leak of OTHER in 2 files\n")


@pytest.mark.parametrize("value", [None, "", "abc"])
def test_a_variable_without_a_secret_is_a_wrong_call(
    run: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("OTHER", raising=False)
    if value is not None:
        monkeypatch.setenv("OTHER", value)
    done = call(run, "--env", "PASSWORD", "--env", "OTHER")
    assert done.exit_code == 2
    assert "OTHER" in done.output
    assert call(run).exit_code == 2
