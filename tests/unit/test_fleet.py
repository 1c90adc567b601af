"""A fleet whose targets answer at once, on dask's own threads."""

import functools
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from kernels_helpers import cluster, fleet, fleet_report, journal, worker
from kernels_helpers.cluster import Crew
from kernels_helpers.errors import ChapterError, HostError, UsageError
from kernels_helpers.fleet import Fleet
from kernels_helpers.fleet_report import Row
from kernels_helpers.lab import life
from kernels_helpers.rollout import Limits
from kernels_helpers.runner import Options
from kernels_helpers.targets import Target
from kernels_helpers.worker import Answer, Order
from tests.chapters import calls
from tests.unit import notebooks
from tests.unit.test_cli import call, refused

NAMES = "abcdef"
FACTS = {"seconds": 1.5, "checks": [{"ok": True}]}


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with cluster.crew(None, 2) as made:
        yield made


@pytest.fixture
def begun(tmp_path: Path) -> Fleet:
    chapter = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    return fleet.begin(chapter, Options({}, tmp_path / "out"))


class Answers:
    """Answer for the targets, and keep who asked, and who asked at the same time."""

    def __init__(self, **statuses: str) -> None:
        self.statuses = statuses
        self.asked: list[str] = []
        self.most = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[object, tuple[int]]:
        """Be the same one on a worker: it is a thread of this process."""
        KEPT[id(self)] = self
        return _kept, (id(self),)

    def work(self, order: Order) -> Answer:
        with self._lock:
            self.asked.append(order.target)
            self._at_once += 1
            self.most = max(self.most, self._at_once)
        status = self.statuses.get(order.target, "passed")
        threading.Event().wait(0.1 if status == "passed" else 0)
        with self._lock:
            self._at_once -= 1
        if status == "bug":
            raise ValueError(order.target)
        return Answer(status, None if status == "passed" else f"is {status}", FACTS)


KEPT: dict[int, Answers] = {}


def _kept(number: int) -> Answers:
    return KEPT[number]


def run(
    begun: Fleet, crew: Crew, answers: Answers, limits: Limits, url: str = "lab://{}"
) -> list[Row]:
    targets = [Target(n, {"host": url.format(n)}) for n in NAMES]
    return fleet.run(begun, targets, crew, limits, lambda _: None, answers.work)


def statuses(ended: list[Row]) -> str:
    return " ".join(row.status for row in ended)


def test_the_canary_goes_alone_and_has_to_pass(begun: Fleet, crew: Crew) -> None:
    answers = Answers(a="failed")
    ended = run(begun, crew, answers, Limits(canary=1))
    assert answers.asked == ["a"]
    assert statuses(ended) == "failed" + " not run" * 5
    told = json.loads((begun.folder / "fleet.json").read_text())
    assert told["targets"][0]["reason"] == "is failed"
    assert told["stopped"] == "a, a canary, did not pass"
    page = (begun.folder / "fleet.html").read_text()
    assert "Stopped: a, a canary, did not pass" in page
    again = Answers()
    assert (
        statuses(run(begun, crew, again, Limits(canary=1))) == "passed " * 5 + "passed"
    )
    assert again.asked[0] == "a"
    assert fleet_report.stopped(begun.folder) is None
    assert sorted(again.asked) == [*NAMES]


def test_no_target_is_begun_after_so_many_failures_and_those_at_work_end(
    begun: Fleet, crew: Crew
) -> None:
    answers = Answers(b="failed", c="unreachable")
    ended = run(begun, crew, answers, Limits(max_failures=2))
    assert answers.asked[:3] == ["a", "b", "c"]
    assert answers.most == 2
    told = statuses(ended).split(" ")
    assert told[:3] == ["passed", "failed", "unreachable"]
    assert ended[-1].status == "not run"
    assert all(row.run for row in ended if row.status != "not run")
    begins = [
        e["target"]
        for e in journal.read(begun.folder / "fleet.jsonl")
        if e["event"] == "sent"
    ]
    assert begins == answers.asked
    retried = Answers()
    run(begun, crew, retried, Limits())
    assert "a" not in retried.asked  # it has passed


def test_what_never_answered_is_unknown_and_not_run_again(
    begun: Fleet, crew: Crew
) -> None:
    first = run(begun, crew, Answers(b="bug"), Limits())
    assert statuses(first) == "passed unknown" + " passed" * 4
    assert "ValueError" in (first[1].reason or "")
    answers = Answers()
    again = run(begun, crew, answers, Limits())
    assert answers.asked == []  # no worker has begun it: nobody knows what it did
    assert "no worker has the journal" in (again[1].reason or "")
    (begun.folder / f".{first[1].run}").touch()  # now one has
    found = run(begun, crew, answers, Limits())
    assert answers.asked == ["b"]
    assert found[1].run == first[1].run
    assert statuses(found) == "passed " * 5 + "passed"


def test_only_the_scheduler_can_say_that_a_worker_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = SimpleNamespace(status="running")
    crew = Crew(client, {"here": 1}, None, shared=True)

    def silent(_client: object) -> dict[str, object]:
        raise OSError("busy")

    monkeypatch.setattr(cluster, "_workers", silent)
    assert ([*crew.ended(0)], crew.free()) == ([], "here")
    monkeypatch.setattr(cluster, "_workers", lambda _: {"other": 1})
    assert ([*crew.ended(0)], crew.free()) == ([], None)


def test_nobody_answers_when_the_scheduler_is_gone() -> None:
    def gone(*_: object, **__: object) -> None:
        raise OSError("closed")

    crew = Crew(SimpleNamespace(run=gone), {"there": 1}, None, shared=False)
    assert crew.ask(print) == {}


def test_only_a_run_whose_evidence_has_come_is_a_link(begun: Fleet, crew: Crew) -> None:
    ended = run(begun, crew, Answers(b="bug"), Limits())
    page = (begun.folder / "fleet.html").read_text()
    links = re.findall(r'<a href="(.*?)/chapter.ipynb">(.)</a>', page)
    assert links == [(row.run, row.target) for row in ended if row.target != "b"]
    assert f'b<p class="quiet">{ended[1].run}</p>' in page


def test_what_a_worker_keeps_is_no_lab_that_gc_could_remove(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKBOOK_HOME", str(tmp_path))
    before = life.names()
    worker.receive("a-fleet", None, "small.ipynb", "{}")
    assert [*tmp_path.rglob("small.ipynb")]
    assert life.names() == before


def test_targets_of_one_host_wait_for_each_other(begun: Fleet, crew: Crew) -> None:
    answers = Answers()
    run(begun, crew, answers, Limits(), url="ssh://same")
    assert (answers.most, answers.asked) == (1, [*NAMES])


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ("passed passed", 0),
        ("passed planned", 4),
        ("unreachable planned", 3),
        ("failed unreachable", 1),
        ("unknown failed", 5),
        ("passed not-run", 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(found: str, code: int) -> None:
    pending = functools.partial(Row, "a", "lab://a", pending=1)
    ended = [pending(status.replace("-", " ")) for status in found.split()]
    assert fleet_report.exit_code(ended) == code


def test_the_reports_hold_what_a_target_says_as_data(begun: Fleet, crew: Crew) -> None:
    evil = "<script>alert(1)</script>\x1b[31m"
    fleet.run(
        begun,
        [Target(evil, {"host": "lab://"})],
        crew,
        Limits(),
        lambda _: None,
        Answers(**{evil: "failed"}).work,
    )
    page = (begun.folder / "fleet.html").read_text()
    assert "<script" not in page
    assert "✔" in page
    suite = (begun.folder / "fleet.xml").read_text()
    assert 'tests="1" failures="1"' in suite
    assert "<script" not in suite


def test_an_edited_chapter_is_no_retry(begun: Fleet) -> None:
    notebooks.write(begun.path, notebooks.BINDING, notebooks.MAKE)
    with pytest.raises(ChapterError, match="begin a new fleet"):
        fleet.again(begun.id, begun.path, begun.options)


def test_a_call_that_makes_no_fleet_is_refused(tmp_path: Path) -> None:
    small = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text("all: {hosts: {a: {volume: -x}}}")
    refused(call("run", small, "--canary", "1"), "--canary is for a fleet")
    refused(call("run", small, "--inventory", hosts), "host a: parameter volume")
    words = ("--inventory", hosts)
    refused(call("run", small, small, *words), "a fleet runs one chapter")
    refused(call("run", small, *words, "--host", "lab://x"), "names the hosts")
    assert not (tmp_path / "runs").exists()


NOBODY = """
web: {hosts: {a: {dockbook_host: "ssh://127.0.0.1:1"}, b: {ansible_host: 127.0.0.2}}}
db: {hosts: {c: {ansible_host: 127.0.0.3}, d: {ansible_host: 127.0.0.4}}}
all: {vars: {ansible_port: 1}}
"""


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        ("--limit web --canary 1", "a unreachable, b not run"),
        ("--limit b,db --max-failures 2", "b unreachable, c unreachable, d not run"),
    ],
)
def test_the_command_stops_as_it_is_told(
    crew: Crew, tmp_path: Path, words: str, ended: str
) -> None:
    """Nobody listens at port 1, so that no lab is needed for a target that fails.

    Another fleet is at work on the machine, and nothing is said of it.
    """
    del crew
    small = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    hosts, out = tmp_path / "hosts.yaml", tmp_path / "out"
    hosts.write_text(NOBODY)
    chosen = ("--inventory", hosts, "--forks", "1", "--out", out)
    done = calls.call("run", small, *chosen, *words.split())
    (report,) = out.glob("*/fleet.json")
    rows = json.loads(report.read_text())["targets"]
    assert ", ".join(f"{row['target']} {row['status']}" for row in rows) == ended
    assert (done.returncode, done.stderr) == (3, "")
    assert "Connection refused" in rows[0]["reason"]
    first, *_, last = done.stdout.splitlines()
    assert first.endswith(f"{len(rows)} targets, 1 at a time")
    assert "\n  stopped: " in done.stdout
    assert last == f"  to go on: the same call with --retry-failed {report.parent.name}"


def test_without_dask_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    (tmp_path / "matrix.yaml").write_text("volume: [one, two]")
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = call("run", small, "--matrix", tmp_path / "matrix.yaml")
    refused(done, "`pip install '.[fleet]'` in a clone of dockbook")


def test_a_scheduler_that_does_not_answer_is_no_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "ANSWERS", 0.5)
    with pytest.raises(HostError, match=r"no scheduler answers at tcp://127"):
        cluster.crew("tcp://127.0.0.1:9", None).__enter__()


def test_an_address_without_a_port_is_refused_before_anybody_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("distributed.Client", None)
    with pytest.raises(UsageError, match=r"missing port .* write tcp://HOST:PORT"):
        cluster.crew("127.0.0.1", None).__enter__()
