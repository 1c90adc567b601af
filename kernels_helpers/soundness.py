"""What is wrong with the shell of a step."""

import re
import subprocess
from collections.abc import Iterator

from kernels_helpers import steps

CREATES = re.compile(
    r"\bdocker\s+(?:container\s+)?(?:run|create)\b"
    r"|\bdocker\s+(?:volume|network)\s+create\b|\bdocker\s+(?:image\s+)?build\b"
)
PRUNE = re.compile(r"\bdocker\b.*\bprune\b")


def problems(step: steps.Step) -> Iterator[tuple[str, str]]:
    """Name what is wrong with a step, behind the text where it is."""
    for script in filter(None, (step.body, step.unless, step.undo, step.when)):
        parsed = subprocess.run(
            ["bash", "-n"], input=script, text=True, capture_output=True, check=False
        )
        if parsed.returncode:
            yield script, f"{parsed.stderr.strip()}: mend the shell"
    if step.rc:
        return  # a command that is shown failing creates nothing
    for command in _commands(step.body):
        if CREATES.search(command) and "$label" not in command:
            yield command, f'{command!r} makes an object: add --label "$label"'
        if PRUNE.search(command) and "label=$label" not in command:
            said = "prunes what is not ours: filter by label=$label"
            yield command, f"{command!r} {said}"


def _commands(body: str) -> list[str]:
    return [
        c.strip() for c in re.split(r"\n|&&|;", body.replace("\\\n", " ")) if c.strip()
    ]
