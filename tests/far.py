"""A lab as a machine that is far: an sshd in it, and an ``ssh`` that knows the way."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels_helpers.hosts import LabHost

SSHD = """
getent passwd sshd >/dev/null || useradd --system --home-dir /run/sshd sshd
mkdir -p /run/sshd /root/.ssh
chmod 700 /root/.ssh
printf '%s\\n' "$accepted" >/root/.ssh/authorized_keys
printf '%s\\n' "$key" >/run/sshd/key
chmod 600 /run/sshd/key
/usr/sbin/sshd -f /dev/null -h /run/sshd/key -o ListenAddress=127.0.0.1 \\
  -o PidFile=/run/sshd/pid
"""
CONFIG = """
Host {alias}
  HostKeyAlias {alias}
  ProxyCommand {enter} busybox nc 127.0.0.1 22
  User root
  IdentityFile {folder}/id
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
"""


@contextlib.contextmanager
def far(lab: LabHost, folder: Path, alias: str = "box") -> Iterator[str]:
    """Start sshd in a lab and give its ``ssh://`` URL.

    ``ssh`` is found on the PATH first in ``folder``, and its configuration there:
    nothing of the user's own is read or written.
    """
    for name in ("id", "key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
        subprocess.run([*command, str(folder / name)], check=True)
    key = (folder / "key").read_text()
    accepted = (folder / "id.pub").read_text()
    started = lab.run(SSHD, env={"key": key, "accepted": accepted})
    assert started.rc == 0, started.output
    (folder / "known_hosts").write_text(f"{alias} {(folder / 'key.pub').read_text()}")
    enter = " ".join(lab.argv())
    config = CONFIG.format(alias=alias, enter=enter, folder=folder)
    (folder / "config").write_text(config)
    wrapper = folder / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {folder}/config "$@"\n')
    wrapper.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
        yield f"ssh://{alias}"
    lab.run("kill $(cat /run/sshd/pid)")
