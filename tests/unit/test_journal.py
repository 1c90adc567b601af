import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels_helpers import journal
from kernels_helpers.errors import DockbookError
from kernels_helpers.journal import Journal
from kernels_helpers.masking import Mask


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "journal.jsonl"


def events(path: Path) -> list[str]:
    return [e["event"] for e in journal.read(path)]


def test_each_line_carries_the_hash_of_the_one_before(path: Path) -> None:
    for name in "abc":
        Journal(path).write(name, fact=1)
    previous = "0" * 64
    for line in path.read_bytes().splitlines(keepends=True):
        assert json.loads(line)["previous"] == previous
        previous = hashlib.sha256(line).hexdigest()
    assert journal.head(path) == previous
    assert journal.verify(path) == []


def test_writers_may_take_turns(path: Path) -> None:
    one, two = Journal(path), Journal(path)
    for name, writer in [("a", one), ("b", two), ("c", two), ("d", one), ("e", two)]:
        writer.write(name)
    assert events(path) == ["a", "b", "c", "d", "e"]
    assert journal.verify(path) == []


def test_a_file_that_was_taken_away_is_not_begun_anew_unseen(path: Path) -> None:
    writer = Journal(path)
    writer.write("a")
    path.unlink()
    writer.write("b")
    assert journal.verify(path) == [
        "line 1 does not follow a beginning as it is now",
    ]


def test_a_line_may_be_cut_anywhere_and_stays_as_evidence(path: Path) -> None:
    Journal(path).write("a")
    Journal(path).write("b", text="é" * 3)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first + 1, len(whole)):
        path.write_bytes(whole[:size])
        assert events(path) == ["a"]
        assert journal.verify(path) == ["line 2 is cut short: its writer was killed"]
        Journal(path).write("c")
        assert events(path) == ["a", "cut", "c"]
        assert path.read_bytes().startswith(whole[:size] + b"\n")
        assert journal.verify(path) == []


def test_a_first_line_may_be_cut(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"ev')
    Journal(path).write("a")
    assert events(path) == ["cut", "a"]
    assert journal.verify(path) == []


@pytest.mark.parametrize("text", ["\u2028", "\x85 \r\n \v", "\ud800", "\x00", "😀"])
def test_any_text_comes_back(path: Path, text: str) -> None:
    Journal(path).write("a", text=text)
    (event,) = journal.read(path)
    assert event["text"] == text
    assert journal.verify(path) == []


def test_a_missing_journal_has_no_events_and_is_no_evidence(path: Path) -> None:
    assert events(path) == []
    assert journal.verify(path) == ["there is no line"]


@pytest.mark.parametrize("line", [b"{\n", b"[1]\n", b"\xff\n", b"\n", b"[" * 9999])
def test_a_damaged_line_is_named(path: Path, line: bytes) -> None:
    Journal(path).write("a")
    with path.open("ab") as file:
        file.write(line.rstrip(b"\n") + b"\n")
    with pytest.raises(DockbookError, match="line 2 is damaged"):
        events(path)
    assert journal.verify(path) == ["line 2 is no event"]


@pytest.mark.parametrize("gone", [0, 1])
def test_a_line_taken_out_is_found(path: Path, gone: int) -> None:
    for name in "abc":
        Journal(path).write(name)
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[gone]
    path.write_bytes(b"".join(lines))
    (problem,) = journal.verify(path)
    assert problem.startswith(f"line {gone + 1} does not follow")


def test_lines_that_changed_places_are_found(path: Path) -> None:
    for name in "abc":
        Journal(path).write(name)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1]]))
    assert len(journal.verify(path)) == 2


@given(data=st.data())
def test_any_byte_changed_is_found(data: st.DataObject) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "j"
        for name in "abc":
            Journal(path).write(name, text="é\n")
        before, head = bytearray(path.read_bytes()), journal.head(path)
        at = data.draw(st.integers(0, len(before) - 1))
        before[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(before)
        assert journal.verify(path) or journal.head(path) != head
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("secret", ["output", "true", "2026", 'a"b\\c', "event"])
def test_a_secret_is_masked_whatever_the_line_is_made_of(
    path: Path, secret: str
) -> None:
    writer = Journal(path, Mask([secret]))
    facts = {"output": f"x {secret} y", "ok": True, "more": {"a": [secret, 2026]}}
    for _ in range(2):
        writer.write("end", **facts)
    for event in journal.read(path):
        assert event["event"] == "end"
        assert event["output"] == "x *** y"
        assert event["more"] == {"a": ["***", 2026]}
        assert event["ok"] is True
    assert journal.verify(path) == []


def test_what_the_chapter_says_is_kept_for_its_undo(path: Path) -> None:
    said = {"body": "docker x", "undo": "docker y", "parameters": {"docker": "docker"}}
    Journal(path, Mask(["docker"])).write("begin", **said, reason="docker")
    (event,) = journal.read(path)
    assert {name: event[name] for name in said} == said
    assert event["reason"] == "***"


def test_a_full_disk_is_an_error_and_the_chain_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Journal(path)
    writer.write("a")
    with path.open("ab") as file:  # what a full disk leaves of a line
        file.write(b'{"time": "20')
    writer.write("b")
    assert events(path) == ["a", "cut", "b"]
    assert journal.verify(path) == []
    with pytest.raises(DockbookError, match="No space left on device"):
        Journal(Path("/dev/full")).write("a")


def test_a_writer_reads_the_file_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    before = journal._last

    def counted(*args: Any) -> tuple[str, bool]:
        read.append(1)
        return before(*args)

    monkeypatch.setattr(journal, "_last", counted)
    Journal(path).write("a")
    writer = Journal(path)
    for _ in range(5):
        writer.write("b")
    assert read == [1]


def test_who_is_told_even_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert journal.who()
    monkeypatch.setattr(Path, "read_text", lambda *_: "4000000001")
    assert journal.who() == "4000000001"
