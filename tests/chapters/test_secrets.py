"""A secret reaches its step, and nothing that a run leaves holds it."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import journal
from kernels_helpers.hosts import LabHost
from tests.chapters.calls import began, call, command, kill_in_the_middle
from tests.chapters.secrecy import (
    BIN,
    HASH,
    NAME,
    PARAMETERS,
    SECRET,
    SEEN,
    found,
    run_in,
    texts,
)
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, WAIT
from tests.waiting import until

IN_PYTEST = "PYTEST_CURRENT_TEST"  # kernels leave fd 1 and 2 alone where it is set
SHELL = r"""%%look
echo "plain $password"
printf 'user:%s' "$password" | base64
printf %s "$password" | base64 | tr +/ -_
jq -rn 'env.password | @uri, @json'
set -x
: "$password"
set +x
printf %s "${password:0:9}"; sleep 0.3; printf '%s\n' "${password:9}"
echo "$password" >&2"""
FETCH = (
    "s = chapter.host.run("
    "'printf %s \"$password\"', env=chapter.environment).output\n"
    "assert s.startswith('p@')"
)
PYTHON = [
    FETCH,
    "print('two', s[:9], sep='|', end='', flush=True)\nprint(s[9:], flush=True)",
    "display(s)",
    "s",
    "import base64; base64.b64encode(('user:' + s).encode())",
    "import sys; print(s[:3], end='', file=sys.stderr); print(s[3:], file=sys.stderr)",
    "import subprocess; subprocess.run(['echo', 'other', s]).returncode",
    "chapter.environment",
    "print(s[:9], end='')",
    "check(f'it is {s}', password == 'env:DOCKBOOK_TEST_PASSWORD')",
    "chapter.unwind()",
]
RAISE = "raise ValueError(f'wrong: {s}')"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, SECRET)


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("end", [[], [RAISE]], ids=["passed", "failed"])
def test_what_a_run_leaves_and_says_holds_no_secret(
    lab: LabHost, tmp_path: Path, end: list[str]
) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb",
        *(BINDING, SEEN, SHELL, *PYTHON[:-1], *end, PYTHON[-1]),
        parameters=PARAMETERS,
    )
    env = {k: v for k, v in os.environ.items() if not end or k != IN_PYTEST}
    done = call("run", chapter, "--host", lab.url, "--out", tmp_path / "out", env=env)
    assert done.returncode == len(end), done.stdout + done.stderr
    folder = run_in(tmp_path / "out")
    shown = texts(folder / "chapter.ipynb")
    assert HASH in shown
    assert "two|***" in shown
    assert "plain ***" in shown
    assert "'text': 'p@ss w\"or'" in shown  # the beginning alone is no secret
    assert ("wrong: ***" in shown) == bool(end)
    assert ("other ***" in shown) == bool(end)
    for form in ("json", "junit", "html", "md"):
        made = call("report", folder, "--format", form).stdout
        assert "password" in made or form == "junit"
        (folder / f"report.{form}.txt").write_text(made)
    (folder / "terminal.txt").write_text(done.stdout + done.stderr)
    assert found(folder) == []
    searched = call("check-leaks", folder, "--env", NAME)
    assert searched.returncode == 0
    assert searched.stdout == f"no leak of {NAME} in 8 files\n"
    (opened,) = (
        e for e in journal.read(folder / "journal.jsonl") if e["event"] == "open"
    )
    assert opened["parameters"]["password"] == f"env:{NAME}"
    _, salt, made = opened["secrets"]["password"].split(":")
    cost: dict[str, Any] = {"n": 2**13, "r": 8, "p": 1}
    again = hashlib.scrypt(SECRET.encode(), salt=bytes.fromhex(salt), **cost)
    assert again.hex() == made
    for name in ("journal.jsonl", "chapter.ipynb", "report.json"):
        path = folder / name
        path.write_text(path.read_text().replace("***", SECRET))
    assert call("check-leaks", folder, "--env", NAME).returncode == 1
    assert {leak.file for leak in found(folder)} >= {"journal.jsonl", "chapter.ipynb"}


@pytest.mark.usefixtures("secret")
def test_plain_papermill_leaves_no_secret_either(lab: LabHost, tmp_path: Path) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb",
        *(BINDING, SEEN, SHELL, *PYTHON[:-1], RAISE),
        parameters=PARAMETERS,
    )
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [
            *(BIN / "papermill", chapter, tmp_path / "out" / "out.ipynb"),
            *("--no-progress-bar", "--log-output", "-p", "host", lab.url),
            *("-p", "password", f"env:{NAME}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    (tmp_path / "out" / "terminal.txt").write_text(done.stdout + done.stderr)
    assert "wrong: ***" in done.stderr
    assert HASH in texts(tmp_path / "out" / "out.ipynb")
    assert found(tmp_path / "out") == []


@pytest.mark.usefixtures("secret")
def test_nbval_sees_no_secret_either(
    lab: LabHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKBOOK_LAB", lab.name)
    chapter = notebooks.write(
        tmp_path / "small.ipynb",
        *(BINDING, "# NBVAL_CHECK_OUTPUT\n" + FETCH, f"print(s)\n{RAISE}"),
        parameters=PARAMETERS,
    )
    done = subprocess.run(
        [BIN / "pytest", "--nbval-lax", "-p", "no:cacheprovider", chapter],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "terminal.txt").write_text(done.stdout + done.stderr)
    assert "wrong: ***" in done.stdout
    assert found(tmp_path / "out") == []


def holders() -> list[str]:
    """Name the processes of the machine that have the secret among their words."""
    return [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if SECRET.encode() in content(path)
    ]


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.usefixtures("secret")
def test_no_process_has_the_secret_among_its_words(
    lab: LabHost, tmp_path: Path
) -> None:
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, f"{SEEN}\nsleep 300", parameters=PARAMETERS
    )
    out = tmp_path / "out"
    words = command("run", chapter, "--host", lab.url, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as run:
        until(began(out, "sleep 300"))
        until(lambda: lab.run("pgrep -x sleep").rc == 0)
        seen = holders()
        with subprocess.Popen(["sh", "-c", "sleep 9; :", SECRET]) as control:
            until(lambda: holders() == [str(control.pid)])  # it would be found
            control.kill()
        run.terminate()
        assert run.wait(30) == 130
    assert seen == []


@pytest.mark.usefixtures("secret")
def test_an_undo_fetches_the_secret_again(
    lab: LabHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = (
        '%%change\n#| undo: echo "$password"; test "$(cat /srv/mark)" = "$password" '
        '&& rm /srv/mark\nprintf %s "$password" >/srv/mark'
    )
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, mark, WAIT, parameters=PARAMETERS
    )
    kill_in_the_middle(chapter, lab, tmp_path / "out")
    folder = run_in(tmp_path / "out")
    monkeypatch.delenv(NAME)
    refused = call("undo", folder)
    assert refused.returncode == 2
    assert f"{NAME} is not set: export it" in refused.stderr
    monkeypatch.setenv(NAME, "another one")
    lost = call("undo", folder)
    assert lost.returncode == 1
    assert "✘ not undone" in lost.stdout
    assert "***" in lost.stdout
    assert "another one" not in lost.stdout
    monkeypatch.setenv(NAME, SECRET)
    done = call("undo", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.run("test -e /srv/mark").rc == 1
    assert call("verify", folder).returncode == 0
    assert found(folder) == []
