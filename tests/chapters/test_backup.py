"""The chapter backup: what it refuses, what a real backup leaves, who is found out."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.attempts import attempt, inventory, lying

ABILITY = "0x0100000200200000000000000000000000000000"  # CAP_NET_RAW, effective
CAPABLE = f"security.capability={ABILITY}"
IN_USE = """
docker volume create kept && cd /var/lib/docker/volumes/kept/_data
head -c 300000 /dev/urandom >first && echo kept >second
setfattr -n user.a -v b second
cp /bin/true able && setfattr -n security.capability -v "$ability" able
docker run -d --init --name user -v kept:/data --restart always busybox sleep 1d
"""
SPOIL = """
cd /srv/full && cp volumes/kept.tar.gz whole && head -c 200000 whole >part
[ "$(bash restore part other 2>&1 | tail -n 1)" = "/srv/full/part: damaged" ]
if docker volume inspect other 2>/dev/null; then exit 1; fi
archive=volumes/kept.tar.gz data=/var/lib/docker/volumes/kept/_data
echo spoilt >"$data/second" && touch "$data/stray"
bash restore "$archive" kept 2>&1 | grep "kept: has files" && [ -e "$data/stray" ]
bash restore "$archive" kept overwrite 2>&1
cat "$data/second" && ls "$data"
cd "$data" && getfattr --only-values -n user.a second
getfattr -e hex -n security.capability able
"""
# A backup whose tar hangs is killed; with pause, as if one of the two containers that
# it holds had not been paused yet.
KILLED = """
cd /srv/full && mkdir /run/fake && cp volumes/kept.tar.gz before
printf '#!/bin/sh\\ntouch /run/packing; exec sleep 60\\n' >/run/fake/tar
chmod +x /run/fake/tar
docker run -d --init --name other -v kept:/other busybox sleep 1d
for quiet in stop pause; do
  sed -i "s/^quiet=.*/quiet=$quiet/" settings && rm -f /run/packing
  PATH=/run/fake:$PATH setsid bash backup kept & group=$!
  until [ -e /run/packing ]; do sleep 0.1; done
  [ "$(wc -l <held)" = 2 ] && kill -KILL -- "-$group"
  [ "$quiet" = stop ] || docker unpause other
  docker ps -aq --filter status=running | { ! grep -xFf held || [ "$quiet" = pause ]; }
  bash backup kept && [ ! -e held ] && bash verify volumes/kept.tar.gz
  docker inspect --format '{{.State.Status}}' user other
done
"""
CHANGE = """
at=/var/lib/docker/volumes/dockbook-backup/_data/numbers
[ ! -s "$at" ] || echo else >"$at"
"""
NO_ATTRIBUTES = """
for word; do
  shift
  case $word in --xattrs*) ;; *) set -- "$@" "$word" ;; esac
done
exec /usr/bin/tar "$@"
"""


@pytest.fixture(scope="module")
def second(dockbook_home: Path) -> Iterator[LabHost]:
    """Give a host to restore on."""
    del dockbook_home
    with life.attached(f"spare-{secrets.token_hex(4)}") as host:
        yield host
        host.docker.close()


@pytest.mark.parametrize(
    ("prepare", "values", "reason"),
    [
        (
            "",
            {"target": "/var/lib/docker/backup"},
            "the target is outside Docker's data",
        ),
        ("", {"target": "/usr/backup"}, "root can write there"),
        *(
            ("", {"target": target}, "the path is plain, no link in it")
            for target in ("/srv/a b", "/srv/ü", "/srv/../srv/b", "/srv/b/")
        ),
        (
            "ln -s /srv /srv/full/link",
            {"target": "/srv/full/link/b"},
            "the path is plain, no link in it",
        ),
        (
            "echo x >/srv/full/file",
            {"target": "/srv/full"},
            "nothing is in the target yet",
        ),
        (
            "mount -t tmpfs -o size=8k small /srv/full",
            {"target": "/srv/full/new"},
            "there is room for it",
        ),
        ("", {"rehearse": "false", "volume": "nowhere"}, "the volume exists"),
        ("", {"second": "lab://shared"}, "it is another host"),
    ],
    ids=str,
)
def test_it_refuses_before_anything_has_been_changed(
    lab: LabHost,
    second: LabHost,
    tmp_path: Path,
    prepare: str,
    values: Any,
    reason: str,
) -> None:
    if values.get("second"):
        values = {"second": lab.url}
    assert lab.run(f"mkdir /srv/full; {prepare}").rc == 0
    before = inventory(lab)
    values = {"second": second.url} | values
    made = attempt("backup", lab, tmp_path, **values)
    after = inventory(lab)
    assert lab.run("umount /srv/full || :; rm -r /srv/full").rc == 0
    assert (made.reason, made.steps) == (f"CheckFailed: {reason}", [])
    assert after == before


def test_a_real_backup_stays_and_brings_the_volume_back(
    dockbook_home: Path, second: LabHost, tmp_path: Path
) -> None:
    del dockbook_home
    with life.attached(f"in-use-{secrets.token_hex(4)}") as host:
        assert host.run(IN_USE, env={"ability": ABILITY}).rc == 0
        there = inventory(second)
        made = attempt(
            "backup",
            host,
            tmp_path,
            second=second.url,
            volume="kept",
            target="/srv/full",
            rehearse="false",
            quiet="stop",
            compress="gzip",
        )
        assert (made.status, made.reason) == ("passed", None)
        assert inventory(second) == there
        assert host.docker.containers.get("user").status == "running"
        assert [v.name for v in host.docker.volumes.list()] == ["kept"]
        done = host.run(SPOIL)
        kept = f"good\nkept\nable\nfirst\nsecond\nb# file: able\n{CAPABLE}\n\n"
        assert done.output.endswith(kept), done.output
        done = host.run(KILLED)
        assert done.rc == 0, done.output
        assert done.output.count("good\nrunning\nrunning\n") == 2, done.output
        host.docker.close()


def test_a_second_host_that_answers_otherwise_is_found_out_and_put_back(
    lab: LabHost, second: LabHost, tmp_path: Path
) -> None:
    before = inventory(lab), inventory(second)
    made = attempt(
        "backup", lab, tmp_path, lambda *_: second.run(CHANGE), second=second.url
    )
    assert made.reason == "CheckFailed: the answers are the same"
    assert (inventory(lab), inventory(second)) == before


def test_a_tar_that_forgets_attributes_is_found_out(
    dockbook_home: Path, second: LabHost, tmp_path: Path
) -> None:
    del dockbook_home
    with lying(NO_ATTRIBUTES, "tar") as liar:
        made = attempt("backup", liar, tmp_path, second=second.url)
    assert "the command ended with 1, expected 0: " in (made.reason or "")
    told = (tmp_path / made.run / "journal.jsonl").read_text()
    assert "user.origin" in told
    assert ".zst: damaged" in told
