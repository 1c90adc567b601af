"""A chapter as a script: what it says, and how its steps end. No engine is needed."""

import os
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import pytest

from kernels_helpers import book
from kernels_helpers.errors import ChapterError, ParameterError
from kernels_helpers.parameters import Contract
from kernels_helpers.process import start_time
from kernels_helpers.script import script
from tests.unit.test_parameters import HOSTILE

CONTRACT = Contract.parse('text: str = "plain"  # a text')
UNWIND = "chapter.unwind()"


def written(*cells: str, text: str = "plain", unwind: bool = True) -> str:
    """Write a chapter; a cell that begins with # is markdown."""
    new = {True: nbformat.v4.new_markdown_cell, False: nbformat.v4.new_code_cell}
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [new[cell.startswith("# ")](cell) for cell in cells]
    return script(notebook, CONTRACT, {"text": text}, "run-1", unwind=unwind)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder, with a docker that knows of nothing."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\necho "$@" >>docker.log\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def execute(text: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script from a file, as a person would."""
    Path("script").write_text(text)
    return subprocess.run(
        ["bash", "script"],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def output(*cells: str) -> str:
    """Run a chapter that must end well."""
    done = execute(written(*cells, "chapter.finish()"))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# What it says


def test_headings_steps_and_checks_keep_their_order() -> None:
    told = written(
        "# A title\n\ntext\n\n## Steps\n```sh\n# no heading\n```",
        "%%look\necho one",
        'check("it is\\nthere", True)\ncheck(f"so is {x}", x, note="1")',
        "# Next",
        "%%look\necho two",
        UNWIND,
    )
    assert told.startswith("#!/usr/bin/env bash\n# A title\n")
    assert "set -euo pipefail\n" in told
    order = [
        "# # A title\n",
        "# ## Steps\n",
        "step_1() {\necho one\n}\nstep 1 ",
        "# check: it is there\n# check: f'so is {x}'\n",
        "# # Next\n",
        "step_2() {\necho two\n}\nstep 2 ",
        "\nunwind\n",
    ]
    places = [told.rindex(piece) for piece in order]
    assert places == sorted(places)
    assert "no heading" not in told


def test_options_are_said_and_those_left_out_are_not() -> None:
    told = written(
        "%%change\n#| rc: 3\n#| timeout: 2m\n#| retry: 4\n#| as: me;id\n#| undo: u\nb",
        "%%look\nb",
    )
    assert "step 1 _timeout=120 _rc=3 _retry=4 _user='me;id'\n" in told
    assert "undo_1() {\nu\n}\n" in told
    assert told.endswith("step 2 _timeout=120\n")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_value_is_data(folder: Path, text: str) -> None:
    told = written('%%look\nprintf %s "$text" >seen', UNWIND, text=text)
    done = execute(told)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "seen").read_text() == text


def with_secret(reference: str, body: str = 'printf %s "$key" >seen') -> str:
    cell = "from kernels_helpers.field_types import Secret\n"
    contract = Contract.parse(cell + f'key: Secret = "{reference}"  # a key')
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(f"%%look\n{body}")]
    return script(notebook, contract, {}, "run-1")


def test_a_secret_is_fetched_when_the_script_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", secret := "$(id) \"'\\ é ")
    (folder / "a b").write_text(f"{secret}\n")
    for reference in ("env:PASSWORD", f"file:{folder}/a b", "prompt"):
        text = with_secret(reference)
        assert secret not in text
        done = execute(text, given=f"{secret}\n")
        assert done.returncode == 0, done.stderr
        assert (folder / "seen").read_text() == secret
        (folder / "seen").unlink()


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:PASSWORD", "set PASSWORD"),
        ("file:/nowhere/x", "/nowhere/x: No such file"),
        ("file:/dev/null", "key: is empty"),
        ("prompt", ""),
    ],
)
def test_without_its_secret_no_step_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, reference: str, said: str
) -> None:
    monkeypatch.delenv("PASSWORD", raising=False)
    done = execute(with_secret(reference, "touch x"))
    assert done.returncode != 0
    assert said in done.stderr
    assert not (folder / "x").exists()


@pytest.mark.usefixtures("folder")
def test_a_program_that_is_named_comes_along(folder: Path) -> None:
    """Want its text to arrive as it is, with every quote and line break."""
    del folder
    text = book.programs()["daemon_json"]
    assert output('%%look\nprintf %s "$daemon_json"').rstrip() == text.rstrip()
    assert "daemon_json" not in written("%%look\ntrue")


@pytest.mark.usefixtures("folder")
def test_run_and_label_are_set() -> None:
    assert output('%%look\necho "$run $label"') == "run-1 dockbook.run=run-1\n"


@pytest.mark.parametrize(
    "cell",
    ["# a\u2028touch x", "# a\rtouch x", 'check("a\\ntouch x", 1)', "!a\n!touch x"],
)
def test_what_becomes_a_comment_stays_one(folder: Path, cell: str) -> None:
    assert output(cell) == ""
    assert not (folder / "x").exists()


def test_a_bad_parameter_or_step_is_refused() -> None:
    with pytest.raises(ParameterError, match="NUL"):
        written(text="\0")
    with pytest.raises(ChapterError, match="no command"):
        written("%%look\n")


# How its steps end


def test_a_step_has_a_shell_of_its_own(folder: Path) -> None:
    told = output(
        '%%look\na=1; cd /; text=changed; echo "$PWD"',
        '%%look\necho "${a-unset} $text"; pwd; cat',
    )
    assert told == f"/\nunset plain\n{folder}\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("cat <<END | tr a b\na\nEND", "b\n"),
        ("x=$(cat <<'END'\n$a \"'\nEND\n)\necho \"$x\"", "$a \"'\n"),
        ('cat <<A - <<<"x"\nlost\nA', "x\n"),
        ("echo 'a\n  b'", "a\n  b\n"),
        ("echo a \\", "a\n"),
        ("# nothing", ""),
        ("echo a # said", "a\n"),
        ('case a in (a) echo "${#text}" ;& b) echo c;; esac', "5\nc\n"),
        ("exit 0; false", ""),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_body_does_what_it_does_alone(body: str, said: str) -> None:
    assert output(f"%%look\n{body}") == said


@pytest.mark.parametrize(
    "body", ["false\ntouch x", "false | true\ntouch x", 'echo "$unset"\ntouch x']
)
def test_a_body_ends_where_a_command_fails(folder: Path, body: str) -> None:
    done = execute(written(f"%%look\n{body}", "%%look\ntouch y"))
    assert done.returncode == 1
    assert "step 1 ended with 1, expected 0" in done.stderr
    assert not (folder / "x").exists()
    assert not (folder / "y").exists()


@pytest.mark.usefixtures("folder")
def test_the_exit_code_is_compared() -> None:
    assert output("%%look\n#| rc: 3\n(exit 3)\n") == ""
    done = execute(written("%%look\n#| rc: 3\ntrue"))
    assert done.returncode == 1
    assert "step 1 ended with 0, expected 3" in done.stderr


@pytest.mark.usefixtures("folder")
def test_a_step_may_not_take_longer_than_its_timeout() -> None:
    began = time.monotonic()
    done = execute(written("%%look\n#| timeout: 1s\nsleep 50"))
    assert time.monotonic() - began < 10
    assert done.returncode == 1
    assert "step 1 ended with 124" in done.stderr


@pytest.mark.usefixtures("folder")
def test_what_a_step_leaves_in_the_background_ends_with_it() -> None:
    output("%%look\nsleep 5 >/dev/null 2>&1 & echo $! >pid")
    pid = int(Path("pid").read_text())
    deadline = time.monotonic() + 2
    while start_time(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert start_time(pid) is None


def test_retry_tries_again_and_then_gives_up(folder: Path) -> None:
    body = "echo >>tries; test $(wc -l <tries) = 2"
    output(f"%%look\n#| retry: 5\n{body}")
    assert (folder / "tries").read_text() == "\n\n"
    done = execute(written("%%look\n#| retry: 1\necho >>more; false"))
    assert done.returncode == 1
    assert (folder / "more").read_text() == "\n\n"


def test_until_waits_for_what_comes_and_gives_up_in_time(folder: Path) -> None:
    output("%%change\n#| until: echo >>tries; test $(wc -l <tries) = 2\ntrue")
    assert (folder / "tries").read_text() == "\n\n"
    done = execute(written("%%look\n#| timeout: 1s\n#| until: false\ntrue"))
    assert done.returncode == 1
    assert "did not come true within 1 s" in done.stderr


def test_unless_skips_and_is_asked_again(folder: Path) -> None:
    change = "%%change\n#| unless: test -e x\n"
    assert output(f"{change}touch x", f"{change}touch y") == "already true: step 2\n"
    assert not (folder / "y").exists()
    (folder / "x").unlink()
    done = execute(written(f"{change}true"))
    assert done.returncode == 1
    assert "step 1 ended well, but what it aims at is not true" in done.stderr


def test_a_step_that_is_no_part_of_the_run_is_left_out(folder: Path) -> None:
    step = "%%change\n#| when: test -e x\n#| undo: touch undone\ntouch y"
    assert output(step) == "left out: step 1\n"
    assert not {"y", "undone"} & {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("given", ["true", "false"])
def test_it_ends_as_the_parameter_says(folder: Path, given: str) -> None:
    step = "%%change\n#| undo: rm x\ntouch x"
    end = "if text:\n    chapter.unwind()\nelse:\n    chapter.finish()"
    done = execute(written(step, end, text=given))
    assert done.returncode == 0, done.stderr
    assert (folder / "x").exists() == (given == "false")


# How it unwinds

DO = [f"%%change\n#| undo: echo {n} >>undone\ntrue" for n in (1, 2, 3)]


@pytest.mark.parametrize("end", [UNWIND, "", "%%look\nfalse"])
def test_it_unwinds_last_in_first_out(folder: Path, end: str) -> None:
    done = execute(written(*DO, end))
    assert done.returncode == ("false" in end)
    assert (folder / "undone").read_text() == "3\n2\n1\n"
    asked = (folder / "docker.log").read_text()
    assert "ps -aq --filter label=dockbook.run=run-1\n" in asked
    assert asked.count("ps -aq") == 1


@pytest.mark.parametrize("end", ["chapter.finish()", UNWIND])
def test_what_is_to_be_kept_is_not_undone(folder: Path, end: str) -> None:
    done = execute(written(*DO, end, unwind=end != UNWIND))
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "undone").exists()
    assert not (folder / "docker.log").exists()


def test_without_unwind_a_failure_keeps_too(folder: Path) -> None:
    done = execute(written(*DO, "%%look\nfalse", unwind=False))
    assert done.returncode == 1
    assert "kept: `dockbook sweep run-1` removes it" in done.stdout
    assert not (folder / "undone").exists()


def test_an_undo_that_fails_is_reported_and_the_rest_runs(folder: Path) -> None:
    bad = "%%change\n#| undo: false\ntrue"
    stays = "%%change\n#| unless: test -e s\n#| undo: true\ntouch s"
    done = execute(written(*DO[:1], bad, stays, UNWIND))
    assert done.returncode == 0
    assert done.stderr == "✘ not undone: step 3\n✘ not undone: step 2\n"
    assert (folder / "undone").read_text() == "1\n"


def test_the_undo_of_the_step_that_failed_runs_too(folder: Path) -> None:
    done = execute(written("%%change\n#| undo: rm x\ntouch x; false"))
    assert done.returncode == 1
    assert not (folder / "x").exists()


def test_what_came_half_way_is_undone_and_that_may_fail(folder: Path) -> None:
    step = "%%change\n#| unless: test -e x\n#| undo: touch undone; false\nfalse"
    done = execute(written(step))
    assert done.returncode == 1
    assert (folder / "undone").exists()
    assert "not undone" not in done.stderr


def test_what_was_true_already_is_not_undone(folder: Path) -> None:
    (folder / "x").touch()
    step = "%%change\n#| unless: test -e x\n#| undo: rm x\nfalse"
    assert execute(written(step, UNWIND)).returncode == 0
    assert (folder / "x").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_ends_the_step_and_unwinds(
    folder: Path, number: signal.Signals, code: int
) -> None:
    (folder / "script").write_text(
        written(*DO, "%%look\necho $$ >new; mv new pid; sleep 50")
    )
    with subprocess.Popen(["bash", "script"], stdout=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 20
        while not (folder / "pid").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        run.send_signal(number)
        assert run.wait(20) == code
    assert (folder / "undone").read_text() == "3\n2\n1\n"
    assert start_time(int((folder / "pid").read_text())) is None
