"""The order in which the targets of a fleet get their turn, and when it stops."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kernels_helpers import jobs, worker
from kernels_helpers.cluster import Crew
from kernels_helpers.worker import Answer, Order

GOOD = ("passed", "planned")
INTERRUPTED = "interrupted"
TICK = 0.5  # seconds between two looks at who is still there

Work = Callable[[Order], Answer]


@dataclass(frozen=True)
class Limits:
    """Say when to stop: the first ``canary`` targets go alone, and have to be good.

    After ``max_failures`` no target is begun any more; None: all are.
    """

    canary: int = 0
    max_failures: int | None = None


class Record(Protocol):
    """Be told of each order: before it is sent, and when it has ended."""

    def sent(self, order: Order, address: str) -> None:
        """Take note of the worker that an order goes to."""

    def ended(self, order: Order, answer: Answer) -> None:
        """Take note of an answer."""


class Rollout:
    """Send orders one after the other, as many at once as the workers can do.

    ``bound`` are workers, by run: who has begun a run goes on with it. No two
    targets of one place are at work at once.
    """

    def __init__(
        self,
        crew: Crew,
        limits: Limits,
        record: Record,
        places: Mapping[str, str],
        bound: Mapping[str, str],
    ) -> None:
        self.crew, self.limits = crew, limits
        self._record = record
        self._places, self._bound = places, bound
        self.failures = 0
        self.stopped: str | None = None

    def run(self, orders: Sequence[Order], work: Work = worker.work) -> list[Order]:
        """Carry orders out, and return those that were not begun.

        When it stops, what is at work is waited for; on Ctrl-C and SIGTERM it is
        interrupted, and unwinds.
        """
        waiting = [*orders]
        canaries = {order.run for order in orders[: self.limits.canary]}
        with jobs.heeding(lambda: None) as signals:
            while self._start(waiting, canaries, work) or self.crew.active:
                for order, answer in self.crew.ended(TICK):
                    self._take(order, answer, canary=order.run in canaries)
                    canaries.discard(order.run)
                if signals:
                    self.stopped = INTERRUPTED
                    self._interrupt()
        return waiting

    def _start(self, waiting: list[Order], canaries: set[str], work: Work) -> bool:
        """Send what may be sent now; tell whether anything was."""
        begun = False
        while not self.stopped and (chosen := self._next(waiting, canaries)):
            order, address = chosen
            waiting.remove(order)
            self._record.sent(order, address)
            self.crew.send(order, address, work)
            begun = True
        return begun

    def _next(
        self, waiting: Sequence[Order], canaries: set[str]
    ) -> tuple[Order, str] | None:
        """Choose the first order that may go, and its worker."""
        if self.crew.free() is None:
            return None
        busy = {self._places[order.target] for order in self.crew.active}
        for order in waiting:
            if canaries and order.run not in canaries:
                return None
            address = self.crew.free(self._bound.get(order.run))
            if address and self._places[order.target] not in busy:
                return order, address
        return None

    def _take(self, order: Order, answer: Answer, *, canary: bool) -> None:
        self._record.ended(order, answer)
        if answer.status in GOOD:
            return
        self.failures += 1
        if canary:
            self.stopped = self.stopped or f"{order.target}, a canary, did not pass"
        elif self.failures == self.limits.max_failures:
            self.stopped = self.stopped or f"--max-failures {self.failures} is reached"

    def _interrupt(self) -> None:
        if active := self.crew.active:
            fleet, folder = active[0].fleet, active[0].folder
            runs = [order.run for order in active]
            self.crew.ask(worker.interrupt, fleet, folder, runs)
