"""The workers of a fleet: those of dask.distributed, here or where a scheduler is.

The one module that imports it. What a worker does is sent to it by name, so that a
scheduler which is joined must have workers with the same dockbook.
"""

import contextlib
import importlib.metadata
import logging
import os
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kernels_helpers.errors import HostError, MissingExtra, UsageError
from kernels_helpers.worker import UNKNOWN, Answer, Order

ANSWERS = 10.0  # seconds that a scheduler has to answer
QUIET = (
    "distributed",
    *("distributed.client", "distributed.scheduler", "distributed.worker"),
    "tornado",
)
LOST = "its worker was lost: --retry-failed resumes it where its journal is"


class Crew:
    """Send orders to workers and take their answers.

    ``slots`` are the runs that each worker can do at once. An order goes to one
    worker and no other: if that is lost, nobody takes the order over.
    """

    def __init__(
        self, client: Any, slots: Mapping[str, int], most: int | None, *, shared: bool
    ) -> None:
        self._client = client
        self._slots = dict(slots)
        self._most = most
        self._active: dict[Any, tuple[Order, str]] = {}  # by future: order, worker
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.shared = shared  # do the workers write to the fleet's folder?

    @property
    def size(self) -> int:
        """Count the runs that can be done at once."""
        slots = sum(self._slots.values())
        return min(slots, self._most or slots)

    @property
    def active(self) -> list[Order]:
        """List the orders that are at work."""
        return [order for order, _ in self._active.values()]

    def free(self, only: str | None = None) -> str | None:
        """Return the worker that has most to give, or ``only`` it; None while busy."""
        if len(self._active) >= self.size:
            return None
        left = {a: n for a, n in self._slots.items() if only in (None, a)}
        for _, address in self._active.values():
            if address in left:
                left[address] -= 1
        best = max(left, key=lambda address: left[address], default=None)
        return best if best and left[best] > 0 else None

    def send(self, order: Order, address: str, work: Callable[[Order], Answer]) -> None:
        """Let a worker carry out an order."""
        future = self._client.submit(
            work,
            order,
            key=order.run,
            workers=[address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        self._active[future] = order, address
        future.add_done_callback(self._done.put)

    def ended(self, seconds: float) -> Iterator[tuple[Order, Answer]]:
        """Give the answers that come within a time, and those that never will."""
        with contextlib.suppress(queue.Empty):
            future = self._done.get(timeout=seconds)
            while True:
                if future in self._active:
                    order, _ = self._active.pop(future)
                    yield order, _answer(future)
                future = self._done.get_nowait()
        yield from self._lost()

    def ask(self, function: Callable[..., Any], *words: Any) -> dict[str, Any]:
        """Call a function on each worker, beside its orders; answers by worker.

        Nobody answers when the scheduler is gone.
        """
        if not self._slots:
            return {}
        workers = [*self._slots]
        try:
            answers = self._client.run(
                function, *words, workers=workers, on_error="ignore"
            )
        except OSError:
            return {}
        return dict(answers)

    def _lost(self) -> Iterator[tuple[Order, Answer]]:
        """Give up the orders of workers that are gone, so that nobody repeats them.

        The scheduler has to say so, or to be gone for good itself.
        """
        connected = self._client.status in ("running", "connecting")
        try:
            known = _workers(self._client) if connected else {}
        except OSError:
            return
        for gone in self._slots.keys() - known.keys():
            del self._slots[gone]
        for future, (order, address) in [*self._active.items()]:
            if address not in self._slots:
                del self._active[future]
                if connected:
                    future.cancel(force=True)
                yield order, Answer(UNKNOWN, LOST)


@contextlib.contextmanager
def crew(scheduler: str | None, forks: int | None) -> Iterator[Crew]:
    """Join the workers of a scheduler, or start as many threads of this process.

    ``forks`` runs are done at once: by default one per CPU, or all that the workers
    of the scheduler can do.

    Raises HostError when no scheduler or worker answers, and UsageError for workers
    with another dockbook.
    """
    distributed = _distributed()
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as held:
        if scheduler:
            client = held.enter_context(_joined(distributed, scheduler))
            _check_versions(client)
        else:
            client = held.enter_context(_local(distributed, forks or _cpus()))
        workers = _workers(client)
        slots = {address: told["nthreads"] for address, told in workers.items()}
        if not slots:
            raise HostError(
                f"{scheduler} has no worker: start `dask worker {scheduler}`"
            )
        yield Crew(client, slots, forks, shared=scheduler is None)


def _cpus() -> int:
    return len(os.sched_getaffinity(0))


def _distributed() -> Any:
    try:
        import distributed  # slow to import
    except ImportError as error:
        need = f"a fleet needs dask.distributed ({error})"
        raise MissingExtra(need, "fleet") from None
    return distributed


@contextlib.contextmanager
def _local(distributed: Any, forks: int) -> Iterator[Any]:
    with (
        tempfile.TemporaryDirectory(prefix="dockbook-fleet-") as folder,
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=forks,
            processes=False,
            dashboard_address=None,
            # else all want port 8787
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            memory_limit=0,  # kernels are no memory of a worker
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextlib.contextmanager
def _joined(distributed: Any, scheduler: str) -> Iterator[Any]:
    try:
        distributed.comm.get_address_host_port(scheduler)  # it says best what is wrong
        client = distributed.Client(
            scheduler, timeout=ANSWERS, set_as_default=False, direct_to_workers=False
        )
    except ValueError as error:
        raise UsageError(
            f"--scheduler {scheduler}: {error}: write tcp://HOST:PORT"
        ) from None
    except (OSError, TimeoutError):
        raise HostError(
            f"no scheduler answers at {scheduler} within {ANSWERS:.0f} s: start "
            "`dask scheduler` there, or leave --scheduler out"
        ) from None
    with client:
        yield client


def _check_versions(client: Any) -> None:
    """Refuse workers whose dockbook is another one: orders are made for this one."""
    mine = importlib.metadata.version("dockbook")
    theirs = client.run(importlib.metadata.version, "dockbook", on_error="return")
    other = {a: v for a, v in theirs.items() if v != mine}
    if other:
        told = ", ".join(
            f"{address} has {'none' if isinstance(v, Exception) else v}"
            for address, v in sorted(other.items())
        )
        raise UsageError(
            f"this is dockbook {mine}, but worker {told}: install dockbook {mine} there"
        )


def _workers(client: Any) -> dict[str, Any]:
    """Ask the scheduler itself: what a client remembers may be without workers."""
    return dict(client.sync(client.scheduler.identity)["workers"])


def _answer(future: Any) -> Answer:
    """Take an answer; what a worker could not even say is unknown."""
    if future.status == "finished":
        answer: Answer = future.result()
        return answer
    if future.status == "error":
        error = future.exception()
        return Answer(UNKNOWN, f"{type(error).__name__}: {error}")
    return Answer(UNKNOWN, LOST)
