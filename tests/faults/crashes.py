"""Crash a move of Docker's data, mend it, and compare the host with before."""

import contextlib
import random
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kernels_helpers import book
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import call, command
from tests.faults import kills
from tests.labs import DISKS
from tests.waiting import until

CHAPTER = book.find("migration")
STEPS = kills.changes(CHAPTER)
COPIES = [
    n for n, b in enumerate(STEPS, 1) if re.search(r'^ *(cp -ax|pass) "', b, re.M)
]
COPIES = [n for n in COPIES if "pass() {" not in STEPS[n - 1]]
METHODS = ("bind", "data-root")
WAYS = ("runner", "dockerd", "copy", "power")
ENDS = ("resume", "undo")
PATIENCE = 300.0  # seconds that a run, or its end, may take
SETTLE = 30.0  # seconds until containers run again
WITHIN = 1.5  # seconds that a copy takes at least
SEALED = "this run has moved the data, and it is to stay"  # what it says of itself

OF_THE_USER = """
docker network create own
docker volume create kept
docker run -d --init --name user --network own -v kept:/data --restart always \
  busybox sleep 1d
docker run --name ended busybox sh -c 'echo layer >/note; ln /note /twin; rm -r /tmp'
docker create --name unused -v other:/data alpine
docker tag alpine own:1
cd "$(docker volume inspect -f '{{.Mountpoint}}' kept)"
head -c 24M /dev/urandom >blob
for i in $(seq 300); do echo "$i" >"file $i"; done
ln blob twin; mkfifo pipe; truncate -s 1G hole
chown 1000:1000 blob; chmod 640 blob
setfacl -m u:65534:r blob; setfattr -n user.origin -v here blob
"""
STATE = """
docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' | sort
docker volume ls --format '{{.Driver}} {{.Name}}' | sort
docker network ls --no-trunc --format '{{.ID}} {{.Name}}' | grep -w own
docker network ls --format '{{.Name}}' | sort
docker image ls -a --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | sort
docker save busybox own:1 | tar -xO --wildcards '*/layer.tar' | sha256sum
docker diff ended | sort
docker export ended | tar -xO note twin | sha256sum
docker inspect -f '{{range .Mounts}}{{.Name}} {{end}}' user unused
cd "$(docker volume inspect -f '{{.Mountpoint}}' kept)"
find . -printf '%P %y %m %U:%G %n %s %T@ %l\\n' | sort
find . -type f ! -name hole -exec sha256sum {} + | sort
getfacl -cn blob; getfattr -n user.origin blob; du -k hole
"""
CONFIGURATION = """
cat /etc/fstab
ls /etc/docker /etc/systemd/system /root
findmnt -rno TARGET,SOURCE | grep -v docker | sort
"""
NOTE = (
    "cp /etc/fstab /etc/fstab.$(date +%Y-%m-%d)",
    "service docker stop",
    "rsync -avPHSX /var/lib/docker/. /data/docker/ >/dev/null",
    "echo /data/docker/ /var/lib/docker none bind 0 0 >>/etc/fstab",
    "mount -a",
    "service docker start",
)
NOTE_COPY = 3
DISK = """
mkfs.ext4 -q /dev/vdb && mount /dev/vdb /data
echo "UUID=$(blkid -s UUID -o value /dev/vdb) /data ext4 defaults 0 2" >>/etc/fstab
"""


@dataclass(frozen=True)
class Crash:
    """Where a move is hit, and how it is mended.

    ``step`` counts the changes of the chapter; ``delay`` is in seconds from its start.
    """

    method: str
    way: str
    step: int
    delay: float
    end: str


def matrix(seed: int) -> Iterator[Crash]:
    """List a crash of each kind at every step, and at a moment inside each copy."""
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    for method in METHODS:
        for way in WAYS:
            for step in COPIES if way == "copy" else range(1, len(STEPS) + 1):
                yield Crash(method, way, step, 0.0, chance.choice(ENDS))
            for step in COPIES:
                delay = round(chance.uniform(0, WITHIN), 2)
                yield Crash(method, way, step, delay, chance.choice(ENDS))


def outcome(crash: Crash, out: Path) -> list[str]:
    """Crash a move, mend it, and list what is not as before."""
    name = f"crash-{secrets.token_hex(3)}"
    with life.attached(name, DISKS, durable=True) as host:
        says(host, OF_THE_USER)
        before = state(host)
        configuration = host.run(CONFIGURATION).output
        ended = hit(crash, host, out)
        if crash.way == "power":
            host = life.power_cut(name)
        told = mend(crash, out) if ended else []
        undone = ended != 0 and crash.end == "undo"
        found = settled(host, before)
        if undone and host.run(CONFIGURATION).output != configuration:
            told.append("the configuration differs")
        return [*told, *found]


def hit(crash: Crash, host: LabHost, out: Path) -> int:
    """Run the chapter and crash it; return how the run has ended."""
    values = {"method": crash.method, "rehearse": "false"}
    given = [word for pair in values.items() for word in ("-p", "=".join(pair))]
    with subprocess.Popen(
        command("run", CHAPTER, "--host", host.url, "--out", out, *given),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        try:
            there = kills.began(out, crash.step)
            until(lambda: there() or run.poll() is not None, seconds=PATIENCE)
            time.sleep(crash.delay)
            strike(crash.way, host, run)
            return run.wait(timeout=PATIENCE)
        finally:
            run.kill()


def strike(way: str, host: LabHost, run: subprocess.Popen[bytes]) -> None:
    """Kill what a way of crashing kills; a copy is waited for."""
    match way:
        case "dockerd":
            host.run("pkill -KILL -x dockerd || true")
        case "copy":
            kill = "pkill -KILL -x 'rsync|cp'"
            until(lambda: host.run(kill).rc == 0 or run.poll() is not None)
        case _:  # with the power, the runner goes too
            run.kill()


def mend(crash: Crash, out: Path) -> list[str]:
    """Resume or undo the run; tell what that answered if it failed.

    A run that was hit when its move was sealed is not resumed, but undone.
    """
    (folder,) = out.iterdir()
    done = call(crash.end, folder)
    if crash.end == "resume" and SEALED in done.stdout:
        done = call("undo", folder)
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        return [f"{crash.end}: {next((s for s in said if 'Failed: ' in s), said[-1])}"]
    return []


def state(host: LabHost) -> list[str]:
    """Tell what the engine has, with the contents of volumes, layers and images."""
    done = host.run(STATE)
    return done.output.splitlines() if done.rc == 0 else ["no engine answers"]


def settled(host: LabHost, before: list[str]) -> list[str]:
    """Name what is gone and what is new, when containers have had time to start."""
    with contextlib.suppress(AssertionError):
        until(lambda: state(host) == before, seconds=SETTLE)
    after = state(host)
    gone = [f"gone: {row}" for row in before if row not in after]
    return gone + [f"new: {row}" for row in after if row not in before]


def says(host: LabHost, script: str) -> None:
    """Run what has to succeed."""
    done = host.run(script)
    assert done.rc == 0, done.output


def outcome_of_note(way: str, step: int) -> list[str]:
    """Crash the note's own procedure at a step, run it again, and compare."""
    name = f"note-{secrets.token_hex(3)}"
    with life.attached(name, DISKS, durable=True) as host:
        says(host, OF_THE_USER + DISK)
        before = state(host)
        for command_ in NOTE[: step - 1]:
            says(host, command_)
        with ThreadPoolExecutor() as other:
            half = other.submit(host.run, NOTE[step - 1])
            time.sleep(WITHIN / 3 if step == NOTE_COPY else 0)
            if way == "power":
                host = life.power_cut(name)
            else:
                host.run("pkill -KILL -x 'dockerd|rsync' || true")
            half.result()
        answers = [host.run(command_).rc for command_ in NOTE]
        failed = [f"fails: {c}" for c, rc in zip(NOTE, answers, strict=True) if rc]
        return failed + settled(host, before)
