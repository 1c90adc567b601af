"""Processes that start and join labs, and a lab with something of everything."""

import subprocess
from collections.abc import Callable

from kernels_helpers.hosts import LabHost

Process = subprocess.Popen[str]
Start = Callable[..., Process]
ATTACH = """
import sys
from kernels_helpers.lab import life
with life.attached(sys.argv[1], sys.argv[2:]):
    print("ready", flush=True)
    sys.stdin.read()
"""
UP = """
import sys
from kernels_helpers.lab import life
print("ready", flush=True)
life.up(sys.argv[1], sys.argv[2:])
"""
# A lab with something of everything that could stay behind.
BUSY = """
mkfs.ext4 -q /dev/vdb
mkdir /data/disk
mount /dev/vdb /data/disk
docker run -d --name web -p 8080:80 --restart=always -v /data/disk:/v -v named:/n nginx
until curl -fs 127.0.0.1:8080; do sleep 0.05; done
"""


def leave(process: Process) -> None:
    """Let a process come to its own end."""
    process.communicate(timeout=30)
    assert process.returncode == 0


def busy(name: str) -> LabHost:
    host = LabHost(name)
    result = host.run(BUSY, timeout=60)
    assert result.rc == 0, result.output
    return host
