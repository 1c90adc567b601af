"""Crash a move of Docker's data, mend it, and compare the host with before."""

import os
import random
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from kernels_helpers import book, journal, steps
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from tests.chapters.calls import call, command
from tests.faults import kills
from tests.faults.data import CONFIGURATION, says, settled, state, write
from tests.labs import DISKS
from tests.waiting import until

CHAPTER = book.find("migration")
STEPS = [steps.parse(*s[2:].split("\n", 1)) for s in kills.changes(CHAPTER)]


def numbers(pattern: str) -> list[int]:
    """Number the steps in whose body a pattern is found."""
    return [n for n, s in enumerate(STEPS, 1) if re.search(pattern, s.body, re.M)]


TAKEN = [n for n, s in enumerate(STEPS, 1) if "$rehearse" not in (s.unless or "")]
COPIES = numbers(r'\b(cp -ax|pass) "')
(SWITCH,) = numbers("^switch$")
(SEAL,) = numbers('touch "\\$records/kept"')
METHODS = ("bind", "data-root")
# The power is cut in the last two; in the last of them while the move is undone.
WAYS = ("runner", "dockerd", "copy", "power", "way back")
ENDS = ("resume", "undo")
MOMENTS = 4  # while Docker is away
PATIENCE = 400.0  # seconds that a run, or its end, may take
LOOK = 0.002  # seconds between two looks at the journal
TRIES = 4  # to hit a moment, each time earlier
SEALED = "this run has moved the data, and it is to stay"  # what it says of itself
KEPT = "test -e /root/dockbook-migration/kept"  # what makes it so
# The first copy is held again and again, so that there is time to hit it.
SLOWLY = r"""
printf '#!/bin/sh\n%s\n' '/usr/bin/cp "$@" & copy=$!
[ "$1" != -ax ] || for n in $(seq 20); do
  kill -STOP $copy 2>/dev/null || break; sleep 0.1; kill -CONT $copy; sleep 0.01
done; wait $copy' >/lab/bin/cp; chmod +x /lab/bin/cp
"""


@dataclass(frozen=True)
class Crash:
    """Where a move is hit, and how it is mended.

    ``step`` counts the changes of the chapter; ``delay`` is in seconds from its start,
    on the way back from the start of that.
    """

    method: str
    way: str
    step: int
    delay: float
    end: str


@dataclass(frozen=True)
class Outcome:
    """Whether it was hit, whether the run has passed, and what is not as before."""

    hit: bool
    passed: bool
    differences: list[str]


def lengths(out: Path) -> dict[int, float]:
    """Move data that nobody hits; tell the seconds of each step."""
    with life.attached(f"crash-{secrets.token_hex(3)}", DISKS) as host:
        write(host)
        says(host, SLOWLY)
        done = call("run", CHAPTER, "--host", host.url, "--out", out)
        assert done.returncode == 0, done.stdout
    took = {e["body"]: e["seconds"] for e in events(out) if e["event"] == "end"}
    return {n: took[step.body] for n, step in enumerate(STEPS, 1)}


def matrix(seed: int, took: dict[int, float]) -> Iterator[Crash]:
    """List a crash of each kind at every step, and at moments inside each copy.

    The last one is the step in which Docker is away: there are more moments in it.
    """
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    for method, way in product(METHODS, WAYS):
        if way == "way back":  # which the last step is, in a rehearsal
            for step in range(SWITCH + 1, SEAL):
                delay = round(chance.uniform(0, took[SEAL]), 2)
                yield Crash(method, way, step, delay, "")
            continue
        for step in COPIES if way == "copy" else TAKEN:
            yield Crash(method, way, step, 0.0, "")
            if step == SWITCH or (way != "dockerd" and step in COPIES):
                for _ in range(MOMENTS if step == SWITCH else 1):
                    delay = round(chance.uniform(0, took[step]), 2)
                    yield Crash(method, way, step, delay, "")


def aimed(crash: Crash, out: Path, tries: int = TRIES) -> tuple[Crash, Outcome]:
    """Crash a move; what was over too soon is tried again, and earlier."""
    found = outcome(crash, out / str(tries))
    if found.hit or tries == 1:
        return crash, found
    return aimed(replace(crash, delay=round(crash.delay / 2, 2)), out, tries - 1)


def outcome(crash: Crash, out: Path) -> Outcome:
    """Crash a move, mend it, and list what is not as before."""
    name = f"crash-{secrets.token_hex(3)}"
    with life.attached(name, DISKS, durable=True) as host:
        write(host)
        says(host, SLOWLY)
        before = state(host)
        configuration = host.run(CONFIGURATION).output
        there, passed = hit(crash, host, out)
        if crash.way == "way back":
            there = there and hit_way_back(crash, host, out)
        if crash.way in WAYS[-2:]:
            host = life.power_cut(name)
        told = [] if passed else mend(crash, out)
        found = settled(host, before)
        undone = not passed and crash.end == "undo" and host.run(KEPT).rc
        if undone and host.run(CONFIGURATION).output != configuration:
            told.append("the configuration differs")
        return Outcome(there, passed, [*told, *found])


def hit(crash: Crash, host: LabHost, out: Path) -> tuple[bool, bool]:
    """Run the chapter and crash it; tell whether it was hit there, and has passed."""
    values = {"method": crash.method, "rehearse": "false"}
    given = [word for pair in values.items() for word in ("-p", "=".join(pair))]
    with subprocess.Popen(
        command("run", CHAPTER, "--host", host.url, "--out", out, *given),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        try:
            until(lambda: out.exists() or run.poll() is not None)
            reach(crash.step, out, run)
            time.sleep(0 if crash.way == "way back" else crash.delay)
            there = at(out) == ("begin", crash.step)
            strike(crash.way, host, run)
            there = there and at(out)[1] == crash.step
            return there, run.wait(timeout=PATIENCE) == 0
        finally:
            run.kill()


def reach(step: int, out: Path, run: subprocess.Popen[bytes]) -> None:
    """Wait until a run is at a step, or behind it, or over."""
    deadline, size = time.monotonic() + PATIENCE, 0
    while run.poll() is None:
        now = sum(path.stat().st_size for path in out.glob("*/journal.jsonl"))
        if now != size and STEPS[step - 1].body in {
            e.get("body") for e in events(out) if e["event"] == "begin"
        }:
            return
        assert time.monotonic() < deadline, f"step {step} is not reached"
        size = now
        time.sleep(LOOK)


def events(out: Path) -> list[dict[str, Any]]:
    """Read the journal of a run."""
    return [e for p in out.glob("*/journal.jsonl") for e in journal.read(p)]


def at(out: Path) -> tuple[str, int]:
    """Tell the last event, and the change that was the last to begin, or 0."""
    told = events(out)
    bodies = [step.body for step in STEPS]
    begun = [e["body"] for e in told if e["event"] == "begin"]
    number = bodies.index(begun[-1]) + 1 if begun and begun[-1] in bodies else 0
    return told[-1]["event"], number


def strike(way: str, host: LabHost, run: subprocess.Popen[bytes]) -> None:
    """Kill what a way of crashing kills; an engine or a copy is waited for."""
    kill = {"dockerd": "pkill -KILL -x dockerd", "copy": "pkill -KILL -x 'rsync|cp'"}
    if way in kill:
        until(
            lambda: host.run(kill[way]).rc == 0 or run.poll() is not None,
            seconds=PATIENCE,
        )
        return
    if way == "power":
        os.kill(host.state.init, signal.SIGKILL)
    run.kill()  # with the power, it goes too


def hit_way_back(crash: Crash, host: LabHost, out: Path) -> bool:
    """Undo a run, and cut the power meanwhile; tell whether that was in time."""
    (folder,) = out.iterdir()
    back = "pgrep -f '^bash [^ ]*[/]back$'"
    with subprocess.Popen(
        command("undo", folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as undo:
        until(lambda: host.run(back).rc == 0 or undo.poll() is not None)
        time.sleep(crash.delay)
        there = host.run(back).rc == 0
        os.kill(host.state.init, signal.SIGKILL)
        undo.kill()
    return there


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
