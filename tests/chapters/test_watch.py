"""Break a lab between two rounds, and be told."""

import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels_helpers.hosts import LabHost
from tests.chapters.calls import call
from tests.unit import notebooks
from tests.unit.notebooks import BINDING, CHECK, MAKE, UNWIND

LOOK = "%%look\n#| rc: 0\ntest ! -e /srv/broken"
FREE = """\
free = volume not in [v.name for v in docker.volumes.list()]
check("the name is free", chapter.resumed or free)"""
OURS = """\
labels = docker.volumes.get(volume).attrs["Labels"]
check("it is of this run", labels["dockbook.run"] == chapter.run)"""
GONE = 'check("it is gone", volume not in [v.name for v in docker.volumes.list()])'
FINISH = "chapter.finish()"
SENDMAIL = '#!/bin/sh\ncat >"$MAILBOX"\n'


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """Give a webhook, and the list of what it gets."""
    got: list[Any] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token-8091", got
        server.shutdown()


def test_what_became_untrue_is_told(
    own_lab: LabHost, tmp_path: Path, hook: tuple[str, list[Any]]
) -> None:
    url, got = hook
    chapter = notebooks.write(
        tmp_path / "small.ipynb", BINDING, LOOK, MAKE, CHECK, FINISH
    )
    sendmail, mailbox = tmp_path / "bin/sendmail", tmp_path / "mailbox"
    sendmail.parent.mkdir()
    sendmail.write_text(SENDMAIL)
    sendmail.chmod(0o755)
    path = f"{sendmail.parent}:{os.environ['PATH']}"
    env = {**os.environ, "HOOK": url, "MAILBOX": str(mailbox), "PATH": path}
    where = ("--host", own_lab.url, "--out", tmp_path / "out")
    told = ("--webhook", "env:HOOK", "--mail", "ops@example.org")

    def watch() -> tuple[int, str]:
        done = call("watch", chapter, *where, *told, env=env)
        assert "token-8091" not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    code, said = watch()
    assert (code, "unproved" in said) == (4, True)  # nobody has done it yet
    assert "no good run in --out with these parameters" in said
    done = call("run", chapter, *where)
    assert done.returncode == 0, done.stdout + done.stderr
    got.clear()
    code, said = watch()
    assert (code, said[:5], got) == (0, "holds", [])
    own_lab.docker.volumes.get("dockbook-small").remove()
    code, said = watch()
    assert (code, "docker volume create" in said) == (1, True), said
    assert got[-1]["targets"][0]["status"] == "untrue"
    assert "docker volume create" in got[-1]["text"]
    assert "Subject: dockbook: small: 1 untrue" in mailbox.read_text()
    own_lab.run("touch /srv/broken")
    code, again = watch()
    assert (code, "test ! -e /srv/broken" in again) == (1, True), again
    # a bad round is not what the next one is compared with
    assert again.splitlines()[0] == said.splitlines()[0]


def test_what_a_run_has_taken_back_is_not_looked_for_but_what_it_kept(
    own_lab: LabHost, tmp_path: Path
) -> None:
    cells = (BINDING, LOOK, FREE, MAKE, OURS, UNWIND, GONE)
    chapter = notebooks.write(tmp_path / "small.ipynb", *cells)
    where = (chapter, "--host", own_lab.url, "--out", tmp_path / "out")

    def watch(*words: str) -> tuple[int, str]:
        done = call("watch", *where, *words)
        return done.returncode, done.stdout + done.stderr

    assert call("run", *where).returncode == 0
    code, said = watch()
    assert (code, "2 looked at and true, 1 change not proved" in said) == (0, True)
    own_lab.run("touch /srv/broken")
    code, said = watch()
    assert (code, "test ! -e /srv/broken" in said) == (1, True), said
    own_lab.run("rm /srv/broken")
    assert call("run", *where, "--keep").returncode == 0
    code, said = watch()
    assert (code, "4 looked at and true, 0 changes not proved" in said) == (0, True)
    assert watch() == (0, said)  # the plan is not what the next one is compared with
    code, said = watch("-p", "volume=other")
    assert (code, said[:8]) == (4, "unproved"), said  # nobody has made that one
    own_lab.docker.volumes.get("dockbook-small").remove()
    code, said = watch()
    assert (code, "docker volume create" in said) == (1, True), said
    (kept,) = (p for p in (tmp_path / "out").iterdir() if p.name in said)
    assert call("undo", kept).returncode == 0
    assert watch()[0] == 0  # it is not looked for any more


def test_a_chapter_of_the_book_tells_what_somebody_has_changed_by_hand(
    own_lab: LabHost, tmp_path: Path
) -> None:
    where = ("mirror-config", "--host", own_lab.url, "--out", tmp_path / "out")
    done = call("run", *where, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    held = call("watch", *where)
    assert (held.returncode, held.stdout[:5]) == (0, "holds"), held.stdout
    own_lab.run("echo '{\"debug\": true}' >/etc/docker/daemon.json")
    told = call("watch", *where)
    claim = "this is not true: what the engine has is what the file says"
    assert (told.returncode, claim in told.stdout) == (1, True), told.stdout
    own_lab.run("rm /etc/docker/daemon.json /srv/dockbook-config/daemon_json.py")
    told = call("watch", *where)
    lost = "1. Bring the program: "
    assert (told.returncode, lost in told.stdout) == (1, True), told.stdout
    names = {c.name for c in own_lab.docker.containers.list(all=True)}
    assert "dockbook-witness" in names  # a plan takes nothing back
