"""Change the daemon.json of a Docker host: check, merge, apply, verify, or take back.

    daemon_json.py check FILE               say whether the engine would take FILE
    daemon_json.py plan FILE [--restart]    say what merge would do, or refuse like it
    daemon_json.py merge FILE [--restart]   add the settings of FILE to those there are
    daemon_json.py put FILE [--restart]     let daemon.json be FILE, or none if empty

In a FILE to merge, null takes a key away (RFC 7396). What a reload cannot change waits
for ``--restart``. A program of its own, with ``strict_json.py`` beside it: it needs
root, systemd and Python 3.9 on the Docker host.

It ends with 0 when it is done; with 1 when it has refused, and 3 when only a restart
would do, nothing being changed; with 4 when the engine did not take the file, and has
the old one back; with 5 when not even that went well.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import docker_engine
from strict_json import Stopped, merge, read

if TYPE_CHECKING:
    from collections.abc import Callable

REAL = Path("/etc/docker/daemon.json")
NEW = REAL.with_name("daemon.json.new")
# What is taken on a reload, and what each is without the key.
RELOADED: dict[str, Any] = {
    "debug": False,
    "default-runtime": "runc",
    "insecure-registries": [],
    "labels": [],
    "live-restore": False,
    "max-concurrent-downloads": 3,
    "max-concurrent-uploads": 5,
    "registry-mirrors": [],
}


def change(
    wanted: Path, *, merging: bool, restart: bool, planning: bool = False
) -> str:
    """Give the engine other settings and return what was done, or leave all as it was.

    Raises Stopped, with the exit code that tells which. ``planning`` changes nothing.
    """
    before, known = _present(strict=merging)
    old = known or {}
    content = wanted.read_bytes()
    new = read(wanted) if content or merging else {}
    if merging:
        new = merge(old, new)
        content = before if new == old else _dump(new)
    if content == before and not docker_engine.unlike(new):
        return "nothing to do"
    if content:
        docker_engine.check(content)
    changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    reload = known is not None and changed <= {*RELOADED}
    running = docker_engine.ids("ps", "-q")
    keys = ", ".join(sorted(changed)) or "this"
    if not (reload or restart):
        stops = f"needs a restart, which stops {len(running)} running container(s)"
        raise Stopped(f"{keys} {stops}: allow it with --restart", 3)
    if planning:
        return f"would {'reload' if reload else 'restart'}: {keys}"
    try:
        _bring(new, content, old if reload else None, running)
    except Stopped as error:
        _back(error, lambda: _bring(old, before, new if reload else None, running))
    return "reloaded" if reload else "restarted"


def _back(error: Stopped, bring: Callable[[], object]) -> NoReturn:
    """Bring the old file back, and say what became of it."""
    try:
        bring()
    except Stopped as again:
        raise Stopped(f"{error}; the old file is back, but {again}", 5) from None
    raise Stopped(f"{error}; the engine has its old file back", 4) from None


def _bring(
    settings: dict[str, Any],
    content: bytes,
    had: dict[str, Any] | None,
    running: set[str],
) -> None:
    """Let the engine take settings: by a reload, if it is told what it had.

    A key that goes keeps its value on a reload. So the engine is first told what it
    is without the key, and then the file gets its own words.
    """
    if had is None:
        _place(content)
        docker_engine.restart(running)
    else:
        gone = {key: RELOADED[key] for key in {*had} - {*settings}}
        settings = {**gone, **settings}
        _place(_dump(settings))
        docker_engine.reload()
        _place(content)
    if wrong := docker_engine.at_last_unlike(settings):
        raise Stopped(f"docker info does not show {', '.join(wrong)}")


def _place(content: bytes) -> None:
    """Put a file in its place in one move, with the owner and mode of the old one."""
    NEW.unlink(missing_ok=True)
    if content:
        with NEW.open("xb") as file:
            file.write(content)
            file.flush()
            if REAL.exists():
                os.fchown(file.fileno(), REAL.stat().st_uid, REAL.stat().st_gid)
                shutil.copystat(REAL, NEW)
            os.fsync(file.fileno())
        NEW.replace(REAL)
    else:
        REAL.unlink(missing_ok=True)
    folder = os.open(REAL.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _present(*, strict: bool) -> tuple[bytes, dict[str, Any] | None]:
    """Read the file there is; a broken one can be replaced, but not merged into."""
    if not os.path.lexists(REAL):
        return b"", {}
    try:
        settings = read(REAL)
    except Stopped:
        if strict or not REAL.is_file() or REAL.is_symlink():
            raise
        return REAL.read_bytes(), None
    return REAL.read_bytes(), settings


def _dump(settings: dict[str, Any]) -> bytes:
    return f"{json.dumps(settings, indent=2, ensure_ascii=False)}\n".encode()


def _do(verb: str, file: Path, *, restart: bool) -> str:
    if verb == "check":
        read(file)
        docker_engine.check(file.read_bytes())
        return "the engine would take it"
    if verb == "plan":
        return change(file, merging=True, restart=restart, planning=True)
    REAL.parent.mkdir(exist_ok=True)
    folder = os.open(REAL.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Stopped(f"{REAL}: somebody else is changing it: wait") from None
    return change(file, merging=verb == "merge", restart=restart)


def main() -> None:
    """Do what the words of the command line say."""
    parser = argparse.ArgumentParser(description="Change the daemon.json of this host.")
    parser.add_argument("verb", choices=("check", "plan", "merge", "put"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--restart", action="store_true", help="restart if it must be")
    given = parser.parse_args()
    try:
        sys.stdout.write(f"{_do(given.verb, given.file, restart=given.restart)}\n")
    except Stopped as stopped:
        sys.stderr.write(f"{stopped}\n")
        sys.exit(stopped.code)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
