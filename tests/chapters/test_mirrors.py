"""The chapter mirrors: other settings survive, and a deaf engine is noticed."""

import json
from pathlib import Path

import pytest

from kernels_helpers.lab import life
from tests.chapters.attempts import attempt, inventory, lying

WRITE = 'printf %s "$text" >/etc/docker/daemon.json && systemctl reload docker'
SETTINGS = {"labels": ["a=b"], "registry-mirrors": ["http://127.0.0.1:9"]}
JQ = "/usr/bin/jq"
SYSTEMCTL = "/usr/bin/systemctl"


def test_settings_of_the_user_survive_byte_for_byte(
    dockbook_home: Path, tmp_path: Path
) -> None:
    """Want mirrors, labels, mode and spelling of the file as they were."""
    del dockbook_home
    text = json.dumps(SETTINGS, indent=7)
    with life.attached("settled") as host:
        assert host.run(WRITE, env={"text": text}).rc == 0
        assert host.run("chmod 600 /etc/docker/daemon.json").rc == 0
        before = inventory(host), host.docker.info()["Labels"]
        assert "http://127.0.0.1:9/" in str(before)
        assert attempt("mirrors", host, tmp_path).reason is None
        assert (inventory(host), host.docker.info()["Labels"]) == before
        host.docker.close()


def test_a_file_that_the_engine_has_not_read_is_refused(
    dockbook_home: Path, tmp_path: Path
) -> None:
    del dockbook_home
    with life.attached("unread") as host:
        text = json.dumps(SETTINGS)
        write = 'printf %s "$text" >/etc/docker/daemon.json'
        assert host.run(write, env={"text": text}).rc == 0
        made = attempt("mirrors", host, tmp_path)
        assert made.reason == "CheckFailed: mirrors and labels are those of the file"
        assert host.run("cat /etc/docker/daemon.json").output == text
        host.docker.close()


@pytest.mark.parametrize(
    ("command", "fake", "reason"),
    [
        pytest.param(
            "systemctl",
            f'[ "$1" = daemon-reload ] && set -- reload docker\nexec {SYSTEMCTL} "$@"',
            "CheckFailed: daemon-reload does not reach the engine",
            id="daemon-reload reloads the engine",
        ),
        pytest.param(
            "systemctl",
            f"""
[ "$1" = reload ] && [ -e /srv/dockbook-mirrors/merged ] && {SYSTEMCTL} restart docker
exec {SYSTEMCTL} "$@"
""",
            "CheckFailed: nothing was restarted",
            id="reload restarts the engine",
        ),
        pytest.param(
            "jq",
            f"""
case $* in
*'= [$url]'*) exec {JQ} "$1" "$2" "$3" '{{"registry-mirrors": [$url]}}' "$5" ;;
esac
exec {JQ} "$@"
""",
            "CheckFailed: the merge adds one key and keeps the rest",
            id="the merge overwrites",
        ),
        pytest.param(
            "setpriv",
            "echo dockerd needs to be started with root",
            "CheckFailed: what cannot be read is refused",
            id="everything is valid",
        ),
    ],
)
def test_a_host_that_behaves_otherwise_makes_it_fail(
    dockbook_home: Path, tmp_path: Path, command: str, fake: str, reason: str
) -> None:
    del dockbook_home
    with lying(fake, command) as host:
        before = inventory(host)
        made = attempt("mirrors", host, tmp_path)
        assert (made.reason or "").startswith(reason)
        assert inventory(host) == before
