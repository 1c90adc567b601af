"""A suite that skips its labs is not green where they are required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEST = "tests/contract/test_host.py::test_url_says_its_kind"


@pytest.mark.parametrize(
    ("words", "ci", "rc", "told"),
    [
        ((), "", 0, "4 skipped"),
        (("--require-engine",), "", 1, "4 errors"),
        ((), "true", 1, "4 errors"),
    ],
)
def test_machine_without_tools(words: list[str], ci: str, rc: int, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words, TEST],
        cwd=ROOT,
        env={**os.environ, "PATH": "/nonexistent", "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == rc, done.stdout
    assert told in done.stdout
    assert "busybox not found; run `make setup`" in done.stdout


def test_marker_is_added_from_the_fixture() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"),
            *("--collect-only", "-m", "engine", TEST, __file__),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(f"{TEST}[lab]\n{TEST}[podman]\n")
    assert Path(__file__).name not in done.stdout
