"""Processes that are ended after a test, and a user that is removed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.attaching import Process, Start
from tests.faults.throwaway import (
    DOWN,
    NEEDS_3_11,
    PYTHON,
    Remains,
    User,
    give_subordinate_ids,
    install,
)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python process, wait until it says that it is ready, end it later."""
    started: list[Process] = []

    def start(script: str, *words: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", script, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def user(dockbook_home: Path) -> Iterator[User]:
    del dockbook_home
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a user and become it")
    if subprocess.run([PYTHON, "-c", NEEDS_3_11], check=False).returncode:
        pytest.skip(f"{PYTHON} is not Python 3.11 or newer")
    name = f"dockbook-{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="db-", dir="/tmp"))
    subprocess.run(["useradd", "--home-dir", folder, "-M", name], check=True)
    try:
        give_subordinate_ids(name)
        install(folder)
        shutil.chown(folder, name, name)
        yield User(name, folder)
    finally:
        subprocess.run(["userdel", name], check=True, capture_output=True)
        shutil.rmtree(folder)


@pytest.fixture
def lab_user(user: User, remains: Remains) -> Iterator[User]:
    """Be the user; nothing of its labs may be left after a test."""
    yield user
    for folder in user.home.glob("[a-z]*/"):
        user.python(DOWN, folder.name)  # of a test that failed
    assert remains(user.home) == []
