"""A chapter on many targets: their runs, the journal of it all, and what is left.

The folder of a fleet holds its journal, ``fleet.jsonl``, a copy of the chapter, the
folders of the runs, and the merged reports. A run is on record before its worker
hears of it: what the journal does not see end is *unknown*, and is resumed, not run
again.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kernels_helpers import book, fleet_report, journal, report, runner, worker
from kernels_helpers.cluster import Crew
from kernels_helpers.connect import FRESH
from kernels_helpers.errors import ChapterError, UsageError
from kernels_helpers.fleet_report import RECORD, Row
from kernels_helpers.journal import Journal, who
from kernels_helpers.labels import new_run_id
from kernels_helpers.notebook import load
from kernels_helpers.rollout import GOOD, INTERRUPTED, Limits, Rollout
from kernels_helpers.runner import Options
from kernels_helpers.targets import Target
from kernels_helpers.worker import UNKNOWN, Answer, Order

SETTINGS = ("plan", "keep", "cell_timeout", "timeout")
NOWHERE = (
    "no worker has the journal of {run}: start the worker on its machine again, or see "
    "what is left with `dockbook sweep {run} --host {url}`"
)


@dataclass(frozen=True)
class Fleet:
    """Name a fleet: its id, its folder, the chapter, and how it is to be run."""

    id: str
    folder: Path
    path: Path
    options: Options

    @property
    def journal(self) -> Journal:
        """Return what the fleet's events are written to."""
        return Journal(self.folder / RECORD)


def begin(path: Path, options: Options) -> Fleet:
    """Make the folder of a new fleet."""
    runner.prepare([], options)
    name = new_run_id(f"{book.name_of(path)}-fleet")
    folder = options.out / name
    folder.mkdir()
    begun = Fleet(name, folder, path, options)
    notebook, _ = load(path)
    begun.journal.write(
        "fleet",
        fleet=name,
        chapter=book.name_of(path),
        source=report.source_of(notebook),
        settings={setting: getattr(options, setting) for setting in SETTINGS},
        user=who(),
    )
    return begun


def again(name: str, path: Path, options: Options) -> Fleet:
    """Find a fleet that is to be retried, with the settings that it had.

    Raises UsageError when there is none, ChapterError when the chapter has changed.
    """
    places = (Path(name), options.out / name)
    folder = next((p for p in places if (p / RECORD).is_file()), None)
    if folder is None:
        raise UsageError(
            f"--retry-failed {name}: no fleet is called so below {options.out}"
        )
    began = next(journal.read(folder / RECORD))
    notebook, _ = load(path)
    if report.source_of(notebook) != began["source"]:
        raise ChapterError(
            f"{path} is not the chapter, or not as it was, when {began['fleet']} ran: "
            "take the edit back, or begin a new fleet"
        )
    return Fleet(began["fleet"], folder, path, replace(options, **began["settings"]))


def run(
    fleet: Fleet,
    targets: Sequence[Target],
    crew: Crew,
    limits: Limits,
    on_row: Callable[[Row], object],
    work: Callable[[Order], Answer] = worker.work,
) -> list[Row]:
    """Run the chapter on the targets that are not good yet; return all rows.

    Leaves the merged reports in the folder. ``on_row`` is told of each target that
    has ended. One process at a time works on a fleet.
    """
    with runner.claimed(fleet.folder):
        before = {row.target: row for row in fleet_report.rows(fleet.folder)}
        left = [t for t in targets if _status(before, t) not in GOOD]
        fleet.journal.write("targets", targets=[_told(t) for t in left])
        orders = [_order(fleet, t, before.get(t.name), crew) for t in left]
        resumed, bound = _where(fleet, orders, crew)
        taken = _Taken(fleet, crew, on_row)
        for order in (o for o in orders if o.resume and o not in resumed):
            url = str(order.parameters["host"])
            reason = NOWHERE.format(run=order.run, url=url)
            taken.ended(order, Answer(UNKNOWN, reason))
        rollout = Rollout(
            crew,
            limits,
            taken.sent,
            taken.ended,
            {t.name: t.place for t in left},
            bound,
        )
        try:
            rollout.run([o for o in orders if not o.resume or o in resumed], work)
        finally:
            taken.forget()
            if rollout.stopped:
                fleet.journal.write("stopped", reason=rollout.stopped)
            fleet_report.write(fleet.folder)
        if rollout.stopped == INTERRUPTED:
            raise KeyboardInterrupt
        return fleet_report.rows(fleet.folder)


class _Taken:
    """Put on record what was sent and what has come back."""

    def __init__(self, fleet: Fleet, crew: Crew, on_row: Callable[[Row], object]):
        self._fleet, self._crew, self._on_row = fleet, crew, on_row
        self._journal = fleet.journal
        self._arrived: list[str] = []

    def sent(self, order: Order, address: str) -> None:
        self._journal.write("sent", target=order.target, run=order.run, worker=address)

    def ended(self, order: Order, answer: Answer) -> None:
        for name, content in answer.files.items():
            file = self._fleet.folder / order.run / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        row = Row.of(order, answer)
        self._journal.write("ended", **row.as_dict())
        if answer.status != UNKNOWN:
            self._arrived.append(order.run)
        self._on_row(row)

    def forget(self) -> None:
        self._crew.ask(
            worker.forget,
            self._fleet.id,
            _shared(self._fleet, self._crew),
            self._arrived,
        )


def _told(target: Target) -> dict[str, Any]:
    return {"name": target.name, "parameters": dict(target.parameters)}


def _status(before: Mapping[str, Row], target: Target) -> str | None:
    return before[target.name].status if target.name in before else None


def _shared(fleet: Fleet, crew: Crew) -> str | None:
    return str(fleet.folder.absolute()) if crew.shared else None


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _order(fleet: Fleet, target: Target, before: Row | None, crew: Crew) -> Order:
    """Order a new run, or to go on with one whose end is unknown.

    A fresh lab has ended with its worker: there is nothing to go on with.
    """
    begun = before.run if before and before.status == UNKNOWN else None
    resume = begun is not None and target.url not in FRESH
    return Order(
        fleet=fleet.id,
        run=begun if begun and resume else new_run_id(book.name_of(fleet.path)),
        target=target.name,
        parameters=target.parameters,
        chapter=fleet.path.name,
        text=_text(fleet.path),
        folder=_shared(fleet, crew),
        resume=resume,
        **{name: getattr(fleet.options, name) for name in SETTINGS},
    )


def _where(
    fleet: Fleet, orders: Sequence[Order], crew: Crew
) -> tuple[list[Order], dict[str, str]]:
    """Find the orders that can be gone on with, and the worker that has each run."""
    runs = [order.run for order in orders if order.resume]
    if not runs:
        return [], {}
    held = crew.ask(worker.holding, fleet.id, _shared(fleet, crew), runs)
    bound = {run: address for address, names in held.items() for run in names}
    return [order for order in orders if order.run in bound], bound
