"""Crash the note's own way to move Docker's data, and call it again."""

import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.faults import data
from tests.faults.crashes import Crash, Outcome
from tests.labs import DISKS

AGAIN = "run again"
STEPS = (
    "cp /etc/fstab /etc/fstab.$(date +%Y-%m-%d)",
    "service docker stop",
    "rsync -avPHSX /var/lib/docker/. /data/docker/ >/dev/null",
    "echo /data/docker/ /var/lib/docker none bind 0 0 >>/etc/fstab",
    "mount -a",
    "service docker start",
)
COPY = 3
MOMENTS = 2  # inside the copy
WAYS = ("power", "dockerd and rsync")
DISK = """
mkfs.ext4 -q /dev/vdb && mount /dev/vdb /data
echo "UUID=$(blkid -s UUID -o value /dev/vdb) /data ext4 defaults 0 2" >>/etc/fstab
"""


def matrix(seed: int, copy: float) -> Iterator[Crash]:
    """List a crash of each way at every step, and at moments inside the copy."""
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    for way, step in product(WAYS, range(1, len(STEPS) + 1)):
        inside = [chance.uniform(0, copy) for _ in range(MOMENTS)]
        for delay in [0.0, *(inside if step == COPY else [])]:
            yield Crash("the note", way, step, round(delay, 2), AGAIN)


def length() -> float:
    """Tell the seconds of the copy when nobody hits it."""
    with life.attached(f"note-{secrets.token_hex(3)}", DISKS) as host:
        prepare(host)
        for command in STEPS[: COPY - 1]:
            data.says(host, command)
        began = time.monotonic()
        data.says(host, STEPS[COPY - 1])
        return time.monotonic() - began


def prepare(host: LabHost) -> None:
    """Give a host data, and a data disk that is mounted."""
    data.write(host)
    data.says(host, DISK)


def outcome(crash: Crash) -> Outcome:
    """Crash the procedure at a step, call all of it again, and compare."""
    name = f"note-{secrets.token_hex(3)}"
    with life.attached(name, DISKS, durable=True) as host:
        prepare(host)
        before = data.state(host)
        for command in STEPS[: crash.step - 1]:
            data.says(host, command)
        with ThreadPoolExecutor() as other:
            half = other.submit(host.run, STEPS[crash.step - 1])
            time.sleep(crash.delay)
            there = not half.done()
            if crash.way == "power":
                host = life.power_cut(name)
            else:
                host.run("pkill -KILL -x 'dockerd|rsync' || true")
            half.result()
        answers = [host.run(command).rc for command in STEPS]
        failed = [f"fails: {c}" for c, rc in zip(STEPS, answers, strict=True) if rc]
        found = failed + data.settled(host, before, still=0)
        return Outcome(there, passed=False, differences=found)
