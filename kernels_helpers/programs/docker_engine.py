"""Tell the Docker Engine of this host to change, and ask what it has become.

It needs systemd, ``dockerd`` and ``docker``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from strict_json import Stopped

VALIDATES = 23  # the first version of Docker that can check a file itself
WAIT = 15  # seconds in which the engine has to say that it has reloaded
SETTLES = 3  # seconds after which `docker info` has to show it
NOBODY = 65534
SHOWN = {  # what `docker info` calls a key
    "data-root": "DockerRootDir",
    "debug": "Debug",
    "default-runtime": "DefaultRuntime",
    "labels": "Labels",
    "live-restore": "LiveRestoreEnabled",
    "log-driver": "LoggingDriver",
    "storage-driver": "Driver",
}


def check(content: bytes) -> None:
    """Let the engine's own program judge a file, with the options that it runs with.

    Docker 23 and newer can do that. An older one is started by a user who is not root:
    it reads the file first, and gets no further. Raises Stopped with what it says, and
    for a log driver that the engine has not: it would start, but no container would.
    """
    words = _command_line()
    if other := [word for word in words if word.startswith("--config-file")]:
        raise Stopped(f"the engine reads another file, by {other[0]}: change that one")
    version = re.search(r"version (\d+)", _run(words[0], "--version").stdout)
    validates = version is not None and int(version[1]) >= VALIDATES
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), 0o640)  # the group stays that of root
        path = f"/proc/self/fd/{file.fileno()}"
        done = subprocess.run(
            [*words, *(["--validate"] if validates else []), "--config-file", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            pass_fds=[file.fileno()],
            user=None if validates else NOBODY,
            check=False,
        )
    said = done.stdout.strip()
    if not said.endswith("configuration OK") and "started with root" not in said:
        raise Stopped(f"the engine would not start: {said.rpartition(f'{path}: ')[2]}")
    driver = json.loads(content).get("log-driver", "none")
    drivers = [*_info().get("Plugins", {}).get("Log", [driver]), "none"]
    if driver not in drivers:
        there = ", ".join(drivers)
        raise Stopped(f"no container would start with {driver}: there are {there}")


def reload() -> None:
    """Let the engine read its file, and wait for its answer in the journal."""
    since = time.time()
    _run("systemctl", "reload", "docker")
    while time.time() < since + WAIT:
        said = _said(since, r"Reloaded configuration|(?:Error re|unable to).*")
        if said == "Reloaded configuration":
            return
        if said:
            raise Stopped(f"the engine did not reload: {said}")
        time.sleep(0.1)
    raise Stopped(f"the engine has not said within {WAIT} s that it has reloaded")


def restart(running: set[str]) -> None:
    """Start the engine anew, and then what ran before."""
    since = time.time()
    _run("systemctl", "reset-failed", "docker")  # else it may start a few times only
    if _run("systemctl", "restart", "docker").returncode:
        said = _said(since, r"(?:failed to start daemon|unable to configure).*")
        raise Stopped(f"the engine did not start: {said or 'see journalctl -u docker'}")
    if down := (running & ids("ps", "-aq")) - ids("ps", "-q"):
        _run("docker", "start", *down)


def unlike(settings: dict[str, Any]) -> list[str]:
    """Name the keys that `docker info` shows otherwise; some it does not show."""
    info = _info()
    if not info:
        return ["an engine that answers"]
    told = {key: info[name] for key, name in SHOWN.items()}
    told["registry-mirrors"] = info["RegistryConfig"]["Mirrors"]
    both = [(key, value, told[key]) for key, value in settings.items() if key in told]
    return [key for key, set_, is_ in both if _plain(key, set_) != _plain(key, is_)]


def at_last_unlike(settings: dict[str, Any]) -> list[str]:
    """Name the keys that `docker info` does not come to show.

    The engine says that it has reloaded before the last setting is in force.
    """
    since = time.time()
    while (wrong := unlike(settings)) and time.time() < since + SETTLES:
        time.sleep(0.1)
    return wrong


def ids(*words: str) -> set[str]:
    """List containers, as a command of docker does with ``-q``, by their whole ids."""
    return {*_run("docker", *words, "--no-trunc").stdout.split()}


def _info() -> dict[str, Any]:
    """Ask the engine what it is; nothing if it does not answer."""
    said = _run("docker", "info", "--format", "{{json .}}").stdout
    info: dict[str, Any] = json.loads(said or "{}")
    return info if info.get("ServerVersion") else {}


def _plain(key: str, value: Any) -> object:
    """Bring a value to the form in which two ways to write it are the same."""
    if key == "labels":
        return sorted(value or [])
    if key == "registry-mirrors":
        return [str(url).rstrip("/") for url in value or []]
    return os.path.realpath(value) if key == "data-root" else value


def _said(since: float, pattern: str) -> str:
    """Find what the engine has written into the journal."""
    log = _run("journalctl", "-u", "docker", "-o", "cat", f"--since=@{since:.6f}")
    found = re.search(pattern, log.stdout)
    return found[0].replace("\\", "").rstrip('"') if found else ""


def _command_line() -> list[str]:
    """Return the words with which the engine runs; its name alone if it does not."""
    if _run("systemctl", "is-active", "docker").returncode:
        return ["dockerd"]
    pid = _run("systemctl", "show", "-p", "MainPID", "--value", "docker").stdout.strip()
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)
