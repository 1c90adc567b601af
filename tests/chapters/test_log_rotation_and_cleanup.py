"""The chapter log-rotation-and-cleanup on a host in use: what goes, what stays."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from kernels_helpers.report import Report
from tests.chapters.attempts import attempt, engine, inventory

REAL = "/etc/docker/daemon.json"
# The user's own things carry other labels, none, or are named by what stays.
BUILD = """
made() { echo "FROM busybox\nLABEL $1\nRUN echo $2 >/text" | docker build -q -; }
mount="type=volume,target=/data,volume-label=stage=ci"
"""
OTHERS = f"""
{BUILD}
echo '{{"labels": ["a=b"]}}' >{REAL} && systemctl reload docker
docker network create --label stage=ci held
docker run -d --init --name runs --label stage=ci busybox sleep 1d
docker run --name ended --label stage=prod --network held --mount "$mount" \
  "$(made stage=ci held)" true
docker run --name plain busybox true
docker network create --label stage=prod empty
docker volume create --label stage=ci named
made stage=prod other
"""
IDLE = f"""
{BUILD}
docker run --name old --label stage=ci --mount "$mount" "$(made stage=ci gone)" true
docker network create --label stage=ci free
"""
AGE = """
file=$(docker inspect --format '/var/lib/docker/containers/{{.Id}}/config.v2.json' old)
systemctl stop docker
jq -c '.State.FinishedAt = "2020-02-02T02:02:02Z"' "$file" >/run/aged
cp /run/aged "$file"
systemctl start docker && docker start runs
"""
VALUES: Any = {"rehearse": "false", "labelled": "stage=ci"}


@pytest.fixture
def host(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a host with things of its user, and with others that are of no use."""
    del dockbook_home
    with life.attached(f"tidy-{secrets.token_hex(4)}") as host:
        said = host.run(OTHERS)
        assert said.rc == 0, said.output
        yield host
        host.docker.close()


def test_a_real_run_removes_what_was_listed_and_then_finds_nothing_to_do(
    host: LabHost, tmp_path: Path
) -> None:
    def tidy(*, plan: bool = False, **values: str) -> Report:
        return attempt(
            "log-rotation-and-cleanup", host, tmp_path, plan=plan, **VALUES | values
        )

    others = sorted(engine(host.docker))
    assert host.run(IDLE + AGE).rc == 0
    before = inventory(host)
    planned = tidy(plan=True, restart="true")
    assert (planned.status, inventory(host)) == ("planned", before)
    listed = (tmp_path / planned.run / "journal.jsonl").read_text()
    assert all(f" {name}" in listed for name in ("/old", "free"))
    old = f"container {host.docker.containers.get('old').id}"
    assert tidy(age="1").reason is None
    assert {*before} - {*inventory(host)} == {old}
    made = tidy(restart="true")
    assert (made.status, made.reason) == ("passed", None)
    assert sorted(engine(host.docker)) == others
    settings = json.loads(host.run(f"cat {REAL}").output)
    limits = {"max-size": "100k", "max-file": "3"}
    assert settings == {"labels": ["a=b"], "log-opts": limits}
    assert host.docker.containers.get("runs").status == "running"
    after = inventory(host)
    again = tidy(plan=True, restart="true")
    assert (again.status, again.pending) == ("planned", 0)
    assert tidy(restart="true").reason is None
    assert inventory(host) == after


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"labelled": ""}, "there is a label, but for a rehearsal"),
        ({"labelled": "=ci"}, "there is a label, but for a rehearsal"),
        ({"rehearse": "true"}, "there is a label, but for a rehearsal"),
        ({"age": "-1"}, "the age is no time to come"),
        ({"max_file": "0"}, "a log may have a file"),
        ({"folder": "/srv"}, "the folder has a place, and is new or ours"),
    ],
)
def test_it_refuses_before_anything_has_been_changed(
    lab: LabHost, tmp_path: Path, values: Any, reason: str
) -> None:
    before = inventory(lab)
    made = attempt("log-rotation-and-cleanup", lab, tmp_path, **VALUES | values)
    assert (made.reason, made.steps) == (f"CheckFailed: {reason}", [])
    assert inventory(lab) == before
