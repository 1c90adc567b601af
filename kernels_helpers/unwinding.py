"""Unwind a run without its kernel, from its journal."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kernels_helpers import book, journal, references
from kernels_helpers.chapter import Chapter
from kernels_helpers.connect import connect
from kernels_helpers.errors import LabError
from kernels_helpers.hosts import Host
from kernels_helpers.journal import Journal
from kernels_helpers.masking import Mask
from kernels_helpers.parameters import Contract
from kernels_helpers.recovery import pending


def unwind(
    run: str,
    path: Path,
    host: Host,
    contract: Contract,
    given: Mapping[str, Any],
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], object] = lambda _: None,
) -> bool:
    """Undo what the journal of a run says is left; tell whether all could be undone.

    Undos run last in first out and are verified, as in the run itself; then what
    carries the run's label is removed. ``typed`` are secrets that need not be asked
    for. Raises ParameterError when a secret of the run is not to be had again.
    """
    named = contract.secrets(contract.bind(given))
    known = {name: typed[name] for name in named.keys() & typed.keys()}
    secrets = known | references.resolve(
        {name: named[name] for name in named.keys() - known.keys()}
    )
    mask = Mask(secrets.values())
    with contextlib.ExitStack() as joined:
        chapter = Chapter(
            host=host,
            run=run,
            environment=contract.environment(given) | secrets,
            journal=Journal(path, mask),
            say=say,
            mask=mask,
            programs=book.programs(),
            hosts=_others(joined, path),
            bare=contract.bare,
        )
        chapter.recall(pending(journal.read(path)))
        chapter.unwind()
        return not chapter.left() and not pending(journal.read(path))


def _others(joined: contextlib.ExitStack, path: Path) -> dict[str, Host]:
    """Join the other hosts of a run, but for labs that have ended."""
    opened = [e for e in journal.read(path) if e["event"] == "open"]
    hosts: dict[str, Host] = {}
    for name, url in opened[-1].get("hosts", {}).items() if opened else ():
        with contextlib.suppress(LabError):
            hosts[name] = joined.enter_context(connect(url, engine=False))
    return hosts
