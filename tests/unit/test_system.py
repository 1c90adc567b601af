"""What is installed, for whom, and that it starts nothing."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import system
from kernels_helpers.system import Tool

DAEMON = Tool("sshd", "openssh-server", "tests", ("ssh.service",))
PROGRAM = Tool("jq", "jq", "changes")


def test_what_only_tests_need_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tool, "found", lambda _: False)
    usual = {tool.name for tool in system.missing()}
    assert not usual & {"sshd", "nginx", "chromium"}
    more = {tool.name for tool in system.missing(["sshd", "chromium"])}
    assert more - usual == {"sshd", "chromium"}


@pytest.mark.parametrize("failing", [None, "update", "install"])
def test_a_service_is_neither_started_nor_left_to_start_at_boot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str | None
) -> None:
    ran: list[list[str]] = []
    policy = tmp_path / "policy-rc.d"

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        assert command[0] != "apt-get" or policy.read_text().endswith("exit 101\n")
        rc = 100 if failing and failing in command else 0
        return subprocess.CompletedProcess(command, rc, stderr="E: no")

    monkeypatch.setattr(system, "POLICY", policy)
    monkeypatch.setattr(subprocess, "run", run)
    system.install([DAEMON, PROGRAM])
    disabled = [command[3:] for command in ran if command[0] == "systemctl"]
    assert disabled == ([] if failing else [["ssh.service"]])
    assert not policy.exists()
