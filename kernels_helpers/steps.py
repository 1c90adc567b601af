"""A step: a bash body and the ``#|`` options that make it an operation."""

import difflib
import re
from dataclasses import dataclass, replace
from typing import Any

from kernels_helpers.errors import ChapterError

OPTION = re.compile(r"#\|\s*([\w-]+)\s*:\s*(.*?)\s*")
LOOK_OPTIONS = ("rc", "timeout", "retry", "until", "as", "on", "podman", "when")
CHANGE_OPTIONS = (*LOOK_OPTIONS, "unless", "undo")
WHOLE = {"rc": 255, "retry": 100}  # options that are numbers, and their limits
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
DEFAULT_TIMEOUT = 120
PENDING = ("would run", "cannot know")  # the answers to a change that was not made


@dataclass(frozen=True)
class Step:
    """Describe one step of a chapter.

    ``rc`` is the exit code that is right, ``timeout`` the seconds it may take,
    ``retry`` how often it is tried again, ``until`` the command that must succeed
    within the time-out before the step is over, ``user`` whose shell it runs in,
    ``on`` the parameter that names its host where that is not ``host``, ``podman`` why
    it has to fail where Podman is the engine, ``when`` the command that must succeed,
    or else the step is no part of this run.
    """

    kind: str
    body: str
    unless: str | None = None
    undo: str | None = None
    rc: int = 0
    timeout: int = DEFAULT_TIMEOUT
    retry: int = 0
    until: str | None = None
    user: str | None = None
    on: str | None = None
    podman: str | None = None
    when: str | None = None


def parse(kind: str, cell: str) -> Step:
    """Read the cell under a ``%%look`` or ``%%change`` line.

    Raises ChapterError for an option that is unknown, twice there, out of place
    or malformed, and for a cell without a command.
    """
    lines = cell.splitlines()
    options: dict[str, str] = {}
    while lines and lines[0].startswith("#|"):
        line = lines.pop(0)
        found = OPTION.fullmatch(line)
        if found is None:
            raise ChapterError(f"{line!r}: write an option as `#| name: value`")
        name, value = found.groups()
        _check_name(kind, name, options)
        options[name] = value
    body = "\n".join(lines).strip("\n")
    if not body.strip():
        raise ChapterError(f"%%{kind} has no command: write one under its options")
    return _build(Step(kind, body), options)


def _check_name(kind: str, name: str, seen: dict[str, str]) -> None:
    allowed = CHANGE_OPTIONS if kind == "change" else LOOK_OPTIONS
    if name in seen:
        raise ChapterError(f"option {name!r} is given twice: leave one")
    if name in allowed:
        return
    if name in CHANGE_OPTIONS:
        raise ChapterError(f"option {name!r} is for %%change: a %%look only reads")
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(allowed)}"
    raise ChapterError(f"option {name!r} of %%{kind} is unknown: {hint}")


def _build(step: Step, options: dict[str, str]) -> Step:
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if not value:
            raise ChapterError(
                f"option {name!r} is empty: write a value or leave it out"
            )
        if name == "timeout":
            fields[name] = seconds(value)
        elif name in WHOLE:
            fields[name] = _whole(name, value, WHOLE[name])
        else:
            fields["user" if name == "as" else name] = value
    return replace(step, **fields)


def _whole(name: str, value: str, limit: int) -> int:
    if not value.isdecimal() or int(value) > limit:
        raise ChapterError(f"option {name!r}: {value!r} is no number from 0 to {limit}")
    return int(value)


def seconds(value: str) -> int:
    """Return how long a duration is; ChapterError when it is none."""
    found = re.fullmatch(r"([1-9][0-9]*)([smh]?)", value)
    if found is None:
        raise ChapterError(f"option 'timeout': write {value!r} as 30s, 5m or 1h")
    return int(found[1]) * SECONDS[found[2]]
