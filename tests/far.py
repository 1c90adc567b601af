"""A lab as a machine that is far: an sshd in it, and an ``ssh`` that knows the way."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kernels_helpers.hosts import LabHost

SSHD = """
getent passwd sshd >/dev/null || useradd --system --home-dir /run/sshd sshd
mkdir -p /run/sshd /root/.ssh
chmod 700 /root/.ssh
printf '%s\\n' "$accepted" >/root/.ssh/authorized_keys
printf '%s\\n' "$key" >/run/sshd/key
chmod 600 /run/sshd/key
/usr/sbin/sshd -f /dev/null -h /run/sshd/key -p "$port" \\
  -o ListenAddress="$address" -o PidFile=/run/sshd/pid
"""
PORT = 22
CONFIG = """
Host {alias}
  HostKeyAlias {alias}
  ProxyCommand {enter} busybox nc 127.0.0.1 %p
  User {user}
  IdentityFile {folder}/id
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
"""


@contextlib.contextmanager
def far(lab: LabHost, folder: Path, url: str = "ssh://box") -> Iterator[str]:
    """Start sshd in a lab and give its ``ssh://`` URL.

    ``ssh`` is found on the PATH first in ``folder``, and its configuration there:
    nothing of the user's own is read or written. The user that it names is root, or
    nobody where the URL has a better one.
    """
    for name in ("id", "key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
        subprocess.run([*command, str(folder / name)], check=True)
    again(lab, folder, url)
    wrapper = folder / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {folder}/config "$@"\n')
    wrapper.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
        yield url
    LabHost(lab.name).run("kill $(cat /run/sshd/pid)")  # it may have been rebooted


def again(lab: LabHost, folder: Path, url: str = "ssh://box") -> None:
    """Start sshd, also once more, with the keys that are there; say where it is."""
    parts = urlsplit(url)
    host, port = parts.hostname, str(parts.port or PORT)
    key, public, accepted = (
        (folder / name).read_text() for name in ("key", "key.pub", "id.pub")
    )
    env = {"key": key, "accepted": accepted, "address": "127.0.0.1", "port": port}
    started = lab.run(SSHD, env=env)
    assert started.rc == 0, started.output
    (folder / "known_hosts").write_text(f"{host} {public}")
    enter, user = " ".join(lab.argv()), "nobody" if parts.username else "root"
    config = CONFIG.format(alias=host, enter=enter, user=user, folder=folder)
    (folder / "config").write_text(config)
