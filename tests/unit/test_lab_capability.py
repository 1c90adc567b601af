"""Why no lab can be started: one sentence, that says what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels_helpers.errors import LabError
from kernels_helpers.lab import capability

NOBODY = 65534
NAMELESS = 4_000_000_001

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become others")


def as_user(uid: int, ask: Callable[[], str | None]) -> str | None:
    """Ask in a child process that is another user: it may not read this Python."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(write, (ask() or "").encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:  # noqa: PTH123 (a descriptor)
        answer = pipe.read().decode()
    os.waitpid(child, 0)
    return answer or None


def tools(folder: Path, *, without: str = "") -> str:
    """Make a folder of all tools but one, to be the only one on the PATH."""
    for tool in {*capability.TOOLS, *capability.USER_TOOLS, "true"} - {without}:
        (folder / tool).symlink_to(shutil.which(tool) or "/bin/true")
    return str(folder)


def test_nothing_is_missing_or_one_sentence_is_said() -> None:
    reason = capability.missing()
    assert reason is None or (reason and "\n" not in reason)


def test_require_is_an_error_of_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LabError) as caught:
        capability.require()
    assert caught.value.exit_code == 3
    message = str(caught.value)
    assert message.startswith("no lab can be started here: unshare, nsenter, ")
    assert message.endswith(" not found; run `make setup`")


@pytest.mark.parametrize("tool", ["containerd", "docker", "busybox", "nsenter"])
def test_one_missing_tool_is_named(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path(f"/usr/sbin/{tool}").exists():
        pytest.skip(f"{tool} is in /usr/sbin, which is always searched")
    monkeypatch.setenv("PATH", tools(tmp_path, without=tool))
    assert capability.missing() == f"{tool} not found; run `make setup`"


@needs_root
def test_root_without_the_capability() -> None:
    script = "from kernels_helpers.lab import capability; print(capability.missing())"
    drop = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    told = subprocess.run(
        [*drop, sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == (
        "this root lacks CAP_SYS_ADMIN, so it cannot make namespaces (a container?); "
        "run on a machine or VM, or give the container --privileged\n"
    )


@needs_root
def test_refused_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tools(tmp_path, without="unshare")
    refuse = tmp_path / "unshare"
    refuse.write_text("#!/bin/sh\necho 'unshare failed: not permitted' >&2; exit 1\n")
    refuse.chmod(0o755)
    monkeypatch.setenv("PATH", folder)
    assert capability.missing() == (
        "namespaces are refused (unshare failed: not permitted); "
        "allow unshare(2) in the container"
    )


@needs_root
@pytest.mark.parametrize(
    ("uid", "user"), [(NOBODY, "nobody"), (NAMELESS, str(NAMELESS))]
)
def test_user_without_subordinate_ids(uid: int, user: str) -> None:
    reason = as_user(uid, capability.missing)
    assert reason == (
        f"user {user!r} has no line in /etc/subuid; as root: `usermod "
        f"--add-subuids 100000-165535 --add-subgids 100000-165535 {user}`"
    )


@needs_root
def test_refused_user_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capability, "_has_range", lambda *_: True)
    reason = as_user(NOBODY, capability.missing)
    assert reason is not None
    assert reason.startswith("user namespaces are refused (")
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in reason
    assert "\n" not in reason
