"""One run of a chapter: its steps and checks, on one host, with a journal.

Knows nothing of notebooks: ``kernel`` binds it to the cells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from docker.errors import DockerException

from kernels_helpers import checks, sweep
from kernels_helpers.effects import effects
from kernels_helpers.errors import ChapterError, HostError, StepFailed
from kernels_helpers.hosts import PODMAN, Host
from kernels_helpers.journal import Journal
from kernels_helpers.labels import label_of
from kernels_helpers.masking import Mask
from kernels_helpers.process import Result
from kernels_helpers.recovery import Undos
from kernels_helpers.steps import PENDING, Step
from kernels_helpers.trying import carry_out, perform

UNDO_TIMEOUT = 120  # seconds, or what the step itself may take if that is more


@dataclass
class Chapter:
    """Run the steps of a chapter and remember how to undo them.

    ``plan`` answers changes instead of running them; ``keep`` leaves what the
    chapter made; ``say`` shows a piece of text to the reader. The
    ``environment`` of steps may hold secrets: ``mask`` hides them from the reader.
    ``hosts`` are others that steps run ``on``, by the parameter that names each.
    A step that names one of the ``programs`` has its text as a variable, too.
    """

    host: Host
    run: str
    environment: dict[str, str] = field(repr=False)
    journal: Journal
    say: Callable[[str], object]
    mask: Mask = field(default_factory=Mask, repr=False)
    hosts: dict[str, Host] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict, repr=False)
    plan: bool = False
    keep: bool = False
    bare: bool = False  # the host has no engine at first, and so perhaps at the end
    pending: bool = False  # a planned change has not run: what follows cannot be known
    kept: bool = False
    ended: str | None = None  # why no step may run any more
    _undos: Undos = field(default_factory=Undos)

    def __post_init__(self) -> None:
        self.label = label_of(self.run)
        self.environment = {**self.environment, "run": self.run, "label": self.label}

    def look(self, step: Step) -> None:
        """Run a command that only reads."""
        if not self._is_due(step):
            return
        if self.pending:
            self._answer(step, "cannot know", "a change before it has not run")
        else:
            self._perform(step)

    def change(self, step: Step) -> None:
        """Run a command that changes the host, unless its end is true already.

        The undo is on record before the command starts. A command that ends well
        and leaves its ``unless`` untrue has failed all the same.
        """
        if not self._is_due(step):
            return
        if step.unless and not self.pending and self._holds(step):
            self._undos.meet(step)
            self._answer(step, "already true", step.unless)
            return
        if self.plan:
            sure = step.unless is not None and not self.pending
            self.pending = True
            self._answer(step, "would run" if sure else "cannot know", step.body)
            return
        self._undos.take(step)
        self._perform(step)

    def check(
        self, claim: str, ok: object, *, note: str | None, podman: str | None = None
    ) -> Mapping[str, object]:
        """Record whether a claim is true; CheckFailed if it is not.

        ``ok`` must be True or False itself; with ``podman``, on Podman, False.
        """
        differs = podman if podman and self.host.product == PODMAN else None
        record = checks.record(claim, ok, note, differs)
        self.journal.write("check", **record)
        checks.demand(record)
        return record

    def unwind(self) -> None:
        """Undo the steps, last in first out, and remove what carries the run's label.

        An undo that fails is reported and the rest still runs. A plan takes nothing
        back: neither what it found done, nor what the run has made that it looks at.
        """
        if self.plan:
            self.pending = True
            self._tell("cannot know: a plan takes nothing back\n")
            return
        if self.keep:
            self.kept = True
            self.finish()
            self._tell(f"kept: `dockbook undo {self.run}` takes it back\n")
            return
        try:
            while step := self._undos.pop():
                self._undo_one(step)
            for host, found in self._labelled():
                for left in sweep.remove(host.docker, [found]):
                    self.journal.write("swept", kind=left.kind, name=left.name)
                    self._tell(f"removed {left.kind} {left.name}\n")
        except HostError as error:
            self.journal.write("sweep failed", error=str(error))
            self._tell(f"✘ {error}\n  `dockbook undo {self.run}` goes on from here\n")
        except (DockerException, OSError) as error:  # OSError: no engine answers
            self.journal.write("sweep failed", error=str(error))
            self._tell(f"✘ sweep: {error}\n  `dockbook sweep {self.run}` tries again\n")
        self.ended = "the chapter has been unwound"

    def recall(self, steps: list[Step]) -> None:
        """Take over the steps of a run that ended before it was unwound."""
        self._undos.recalled.extend(steps)

    def resume(self) -> None:
        """Go on with the run whose steps were recalled.

        A step with an ``unless`` will prove itself. Of any other nobody knows how
        far it came: it is undone now and runs again, and so do all behind it, which
        may need it. StepFailed when one cannot be undone.
        """
        recalled = self._undos.recalled
        while not all(step.unless for step in recalled):
            step = recalled[-1]
            if not self._undo_one(step):
                self.ended = "the run could not be resumed"
                raise StepFailed(
                    f"the run cannot go on, as this failed: {step.undo}; mend it and "
                    f"resume again, or `dockbook undo {self.run}`"
                )
            recalled.pop()

    @property
    def resumed(self) -> bool:
        """Tell whether steps of an earlier attempt are still in place."""
        return bool(self._undos.recalled)

    def left(self) -> list[str]:
        """Name the objects that still carry the label of this run."""
        return [f"{found.kind} {found.name}" for _, found in self._labelled()]

    def finish(self) -> None:
        """Keep what the chapter has made: nothing is undone any more."""
        self.journal.write("finished")
        self._undos = Undos()
        self.ended = "the chapter is finished"

    def fail(self, reason: str) -> None:
        """Unwind after a failure; later steps are refused."""
        if self.ended is None:
            self.journal.write("failed", reason=reason)
            self.unwind()
            self.ended = "the chapter failed before and was unwound"

    def _labelled(self) -> list[tuple[Host, sweep.Found]]:
        """Find what carries the label; an engine that was removed has nothing."""
        gone = self.bare and not self.host.has_engine()
        hosts = [*(() if gone else (self.host,)), *self.hosts.values()]
        return [(h, found) for h in hosts for found in sweep.find(h.docker, self.run)]

    def _is_due(self, step: Step) -> bool:
        """Answer a step that is no part of this run; StepFailed when that has ended."""
        if self.ended:
            told = f"{self.ended}: restart the kernel and run it from the top"
            raise StepFailed(told)
        if step.when is None or self._run(step, step.when).rc == 0:
            return True
        self._answer(step, "left out", f"only when {step.when}")
        return False

    def _holds(self, step: Step) -> bool:
        return self._run(step, step.unless or "false").rc == 0

    def _run(
        self,
        step: Step,
        script: str,
        on_output: Callable[[str], object] = lambda _: None,
        timeout: float | None = None,
    ) -> Result:
        named = {n: text for n, text in self.programs.items() if n in script}
        return self._host_of(step).run(
            script,
            env=named | self.environment,
            user=step.user,
            timeout=timeout or step.timeout,
            on_output=on_output,
        )

    def _host_of(self, step: Step) -> Host:
        if step.on is None:
            return self.host
        if step.on not in self.hosts:
            told = f"option 'on': no other HostURL parameter is called {step.on!r}"
            raise ChapterError(f"{told}: name one, or leave the option out")
        return self.hosts[step.on]

    def _perform(self, step: Step) -> None:
        perform(step, self.host, self._execute, self.journal, self._tell)

    def _execute(self, step: Step) -> None:
        carry_out(step, self._run, self.journal, self.mask, self.say)
        if step.unless and not self._holds(step):
            told = f"the command ended well, but this is not true: {step.unless}"
            raise StepFailed(told)

    def _tell(self, text: str) -> None:
        self.say(self.mask(text))

    def _answer(self, step: Step, answer: str, why: str) -> None:
        pending = step.kind == "change" and answer in PENDING
        would = effects(step.body, self.environment) if pending else []
        facts = {"kind": step.kind, "body": step.body}
        self.journal.write("answer", **facts, answer=answer, effects=would)
        self._tell(f"{answer}: {why}\n")

    def _undo_one(self, step: Step) -> bool:
        """Undo a step, also one that was cut short before its ``unless`` came true."""
        if step.on and step.on not in self.hosts:  # a lab that ended, with all it had
            self.journal.write("undo", undo=step.undo, rc=None, ok=True)
            return True
        came = not step.unless or self._holds(step)
        limit = max(UNDO_TIMEOUT, step.timeout)
        result = self._run(step, step.undo or "true", timeout=limit)
        clean = result.rc == 0 and not (step.unless and self._holds(step))
        undone = clean or not came
        self.journal.write("undo", undo=step.undo, rc=result.rc, ok=undone)
        why = result.output.rstrip() if result.rc else "its `unless` is true as before"
        told = "" if undone else f"\n{why}"
        if came or clean:
            self._tell(f"{'undone' if undone else '✘ not undone'}: {step.undo}{told}\n")
        return undone
