"""A chapter on many targets: their runs, the journal of it all, and what is left.

The folder of a fleet holds its journal, ``fleet.jsonl``, a copy of the chapter, the
folders of the runs, and the merged reports. A run is on record before its worker
hears of it: what the journal does not see end is *unknown*, and is resumed, not run
again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
from kernels_helpers.worker import SETTINGS, UNKNOWN, Answer, Order

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
        orders, bound = _orders(fleet, targets, crew)
        record = _Record(fleet, crew, on_row)
        lost = [o for o in orders if o.resume and o.run not in bound]
        for order in lost:
            where = NOWHERE.format(run=order.run, url=order.parameters["host"])
            record.ended(order, Answer(UNKNOWN, where))
        places = {target.name: target.place for target in targets}
        rollout = Rollout(crew, limits, record, places, bound)
        try:
            rollout.run([order for order in orders if order not in lost], work)
        finally:
            record.close(rollout.stopped)
            fleet_report.write(fleet.folder)
        if rollout.stopped == INTERRUPTED:
            raise KeyboardInterrupt
        return fleet_report.rows(fleet.folder)


class _Record:
    """Put on record what was sent and what has come back."""

    def __init__(
        self, fleet: Fleet, crew: Crew, on_row: Callable[[Row], object]
    ) -> None:
        self._fleet, self._crew, self._on_row = fleet, crew, on_row
        self._journal = fleet.journal
        self._arrived: list[str] = []

    def sent(self, order: Order, address: str) -> None:
        """Say that an order goes to a worker now."""
        self._journal.write("sent", target=order.target, run=order.run, worker=address)

    def ended(self, order: Order, answer: Answer) -> None:
        """Keep the evidence of a run, and say how it has ended."""
        for name, content in answer.files.items():
            file = self._fleet.folder / order.run / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        row = Row.of(order, answer)
        self._journal.write("ended", **row.as_dict())
        if answer.status != UNKNOWN:
            self._arrived.append(order.run)
        self._on_row(row)

    def close(self, stopped: str | None) -> None:
        """Say why no more was begun; the workers need not keep what has arrived."""
        if stopped:
            self._journal.write("stopped", reason=stopped)
        shared = _shared(self._fleet, self._crew)
        self._crew.ask(worker.forget, self._fleet.id, shared, self._arrived)


def _shared(fleet: Fleet, crew: Crew) -> str | None:
    return str(fleet.folder.absolute()) if crew.shared else None


def _orders(
    fleet: Fleet, targets: Sequence[Target], crew: Crew
) -> tuple[list[Order], dict[str, str]]:
    """Make an order for each target that is not good yet, and see who can resume.

    Returns the orders, and the worker that has begun a run, by run.
    """
    before = {row.target: row for row in fleet_report.rows(fleet.folder)}
    good = {name for name, row in before.items() if row.status in GOOD}
    left = [target for target in targets if target.name not in good]
    told = [{"name": t.name, "parameters": dict(t.parameters)} for t in left]
    fleet.journal.write("targets", targets=told)
    shared, chapter = _shared(fleet, crew), fleet.path
    text = chapter.read_text(encoding="utf-8")
    crew.ask(worker.receive, fleet.id, shared, chapter.name, text)
    orders = [_order(fleet, t, before.get(t.name), shared) for t in left]
    runs = [order.run for order in orders if order.resume]
    held = crew.ask(worker.holding, fleet.id, shared, runs) if runs else {}
    return orders, {run: address for address, names in held.items() for run in names}


def _order(
    fleet: Fleet, target: Target, before: Row | None, shared: str | None
) -> Order:
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
        folder=shared,
        resume=resume,
        **{name: getattr(fleet.options, name) for name in SETTINGS},
    )
