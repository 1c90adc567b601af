import gc
import getpass
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from kernels_helpers import book, runner
from kernels_helpers.cli import main
from kernels_helpers.errors import HostError
from kernels_helpers.report import Report
from tests.unit import notebooks, test_report


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)


def refused(result: Result, said: str, code: int = 2) -> None:
    """Want one clear line, the right exit code and no stack trace."""
    assert said in result.output
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_missing_chapter_is_named_with_advice() -> None:
    refused(call("run", "volume"), "did you mean 'volumes'?")
    refused(call("show", "nonsense"), "no chapter is called 'nonsense'")
    refused(call("run", "nowhere.ipynb"), "no such file")


def test_nothing_to_run_is_no_pass() -> None:
    refused(call("run"), "name the chapters")
    refused(call("run", "--all", "volumes"), "name the chapters")


def test_parameters_are_checked_before_a_kernel_starts(
    small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for option in ("--timeout", "--cell-timeout"):
        refused(call("run", small, option, "5", "--out", out), f"{option}: '5' is not")
    for pair, said in [
        ("volum=x", "did you mean volume"),
        ("volume=; rm -rf /", "volume (VolumeName)"),
        ("volume=-x", "volume (VolumeName)"),
        ("apply=maybe", "apply (bool)"),
        ("host=ftp://x", "host (HostURL)"),
        ("volume", "write NAME=VALUE"),
    ]:
        refused(call("run", small, "-p", pair, "--out", out), said)
    assert not out.exists()


@pytest.mark.parametrize(
    "words", [["--help"], ["show", "small.ipynb"], ["run", "small.ipynb", "-pvolum=x"]]
)
def test_nothing_slow_is_imported_for_a_quick_answer(
    small: Path, words: list[str]
) -> None:
    program = (
        "import contextlib, sys\n"
        "from kernels_helpers.cli import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "slow = {'IPython', 'asyncio', 'dask', 'docker', 'nbformat', 'yaml'}\n"
        "print(slow & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=small.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"- a\n- b\n", "is not a mapping"),
        (b"", "is not a mapping"),
        (b"volume: a\nvolume: b\n", "volume"),
        (b"volume: \xff\n", "UTF-8"),
        (b"volume: [", "is not YAML"),
        (b"volum: x\n", "did you mean volume"),
    ],
)
def test_a_params_file_must_be_a_mapping_of_known_names(
    small: Path, tmp_path: Path, text: bytes, said: str
) -> None:
    file = tmp_path / "params.yaml"
    file.write_bytes(text)
    refused(call("run", small, "-f", file, "--out", tmp_path / "out"), said)


def test_a_params_file_that_is_not_there(small: Path, tmp_path: Path) -> None:
    refused(call("run", small, "-f", tmp_path / "no.yaml"), "cannot be read")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a notebook"),
        ("[]", "is not a notebook"),
        ('{"cells": 3, "metadata": {}, "nbformat": 4}', "is not a notebook"),
        (
            '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
            "0 cells tagged `parameters`",
        ),
    ],
)
def test_a_malformed_notebook(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_text(text)
    refused(call("run", path, "--out", tmp_path / "out"), said)
    refused(call("show", path), said)


def test_an_output_folder_that_cannot_be_made(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(call("run", small, "--out", tmp_path / "file" / "out"), "--out")
    refused(call("run", small, "--out", "/proc/out"), "--out")


def test_a_host_that_is_not_there_exits_with_3(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    monkeypatch.setenv("DOCKBOOK_HOME", str(tmp_path / "home"))
    for host, said in [
        ("lab://nope", "dockbook lab up nope"),
        ("local://", "no Docker Engine answers"),
        ("ssh://127.0.0.1:1", "ssh://127.0.0.1:1 is unreachable: "),
    ]:
        refused(call("run", small, "--host", host, "--out", out), said, code=3)
    refused(call("lab", "sh", "nope", "true"), "dockbook lab up nope", code=3)
    refused(call("lab", "down", "nope"), "there is no lab", code=3)
    assert list(out.iterdir()) == []
    gc.collect()


def test_that_the_own_host_of_a_chapter_is_not_there_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKBOOK_HOME", str(tmp_path / "home"))
    own = notebooks.PARAMETERS.replace("lab://", "lab://nope")
    path = notebooks.write(tmp_path / "01-small.ipynb", parameters=own)
    out = tmp_path / "out"
    refused(call("run", path, "--plan", "--out", out), "lab up nope", code=3)
    assert list(out.iterdir()) == []
    refused(call("run", path, "--out", out), "lab up nope", code=3)
    (noted,) = out.iterdir()
    assert re.fullmatch(r"[0-9TZ]{16}-small-[0-9a-f]{6}\.refused", noted.name)
    assert "lab up nope" in noted.read_text()


def test_with_all_a_chapter_without_a_host_is_told_and_the_others_run(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(path: Path, *_: object) -> Report:
        ran.append(path.stem)
        if path.stem == "bare":
            raise HostError("no Debian")
        story = test_report.OPEN, test_report.HELD, test_report.CLOSE
        return test_report.make(tmp_path, *story)

    bare = small.with_name("bare.ipynb")
    bare.write_bytes(small.read_bytes())
    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(book, "chapters", lambda: {"bare": bare, "small": small})
    done = call("run", "--all", "--out", tmp_path / "out", "--jobs", "1")
    refused(done, "bare\n  refused: no Debian\nsmall\n  passed", code=3)
    assert ran == ["bare", "small"]
    refused(call("run", bare, "--out", tmp_path / "out"), "no Debian", code=3)


def test_bad_words_for_labs() -> None:
    refused(call("lab", "up", "Big Lab"), "lower-case letters")
    refused(call("lab", "up", "x", "--disk", "sda=1T"), "vdb=2G")
    both = call("lab", "up", "x", "--bare", "--engine", "podman")
    refused(both, "leave out one of both")


SECRET = (
    notebooks.PARAMETERS.replace("VolumeName", "Secret, VolumeName", 1)
    + '\npassword: Secret = "env:DOCKBOOK_TEST_PASSWORD"  # of the registry'
)


def test_a_secret_that_is_not_to_be_had_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = notebooks.write(
        tmp_path / "x.ipynb", notebooks.BINDING, parameters=SECRET
    )
    out = tmp_path / "out"
    monkeypatch.delenv("DOCKBOOK_TEST_PASSWORD", raising=False)

    def nobody(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", nobody)
    for given, said in [
        ("env:DOCKBOOK_TEST_PASSWORD", "DOCKBOOK_TEST_PASSWORD is not set: export it"),
        ("file:/nowhere", "there is no such file"),
        ("prompt", "nobody can be asked here"),
        ("hunter22", "is not a reference to a secret"),
    ]:
        done = call("run", chapter, "-p", f"password={given}", "--out", out)
        refused(done, said)
        assert "hunter22" not in done.output
    assert not out.exists() or list(out.iterdir()) == []


def test_show_tells_type_default_and_help(small: Path) -> None:
    shown = call("show", small).output
    assert "volume: VolumeName = 'dockbook-small'" in shown
    assert "volume to make" in shown


def test_list_names_every_chapter() -> None:
    listed = call("list").output.splitlines()
    columns = {len(re.match(r"[\w-]+ +", line)[0]) for line in listed}  # type: ignore[index]
    assert len(columns) == 1
    assert [line.split()[0] for line in listed] == list(book.chapters())
    assert "volumes" in book.chapters()


def commands(group: click.Group, before: str = "dockbook") -> list[tuple[str, str]]:
    found = []
    for name, command in group.commands.items():
        path = f"{before} {name}"
        if isinstance(command, click.Group):
            found += commands(command, path)
        else:
            found.append((path, command.help or ""))
    return found


def test_every_command_has_help_and_is_in_the_readme() -> None:
    readme = (book.ROOT / "README.md").read_text(encoding="utf-8")
    for path, help_ in commands(main):
        assert help_, path
        assert path in readme, path


def test_a_lab_that_was_never_up_is_listed_and_removed_and_journals_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKBOOK_HOME", str(tmp_path))
    journal = tmp_path / ".journals" / "a-run.jsonl"
    for folder in (journal.parent, tmp_path / "half"):
        folder.mkdir()
    journal.touch()
    listed = call("lab", "ls")
    assert listed.exit_code == 0, listed.exception
    assert listed.output.split()[:3] == ["half", "dead", "-"]
    assert call("lab", "gc").output == "removed half\n"
    assert journal.exists()
