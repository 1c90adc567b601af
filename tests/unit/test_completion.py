"""Completion in each shell that is installed, as if typed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.conftest import require

SETUP = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
}
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
COMPLETED = {  # what is typed before the key, and what stands there after it
    "dockbook run volu": "dockbook run volumes ",
    "dockbook run volumes -p arch": "dockbook run volumes -p archive=",
}


def installed(request: pytest.FixtureRequest, shell: str) -> None:
    require(request, None if shutil.which(shell) else f"{shell} is not installed")


@pytest.mark.parametrize("shell", SETUP)
def test_a_key_completes_chapters_and_parameters(
    request: pytest.FixtureRequest, shell: str
) -> None:
    installed(request, shell)
    typing = pexpect.spawn(
        shell,
        SETUP[shell],
        env=os.environ | {"PATH": PATH, "TERM": "dumb", "PS1": "> "},
        dimensions=(40, 200),
        timeout=30,
        encoding="utf-8",
    )
    if shell == "zsh":
        typing.sendline("PS1='> '; autoload -U compinit && compinit -D")
    typing.sendline(f'eval "$(_DOCKBOOK_COMPLETE={shell}_source dockbook)"; echo R"D"Y')
    typing.expect("RDY")
    for typed, wanted in COMPLETED.items():
        typing.send(f"{typed}\t")
        typing.expect_exact(wanted.removeprefix(typed))
        if shell == "bash" and wanted.endswith("="):  # the value follows at once
            typing.send("x")
            typing.expect(r"\Ax")
        typing.sendcontrol("c")
    typing.close(force=True)


def test_fish_completes_chapters_and_parameters(
    request: pytest.FixtureRequest,
) -> None:
    installed(request, "fish")
    asked = "; ".join(f"complete -C '{typed}'" for typed in COMPLETED)
    program = f"_DOCKBOOK_COMPLETE=fish_source dockbook | source; {asked}"
    done = subprocess.run(
        ["fish", "--no-config", "-c", program],
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    proposed = [line.partition("\t")[0] for line in done.stdout.splitlines()]
    assert proposed == ["volumes", "archive="]
