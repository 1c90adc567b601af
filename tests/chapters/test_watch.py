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
from tests.unit.notebooks import BINDING, CHECK, MAKE

LOOK = "%%look\n#| rc: 0\ntest ! -e /srv/broken"
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
    assert "Subject: dockbook: small: 1 of 1 targets drifted" in mailbox.read_text()
    own_lab.run("touch /srv/broken")
    code, again = watch()
    assert (code, "test ! -e /srv/broken" in again) == (1, True), again
    # a bad round is not what the next one is compared with
    assert again.splitlines()[0] == said.splitlines()[0]
