"""A step tried until it ends as the chapter says, with each attempt on record."""

import time
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from kernels_helpers.errors import StepFailed
from kernels_helpers.hosts import PODMAN, Host
from kernels_helpers.journal import Journal
from kernels_helpers.masking import Mask, Stream
from kernels_helpers.process import Result
from kernels_helpers.recovery import OPTIONS
from kernels_helpers.steps import Step

PAUSE = 1.0  # seconds between two tries

Run: TypeAlias = Callable[..., Result]  # a script of the step, on its host
Say: TypeAlias = Callable[[str], object]


def carry_out(step: Step, run: Run, journal: Journal, mask: Mask, say: Say) -> None:
    """Run the body of a step, and then wait for its ``until``.

    The output of each attempt is masked and said as it comes. Raises StepFailed, with
    the last line of the output.
    """
    facts = {"kind": step.kind, "body": step.body}
    options = {name: getattr(step, name) for name in OPTIONS}
    journal.write("begin", **facts, **options)
    attempt = 0
    while True:
        attempt += 1
        with Stream(mask, say) as show:
            result = run(step, step.body, show)
        journal.write(
            "end",
            **facts,
            attempt=attempt,
            rc=result.rc,
            seconds=round(result.seconds, 3),
            timed_out=result.timed_out,
            output=result.output,
        )
        if result.rc == step.rc and not result.timed_out:
            break
        if attempt > step.retry:
            _complain(step, result, mask)
        time.sleep(PAUSE)
    if step.until:
        _wait(step.until, step, run, journal, step.timeout - result.seconds)


def perform(
    step: Step, host: Host, execute: Callable[[Step], None], journal: Journal, say: Say
) -> None:
    """Execute a step; where it is said to differ on Podman, it has to fail there."""
    if step.podman is None or host.product != PODMAN:
        execute(step)
        return
    try:
        execute(step)
    except StepFailed:
        facts = {"kind": step.kind, "body": step.body}
        journal.write("differs", **facts, why=step.podman)
        say(f"≠ on Podman: {step.podman}\n")
    else:
        raise StepFailed(f"no longer differs on Podman: {step.podman}")


def _wait(
    condition: str, step: Step, run: Run, journal: Journal, seconds: float
) -> None:
    """Try a command until it succeeds; StepFailed when the time is over."""
    deadline = time.monotonic() + seconds
    attempt = 0
    while (left := deadline - time.monotonic()) > 0:
        attempt += 1
        result = run(step, condition, timeout=left)
        facts = {"attempt": attempt, "rc": result.rc, "output": result.output}
        taken = round(result.seconds, 3)
        journal.write("until", until=condition, seconds=taken, **facts)
        if result.rc == 0 and not result.timed_out:
            return
        time.sleep(min(PAUSE, left))
    raise StepFailed(f"this did not come true within {step.timeout} s: {condition}")


def _complain(step: Step, result: Result, mask: Mask) -> NoReturn:
    if result.timed_out:
        raise StepFailed(
            f"the command did not end within {step.timeout} s and was ended"
        )
    last = [f": {line}" for line in mask(result.output).split("\n") if line.strip()][
        -1:
    ]
    raise StepFailed(
        f"the command ended with {result.rc}, expected {step.rc}{''.join(last)}"
    )
