"""How a fresh Debian is made: from which sources, and what is said when it is not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.lab import debian

ROWS = """\
http://mirror.example/debian/ bookworm main
http://mirror.example/debian/ bookworm contrib
http://mirror.example/debian/ bookworm-updates main
http://mirror.example/debian/ bookworm main
http://security.example/ bookworm-security main
http://other.example/apt/ cloud-bookworm main
http://docker.example/linux/debian/ bookworm stable
http://mirror.example/debian/ trixie main
"""
DUMP = """\
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Proxy::mirror.example "DIRECT";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "proxy";
Acquire::Retries "3";
"""


def test_the_sources_are_those_of_the_release_and_each_once() -> None:
    assert debian.sources(ROWS, "bookworm").splitlines() == [
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://security.example/ bookworm-security main",
    ]


def test_no_source_of_the_release() -> None:
    with pytest.raises(LabError, match=r"'main' of sid: .* `apt-get indextargets`"):
        debian.sources(ROWS, "sid")
    with pytest.raises(LabError, match="no apt source of this machine"):
        debian.sources("", "bookworm")


def test_the_way_to_the_sources_is_kept_and_no_other_setting() -> None:
    assert debian.settings(DUMP) == DUMP.splitlines()[:3]


@pytest.mark.parametrize("value", ["bookworm", '"bookworm"', "'bookworm'"])
def test_the_release_is_that_of_the_machine(value: str) -> None:
    assert debian.release(f"ID=debian\nVERSION_CODENAME={value}\n") == "bookworm"


@pytest.mark.parametrize("text", ["", "ID=arch\n", "VERSION_CODENAME=\n"])
def test_a_machine_without_a_release(text: str) -> None:
    with pytest.raises(LabError, match=r"names no release: .* Debian or Ubuntu"):
        debian.release(text)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_a_normal_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    reason = debian.missing()
    assert reason
    assert "needs root" in reason
    with pytest.raises(LabError, match=r"no fresh Debian can be made here: .*root"):
        debian.cached_tree(Path("/nonexistent"))


@pytest.mark.usefixtures("as_root")
def test_tools_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert debian.missing() == (
        "apt-get, mmdebstrap, dpkg-scanpackages not found, which make a fresh Debian; "
        "run `make setup` (on Debian or Ubuntu)"
    )


Command = Callable[[str, str], None]


@pytest.fixture
def command(as_root: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Put commands on the PATH, in place of those that would make a tree."""
    del as_root
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(debian, "PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(debian, "RELEASE", tmp_path / "os-release")
    (tmp_path / "os-release").write_text("VERSION_CODENAME=bookworm\n")

    def write(name: str, body: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)

    write("apt-get", f"cat <<'END'\n{ROWS}END")
    write("apt-config", f"cat <<'END'\n{DUMP}END")
    write("dpkg-scanpackages", "exit 0")
    return write


# The new root is the last word but one.
MAKE = """
for word; do [ "$word" = - ] || root=$word; done
echo "$@" >>"$log"; cat >>"$log"
mkdir "$root"; echo half >"$root/file"
"""


def test_a_tree_is_made_once_from_the_machines_sources(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("log", str(log))
    command("mmdebstrap", MAKE)
    tree = debian.cached_tree(tmp_path)
    assert (tree / "file").read_text() == "half\n"
    assert tree.name.startswith("bookworm-")
    assert debian.cached_tree(tmp_path) == tree
    told = log.read_text()
    assert told.count("--variant=apt") == 1
    assert 'Acquire::http::Proxy "http://proxy.example:3128"' in told
    assert told.endswith(debian.sources(ROWS, "bookworm"))
    assert [f.name for f in (tmp_path / ".trees").iterdir()] == [tree.name]


def test_two_at_once_make_it_once(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("log", str(log))
    command("mmdebstrap", f"{MAKE}sleep 0.3")
    script = (
        "import sys; from pathlib import Path; from kernels_helpers.lab import debian;"
        "debian.os.geteuid = lambda: 0;"
        "debian.RELEASE = Path(sys.argv[1]) / 'os-release';"
        "debian.PATH = debian.os.environ['PATH']; debian.cached_tree(Path(sys.argv[1]))"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    both = [subprocess.Popen(words) for _ in range(2)]
    assert [process.wait(30) for process in both] == [0, 0]
    assert log.read_text().count("--variant=apt") == 1


def test_a_tree_that_fails_says_why_and_leaves_nothing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("log", "/dev/null")
    command("mmdebstrap", f"{MAKE}echo E: no network >&2; exit 25")
    with pytest.raises(LabError) as caught:
        debian.cached_tree(tmp_path)
    assert str(caught.value) == (
        f"no fresh Debian bookworm could be made in {tmp_path}/.trees: mmdebstrap "
        "ended with 25. It needs the apt sources of this machine, once; see that "
        "`apt-get update` works and try again. It said:\nE: no network"
    )
    assert list((tmp_path / ".trees").iterdir()) == []


def test_what_a_killed_one_has_left_is_made_anew(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("log", "/dev/null")
    command("mmdebstrap", f"{MAKE}kill -9 $$")
    with pytest.raises(LabError, match="ended with -9"):
        debian.cached_tree(tmp_path)
    command("mmdebstrap", MAKE)
    tree = debian.cached_tree(tmp_path)
    tree.rename(tree.with_name(f"{tree.name}.new"))  # as if killed before the rename
    (tree.with_name(f"{tree.name}.new") / "file").write_text("torn")
    assert (debian.cached_tree(tmp_path) / "file").read_text() == "half\n"
